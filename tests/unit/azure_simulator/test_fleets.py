# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fleets: generated from numbers, read from files, and the errors that name what to mend."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from azure_simulator.clock import Clock
from azure_simulator.fleet.document import FleetError
from azure_simulator.simulator import Options, WorldMaker
from azure_simulator.state.export import export_state
from azure_simulator.world import World


def generated(text: str, seed: int = 1) -> World:
    return WorldMaker(Options(fleet=text, seed=seed))(Clock(wall=lambda: 1_767_600_000_000_000_000))


def test_the_numbers_are_met() -> None:
    world = generated("vms=100,subscriptions=2,groups=10,regions=2,jit=all")
    groups = list(world.groups())
    assert len(world.subscriptions) == 2
    assert [len(subscription.groups) for subscription in world.subscriptions.values()] == [5, 5]
    assert [len(group.vms) for group in groups] == [10] * 10
    assert len({group.location for group in groups}) == 2
    assert sorted(policy.group.name for policy in world.policies.all()) == sorted(group.name for group in groups)


def test_each_vm_has_addresses_of_its_own() -> None:
    world = generated("vms=70000,subscriptions=1,groups=2,regions=1")
    public = [address.address for group in world.groups() for address in group.public_addresses.values()]
    assert len(set(public)) == 70000
    for group in world.groups():
        private = [nic.private_address for nic in group.nics.values()]
        assert len(set(private)) == len(private)


@pytest.mark.parametrize(("jit", "covered"), [("none", 0), ("half", 10), ("all", 20)])
def test_the_share_that_is_covered(jit: str, covered: int) -> None:
    world = generated(f"vms=20,groups=4,jit={jit}")
    assert sum(len(policy.vms) for policy in world.policies.all()) == covered


def test_both_systems_and_many_desktops() -> None:
    vms = [vm for group in generated("vms=200").groups() for vm in group.vms.values()]
    assert set(Counter(vm.os for vm in vms)) == {"Windows", "Linux"}
    assert Counter(vm.tags["role"] for vm in vms)["vdi"] >= 100


def test_the_seed_makes_the_fleet() -> None:
    first, again, other = (export_state(generated("vms=30,jit=half", seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("nosuch", "demo"),
        ("vms=x", "vms=x"),
        ("vms=0", "vms=0"),
        ("vms=5,rooms=2", "rooms=2"),
        ("vms=5,groups=0", "groups=0"),
        ("vms=5,subscriptions=9,groups=3", "subscriptions=9"),
        ("vms=5,groups=2,regions=3", "regions=3"),
        ("vms=5,jit=some", "jit=some"),
        ("vms=250000,groups=4", "60000"),
    ],
)
def test_wrong_numbers_are_named(text: str, named: str) -> None:
    with pytest.raises(FleetError, match=named):
        generated(text)


SMALL = """
subscriptions:
  - name: One
    groups:
      - name: rg
        location: westeurope
        security_groups: [{name: nsg, rules: [{name: allow, priority: 200, ports: [22, 80-90]}]}]
        networks: [{name: net, address_space: 10.1.0.0/16, subnets: [{name: a, prefix: 10.1.1.0/29}]}]
        vms:
          - {name: vm-1, os: linux, public_ip: 127.9.0.1, security_group: nsg}
          - {name: vm-2, os: windows, private_ip: 10.1.1.5}
        jit_policies: [{vms: [{name: VM-1}]}]
"""


def from_file(folder: Path, text: str) -> World:
    path = folder / "fleet.yml"
    path.write_text(text)
    return generated(str(path))


def test_a_small_file_is_enough(tmp_path: Path) -> None:
    world = from_file(tmp_path, SMALL)
    (group,) = world.groups()
    assert [(vm.name, vm.os, vm.nics[0].private_address) for vm in group.vms.values()] == [
        ("vm-1", "Linux", "10.1.1.4"),
        ("vm-2", "Windows", "10.1.1.5"),
    ]
    (policy,) = world.policies.all()
    ((entry),) = policy.vms.values()
    assert (policy.name, policy.state, entry["ports"][0]["number"]) == ("default", "Succeeded", 22)
    assert world.subscription(next(iter(world.subscriptions))).pricings["virtualmachines"].sub_plan == "P2"


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("subscriptions:", "subscription:", "document|subscription: unknown field"),
        ("  - name: One", "  - title: One", r"subscriptions\[0\].title: unknown field"),
        ("name: One", "name: 7", r"subscriptions\[0\].name: must be a text, not a number"),
        (
            "os: linux",
            "os: bsd",
            r"subscriptions\[0\].groups\[0\].vms\[0\].os: 'bsd' is not one of windows, linux",
        ),
        (", os: linux", "", r"vms\[0\].os: is missing"),
        (
            "networks: [{name: net, address_space: 10.1.0.0/16, subnets: [{name: a, prefix: 10.1.1.0/29}]}]",
            "networks: []",
            r"vms\[0\].subnet: this group has no networks. Give it some, such as networks: \[{name: vnet",
        ),
        ("127.9.0.1", "20.1.2.3", r"vms\[0\].public_ip: 20.1.2.3 is not one of 127"),
        ("127.9.0.1", "127.0.0.1", r"vms\[0\].public_ip: 127.0.0.1 is not one of 127"),
        ("127.9.0.1", "127.255.0.1", r"vms\[0\].public_ip: 127.255.0.1 is not one of 127"),
        ("127.9.0.1", "nowhere", r"vms\[0\].public_ip: 'nowhere' is not an IPv4 address"),
        (
            "security_group: nsg}",
            "security_group: none}",
            r"vms\[0\].security_group: there is no security group 'none'",
        ),
        ("name: vm-2", "name: VM-1", r"vms\[1\].name: 'VM-1' is there twice"),
        ("private_ip: 10.1.1.5", "private_ip: 10.1.1.4", r"vms\[1\].private_ip: 10.1.1.4 is there twice"),
        ("80-90", "90-80", r"security_groups\[0\].rules\[0\].ports: '90-80'"),
        (
            "priority: 200",
            "priority: 5000",
            r"rules\[0\].priority: must be a whole number from 100 to 4096, not 5000",
        ),
        ("prefix: 10.1.1.0/29", "prefix: here", r"networks\[0\].subnets\[0\].prefix: 'here'"),
        (
            "prefix: 10.1.1.0/29",
            "prefix: 10.2.1.0/29",
            r"subnets\[0\].prefix: 10.2.1.0/29 is not within the address space 10.1.0.0/16",
        ),
        (
            "prefix: 10.1.1.0/29}",
            "prefix: 10.1.1.0/29}, {name: b, prefix: 10.1.1.0/28}",
            r"subnets\[1\].prefix: 10.1.1.0/28 overlaps 10.1.1.0/29 of subnet a",
        ),
        (
            "private_ip: 10.1.1.5",
            "private_ip: 10.1.1.9",
            r"vms\[1\].private_ip: 10.1.1.9 is not within 10.1.1.0/29 of subnet a",
        ),
        (
            "subnets: [{name: a, prefix: 10.1.1.0/29}]",
            "subnets: []",
            r"networks\[0\].subnets: must be a list with",
        ),
        ("name: VM-1", "name: VM-9", r"jit_policies\[0\].vms\[0\].name: there is no VM 'VM-9'"),
        ("{name: VM-1}", "{name: VM-1, ports: [{port: 22, max_duration: 3h}]}", r"ports\[0\].max_duration: '3h'"),
        ("{name: VM-1}", "{name: VM-1, ports: [{port: 22, max_duration: P2D}]}", r"'P2D' is not between"),
        (
            "location: westeurope",
            "location: westeurope\n        tags: {a: 1}",
            r"groups\[0\].tags: must be a mapping",
        ),
        ("os: windows, private_ip: 10.1.1.5", "os: windows, subnet: net/b", r"vms\[1\].subnet: .*net/a"),
        ("  - name: One", "  - name: One\n    id: one", r"subscriptions\[0\].id: 'one' is not a GUID"),
        ("location: westeurope", "location: west europe", r"groups\[0\].location: 'west europe' is not a region"),
        ("name: vm-2", "name: vm/2", r"vms\[1\].name: 'vm/2' has other characters"),
        ("80-90]}]}", "80-90]}]}, {name: NSG}", r"security_groups\[1\].name: 'NSG' is there twice"),
        (
            "ports: [22, 80-90]}",
            "ports: [22]}, {name: Allow, priority: 201}",
            r"rules\[1\].name: 'Allow' is there twice",
        ),
        (
            "{name: VM-1}]}",
            "{name: VM-1}]}, {vms: [{name: vm-1}]}",
            r"jit_policies\[1\].name: 'default' is there twice",
        ),
        ("vms:\n", "vms: many\n        other:\n", r"groups\[0\].other: unknown field"),
    ],
)
def test_errors_say_where_and_what(tmp_path: Path, old: str, new: str, error: str) -> None:
    assert old in SMALL
    with pytest.raises(FleetError, match=error) as caught:
        from_file(tmp_path, SMALL.replace(old, new))
    assert str(caught.value).startswith(f"{tmp_path}/fleet.yml: ")


def test_a_full_subnet_is_named(tmp_path: Path) -> None:
    more = "\n".join(f"          - {{name: vm-{number}, os: linux}}" for number in range(3, 9))
    text = SMALL.replace("        jit_policies", f"{more}\n        jit_policies")
    with pytest.raises(FleetError, match=r"10.1.1.0/29 has no address left"):
        from_file(tmp_path, text)


@pytest.mark.parametrize("text", ["a: [", "just text", ""])
def test_files_that_are_none(tmp_path: Path, text: str) -> None:
    with pytest.raises(FleetError):
        from_file(tmp_path, text)


def test_a_file_of_other_bytes(tmp_path: Path) -> None:
    path = tmp_path / "fleet.yml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(FleetError, match="not a text in UTF-8"):
        generated(str(path))


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(FleetError, match="No such file"):
        generated("/nosuch/fleet.yml")


def test_the_demonstration_fleet_has_what_the_guide_says() -> None:
    world = generated("demo")
    vms = {vm.name: vm for group in world.groups() for vm in group.vms.values()}
    assert [name for name, vm in vms.items() if vm.tags.get("role") == "vdi"] == [
        *(f"vdi-win-0{number}" for number in range(1, 5)),
        "vdi-lnx-01",
        "vdi-lnx-02",
    ]
    assert [name for name, vm in vms.items() if not vm.is_running] == ["batch-01"]
    assert [name for name, vm in vms.items() if not list(vm.nics[0].security_groups())] == ["legacy-01"]
    assert [name for name, vm in vms.items() if vm.nics[0].public_address is None] == ["db-01"]
    (policy,) = world.policies.all()
    assert [entry["id"].split("/")[-1] for entry in policy.vms.values()] == ["jump-01"]
