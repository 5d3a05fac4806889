# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventory files as azure.azcollection's users have them, a fleet for them, and what azure_rm makes of it.

`tests/clients` runs azure_rm itself and holds it to these expectations; `tests/integration` holds ours to them,
where azure.azcollection isn't installed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha1
from typing import Any

SUBSCRIPTION = "0b9d7c2e-8f5b-4f0e-9a4e-6a3b5c1d2e01"
OTHER_SUBSCRIPTION = "0b9d7c2e-8f5b-4f0e-9a4e-6a3b5c1d2e02"

_PLACES = {
    # group: region, VMs: name, system, tags, public address or none, power state
    "myrg1": (
        "eastus2",
        [
            ("web-01", "linux", {"vm_name": "web.one", "tagkey": "tagvalue", "sometag": "gold"}, True, "running"),
            ("win-01", "windows", {"vm_name": "win.one", "role": "vdi"}, True, "running"),
            ("web-off", "linux", {"vm_name": "web.off"}, True, "deallocated"),
        ],
    ),
    "MyRg2": (
        "eastus",
        [
            ("dbserver-01", "linux", {"vm_name": "db.one", "tagkey2": "tagvalue2"}, False, "running"),
            ("dbserver-02", "linux", {"vm_name": "db.two"}, True, "running"),
        ],
    ),
    "otherrg": ("westeurope", [("lone-01", "linux", {"vm_name": "lone"}, True, "running")]),
}


def fleet() -> dict[str, Any]:
    """Write the fleet as the simulator reads it."""
    number = iter(range(1, 100))
    groups = [
        {
            "name": group,
            "location": location,
            "networks": [
                {
                    "name": "vnet",
                    "address_space": f"10.{place}.0.0/16",
                    "subnets": [{"name": "s", "prefix": f"10.{place}.1.0/24"}],
                }
            ],
            "vms": [
                {"name": name, "os": system, "tags": tags, "power": power}
                | ({"public_ip": f"127.31.{place}.{next(number)}"} if public else {})
                for name, system, tags, public, power in vms
            ],
        }
        for place, (group, (location, vms)) in enumerate(_PLACES.items(), 1)
    ]
    elsewhere = {"name": "elsewhere", "location": "eastus2", "networks": groups[2]["networks"]}
    elsewhere["vms"] = [{"name": "elsewhere-01", "os": "linux"}]
    return {
        "subscriptions": [
            {"name": "Mine", "id": SUBSCRIPTION, "groups": groups},
            {"name": "Another", "id": OTHER_SUBSCRIPTION, "groups": [elsewhere]},
        ]
    }


def hashed(name: str) -> str:
    """Name a host as azure_rm does: by its VM, and by the hash of its id as Compute's lists write it."""
    (group,) = (group for group, (_, vms) in _PLACES.items() if name in (vm[0] for vm in vms))
    place = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group.upper()}/providers/Microsoft.Compute"
    return f"{name}_{sha1(f'{place}/virtualMachines/{name}'.encode()).hexdigest()[:4]}"


RUNNING = ("dbserver-01", "dbserver-02", "lone-01", "web-01", "win-01")
Groups = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class File:
    """The options of an inventory file, and the hosts and groups that azure_rm makes of it.

    `also` are the groups that only ours makes: azure_rm makes nothing more of a host once an expression has
    failed for it.
    """

    title: str
    options: Mapping[str, Any]
    hosts: tuple[str, ...]
    groups: Groups = field(default_factory=dict)
    also: Groups = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)


FILES = (
    File("the defaults", {"batch_fetch": True}, tuple(map(hashed, RUNNING))),
    File("plain names", {"plain_host_names": True}, RUNNING),
    File(
        "some resource groups, in another case",
        {"include_vm_resource_groups": ["MYRG1", "otherrg"], "plain_host_names": True},
        ("lone-01", "web-01", "win-01"),
    ),
    File(
        "resource groups from the environment",
        {"include_vm_resource_groups": ["otherrg"], "plain_host_names": True},
        ("web-01", "win-01"),
        environment={"ANSIBLE_AZURE_VM_RESOURCE_GROUPS": "myrg1"},
    ),
    File(
        "stopped machines too",
        {"default_host_filters": [], "plain_host_names": True},
        (*RUNNING, "web-off"),
    ),
    File(
        "stopped machines alone",
        {
            "default_host_filters": [],
            "exclude_host_filters": ["powerstate == 'running'"],
            "plain_host_names": True,
        },
        ("web-off",),
    ),
    File(
        "names by preference",
        {"hostnames": ["tags.role", "default_inventory_hostname + '.domain.tld'", "default"],
         "fail_on_template_errors": False},
        (*(f"{hashed(name)}.domain.tld" for name in RUNNING if name != "win-01"), "vdi"),
    ),
    File(
        "names from a tag that all have",
        {"hostnames": ["tags.vm_name", "default"], "plain_host_names": False},
        ("db.one", "db.two", "lone", "web.one", "win.one"),
    ),
    File(
        "groups by condition and by variable",
        {
            "plain_host_names": True,
            "conditional_groups": {"all_the_hosts": True, "db_hosts": "'dbserver' in name"},
            "keyed_groups": [
                {"prefix": "tag", "key": "tags"},
                {"prefix": "azure_loc", "key": "location"},
                {"prefix": "some_tag", "key": "tags.sometag | default('none')"},
                {"prefix": "os", "key": "os_profile.system"},
            ],
        },
        RUNNING,
        {
            "all_the_hosts": RUNNING,
            "db_hosts": ("dbserver-01", "dbserver-02"),
            "azure_loc_eastus": ("dbserver-01", "dbserver-02"),
            "azure_loc_eastus2": ("web-01", "win-01"),
            "azure_loc_westeurope": ("lone-01",),
            "os_linux": ("dbserver-01", "dbserver-02", "lone-01", "web-01"),
            "os_windows": ("win-01",),
            "some_tag_gold": ("web-01",),
            "some_tag_none": ("dbserver-01", "dbserver-02", "lone-01", "win-01"),
            "tag_role_vdi": ("win-01",),
            "tag_sometag_gold": ("web-01",),
            "tag_tagkey2_tagvalue2": ("dbserver-01",),
            "tag_tagkey_tagvalue": ("web-01",),
            "tag_vm_name_db_one": ("dbserver-01",),
            "tag_vm_name_db_two": ("dbserver-02",),
            "tag_vm_name_lone": ("lone-01",),
            "tag_vm_name_web_one": ("web-01",),
            "tag_vm_name_win_one": ("win-01",),
        },
    ),
    File(
        "filters that let in and out",
        {
            "plain_host_names": True,
            "exclude_host_filters": [
                "tags['tagkey2'] is defined and tags['tagkey2'] == 'tagvalue2'",
                "tags.get('role')",
                "powerstate != 'running'",
            ],
            "include_host_filters": [
                "location in ['eastus'] and powerstate == 'running'",
                "location in ['eastus2'] and tags['tagkey'] is defined and tags['tagkey'] == 'tagvalue'",
            ],
        },
        ("dbserver-02", "web-01"),
    ),
    File(
        "an expression that fails for one host",
        {
            "plain_host_names": True,
            "include_vm_resource_groups": ["myrg2"],
            "hostvar_expressions": {"ansible_host": "(public_dns_hostnames + public_ipv4_address) | first"},
            "conditional_groups": {"databases": True},
        },
        ("dbserver-01", "dbserver-02"),
        {"databases": ("dbserver-02",)},
        {"databases": ("dbserver-01", "dbserver-02")},
    ),
    File(
        "hyphens in the names of groups",
        {
            "plain_host_names": True,
            "include_vm_resource_groups": ["otherrg"],
            "use_contrib_script_compatible_sanitization": True,
            "keyed_groups": [{"prefix": "vm", "key": "name", "separator": "-"}],
        },
        ("lone-01",),
        {"vm-lone-01": ("lone-01",)},
        environment={"ANSIBLE_TRANSFORM_INVALID_GROUP_CHARS": "ignore"},
    ),
)  # fmt: skip

# What our hosts have beside azure_rm's variables, and what the two say otherwise.
MORE_VARIABLES = frozenset({"azure_vm_id", "subscription_id"})
SAID_OTHERWISE = {
    "id": "the resource group's name is in capitals there and in lower case here; Azure takes both",
    "network_interface_properties": "the etags of an interface and its parts are not known here",
}
