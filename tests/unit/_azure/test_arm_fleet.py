# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fleets from Resource Manager's lists: the very rows that Resource Graph gives."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping
from typing import Any, get_args
from urllib.parse import urlsplit

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.arm import Answer
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.arm_fleet import ArmFleet
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.arm_lists import FEW_GROUPS
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.resource_graph import ResourceGraph
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.vm_api import ArmVmApi
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.conditions import (
    LOCATION,
    POWER_STATE,
    RESOURCE_GROUP,
    TAG,
    AllOf,
    AnyOf,
    Condition,
    Is,
)
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import AzureRefused
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.hosts import VmRow, describe, is_unguarded
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ids import VmId
from azure_simulator.compute.models import PowerState
from cloud import Cloud
from cloud_arm import CloudArm
from demo_fleet import PRODUCTION, WORKPLACE
from hypothesis import given, settings
from hypothesis import strategies as st
from recording_arm import RecordingArm
from samples import GROUP, OTHER_SUBSCRIPTION, SUBSCRIPTION, vm_id

COMPUTE = "providers/Microsoft.Compute/virtualMachines"
NETWORK = "providers/Microsoft.Network"
FORBIDDEN = AzureRefused("GET list", 403, "AuthorizationFailed", "no read over the scope")


IDS = st.sampled_from([f"/subscriptions/{SUBSCRIPTION}/resourceGroups/RG-Net/{name}" for name in "ab"])
SIMPLE = st.one_of(
    st.builds(Is, st.just(TAG), st.sampled_from(["vdi", "VDI", "", "it's"]), st.sampled_from(["role", "it's"])),
    st.builds(
        Is, st.just(LOCATION), st.sampled_from(["westeurope", "Westeurope", "eastus"]), negated=st.booleans()
    ),
    st.builds(
        Is, st.just(RESOURCE_GROUP), st.sampled_from(["rg-fleet-001", "RG-Fleet-002"]), negated=st.booleans()
    ),
    st.builds(Is, st.just(POWER_STATE), st.sampled_from(["running", "Deallocated"]), negated=st.booleans()),
)
CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    SIMPLE,
    lambda inner: (
        st.lists(inner, min_size=2, max_size=3)
        .map(tuple)
        .flatmap(lambda parts: st.sampled_from([AllOf(parts), AnyOf(parts)]))
    ),
    max_leaves=4,
)


def fleets(arm: CloudArm) -> tuple[ArmFleet, ResourceGraph]:
    return ArmFleet(arm), ResourceGraph(arm)


def comparable(rows: Collection[VmRow]) -> list[dict[str, Any]]:
    """Leave aside the order of interfaces, and what guests say of themselves, which lists don't show."""
    of_guests = dict.fromkeys(("guestName", "osName", "osVersion", "hyperVGeneration"))
    return [
        {
            **row,
            **of_guests,
            "interfaces": sorted(row["interfaces"] or [], key=lambda part: (part["nic"], part["ipName"])),
        }
        for row in sorted(rows, key=lambda row: row["id"].lower())
    ]


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_both_sources_give_the_same_rows(data: st.DataObject) -> None:
    groups = data.draw(st.integers(1, 6), "groups")
    numbers = {
        "vms": data.draw(st.integers(1, 30), "vms"),
        "groups": groups,
        "subscriptions": data.draw(st.integers(1, groups), "subscriptions"),
    }
    cloud = Cloud(
        ",".join(f"{name}={number}" for name, number in numbers.items()), irregular_pages=True, page_size=7
    )
    subscriptions = list(cloud.world.subscriptions.values())
    for group in [group for subscription in subscriptions for group in subscription.groups.values()]:
        for vm in group.vms.values():
            vm.power = data.draw(st.sampled_from(get_args(PowerState)))
            if data.draw(st.booleans()):
                vm.nics[0].nsg = None
            if data.draw(st.booleans()):
                vm.nics[0].public_address = None
            elif (public := vm.nics[0].public_address) is not None:
                public.sku = data.draw(st.sampled_from(["Basic", "Standard"]))
            vm.nics[0].application_groups = data.draw(st.lists(IDS, max_size=2))
            vm.nics[0].nat_rules = data.draw(st.lists(IDS, max_size=1))
            vm.nics[0].backend_pools = data.draw(st.lists(IDS, max_size=2))
    names = [name.upper() for subscription in subscriptions for name in subscription.groups]
    wanted = data.draw(st.lists(st.sampled_from([*names, "not-there"]), unique=True), "wanted groups")
    scope = [subscription.id for subscription in subscriptions]
    powered_off, whole = data.draw(st.booleans(), "powered off"), data.draw(st.booleans(), "whole interfaces")
    condition: Condition | None = data.draw(st.none() | CONDITIONS, "condition")
    lists, graph = (
        fleet.list_vms(scope, wanted, include_powered_off=powered_off, condition=condition, whole_interfaces=whole)
        for fleet in fleets(CloudArm(cloud))
    )
    assert comparable(lists) == comparable(graph)


def test_both_sources_give_the_same_rows_of_the_demonstration_fleet() -> None:
    lists, graph = (
        fleet.list_vms([PRODUCTION, WORKPLACE], [], include_powered_off=True)
        for fleet in fleets(CloudArm(Cloud("demo")))
    )
    assert len(lists) == 13
    assert comparable(lists) == comparable(graph)


def test_of_systems_alone_the_same_is_said_as_of_whole_vms() -> None:
    cloud = Cloud("vms=30,subscriptions=2,groups=4", page_size=7)
    groups = [
        group for subscription in cloud.world.subscriptions.values() for group in subscription.groups.values()
    ]
    powers = itertools.cycle(get_args(PowerState))
    for machine in (machine for group in groups for machine in group.vms.values()):
        machine.power = next(powers)
    arm = CloudArm(cloud)
    rows = ArmFleet(arm).list_vms(list(cloud.world.subscriptions), [], include_powered_off=True)
    wanted = [vm for row in rows if (vm := VmId.find_in(row["id"]))]
    whole, systems = ArmVmApi(arm).find(wanted), ArmVmApi(arm).find(wanted, systems_only=True)
    assert len(whole) == 30
    assert {vm.os_type for vm in whole.values()} == {"Windows", "Linux"}
    assert {vm.is_running for vm in whole.values()} == {True, False}
    assert [(vm.id, vm.location, vm.os_type, vm.is_running) for vm in systems.values()] == [
        (vm.id, vm.location, vm.os_type, vm.is_running) for vm in whole.values()
    ]
    (first, *_others) = wanted
    assert list(ArmVmApi(arm).find([first], systems_only=True)) == [first]


def test_no_request_is_sent_for_a_vm() -> None:
    arm = CloudArm(Cloud("vms=90,subscriptions=2,groups=4", page_size=1000))
    rows = ArmFleet(arm).list_vms(ArmFleet(arm).list_subscriptions(), [], include_powered_off=True)
    assert len(rows) == 90
    assert sum(arm.sent.values()) == 1 + 2 * 5


@pytest.mark.parametrize("number", [FEW_GROUPS, FEW_GROUPS + 1])
def test_few_groups_are_listed_by_themselves(number: int) -> None:
    arm = RecordingArm()
    ArmFleet(arm).list_vms([SUBSCRIPTION], [f"rg-{n}" for n in range(number)], include_powered_off=True)
    of_groups = [sent.path for sent in arm.sent if "/resourceGroups/" in sent.path]
    assert len(of_groups) == (number if number <= FEW_GROUPS else 0)


def test_a_group_that_a_subscription_lacks_is_passed_over() -> None:
    missing = f"/subscriptions/{OTHER_SUBSCRIPTION}/resourceGroups/{GROUP}/{COMPUTE}"
    held = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/{COMPUTE}"
    arm = RecordingArm(
        {
            missing: AzureRefused("GET", 404, "ResourceGroupNotFound", ""),
            held: [{"id": str(vm_id()), "name": "vm"}],
        }
    )
    rows = ArmFleet(arm).list_vms([SUBSCRIPTION, OTHER_SUBSCRIPTION], [GROUP], include_powered_off=True)
    assert [row["name"] for row in rows] == ["vm"]


def test_networks_that_may_not_be_read_leave_the_guard_of_the_vms_unknown() -> None:
    cloud = Cloud("demo")
    kept = CloudArm(cloud)
    warnings: list[str] = []

    class Partly(CloudArm):
        def _send(self, method: str, url: str, body: Any = None, **options: Any) -> Any:
            if "virtualNetworks" in url:
                raise FORBIDDEN
            return super()._send(method, url, body, **options)

    def unguarded(fleet: ArmFleet) -> list[str]:
        rows = fleet.list_vms([PRODUCTION], [], include_powered_off=True)
        return [row["name"] for row in rows if is_unguarded(row)]

    assert unguarded(ArmFleet(kept)) == ["legacy-01"]
    assert unguarded(ArmFleet(Partly(cloud), warnings.append)) == []
    (warning,) = warnings
    assert f"security groups of the VMs' subnets can't be told in subscription {PRODUCTION}" in warning
    assert "no read over the scope" in warning


@pytest.mark.parametrize("kind", ["networkInterfaces", "publicIPAddresses", "virtualNetworks"])
def test_a_list_that_is_forbidden_everywhere_is_told_once(kind: str) -> None:
    both = (SUBSCRIPTION, OTHER_SUBSCRIPTION)
    arm = RecordingArm({f"/subscriptions/{one}/{NETWORK}/{kind}": FORBIDDEN for one in both})
    warnings: list[str] = []
    ArmFleet(arm, warnings.append).list_vms(both, [], include_powered_off=True)
    (warning,) = warnings
    assert f"in subscription {SUBSCRIPTION}, {OTHER_SUBSCRIPTION}: " in warning


@pytest.mark.parametrize(
    ("part", "refusal"),
    [
        (COMPUTE, FORBIDDEN),
        (f"{NETWORK}/networkInterfaces", AzureRefused("GET list", 500, "InternalServerError", "")),
    ],
    ids=["the VMs", "the interfaces, by mishap"],
)
def test_what_would_lose_vms_or_addresses_unnoticed_is_an_error(part: str, refusal: AzureRefused) -> None:
    arm = RecordingArm({f"/subscriptions/{SUBSCRIPTION}/{part}": refusal})
    with pytest.raises(AzureRefused):
        ArmFleet(arm).list_vms([SUBSCRIPTION], [], include_powered_off=True)


class OfGroups(CloudArm):
    """A principal that Azure refuses the lists of whole subscriptions, and of groups that it may not read."""

    def __init__(self, cloud: Cloud, *readable: str, subscriptions: Collection[str] = (PRODUCTION,)) -> None:
        super().__init__(cloud)
        self._readable = [f"/resourcegroups/{group}/" for group in readable]
        self._guarded = subscriptions

    def _exchange(self, method: str, url: str, **options: Any) -> Answer:
        path = urlsplit(url).path.lower()
        guarded = any(f"/subscriptions/{one}/" in path for one in self._guarded) and "/providers/" in path
        if guarded and not any(group in path for group in self._readable):
            raise AzureRefused(f"GET {path}", 403, "AuthorizationFailed", "no read over the scope")
        return super()._exchange(method, url, **options)


@pytest.mark.parametrize("groups", [[], ["rg-web"], ["rg-web", "x", "y", "z"]], ids=["none named", "few", "many"])
def test_a_principal_of_one_group_sees_what_is_in_it(groups: list[str]) -> None:
    cloud = Cloud("demo")
    warnings: list[str] = []
    seen = ArmFleet(OfGroups(cloud, "rg-web", "x", "y", "z"), warnings.append).list_vms(
        [PRODUCTION], groups, include_powered_off=True
    )
    whole = ArmFleet(CloudArm(cloud)).list_vms([PRODUCTION], ["rg-web"], include_powered_off=True)
    assert [row["powerState"] for row in seen] == [row["powerState"] for row in whole]
    assert [row["name"] for row in seen] == ["jump-01", "legacy-01", "web-01", "web-02"]
    assert all(row["interfaces"] for row in seen)
    assert comparable(seen) == comparable(whole)
    assert not [text for text in warnings if "power states" in text or text.startswith("the VMs can't")]


@pytest.mark.parametrize("leaves_out", [True, False])
def test_a_named_group_that_may_not_be_read_is_a_failure_or_told(leaves_out: bool) -> None:
    warnings: list[str] = []
    fleet = ArmFleet(OfGroups(Cloud("demo"), "rg-web"), warnings.append, leaves_out=leaves_out)
    for groups in (["rg-web", "rg-db"], ["rg-web", "rg-db", "x", "y"]):
        warnings.clear()
        if not leaves_out:
            with pytest.raises(AzureRefused):
                fleet.list_vms([PRODUCTION], groups, include_powered_off=True)
            continue
        rows = fleet.list_vms([PRODUCTION], groups, include_powered_off=True)
        assert {row["resourceGroup"] for row in rows} == {"rg-web"}
        (told,) = [text for text in warnings if text.startswith("the VMs can't be told in ")]
        assert "rg-db" in told
        assert "no read over the scope" in told


def test_a_subscription_that_may_not_be_read_takes_down_no_other() -> None:
    cloud, warnings = Cloud("demo"), list[str]()
    fleet = ArmFleet(OfGroups(cloud), warnings.append, leaves_out=True)
    rows = fleet.list_vms([PRODUCTION, WORKPLACE], [], include_powered_off=True)
    assert {row["subscriptionId"] for row in rows} == {WORKPLACE}
    (warning,) = warnings
    assert f"the VMs can't be told in subscription {PRODUCTION}" in warning
    with pytest.raises(AzureRefused):
        fleet.list_vms([PRODUCTION], [], include_powered_off=True)
    with pytest.raises(AzureRefused):
        ArmFleet(OfGroups(cloud)).list_vms([PRODUCTION, WORKPLACE], [], include_powered_off=True)


@pytest.mark.parametrize("status", [401, 404])
def test_so_does_none_of_another_tenant_and_none_that_is_gone(status: int) -> None:
    refusal = AzureRefused("GET list", status, "InvalidAuthenticationTokenTenant", "")
    kinds = (
        COMPUTE,
        *(f"{NETWORK}/{kind}" for kind in ("networkInterfaces", "publicIPAddresses", "virtualNetworks")),
    )
    held = {f"/subscriptions/{SUBSCRIPTION}/{COMPUTE}": [{"id": str(vm_id()), "name": "vm"}]}
    arm = RecordingArm({**{f"/subscriptions/{OTHER_SUBSCRIPTION}/{kind}": refusal for kind in kinds}, **held})
    both = [SUBSCRIPTION, OTHER_SUBSCRIPTION]
    rows = ArmFleet(arm, leaves_out=True).list_vms(both, [], include_powered_off=True)
    assert [row["name"] for row in rows] == ["vm"]
    with pytest.raises(AzureRefused):
        ArmFleet(arm).list_vms(both, [], include_powered_off=True)


@pytest.mark.parametrize(
    ("state", "usable"),
    [
        ("Enabled", True),
        ("Warned", True),
        ("PastDue", True),
        ("Disabled", False),
        ("Deleted", False),
        (None, True),
    ],
)
def test_subscriptions_that_can_be_used_are_listed(state: str | None, usable: bool) -> None:
    arm = RecordingArm({"/subscriptions": [{"subscriptionId": SUBSCRIPTION, "state": state}]})
    assert ArmFleet(arm).list_subscriptions() == ([SUBSCRIPTION] if usable else [])


@pytest.mark.parametrize("source", [ArmFleet, ResourceGraph])
def test_vms_of_other_groups_stay_out_however_many_are_named(source: type[ArmFleet | ResourceGraph]) -> None:
    named = ["RG-Web", "a", "b", "c", "d"]
    rows = source(CloudArm(Cloud("demo"))).list_vms([PRODUCTION], named, include_powered_off=True)
    assert {row["resourceGroup"] for row in rows} == {"rg-web"}


def test_what_a_list_of_states_tells_of_guests_is_taken() -> None:
    vm = {"id": str(vm_id()), "name": "vm", "properties": {"osProfile": {"computerName": "given"}}}
    view = {"computerName": "Seen", "osName": "ubuntu", "osVersion": "22.04", "hyperVGeneration": "V2"}

    class Stated(RecordingArm):
        def items(self, path: str, api_version: str, params: Mapping[str, str] | None = None) -> Iterator[Any]:
            if path.endswith(COMPUTE):
                yield {"id": vm["id"], "properties": {"instanceView": view}} if params else vm

    (row,) = ArmFleet(Stated()).list_vms([SUBSCRIPTION], [], include_powered_off=False)
    variables = describe(row)
    assert variables["computer_name"] == "Seen"
    assert variables["os_name"] == "ubuntu"
    assert variables["hyper_v_generation"] == "V2"


@pytest.mark.parametrize("source", [ArmFleet, ResourceGraph])
def test_the_subscriptions_of_a_management_group_are_found(source: type[ArmFleet | ResourceGraph]) -> None:
    cloud = Cloud("demo")
    found = source(CloudArm(cloud)).list_subscriptions_below([cloud.world.tenant.id])
    assert sorted(found) == [WORKPLACE, PRODUCTION]


def test_an_instance_of_a_flexible_scale_set_is_a_vm() -> None:
    scale_set = str(vm_id()).replace("virtualMachines", "virtualMachineScaleSets")
    vm = {"id": str(vm_id()), "name": "vm", "properties": {"virtualMachineScaleSet": {"id": scale_set}}}
    arm = RecordingArm({f"/subscriptions/{SUBSCRIPTION}/{COMPUTE}": [vm]})
    (row,) = ArmFleet(arm).list_vms([SUBSCRIPTION], [], include_powered_off=False)
    assert row["scaleSet"] == scale_set
