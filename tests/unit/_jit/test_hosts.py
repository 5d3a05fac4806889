# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VMs as inventory variables."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.hosts import describe, is_unguarded, os_of
from fleet_rows import interface, network_id, vm_row
from samples import SUBSCRIPTION


def test_a_vm_of_which_azure_says_little_has_all_variables() -> None:
    variables = describe(vm_row(powerState="", provisioningState="", osDisk=None, dataDisks=None))
    assert variables["powerstate"] == "unknown"
    assert variables["os_profile"] == {"system": "unknown"}
    assert variables["tags"] == {}
    assert variables["license_type"] == "Unknown"
    assert variables["resource_group"] == "rg-desktops"
    assert variables["subscription_id"] == SUBSCRIPTION
    for name in ("computer_name", "plan", "availability_zone", "virtual_machine_size", "creation_time"):
        assert variables[name] is None, name
    for name in ("image", "vmss"):
        assert variables[name] == {}, name
    for name in ("data_disks", "network_interface", "public_ipv4_address", "private_ipv4_addresses"):
        assert variables[name] == [], name


def test_disks_image_and_scale_set_have_the_shapes_of_azure_rm() -> None:
    disk = network_id("disks", "disk-1")
    variables = describe(
        vm_row(
            image={
                "publisher": "Canonical",
                "offer": "jammy",
                "sku": "22_04",
                "version": "latest",
                "exactVersion": "1",
            },
            osDisk={"osType": "Windows", "name": "os", "managedDisk": {"id": disk}, "diskSizeGB": 30},
            dataDisks=[{"lun": 3, "name": "data", "managedDisk": {"id": disk}}, {"lun": 4, "name": "blob"}],
            scaleSet=network_id("virtualMachineScaleSets", "set-1"),
            zones=["2"],
            powerState="PowerState/Deallocated",
        )
    )
    assert variables["image"] == {"publisher": "Canonical", "offer": "jammy", "sku": "22_04", "version": "latest"}
    assert variables["os_disk"] == {"name": "os", "operating_system_type": "windows", "id": disk}
    assert variables["data_disks"] == [
        {"name": "data", "lun": 3, "id": disk},
        {"name": "blob", "lun": 4, "id": None},
    ]
    assert variables["vmss"] == {"id": network_id("virtualMachineScaleSets", "set-1"), "name": "set-1"}
    assert variables["availability_zone"] == ["2"]
    assert variables["powerstate"] == "deallocated"


def test_an_image_of_ones_own_goes_by_its_id() -> None:
    assert describe(vm_row(image={"id": "/image/1", "exactVersion": "1"}))["image"] == {"id": "/image/1"}


def test_all_interfaces_and_addresses_survive_and_the_primary_ones_come_first() -> None:
    group = network_id("networkSecurityGroups", "nsg-1")
    second = {"ipName": "a-second", "ipPrimary": False}
    variables = describe(
        vm_row(
            "vm-1",
            interface("a-nic", nicPrimary=False, mac="", privateAddress="10.0.1.4", securityGroup=group),
            interface("b-nic", **second, privateAddress="10.0.0.5", publicId="/ip/2", publicName="ip-2"),
            interface(
                "b-nic", publicId="/ip/1", publicName="ip-1", publicAddress="20.0.0.1", fqdn="vm.example.com"
            ),
        )
    )
    assert variables["network_interface"] == ["b-nic", "a-nic"]
    assert variables["network_interface_id"] == [network_id("networkInterfaces", n) for n in ("b-nic", "a-nic")]
    assert variables["mac_address"] == ["00-0D-3A-00-00-01", None]
    assert variables["private_ipv4_addresses"] == ["10.0.0.4", "10.0.0.5", "10.0.1.4"]
    assert variables["public_ipv4_address"] == ["20.0.0.1"]
    assert variables["public_ip_address"] == [
        {"id": "/ip/1", "name": "ip-1", "ipv4_address": "20.0.0.1"},
        {"id": "/ip/2", "name": "ip-2", "ipv4_address": None},
    ]
    assert variables["public_dns_hostnames"] == ["vm.example.com"]
    assert variables["security_group"] == ["nsg-1"]
    assert variables["security_group_id"] == [group]
    assert len(variables["subnet"]) == 3


@pytest.mark.parametrize(
    ("changes", "unguarded"),
    [
        ({}, True),
        ({"securityGroup": "/nsg"}, False),
        ({"subnetSecurityGroup": "/nsg"}, False),
        ({"subnetSeen": None}, False),
    ],
    ids=["nothing guards it", "the interface is guarded", "the subnet is guarded", "the subnet can't be read"],
)
def test_a_vm_is_unguarded_only_if_that_is_certain(changes: dict[str, Any], unguarded: bool) -> None:
    assert is_unguarded(vm_row("vm-1", interface(**changes))) is unguarded
    assert is_unguarded(vm_row("vm-1", interface(), interface("nic-2", **changes))) is unguarded


def test_a_vm_with_an_interface_that_cant_be_read_is_not_called_unguarded() -> None:
    assert not is_unguarded(vm_row("vm-1", interface(), nicCount=2))
    assert not is_unguarded(vm_row("vm-1", nicCount=1))


@pytest.mark.parametrize(("os_type", "expected"), [("Windows", "windows"), ("Linux", "linux"), (None, "unknown")])
def test_the_operating_system_is_that_of_the_disk(os_type: str | None, expected: str) -> None:
    assert os_of(vm_row(osDisk={"osType": os_type})) == expected
