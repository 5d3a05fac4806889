# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual machines as JSON, in the shapes recorded from Azure."""

from __future__ import annotations

from ..behaviour import Behaviour
from ..exchange import Json
from ..moments import format_offset
from ..resource_ids import guid
from .models import MACHINES, VirtualMachine

_IMAGES: dict[str, Json] = {
    "Windows": {
        "publisher": "MicrosoftWindowsServer",
        "offer": "WindowsServer",
        "sku": "2022-datacenter-azure-edition",
        "version": "latest",
        "exactVersion": "20348.2322.240307",
    },
    "Linux": {
        "publisher": "Canonical",
        "offer": "0001-com-ubuntu-server-jammy",
        "sku": "22_04-lts-gen2",
        "version": "latest",
        "exactVersion": "22.04.202403280",
    },
}
_SYSTEMS = {"Windows": ("Windows Server 2022", "10.0.20348.2322"), "Linux": ("ubuntu", "22.04")}
_POWER_TEXTS = {
    "running": "VM running",
    "starting": "VM starting",
    "stopped": "VM stopped",
    "deallocating": "VM deallocating",
    "deallocated": "VM deallocated",
}


def show_vm(vm: VirtualMachine, behaviour: Behaviour, expand: bool = False) -> Json:
    """Write a VM's model, with its instance view if asked for."""
    properties = show_properties(vm)
    if expand:
        properties["instanceView"] = show_instance_view(vm)
    return {
        "name": vm.name,
        "id": _id(vm, behaviour),
        "type": MACHINES,
        "location": vm.location,
        "tags": vm.tags,
        "properties": properties,
    }


def show_status_only(vm: VirtualMachine, behaviour: Behaviour) -> Json:
    """Write a VM as a `statusOnly=true` list does."""
    return {
        "name": vm.name,
        "id": _id(vm, behaviour),
        "type": MACHINES,
        "location": vm.location,
        "properties": {
            "provisioningState": "Succeeded",
            "vmId": guid("vm", vm.key),
            "instanceView": {"statuses": _statuses(vm)},
        },
    }


def _id(vm: VirtualMachine, behaviour: Behaviour) -> str:
    """Return the id as Compute shows it: the group in capitals [rec]."""
    return vm.group.shouted_id(MACHINES, vm.name) if behaviour.mixed_case_ids else vm.id


def show_properties(vm: VirtualMachine) -> Json:
    """Write the properties that Compute and Resource Graph have in common."""
    disk = f"{vm.name}_OsDisk_1_{guid('disk', vm.key).replace('-', '')}"
    properties: Json = {
        "vmId": guid("vm", vm.key),
        "hardwareProfile": {"vmSize": vm.size},
        "storageProfile": {
            "imageReference": _IMAGES[vm.os],
            "osDisk": {
                "osType": vm.os,
                "name": disk,
                "createOption": "FromImage",
                "caching": "ReadWrite",
                "managedDisk": {
                    "storageAccountType": "Premium_LRS",
                    "id": vm.group.resource_id("Microsoft.Compute/disks", disk),
                },
                "deleteOption": "Delete",
                "diskSizeGB": 127 if vm.os == "Windows" else 30,
            },
            "dataDisks": [],
        },
        "osProfile": _show_os_profile(vm),
        "networkProfile": {"networkInterfaces": _show_interfaces(vm)},
        "diagnosticsProfile": {"bootDiagnostics": {"enabled": True}},
        "provisioningState": "Succeeded",
        "timeCreated": format_offset(vm.created),
    }
    return properties


def _show_os_profile(vm: VirtualMachine) -> Json:
    """Write what the guest was made with."""
    profile: Json = {"computerName": vm.computer_name, "adminUsername": vm.admin}
    if vm.os == "Windows":
        profile["windowsConfiguration"] = {
            "provisionVMAgent": True,
            "enableAutomaticUpdates": True,
            "patchSettings": {"patchMode": "AutomaticByOS", "assessmentMode": "ImageDefault"},
        }
    else:
        profile["linuxConfiguration"] = {
            "disablePasswordAuthentication": True,
            "provisionVMAgent": True,
            "patchSettings": {"patchMode": "ImageDefault", "assessmentMode": "ImageDefault"},
        }
    return profile | {"secrets": [], "allowExtensionOperations": True, "requireGuestProvisionSignal": True}


def _show_interfaces(vm: VirtualMachine) -> list[Json]:
    """Write the references to the interfaces; which one is primary is said only where there are several."""
    if len(vm.nics) == 1:
        return [{"id": vm.nics[0].id}]
    return [{"id": nic.id, "properties": {"primary": nic is vm.nics[0]}} for nic in vm.nics]


def show_instance_view(vm: VirtualMachine) -> Json:
    """Write the run-time state; a guest that is down reports no agent."""
    statuses = _statuses(vm)
    view: Json = {}
    if vm.is_running:
        view = show_guest(vm) | {"vmAgent": _show_agent(vm)}
    disk = f"{vm.name}_OsDisk_1_{guid('disk', vm.key).replace('-', '')}"
    return view | {
        "disks": [{"name": disk, "statuses": [statuses[0]]}],
        "bootDiagnostics": {},
        "hyperVGeneration": "V2",
        "statuses": statuses,
    }


def show_guest(vm: VirtualMachine) -> Json:
    """Write what a running guest tells of itself."""
    name, version = _SYSTEMS[vm.os]
    return {"computerName": vm.computer_name, "osName": name, "osVersion": version}


def _show_agent(vm: VirtualMachine) -> Json:
    """Write the guest agent's report."""
    return {
        "vmAgentVersion": "2.7.41491.1110" if vm.os == "Windows" else "2.9.1.1",
        "statuses": [
            {
                "code": "ProvisioningState/succeeded",
                "level": "Info",
                "displayStatus": "Ready",
                "message": "Guest Agent is running",
                "time": format_offset(vm.created).split(".")[0] + "+00:00",
            }
        ],
        "extensionHandlers": [],
    }


def _statuses(vm: VirtualMachine) -> list[Json]:
    """Write provisioning and power state."""
    return [
        {
            "code": "ProvisioningState/succeeded",
            "level": "Info",
            "displayStatus": "Provisioning succeeded",
            "time": format_offset(vm.created),
        },
        power_status(vm),
    ]


def power_status(vm: VirtualMachine) -> Json:
    """Write the power state."""
    return {"code": f"PowerState/{vm.power}", "level": "Info", "displayStatus": _POWER_TEXTS[vm.power]}
