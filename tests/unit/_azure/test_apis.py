# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies and VMs, between the operations' words and Resource Manager's documents."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.jit_api import ArmJitApi
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.vm_api import ArmVmApi
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import AzureRefused
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ids import VmId
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.vms import Vm
from recording_arm import RecordingArm
from samples import OTHER_SUBSCRIPTION, SUBSCRIPTION, policy_id, vm_id

JIT = "providers/Microsoft.Security/jitNetworkAccessPolicies"
VMS = "providers/Microsoft.Compute/virtualMachines"
NOT_FOUND = AzureRefused("GET", 404, "ResourceGroupNotFound", "gone")
FORBIDDEN = AzureRefused("GET", 403, "AuthorizationFailed", "no right")


def vm_document(vm: VmId, os_type: str = "Linux", location: str = "westeurope") -> dict[str, Any]:
    return {
        "id": str(vm).upper(),
        "location": location,
        "properties": {"storageProfile": {"osDisk": {"osType": os_type}}},
    }


# -- policies ---------------------------------------------------------------------------------------------


def test_a_subscriptions_policies_are_read_and_all_else_is_passed_over() -> None:
    listed = [{"id": str(policy_id("a"))}, {"id": "/something/else"}, {"id": str(policy_id("b")).upper()}]
    jit = ArmJitApi(RecordingArm({f"/subscriptions/{SUBSCRIPTION}/{JIT}": listed}))
    assert [policy.id for policy in jit.list_policies(SUBSCRIPTION)] == [policy_id("a"), policy_id("b")]


def test_a_group_that_is_gone_has_no_policies() -> None:
    path = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/{JIT}"
    assert ArmJitApi(RecordingArm({path: NOT_FOUND})).list_policies(SUBSCRIPTION, "rg") == []


@pytest.mark.parametrize(
    ("group", "error"),
    [("rg", FORBIDDEN), (None, FORBIDDEN), (None, AzureRefused("GET", 404, "NotFound", "gone"))],
)
def test_a_list_that_is_refused_is_an_error(group: str | None, error: AzureRefused) -> None:
    scope = f"/subscriptions/{SUBSCRIPTION}" + (f"/resourceGroups/{group}" if group else "")
    with pytest.raises(AzureRefused):
        ArmJitApi(RecordingArm({f"{scope}/{JIT}": error})).list_policies(SUBSCRIPTION, group)


def test_a_policy_that_does_not_exist_is_none() -> None:
    assert ArmJitApi(RecordingArm({str(policy_id()): NOT_FOUND})).find_policy(policy_id()) is None


def test_a_policy_that_may_not_be_read_is_an_error() -> None:
    with pytest.raises(AzureRefused):
        ArmJitApi(RecordingArm({str(policy_id()): FORBIDDEN})).find_policy(policy_id())


def test_bodies_are_sent_as_they_are_and_the_accepted_request_is_given_back() -> None:
    answer = {"startTimeUtc": "2026-03-02T12:00:00.1234567Z"}
    arm = RecordingArm({f"{policy_id()}/initiate": answer})
    jit = ArmJitApi(arm)
    jit.put_policy(policy_id(), {"kind": "Basic", "unknown": 1})
    assert jit.initiate(policy_id(), {"virtualMachines": []}) == answer
    assert [sent.body for sent in arm.sent] == [{"kind": "Basic", "unknown": 1}, {"virtualMachines": []}]


# -- virtual machines -------------------------------------------------------------------------------------


def test_wanted_vms_are_found_by_their_groups_list_in_any_case() -> None:
    one, other = vm_id("vm-1", "rg"), vm_id("vm-2", "rg")
    listed = [vm_document(one), vm_document(other, "Windows", "northeurope"), vm_document(vm_id("stranger", "rg"))]
    arm = RecordingArm({f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/{VMS}": listed})
    assert ArmVmApi(arm).find({one, other, vm_id("missing", "rg")}) == {
        one: Vm(one, "westeurope", "Linux"),
        other: Vm(other, "northeurope", "Windows"),
    }
    assert len(arm.read) == 1


@pytest.mark.parametrize(
    ("groups", "lists"), [(1, 1), (3, 3), (4, 1), (40, 1)], ids=["one", "few", "many", "very many"]
)
def test_few_groups_are_listed_each_and_many_by_their_subscription(groups: int, lists: int) -> None:
    arm = RecordingArm()
    ArmVmApi(arm).find({vm_id("a", f"rg-{number}") for number in range(groups)})
    assert len(arm.read) == lists


def test_groups_are_listed_each_where_the_whole_subscription_is_refused() -> None:
    groups = [f"rg-{number}" for number in range(4)]
    wanted = [vm_id("a", group) for group in groups]
    scope = f"/subscriptions/{SUBSCRIPTION}"
    lists: dict[str, Any] = {
        f"{scope}/resourceGroups/{vm.resource_group}/{VMS}": [vm_document(vm)] for vm in wanted
    }
    assert set(ArmVmApi(RecordingArm({**lists, f"{scope}/{VMS}": FORBIDDEN})).find(wanted)) == set(wanted)
    with pytest.raises(AzureRefused):
        ArmVmApi(
            RecordingArm({f"{scope}/{VMS}": FORBIDDEN, f"{scope}/resourceGroups/rg-2/{VMS}": FORBIDDEN})
        ).find(wanted)


def test_each_subscription_is_counted_by_itself() -> None:
    arm = RecordingArm()
    few = {vm_id("a", f"rg-{number}") for number in range(3)}
    many = {vm_id("a", f"rg-{number}", OTHER_SUBSCRIPTION) for number in range(4)}
    ArmVmApi(arm).find(few | many)
    assert {sent.path for sent in arm.read} == {
        *(f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-{number}/{VMS}" for number in range(3)),
        f"/subscriptions/{OTHER_SUBSCRIPTION}/{VMS}",
    }


def test_a_group_in_two_spellings_is_listed_once() -> None:
    arm = RecordingArm()
    ArmVmApi(arm).find({vm_id("a", "RG"), vm_id("b", "rg")})
    assert len(arm.read) == 1


def test_no_vm_wanted_is_nothing_asked() -> None:
    arm = RecordingArm()
    assert ArmVmApi(arm).find(set()) == {}
    assert arm.sent == []


def test_a_group_that_is_gone_has_no_vms() -> None:
    arm = RecordingArm({f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/{VMS}": NOT_FOUND})
    assert ArmVmApi(arm).find({vm_id("a", "rg")}) == {}


def test_vms_that_may_not_be_listed_are_an_error() -> None:
    arm = RecordingArm({f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/{VMS}": FORBIDDEN})
    with pytest.raises(AzureRefused):
        ArmVmApi(arm).find({vm_id("a", "rg")})


@pytest.mark.parametrize(
    "properties",
    [
        {},
        {"properties": None},
        {"properties": {"storageProfile": None}},
        {"properties": {"storageProfile": {"osDisk": {}}}},
    ],
)
def test_a_vm_whose_disk_says_nothing_has_no_known_system(properties: dict[str, Any]) -> None:
    vm = vm_id("a", "rg")
    listed = [{"id": None}, {"id": str(vm), "location": "westeurope", **properties}]
    arm = RecordingArm({f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/{VMS}": listed})
    assert ArmVmApi(arm).find({vm}) == {vm: Vm(vm, "westeurope", "")}


@pytest.mark.parametrize(
    ("answer", "gone"),
    [
        ({"id": str(vm_id())}, False),
        (AzureRefused("GET", 404, "ResourceNotFound", "gone"), True),
        (AzureRefused("GET", 404, "ResourceGroupNotFound", "gone"), True),
        (AzureRefused("GET", 404, "SubscriptionNotFound", "or not yours"), None),
        (FORBIDDEN, None),
        (AzureRefused("GET", 503, "ServiceUnavailable", "later"), None),
    ],
    ids=str,
)
def test_only_a_vm_of_which_azure_says_so_is_gone(answer: Any, gone: bool | None) -> None:
    assert ArmVmApi(RecordingArm({str(vm_id()): answer})).is_gone(vm_id()) is gone
