# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Edits of a policy, against a model that knows nothing but sets."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.edits import (
    Edit,
    apply,
    is_in_effect,
    reading,
)
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ids import VmId
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.merge import Wish
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ports import PortRule, read_rule
from drawn import NUMBERS, VMS, clash, entries, entry_lists, wishes
from hypothesis import given
from hypothesis import strategies as st
from samples import entry, port, rule, vm_id

Json = dict[str, Any]
Held = dict[VmId, set[PortRule]]


def held(policy: list[Json]) -> Held:
    return {vm_of(each): {read_rule(wire) for wire in each["ports"]} for each in policy}


def vm_of(each: Json) -> VmId:
    vm = VmId.find_in(each["id"])
    assert vm is not None
    return vm


@st.composite
def edits(draw: st.DrawFn) -> Edit:
    """Draw what a task can ask for: to have VMs in one of three modes, or to have VMs and ports gone."""
    if draw(st.booleans()):
        mode = draw(st.sampled_from(["merge", "replace", "exact"]))
        asked = [dataclasses.replace(wish, replace=mode != "merge") for wish in draw(wishes())]
        return Edit(tuple(asked), only_wished=mode == "exact")
    gone = draw(st.frozensets(VMS))
    numbers = draw(st.dictionaries(VMS, st.frozensets(NUMBERS, min_size=1)))
    return Edit(removed=gone, removed_ports={vm: ports for vm, ports in numbers.items() if vm not in gone})


def expected(before: Held, edit: Edit) -> Held:
    """Say in sets what the edit means."""
    after: Held = {}
    wished = {wish.vm: wish for wish in edit.wishes}
    for vm in before.keys() | wished.keys():
        rules = before.get(vm, set())
        if vm in wished:
            asked = set(wished[vm].rules)
            stay = {old for old in rules if not any(clash(old, new) for new in asked)}
            after[vm] = asked if wished[vm].replace else asked | stay
        elif vm not in edit.removed and not edit.only_wished:
            left = {old for old in rules if old.number not in edit.removed_ports.get(vm, ())}
            if left or not rules:
                after[vm] = left
    return after


@given(policy=entry_lists(), edit=edits())
def test_an_edit_does_what_it_says_and_nothing_else(policy: list[Json], edit: Edit) -> None:
    before = copy.deepcopy(policy)
    assert held(apply(policy, edit)) == expected(held(policy), edit)
    assert policy == before


@given(policy=entry_lists(), edit=edits())
def test_vms_that_an_edit_does_not_concern_keep_their_very_text_and_order(policy: list[Json], edit: Edit) -> None:
    concerned = {wish.vm for wish in edit.wishes} | edit.removed | edit.removed_ports.keys()
    if edit.only_wished:
        concerned |= {vm_of(each) for each in policy}
    after = apply(policy, edit)
    assert [each for each in after if vm_of(each) not in concerned] == [
        each for each in policy if vm_of(each) not in concerned
    ]


@given(policy=entry_lists(), edit=edits())
def test_a_second_time_changes_nothing(policy: list[Json], edit: Edit) -> None:
    once = apply(policy, edit)
    assert apply(once, edit) == once
    assert is_in_effect(once, edit)


@given(policy=entry_lists(), edit=edits())
def test_an_edit_is_in_effect_exactly_when_the_model_sees_no_change(policy: list[Json], edit: Edit) -> None:
    assert is_in_effect(policy, edit) is (expected(held(policy), edit) == held(policy))


@given(policy=entry_lists(), one=edits(), other=edits())
def test_edits_of_different_vms_can_be_done_in_any_order(policy: list[Json], one: Edit, other: Edit) -> None:
    """As long as neither wants to be alone: two tasks with `exact` undo each other."""
    one, other = (dataclasses.replace(edit, only_wished=False) for edit in (one, other))
    mine = {wish.vm for wish in one.wishes} | one.removed | one.removed_ports.keys()
    other = Edit(
        tuple(wish for wish in other.wishes if wish.vm not in mine),
        other.removed - mine,
        {vm: numbers for vm, numbers in other.removed_ports.items() if vm not in mine},
    )
    assert reading(apply(apply(policy, one), other)) == reading(apply(apply(policy, other), one))


@given(policy=entry_lists(), gone=st.frozensets(VMS), more=st.frozensets(VMS))
def test_removals_can_be_done_in_any_order(
    policy: list[Json], gone: frozenset[VmId], more: frozenset[VmId]
) -> None:
    one, other = Edit(removed=gone), Edit(removed=more)
    assert apply(apply(policy, one), other) == apply(apply(policy, other), one)


@given(policy=entry_lists(), gone=st.frozensets(VMS))
def test_what_is_taken_out_and_restored_is_as_it_was(policy: list[Json], gone: frozenset[VmId]) -> None:
    back = Edit(restored=tuple(each for each in policy if vm_of(each) in gone))
    after = apply(apply(policy, Edit(removed=gone)), back)
    assert sorted(after, key=str) == sorted(policy, key=str)
    assert is_in_effect(after, back)
    assert apply(after, back) == after


@given(policy=entry_lists(), old=entry_lists())
def test_restoring_takes_nothing_from_what_stands_there_meanwhile(policy: list[Json], old: list[Json]) -> None:
    after = held(apply(policy, Edit(restored=tuple(old))))
    for vm, rules in held(policy).items():
        assert rules <= after[vm]
    assert after.keys() == held(policy).keys() | held(old).keys()


@given(data=st.data(), edit=edits())
def test_a_vm_that_stands_in_a_policy_twice_is_brought_together(data: st.DataObject, edit: Edit) -> None:
    twice = [data.draw(entries(vm_id("vm-1"))) for _ in range(2)]
    policy = [twice[0], *data.draw(st.sampled_from([[], [entry(vm_id("vm-9"), port(22))]])), twice[1]]
    after = apply(policy, edit)
    vms = [vm_of(each) for each in after]
    assert len(set(vms)) == len(vms), "Azure refuses a PUT with two entries for one VM"
    assert is_in_effect(after, edit)
    assert apply(after, edit) == after


def test_bringing_together_keeps_ports_and_unknown_fields_of_both() -> None:
    vm = vm_id("vm-1")
    first = entry(vm, port(22, "TCP", note="first"), x=1, publicIpAddress=None)
    second = entry(str(vm).upper(), port(22, hours=1), port(3389), x=2, publicIpAddress="198.51.100.4")
    (after,) = apply([first, second], Edit())
    assert after == entry(vm, port(22, "TCP", note="first"), port(3389), x=1, publicIpAddress="198.51.100.4")


def test_what_is_missing_in_a_vm_that_stands_twice_is_not_in_effect() -> None:
    policy = [entry(vm_id(), port(22)), entry(vm_id(), port(3389))]
    wanted = frozenset({22, 3389})
    assert {rule.number for rule in reading(policy)[vm_id()][0]} == wanted
    assert not is_in_effect(policy, Edit(removed_ports={vm_id(): frozenset({22})}))
    assert reading(apply(policy, Edit(removed_ports={vm_id(): frozenset({22})}))) == {
        vm_id(): (frozenset({rule(3389)}), None)
    }


@pytest.mark.parametrize(
    "edit",
    [
        Edit(),
        Edit(only_wished=True),
        Edit(removed=frozenset({vm_id()})),
        Edit(removed_ports={vm_id(): frozenset({22})}),
        Edit((Wish(vm_id(), (rule(3389),)),), only_wished=True),
    ],
)
def test_an_entry_that_names_no_vm_is_left_as_it_is(edit: Edit) -> None:
    odd = entry("/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/app", port(22))
    assert odd in apply([odd, entry(vm_id(), port(22))], edit)
