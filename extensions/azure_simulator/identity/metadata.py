# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cloud's description of itself, from which clients learn all other addresses."""

from __future__ import annotations

from ..errors import ArmError, missing_api_version
from ..exchange import Call, Json, Reply
from ..world import World

CLOUD_NAME = "AzureSimulator"


def get_endpoints(world: World, call: Call) -> Reply:
    """Answer one object since 2022-09-01, a list of them before (measured with real clients)."""
    if not call.api_version:
        raise missing_api_version()
    if call.api_version < "2018":
        raise ArmError(400, "InvalidApiVersionParameter", f"The api-version '{call.api_version}' is invalid.")
    cloud = _show_cloud(world, call.base_url)
    return Reply(body=cloud if call.api_version >= "2022-09-01" else [cloud])


def _show_cloud(world: World, base: str) -> Json:
    """Write the cloud with everything at one address."""
    return {
        "portal": base,
        "authentication": {
            "loginEndpoint": base,
            "audiences": [base, f"{base}/", "https://management.azure.com/"],
            "tenant": world.tenant.id,
            "identityProvider": "AAD",
        },
        "media": base,
        "graphAudience": base,
        "graph": base,
        "microsoftGraphResourceId": f"{base}/",
        "name": CLOUD_NAME,
        "suffixes": {
            "storage": "core.simulator.test",
            "keyVaultDns": "vault.simulator.test",
            "sqlServerHostname": "database.simulator.test",
            "acrLoginServer": "azurecr.simulator.test",
        },
        "batch": base,
        "resourceManager": base,
        "vmImageAliasDoc": f"{base}/aliases.json",
        "activeDirectoryDataLake": base,
        "sqlManagement": base,
        "gallery": base,
    }
