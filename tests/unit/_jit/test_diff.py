# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person is shown of a change."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.diff import compare
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ids import VmId
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.policies import Coverage, read_entries
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ports import PortRule
from drawn import NAMES, clash, rule_sets, spelled
from hypothesis import given
from hypothesis import strategies as st
from samples import entry, policy_id, port, rule, vm_id

Fleet = dict[VmId, frozenset[PortRule]]

FLEETS = st.dictionaries(st.sampled_from(NAMES).map(vm_id), rule_sets().map(frozenset))


def coverages(fleet: Fleet) -> list[Coverage]:
    return [Coverage(vm, tuple(rules)) for vm, rules in fleet.items()]


@given(before=FLEETS, after=FLEETS)
def test_a_diff_is_empty_exactly_when_nothing_differs(before: Fleet, after: Fleet) -> None:
    assert bool(compare(policy_id(), coverages(before), coverages(after))) is (before != after)


@given(before=FLEETS, after=FLEETS)
def test_a_diff_names_exactly_the_vms_that_differ(before: Fleet, after: Fleet) -> None:
    diff = compare(policy_id(), coverages(before), coverages(after))
    changed = {vm for vm in {*before, *after} if before.get(vm) != after.get(vm)}
    assert diff.vms == changed
    assert set(diff.before) == {vm.name for vm in changed if vm in before}
    assert set(diff.after) == {vm.name for vm in changed if vm in after}


@given(before=FLEETS, after=FLEETS)
def test_a_diff_shows_only_the_ports_that_differ_and_those_without_a_counterpart(
    before: Fleet, after: Fleet
) -> None:
    diff = compare(policy_id(), coverages(before), coverages(after))
    for vm in diff.vms:
        old, new = before.get(vm, frozenset()), after.get(vm, frozenset())
        for view, own, others in ((diff.before, old, new), (diff.after, new, old)):
            if vm.name not in view:
                continue
            absent = {label for label, text in view[vm.name].items() if text == "not in the policy"}
            assert set(view[vm.name]) - absent == {rule.label for rule in own - others}
            assert absent == {rule.label for rule in others - own if not any(clash(rule, held) for held in own)}


@given(data=st.data(), rules=rule_sets(), others=rule_sets())
def test_what_differs_never_looks_the_same(
    data: st.DataObject, rules: tuple[PortRule, ...], others: tuple[PortRule, ...]
) -> None:
    """Nobody has to guess what a change is, whatever the spelling of the policy."""

    def reading(rules: tuple[PortRule, ...]) -> list[Coverage]:
        return list(read_entries([entry(vm_id(), *(data.draw(spelled(rule)) for rule in rules))]))

    diff = compare(policy_id(), reading(rules), reading(others))
    assert not diff or diff.before != diff.after


def test_a_firewalls_address_that_comes_or_goes_is_shown_on_both_sides() -> None:
    with_address, without = Coverage(vm_id(), (rule(),), "192.0.2.1"), Coverage(vm_id(), (rule(),))
    diff = compare(policy_id(), [without], [with_address])
    assert diff.before == {"vm-1": {"firewall": "not in the policy"}}
    assert diff.after == {"vm-1": {"firewall": "192.0.2.1"}}


@pytest.mark.parametrize("spelling", ["0.0.0.0/0", "203.0.113.7/0", "Internet", "any"])
def test_all_spellings_of_everybody_are_the_same(spelling: str) -> None:
    held = read_entries([entry(vm_id(), port(22, source=spelling))])
    assert not compare(policy_id(), held, [Coverage(vm_id(), (rule(22),))])


@given(data=st.data(), fleet=FLEETS)
def test_spelling_and_order_make_no_difference(data: st.DataObject, fleet: Fleet) -> None:
    def reading() -> list[Coverage]:
        documents: list[dict[str, Any]] = [
            {
                "id": data.draw(st.sampled_from([str(vm), str(vm).upper()])),
                "ports": [data.draw(spelled(rule)) for rule in data.draw(st.permutations(sorted(rules, key=str)))],
            }
            for vm, rules in data.draw(st.permutations(list(fleet.items())))
        ]
        return list(read_entries(documents))

    assert not compare(policy_id(), reading(), reading())


def test_a_change_reads_as_a_person_would_say_it() -> None:
    before = [Coverage(vm_id("a"), (rule(22), rule(3389))), Coverage(vm_id("gone"), (rule(22),))]
    after = [
        Coverage(vm_id("a"), (rule(22, hours=1, sources=("10.0.0.0/8",)), rule(3389))),
        Coverage(vm_id("new"), (rule(5986, "TCP"),)),
    ]
    diff = compare(policy_id(), before, after)
    assert diff.policy_id == policy_id()
    assert diff.before == {
        "a": {"22/any": "from any source, at most 3h"},
        "gone": {"22/any": "from any source, at most 3h"},
    }
    assert diff.after == {
        "a": {"22/any": "from 10.0.0.0/8, at most 1h"},
        "new": {"5986/tcp": "from any source, at most 3h"},
    }


def test_a_port_that_comes_or_goes_is_named_on_both_sides() -> None:
    """Empty braces would read as a VM without ports, though it keeps its others."""
    one, both = [Coverage(vm_id(), (rule(3389),))], [Coverage(vm_id(), (rule(22), rule(3389)))]
    gained, lost = compare(policy_id(), one, both), compare(policy_id(), both, one)
    assert gained.before == lost.after == {"vm-1": {"22/any": "not in the policy"}}
    assert gained.after == lost.before == {"vm-1": {"22/any": "from any source, at most 3h"}}


def test_two_vms_of_one_name_are_told_apart_by_their_ids() -> None:
    one, other = vm_id("twin", group="a"), vm_id("twin", group="b")
    diff = compare(policy_id(), [], [Coverage(one, (rule(22),)), Coverage(other, (rule(22),))])
    assert set(diff.after) == {str(one), str(other)}
