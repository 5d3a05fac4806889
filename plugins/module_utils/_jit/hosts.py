# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A virtual machine as inventory variables, under the names that azure.azcollection's inventory gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha1
from typing import Any, Literal, NotRequired, TypedDict

Variables = dict[str, Any]

# Variables that only VMs have whose guest tells of itself.
_OF_THE_GUEST: Mapping[str, Literal["osName", "osVersion", "hyperVGeneration"]] = {
    "os_name": "osName",
    "os_version": "osVersion",
    "hyper_v_generation": "hyperVGeneration",
}
# Power states of VMs that can't be reached, or soon can't.
OFF = ("PowerState/stopped", "PowerState/stopping", "PowerState/deallocated", "PowerState/deallocating")
_OFF = frozenset(state.lower() for state in OFF)


class InterfaceRow(TypedDict):
    """One IP configuration of one network interface. Absent texts are empty or None.

    `subnetSeen` tells a subnet without a security group from one that may not be read, `hasPublic` an interface
    without a public address from one whose address may not be read. `natRules` and `backendPools` count what load
    balancers forward to here. `networkSpace` are the prefixes of the virtual network. `model` is the interface as
    Resource Manager shows it, where it was asked for.
    """

    nic: str
    nicName: str
    mac: str | None
    nicPrimary: bool | None
    securityGroup: str | None
    ipName: str
    ipPrimary: bool | None
    privateAddress: str | None
    publicId: str | None
    publicName: str | None
    publicAddress: str | None
    fqdn: str | None
    subnet: str | None
    subnetSeen: bool | None
    subnetSecurityGroup: str | None
    hasPublic: bool
    publicSku: str | None
    applicationGroups: Sequence[Mapping[str, Any]] | None
    natRules: int | None
    backendPools: int | None
    networkSpace: Sequence[str] | None
    model: NotRequired[Mapping[str, Any]]


class VmRow(TypedDict):
    """One VM as the source of the inventory gives it: plain JSON, so that it can be cached.

    What its guest says of itself, from `guestName` to `hyperVGeneration`, only Resource Graph is sure to tell.
    """

    id: str
    name: str
    location: str
    resourceGroup: str
    subscriptionId: str
    tags: dict[str, str] | None
    zones: list[str] | None
    plan: str | None
    vmId: str
    timeCreated: str | None
    powerState: str | None
    provisioningState: str | None
    vmSize: str | None
    licenseType: str | None
    computerName: str | None
    image: Mapping[str, Any] | None
    osDisk: Mapping[str, Any] | None
    dataDisks: Sequence[Mapping[str, Any]] | None
    scaleSet: str | None
    guestName: str | None
    osName: str | None
    osVersion: str | None
    hyperVGeneration: str | None
    nicCount: int | None
    interfaces: list[InterfaceRow] | None


# Of rows that another version of this collection kept, some of these may be missing, or mean something else: then
# the number in front has to grow.
FORM_OF_ROWS = " ".join(["1", *VmRow.__annotations__, *InterfaceRow.__annotations__])


def describe(row: VmRow) -> Variables:
    """Write the variables of a VM."""
    scale_set = row["scaleSet"]
    return {
        "id": row["id"],
        "name": row["name"],
        "location": row["location"],
        "resource_group": row["resourceGroup"].lower(),
        "subscription_id": row["subscriptionId"],
        "resource_type": "Microsoft.Compute/virtualMachines",
        "vmid": row["vmId"],
        "default_inventory_hostname": f"{row['name']}_{_azure_rms_digest(row)}",
        "computer_name": row["guestName"] or row["computerName"] or None,
        "tags": row["tags"] or {},
        "powerstate": (row["powerState"] or "").rpartition("/")[2].lower() or "unknown",
        "provisioning_state": (row["provisioningState"] or "").lower(),
        "os_profile": {"system": os_of(row)},
        "virtual_machine_size": row["vmSize"] or None,
        "license_type": row["licenseType"] or "Unknown",
        "plan": row["plan"] or None,
        "availability_zone": row["zones"] or None,
        "creation_time": row["timeCreated"] or None,
        "vmss": {"id": scale_set, "name": _last(scale_set)} if scale_set else {},
        "image": _image(row["image"] or {}),
        "os_disk": _disk(row["osDisk"] or {}, operating_system_type=os_of(row)),
        "data_disks": [_disk(disk, lun=disk.get("lun")) for disk in row["dataDisks"] or ()],
        **_network(row["interfaces"] or []),
        **{name: row[key] for name, key in _OF_THE_GUEST.items() if row[key]},
    }


def _azure_rms_digest(row: VmRow) -> str:
    """Shorten the id as azure.azcollection does: as Compute's lists write it, the group in capitals [rec]."""
    group = row["resourceGroup"]
    return digest(row["id"].replace(f"/resourceGroups/{group}/", f"/resourceGroups/{group.upper()}/"))[:4]


def is_off(row: VmRow) -> bool:
    """Tell whether the VM is stopped or deallocated, or about to be; one of unknown state isn't."""
    return (row["powerState"] or "").lower() in _OFF


def os_of(row: VmRow) -> str:
    """Give the operating system: `windows`, `linux` or `unknown`."""
    return str((row["osDisk"] or {}).get("osType") or "unknown").lower()


def is_unguarded(row: VmRow) -> bool:
    """Tell whether the VM certainly has no security group: all interfaces and subnets were seen, none has one."""
    interfaces = row["interfaces"] or []
    seen = {interface["nic"].lower() for interface in interfaces}
    return len(seen) == row["nicCount"] and all(
        interface["subnetSeen"] and not interface["securityGroup"] and not interface["subnetSecurityGroup"]
        for interface in interfaces
    )


def addresses_of(row: VmRow) -> tuple[str | None, str | None]:
    """Give the VM's first public address and its first private one."""
    rows = _ordered(row["interfaces"] or [])
    public = next((r["publicAddress"] for r in rows if r["publicAddress"]), None)
    return public, next((r["privateAddress"] for r in rows if r["privateAddress"]), None)


def digest(vm_id: str) -> str:
    return sha1(vm_id.encode(), usedforsecurity=False).hexdigest()


def _image(image: Mapping[str, Any]) -> Variables:
    if image.get("publisher"):
        return {key: image.get(key) for key in ("sku", "publisher", "version", "offer")}
    return {"id": image["id"]} if image.get("id") else {}


def _disk(disk: Mapping[str, Any], **more: Any) -> Variables:
    return {"name": disk.get("name"), **more, "id": (disk.get("managedDisk") or {}).get("id")}


def _network(rows: list[InterfaceRow]) -> Variables:
    """Write what hangs on the interfaces."""
    ordered = _ordered(rows)
    nics = list({row["nic"].lower(): row for row in reversed(ordered)}.values())[::-1]
    groups = [group for nic in nics if (group := nic["securityGroup"])]
    return {
        "network_interface": [nic["nicName"] for nic in nics],
        "network_interface_id": [nic["nic"] for nic in nics],
        "mac_address": [nic["mac"] or None for nic in nics],
        "security_group": [_last(group) for group in groups],
        "security_group_id": groups,
        "subnet": [{"id": row["subnet"]} for row in ordered if row["subnet"]],
        "private_ipv4_addresses": [row["privateAddress"] for row in ordered if row["privateAddress"]],
        "public_ipv4_address": [row["publicAddress"] for row in ordered if row["publicAddress"]],
        "public_ip_address": [
            {"id": row["publicId"], "name": row["publicName"], "ipv4_address": row["publicAddress"] or None}
            for row in ordered
            if row["publicId"]
        ],
        "public_dns_hostnames": [row["fqdn"] for row in ordered if row["fqdn"]],
        **({"network_interface_properties": models} if (models := _models(nics)) else {}),
    }


def _models(nics: list[InterfaceRow]) -> list[Mapping[str, Any]]:
    return [model for nic in nics if (model := nic.get("model"))]


def _ordered(rows: list[InterfaceRow]) -> list[InterfaceRow]:
    """Put the primary interface first, and of each its primary address first."""
    return sorted(rows, key=lambda r: (not r["nicPrimary"], r["nic"].lower(), not r["ipPrimary"], r["ipName"]))


def _last(resource_id: str) -> str:
    return resource_id.rpartition("/")[2]
