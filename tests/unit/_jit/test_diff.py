# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person is shown of a change."""

from __future__ import annotations

from typing import Any

from ansible_collections.jitfleet.azure.plugins.module_utils._jit.diff import compare
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ids import VmId
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.policies import Coverage, read_entries
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ports import PortRule
from drawn import NAMES, rule_sets, spelled
from hypothesis import given
from hypothesis import strategies as st
from samples import policy_id, rule, vm_id

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
def test_a_diff_shows_only_the_ports_that_differ(before: Fleet, after: Fleet) -> None:
    diff = compare(policy_id(), coverages(before), coverages(after))
    for vm in diff.vms:
        old, new = before.get(vm, frozenset()), after.get(vm, frozenset())
        assert set(diff.before.get(vm.name, {})) == {rule.label for rule in old - new}
        assert set(diff.after.get(vm.name, {})) == {rule.label for rule in new - old}


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


def test_two_vms_of_one_name_are_told_apart_by_their_ids() -> None:
    one, other = vm_id("twin", group="a"), vm_id("twin", group="b")
    diff = compare(policy_id(), [], [Coverage(one, (rule(22),)), Coverage(other, (rule(22),))])
    assert set(diff.after) == {str(one), str(other)}
