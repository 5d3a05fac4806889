# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The environment variables under which Azure clients meet the simulator and nothing else."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from .identity.models import Principal
from .world import World

# Would win over what we hand out, or lead to the real cloud.
_FOREIGN = (
    "AZURE_CLIENT_SECRET",
    "AZURE_TENANT_ID",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_CLIENT_CERTIFICATE_PASSWORD",
    "AZURE_X509_CERTIFICATE_PATH",
    "AZURE_THUMBPRINT",
    "AZURE_FEDERATED_TOKEN",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_USERNAME",
    "AZURE_PASSWORD",
    "AZURE_AD_USER",
    "AZURE_PROFILE",
    "AZURE_ADFS_AUTHORITY_URL",
    "AZURE_CREDENTIAL_FILE",
    "AZURE_CERT_VALIDATION_MODE",
    "ARM_CLIENT_ID",
    "ARM_CLIENT_SECRET",
    "ARM_TENANT_ID",
    "ARM_SUBSCRIPTION_ID",
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
    "MSI_ENDPOINT",
    "MSI_SECRET",
    "CURL_CA_BUNDLE",
    "SSL_CERT_DIR",
)
_LOOPBACK = ("127.0.0.1", "localhost")


def handed_out(world: World, principal: Principal, base_url: str, authority: Path, folder: Path) -> dict[str, str]:
    """Return the variables that lead clients here."""
    return {
        "AZURE_SIMULATOR_URL": base_url,
        # Without the path of the metadata: azure.azcollection finds its cloud by the bare address (measured).
        "AZURE_CLOUD_ENVIRONMENT": base_url,
        "AZURE_TENANT": world.tenant.id,
        "AZURE_CLIENT_ID": principal.client_id,
        "AZURE_SECRET": principal.secret,
        "AZURE_SUBSCRIPTION_ID": next(iter(world.subscriptions.values())).id,
        "AZURE_DISABLE_INSTANCE_DISCOVERY": "true",
        "AZURE_CORE_INSTANCE_DISCOVERY": "false",
        "AZURE_AUTHORITY_HOST": base_url,
        "AZURE_CONFIG_DIR": str(folder / "azure"),
        "ARM_CLOUD_METADATA_URL": f"{base_url}/metadata/endpoints?api-version=2019-05-01",
        # Just our own authority: under it no client reaches the real cloud by TLS.
        "REQUESTS_CA_BUNDLE": str(authority),
        "SSL_CERT_FILE": str(authority),
        "NODE_EXTRA_CA_CERTS": str(authority),
    }


def child_environment(own: Mapping[str, str], ours: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a command: ours over one's own, without what would lead elsewhere."""
    environment = {name: value for name, value in own.items() if name not in _FOREIGN}
    for name in ("NO_PROXY", "no_proxy"):
        hosts = [host for host in environment.get(name, "").split(",") if host and host not in _LOOPBACK]
        environment[name] = ",".join([*hosts, *_LOOPBACK])
    return environment | dict(ours)


def export_lines(variables: Mapping[str, str]) -> str:
    """Write variables for a shell to read."""
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    return "\n".join([f"unset {' '.join(_FOREIGN)}", *lines]) + "\n"
