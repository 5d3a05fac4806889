# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
short_description: Tell when just-in-time access opens, is about to end, ends, and where ports are exposed.
description:
  - An ansible-rulebook event source that watches just-in-time (JIT) VM access of Microsoft Defender for Cloud.
  - It reads the policies of each subscription by one list for each I(interval), and tells what changed since the last
    look. Azure sends no such events by itself.
  - Each event is the mapping C(jit) with its I(type); what else it holds is listed in the guide on event-driven
    automation. All texts in it are on one line and hold no template.
  - A subscription that can't be read is logged and tried again, later and later up to 15 minutes. The others are
    watched meanwhile.
  - What was told is kept in memory alone. After a start what is open already is not told as opened, see
    I(emit_existing); its end is.
options:
  subscriptions:
    description:
      - The ids of the subscriptions to watch, or "*" for all that the credential sees.
      - Without it I(subscription_id).
    type: list
    elements: str
  resource_groups:
    description: Watch only these resource groups, by one list for each.
    type: list
    elements: str
  ports:
    description:
      - Watch only these ports, by numbers or service names (rdp, ssh, winrm_http, winrm_https).
      - Without it all windows, and exposures of the ports 22, 3389, 5985 and 5986.
    type: list
    elements: raw
  events:
    description: Which events to tell. Exposures are looked for only if exposure_found is among them.
    type: list
    elements: str
    choices: [opened, about_to_end, ended, closed_early, exposure_found]
    default: [opened, about_to_end, ended, closed_early, exposure_found]
  lead_time:
    description: How long before a window's end about_to_end is told, such as 15m or 1h. More than I(interval).
    type: str
    default: 15m
  interval:
    description: How many seconds to wait from one look at the windows to the next, from 1 to 3600.
    type: int
    default: 60
  exposure_interval:
    description: How many seconds to wait from one look at the exposures to the next, from 1 to 3600.
    type: int
    default: 600
  check_rules:
    description:
      - Look at the network security groups of VMs with open windows. Azure goes on listing a window as open until its
        end although its rule was deleted, as this collection does to close it; such a window is told as closed_early.
      - It costs a query of Resource Graph and the reading of these groups for each look at a subscription in which
        something is open.
    type: bool
    default: true
  emit_existing:
    description: Tell at the first look what is open, and exposed, already.
    type: bool
    default: false
  auth_source:
    description:
      - Where the credential comes from. This and all further options are those of the collection's modules, with the
        same environment variables. Secrets are best left to these variables.
    type: str
    choices: [auto, cli, env, credential_file, msi, default]
  profile:
    description: The name of a profile of ~/.azure/credentials.
    type: str
  subscription_id:
    description: The subscription to watch where I(subscriptions) names none.
    type: str
  client_id:
    description: The application (client) id of the service principal or the managed identity.
    type: str
  secret:
    description: The service principal's client secret.
    type: str
  tenant:
    description: The Microsoft Entra tenant to sign in to.
    type: str
  ad_user:
    description: The name of a user who signs in by password.
    type: str
  password:
    description: The password of that user.
    type: str
  x509_certificate_path:
    description: The service principal's certificate with its private key.
    type: path
  x509_certificate_password:
    description: The password of that file.
    type: str
  thumbprint:
    description: Accepted, and worked out from the certificate.
    type: str
  oidc_token:
    description: A token of another identity provider that the service principal trusts.
    type: str
  oidc_token_file_path:
    description: A file that holds such a token.
    type: path
  cloud_environment:
    description: The Azure cloud, by its name or by the URL of its Resource Manager.
    type: str
  cert_validation_mode:
    description: Whether TLS certificates are validated.
    type: str
    choices: [validate, ignore]
  disable_instance_discovery:
    description: Don't ask Microsoft's public service whether the cloud's sign-in address is genuine.
    type: bool
  adfs_authority_url:
    description: The address to sign in at, if it is another than the cloud's.
    type: str
notes:
  - Needs ansible-core, azure-identity, azure-mgmt-core and jmespath in the Python that runs ansible-rulebook.
  - A wrong sign-in ends the source at its start. One that fails later, such as by a secret that ran out, is logged
    and tried again.
  - Times of ends are Azure's, and are compared with the clock of this machine.
  - The source must be found in an installed collection; a single file copied elsewhere lacks the rest of it.
"""

EXAMPLES = r"""
- jitfleet.azure.jit_events:
    subscriptions: ["*"]
    lead_time: 30m

- jitfleet.azure.jit_events:
    resource_groups: [rg-vdi]
    ports: [rdp]
    events: [about_to_end, closed_early]
    interval: 30
"""

import sys
from pathlib import Path
from typing import Any


def _make_collection_importable() -> None:
    """Let Python find the rest of this collection.

    ansible-rulebook runs this file by its path, and doesn't tell Python where collections are. A package that
    brings other collections along may be found under the same name.
    """
    for folder in Path(__file__).absolute().parents:
        if folder.name == "ansible_collections":
            sys.path.append(str(folder.parent))
            import ansible_collections

            if str(folder) not in list(ansible_collections.__path__):
                ansible_collections.__path__.append(str(folder))
            return
    try:
        import ansible_collections.jitfleet.azure
    except ModuleNotFoundError:
        raise ImportError(
            f"{__file__} is a copy without the rest of its collection (ansible_collections/jitfleet/azure): use the "
            "file where ansible-galaxy installed jitfleet.azure"
        ) from None


async def main(queue: Any, args: dict[str, Any]) -> None:
    """Watch, and put events into the queue."""
    _make_collection_importable()
    from ansible_collections.jitfleet.azure.plugins.module_utils._event_source import serve

    await serve(queue, args)


if __name__ == "__main__":
    import os

    try:
        _make_collection_importable()
    except ImportError as error:
        sys.exit(str(error))
    from ansible_collections.jitfleet.azure.plugins.module_utils._event_source import print_events

    print_events(os.environ.get("JIT_EVENTS_ARGS") or "{}")
