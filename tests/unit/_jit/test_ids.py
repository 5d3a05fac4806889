# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of VMs and policies."""

from __future__ import annotations

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import InvalidOption
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ids import (
    PolicyId,
    VmId,
    is_subscription_id,
    labels,
)
from hypothesis import given
from hypothesis import strategies as st

SUBSCRIPTION = "0aBcDeF1-2345-4678-9abc-Def012345678"
VM = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/Rg-One/providers/Microsoft.Compute/virtualMachines/vm-1"
POLICY = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/Rg-One/providers/Microsoft.Security"
    "/locations/westeurope/jitNetworkAccessPolicies/default"
)

NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,20}", fullmatch=True)


def cased(text: str, upper: list[bool]) -> str:
    """Write a text with some of its letters large."""
    return "".join(c.upper() if large else c.lower() for c, large in zip(text, upper, strict=True))


@given(st.lists(st.booleans(), min_size=len(VM), max_size=len(VM)))
def test_a_vm_is_the_same_in_any_case(upper: list[bool]) -> None:
    vm, other = VmId.find_in(VM), VmId.find_in(cased(VM, upper))
    assert vm is not None
    assert other == vm
    assert hash(other) == hash(vm)
    assert {vm: "held"}[other] == "held"


@given(st.lists(st.booleans(), min_size=len(POLICY), max_size=len(POLICY)))
def test_a_policy_is_the_same_in_any_case(upper: list[bool]) -> None:
    policy, other = PolicyId.find_in(POLICY), PolicyId.find_in(cased(POLICY, upper))
    assert policy is not None
    assert other == policy
    assert hash(other) == hash(policy)


@given(group=NAMES, name=NAMES)
def test_a_vm_keeps_the_case_in_which_it_was_written(group: str, name: str) -> None:
    text = (
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{name}"
    )
    vm = VmId.parse("vms[0]", text)
    assert str(vm) == text
    assert (vm.subscription_id, vm.resource_group, vm.name) == (SUBSCRIPTION, group, name)


@given(group=NAMES, name=NAMES)
def test_a_policy_keeps_the_case_in_which_it_was_written(group: str, name: str) -> None:
    policy = PolicyId.of(SUBSCRIPTION, group, "WestEurope", name)
    again = PolicyId.find_in(str(policy))
    assert again == policy
    assert again is not None
    assert (again.resource_group, again.location, again.name) == (group, "WestEurope", name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (VmId.of("s", "rg", "vm"), VmId.of("t", "rg", "vm")),
        (VmId.of("s", "rg", "vm"), VmId.of("s", "other", "vm")),
        (VmId.of("s", "rg", "vm"), VmId.of("s", "rg", "vm2")),
        (PolicyId.of("s", "rg", "eu", "p"), PolicyId.of("s", "rg", "us", "p")),
        (PolicyId.of("s", "rg", "eu", "p"), PolicyId.of("s", "rg", "eu", "q")),
    ],
)
def test_different_resources_have_different_ids(one: object, other: object) -> None:
    assert one != other


def test_a_vm_of_another_type_than_a_policy_is_no_policy() -> None:
    assert PolicyId.find_in(VM) is None
    assert VmId.find_in(POLICY) is None


@pytest.mark.parametrize("text", [VM, VM + "/", f"  {VM}\n"])
def test_a_users_id_may_stand_among_blanks_and_end_in_a_slash(text: str) -> None:
    assert VmId.parse("vms[0]", text) == VmId.of(SUBSCRIPTION, "Rg-One", "vm-1")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "vm-1",
        VM.lstrip("/"),
        VM.removesuffix("/vm-1"),
        VM.replace(SUBSCRIPTION, "my-subscription"),
        VM.replace("virtualMachines", "virtualMachineScaleSets"),
        VM.replace("Microsoft.Compute", "Microsoft.ClassicCompute"),
        VM + "/extensions/agent",
        VM + "?x=1",
        VM + "%2f..",
        VM.replace("Rg-One", "Rg-One?x=1"),
        VM.replace("Rg-One", "Rg-One#x"),
        VM.replace("Rg-One", "Rg%2fOne"),
        VM.replace("Rg-One", "Rg One"),
    ],
)
def test_what_is_no_vm_id_is_refused_by_the_options_name(text: str) -> None:
    with pytest.raises(InvalidOption) as caught:
        VmId.parse("vms[3].id", text)
    assert caught.value.option == "vms[3].id"
    assert repr(text) in caught.value.problem
    assert "virtualMachines/<name>" in caught.value.problem


def test_group_keys_tell_vms_of_one_group_without_case() -> None:
    one, same = VmId.of("S", "RG", "a"), VmId.of("s", "rg", "b")
    assert one.group_key == same.group_key
    assert one.group_key != VmId.of("s", "rg2", "a").group_key
    assert one.group_key != VmId.of("t", "rg", "a").group_key


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (SUBSCRIPTION, True),
        (SUBSCRIPTION.upper(), True),
        ("", False),
        ("Pay-As-You-Go", False),
        (SUBSCRIPTION[:-1], False),
        (f"/subscriptions/{SUBSCRIPTION}", False),
        (SUBSCRIPTION + "\n", False),
    ],
)
def test_a_subscription_goes_by_its_uuid(text: str, is_one: bool) -> None:
    assert is_subscription_id(text) is is_one


def test_vms_are_labelled_by_name_unless_two_have_one_name() -> None:
    alone, twin, other_twin = VmId.of("s", "a", "web"), VmId.of("s", "a", "db"), VmId.of("s", "b", "DB")
    assert labels([alone, twin, other_twin, twin]) == {
        alone: "web",
        twin: str(twin),
        other_twin: str(other_twin),
    }


def test_a_vm_named_twice_is_no_twin_of_itself() -> None:
    assert labels([VmId.of("s", "a", "Web"), VmId.of("S", "A", "WEB")]) == {VmId.of("s", "a", "web"): "Web"}
