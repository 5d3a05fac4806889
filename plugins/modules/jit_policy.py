#!/usr/bin/python
# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: jit_policy
short_description: Cover Azure VMs with just-in-time access policies
version_added: 0.1.0
author: jitfleet contributors (@jitfleet)
description:
  - Puts virtual machines under just-in-time (JIT) access of Microsoft Defender for Cloud, so that their management ports
    are closed by network rules and can be opened on request by M(jitfleet.azure.jit_request).
  - Works on all VMs of the play at once. It reads one list of policies for each subscription, and writes each policy that
    has to change once, however many VMs it gains.
  - Adds what is missing and changes what differs. Everything else that a policy holds stays - other VMs, other ports,
    fields that this module doesn't know.
  - A VM goes to the policy that already holds it, else to the policy O(policy_name) of its own resource group and region.
extends_documentation_fragment:
  - jitfleet.azure.auth
  - jitfleet.azure.batch
  - jitfleet.azure.waiting
attributes:
  check_mode:
    support: full
    description: Changes nothing, and predicts what a run would change.
  diff_mode:
    support: full
    description: Shows for each policy, VM and port what changes.
  idempotent:
    support: full
    description: A second run finds all as wished, and writes nothing.
options:
  state:
    description: The VMs shall be covered.
    type: str
    choices: [present]
    default: present
  ports:
    description:
      - The ports that may be asked for, on every VM of the task.
      - Each element is a port number, the name of a service (V(rdp), V(ssh), V(winrm_http), V(winrm_https)), the word
        V(portal_bulk) for the four ports that the portal proposes for many VMs (22, 3389, 5985, 5986), or a mapping.
      - A mapping has C(port) (a number or a service), C(protocol) (V(tcp), V(udp) or V(any), which is the default),
        C(sources) (a list of addresses and CIDR prefixes, or V(any), which is the default) and C(max_duration) (such as
        V(3h), V(90m) or V(PT3H); from 5 minutes to 1 day; three hours by default).
      - Without it each VM gets what the portal proposes for its operating system, which is RDP (3389) for Windows and
        SSH (22) for Linux, any protocol, any source, three hours.
      - The key C(ports) of an element of O(vms) takes the same, for that VM alone.
    type: list
    elements: raw
  policy_name:
    description:
      - The name of the policy for VMs that no policy holds yet. The portal expects V(default).
      - Azure allows 56 characters for the names of a policy and of a VM in it together.
    type: str
    default: default
notes:
  - Azure has no conditional write for policies. The module therefore reads each policy right before it writes it, and
    again afterwards; where another writer took its VMs out in between, it puts them back. Another writer's change that
    falls into the moment between reading and writing can still be lost.
  - Whether open windows of a VM survive a change of its ports in the policy is not known.
seealso:
  - module: jitfleet.azure.jit_request
  - plugin: jitfleet.azure.jit_vms
    plugin_type: inventory
"""

EXAMPLES = r"""
- name: Cover all VMs of the play, with the ports that fit their operating systems
  hosts: all
  gather_facts: false
  tasks:
    - name: Enable just-in-time access
      jitfleet.azure.jit_policy:

- name: Cover virtual desktops for the office's addresses only
  hosts: vdi
  gather_facts: false
  tasks:
    - name: Allow RDP from the office for at most four hours
      jitfleet.azure.jit_policy:
        ports:
          - port: rdp
            protocol: tcp
            sources: [198.51.100.0/24]
            max_duration: 4h

- name: Cover two VMs by their names
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Enable just-in-time access
      jitfleet.azure.jit_policy:
        subscription_id: 11111111-2222-4333-8444-555555555555
        vms:
          - resource_group: rg-servers
            name: web-01
          - resource_group: rg-servers
            name: web-02
            ports: [ssh, winrm_https]
"""

RETURN = r"""
vms:
  description: What became of each VM. A failure of more than 50 VMs carries only those that failed.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: The VM's ARM id.
      type: str
      returned: always
    name:
      description: The VM's name.
      type: str
      returned: always
    hosts:
      description: The hosts of the play that stand for the VM.
      type: list
      elements: str
      returned: always
    policy_id:
      description: The policy that holds the VM.
      type: str
      returned: always
    state:
      description: V(added), V(updated) or V(unchanged).
      type: str
      returned: always
    changed:
      description: Whether the VM's entry was changed.
      type: bool
      returned: always
    error:
      description: What went wrong with the VM's policy.
      type: str
      returned: when it went wrong
  sample:
    - id: /subscriptions/11111111-2222-4333-8444-555555555555/resourceGroups/rg-vdi/providers/Microsoft.Compute/virtualMachines/vdi-01
      name: vdi-01
      hosts: [vdi-01]
      policy_id: /subscriptions/11111111-2222-4333-8444-555555555555/.../locations/westeurope/jitNetworkAccessPolicies/default
      state: added
      changed: true
hosts:
  description: For each host of the play the index of its VM in RV(vms).
  returned: always
  type: dict
  sample:
    vdi-01: 0
summary:
  description: How many VMs were added, updated, left as they were or failed; how many policies were looked at and changed.
  returned: always
  type: dict
  sample:
    added: 1
    updated: 0
    unchanged: 0
    failed: 0
    policies: 1
    policies_changed: 1
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from ..module_utils._operations.cover import CoverRequest, VmWish, cover
from ..module_utils._operations.outcomes import Outcome
from ..module_utils._options import Selected, batch_spec, read_each, read_rules, read_vms
from ..module_utils._runner import Context, run


def plan(params: Mapping[str, Any]) -> tuple[list[Selected], Any]:
    """Read the options into a request."""
    selected = read_vms(params, own_keys=["ports"])
    common = read_rules("ports", params["ports"])
    wishes = read_each(selected, lambda vm: VmWish(vm.vm, vm.read("ports", read_rules, common)))
    request = CoverRequest(wishes, params["policy_name"], timedelta(seconds=params["wait_timeout"]))

    def operate(context: Context) -> Outcome:
        return cover(request, context.jit, context.vms, context.clock, context.warn, check_mode=context.check_mode)

    return selected, operate


def main() -> None:
    run(
        {
            "state": {"type": "str", "choices": ["present"], "default": "present"},
            "ports": {"type": "list", "elements": "raw"},
            "policy_name": {"type": "str", "default": "default"},
            "wait_timeout": {"type": "int", "default": 300},
            **batch_spec(),
        },
        plan,
    )


if __name__ == "__main__":
    main()
