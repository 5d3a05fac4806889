# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of the inventory's query, in as few words as possible."""

from __future__ import annotations

from typing import Any, cast

from ansible_collections.jitfleet.azure.plugins.module_utils._jit.hosts import InterfaceRow, VmRow
from samples import GROUP, SUBSCRIPTION, vm_id

_NETWORK = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.Network"


def network_id(kind: str, name: str) -> str:
    return f"{_NETWORK}/{kind}/{name}"


def interface(name: str = "nic-1", **changes: Any) -> InterfaceRow:
    """Write an interface with one private address, in a subnet that was seen, guarded by nothing."""
    row = {
        "nic": network_id("networkInterfaces", name),
        "nicName": name,
        "mac": "00-0D-3A-00-00-01",
        "nicPrimary": True,
        "securityGroup": "",
        "ipName": "ipconfig1",
        "ipPrimary": True,
        "privateAddress": "10.0.0.4",
        "publicId": "",
        "publicName": "",
        "publicAddress": "",
        "fqdn": "",
        "subnet": network_id("virtualNetworks/vnet/subnets", "desktops"),
        "subnetSeen": True,
        "subnetSecurityGroup": "",
        "hasPublic": False,
        "publicSku": "",
        "applicationGroups": None,
        "natRules": None,
        "backendPools": None,
        "networkSpace": ["10.0.0.0/16"],
    }
    return cast(InterfaceRow, {**row, **changes})


def vm_row(name: str = "vm-1", *interfaces: InterfaceRow, group: str = GROUP, **changes: Any) -> VmRow:
    """Write a running Linux VM about which Azure says as little as it can."""
    subscription = changes.get("subscriptionId", SUBSCRIPTION)
    row = {
        "id": str(vm_id(name, group, subscription)),
        "name": name,
        "location": "westeurope",
        "resourceGroup": group,
        "subscriptionId": SUBSCRIPTION,
        "tags": None,
        "zones": None,
        "plan": "",
        "vmId": "36bca69d-c365-4584-8c06-a62f4a1dc5d2",
        "timeCreated": "",
        "powerState": "PowerState/running",
        "provisioningState": "Succeeded",
        "vmSize": "",
        "licenseType": "",
        "computerName": "",
        "image": None,
        "osDisk": {"osType": "Linux"},
        "dataDisks": [],
        "scaleSet": "",
        "guestName": "",
        "osName": "",
        "osVersion": "",
        "hyperVGeneration": "",
        "nicCount": len({row["nic"] for row in interfaces}),
        "interfaces": list(interfaces) or None,
    }
    return cast(VmRow, {**row, **changes})
