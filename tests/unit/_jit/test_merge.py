# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing wishes into a policy without touching anything else."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.edits import Edit, is_in_effect
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ids import VmId
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.merge import Wish, merge
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ports import PortRule, read_rule
from drawn import NAMES, clash, entries, entry_lists, rule_sets, wishes
from hypothesis import given
from hypothesis import strategies as st
from samples import entry, port, rule, vm_id

Json = dict[str, Any]
# What the code may write in a port; all other fields are somebody else's.
OURS = {
    "number",
    "protocol",
    "maxRequestAccessDuration",
    "allowedSourceAddressPrefix",
    "allowedSourceAddressPrefixes",
}


def vm_of(entry: Json) -> VmId:
    vm = VmId.find_in(entry["id"])
    assert vm is not None
    return vm


def held(entries: list[Json]) -> dict[VmId, set[PortRule]]:
    return {vm_of(entry): {read_rule(port) for port in entry["ports"]} for entry in entries}


@given(entries=entry_lists(), asked=wishes())
def test_merging_adds_the_wished_rules_and_drops_only_what_they_clash_with(
    entries: list[Json], asked: list[Wish]
) -> None:
    expected = held(entries)
    for wish in asked:
        known = expected.get(wish.vm, set())
        kept = {rule for rule in known if not any(clash(rule, wished) for wished in wish.rules)}
        expected[wish.vm] = kept | set(wish.rules)
    assert held(merge(entries, asked)) == expected


@given(entries=entry_lists(), asked=wishes())
def test_merging_leaves_its_input_and_all_other_vms_to_the_letter(entries: list[Json], asked: list[Wish]) -> None:
    before = copy.deepcopy(entries)
    merged = merge(entries, asked)
    assert entries == before
    wished = {wish.vm for wish in asked}
    others = [entry for entry in before if vm_of(entry) not in wished]
    assert [entry for entry in merged if vm_of(entry) not in wished] == others


@given(entries=entry_lists(), asked=wishes())
def test_merging_keeps_the_order_the_ids_and_the_unknown_fields_of_wished_vms(
    entries: list[Json], asked: list[Wish]
) -> None:
    merged = merge(entries, asked)
    for old, new in zip(entries, merged, strict=False):
        assert {k: v for k, v in new.items() if k != "ports"} == {k: v for k, v in old.items() if k != "ports"}
    added = [vm_of(entry) for entry in merged[len(entries) :]]
    assert added == [wish.vm for wish in asked if wish.vm not in held(entries)]


@given(entries=entry_lists(), asked=wishes())
def test_a_port_that_no_wish_concerns_keeps_its_very_text(entries: list[Json], asked: list[Wish]) -> None:
    rules = {wish.vm: wish.rules for wish in asked}
    for old, new in zip(entries, merge(entries, asked), strict=False):
        for known in old["ports"]:
            if not any(clash(read_rule(known), wished) for wished in rules.get(vm_of(old), ())):
                assert known in new["ports"]


@given(entries=entry_lists(), asked=wishes())
def test_merging_twice_is_merging_once(entries: list[Json], asked: list[Wish]) -> None:
    once = merge(entries, asked)
    assert merge(once, asked) == once


@given(entries=entry_lists(), asked=wishes())
def test_what_was_merged_is_in_effect(entries: list[Json], asked: list[Wish]) -> None:
    assert is_in_effect(merge(entries, asked), Edit(tuple(asked)))


@given(entries=entry_lists(), asked=wishes())
def test_wishes_are_in_effect_when_every_vm_has_every_rule(entries: list[Json], asked: list[Wish]) -> None:
    has = held(entries)
    expected = all(wish.vm in has and set(wish.rules) <= has[wish.vm] for wish in asked)
    assert is_in_effect(entries, Edit(tuple(asked))) is expected


@given(data=st.data())
def test_an_equal_wish_in_another_spelling_is_no_change(data: st.DataObject) -> None:
    policy = [data.draw(entries(vm_id(name))) for name in data.draw(st.lists(st.sampled_from(NAMES), unique=True))]
    asked = [
        Wish(vm, tuple(data.draw(st.permutations(sorted(rules, key=str))))) for vm, rules in held(policy).items()
    ]
    assert merge(policy, data.draw(st.permutations(asked))) == policy


@given(data=st.data(), asked=wishes())
def test_the_order_of_wishes_makes_no_difference_to_what_is_held(data: st.DataObject, asked: list[Wish]) -> None:
    policy = data.draw(entry_lists())
    shuffled = [
        Wish(wish.vm, tuple(data.draw(st.permutations(wish.rules)))) for wish in data.draw(st.permutations(asked))
    ]
    assert held(merge(policy, shuffled)) == held(merge(policy, asked))


@given(data=st.data(), rules=rule_sets(min_size=1))
def test_a_changed_port_keeps_the_unknown_fields_of_the_one_it_replaces(
    data: st.DataObject, rules: tuple[PortRule, ...]
) -> None:
    old = data.draw(entries(vm_id()))
    (new,) = merge([old], [Wish(vm_id(), rules)])
    for wished in rules:
        replaced = [port for port in old["ports"] if clash(read_rule(port), wished)]
        if len(replaced) == 1 and not any(
            clash(read_rule(replaced[0]), other) for other in rules if other != wished
        ):
            (written,) = [port for port in new["ports"] if read_rule(port) == wished]
            foreign = {key: value for key, value in replaced[0].items() if key not in OURS}
            assert {key: value for key, value in written.items() if key not in OURS} == foreign


@pytest.mark.parametrize(
    ("before", "wished", "after"),
    [
        (["TCP"], "TCP", ["TCP"]),
        (["TCP"], "UDP", ["TCP", "UDP"]),
        (["UDP"], "TCP", ["UDP", "TCP"]),
        (["TCP", "UDP"], "TCP", ["TCP", "UDP"]),
        (["TCP", "UDP"], "*", ["*"]),
        (["*"], "TCP", ["TCP"]),
        (["*"], "*", ["*"]),
    ],
)
def test_protocols_that_overlap_replace_each_other(before: list[str], wished: str, after: list[str]) -> None:
    policy = [entry(vm_id(), *(port(22, protocol, hours=1) for protocol in before))]
    (merged,) = merge(policy, [Wish(vm_id(), (rule(22, wished, hours=2),))])
    assert [port["protocol"] for port in merged["ports"]] == after
    durations = {port["protocol"]: port["maxRequestAccessDuration"] for port in merged["ports"]}
    assert durations == {protocol: "PT2H" if protocol == wished else "PT1H" for protocol in after}


def test_a_new_vm_gets_an_entry_as_azure_writes_it() -> None:
    wished = (rule(3389), rule(22, "TCP", 1, ("10.0.0.0/8", "203.0.113.7")))
    assert merge([], [Wish(vm_id(), wished)]) == [
        {
            "id": str(vm_id()),
            "ports": [
                {
                    "number": 3389,
                    "protocol": "*",
                    "allowedSourceAddressPrefix": "*",
                    "maxRequestAccessDuration": "PT3H",
                },
                {
                    "number": 22,
                    "protocol": "TCP",
                    "allowedSourceAddressPrefixes": ["10.0.0.0/8", "203.0.113.7"],
                    "maxRequestAccessDuration": "PT1H",
                },
            ],
        }
    ]


def test_entries_that_are_no_vms_stay_where_they_are() -> None:
    odd: Json = {"id": "/something/else", "ports": [port(22)]}
    merged = merge([odd, entry(vm_id("a"))], [Wish(vm_id("b"), (rule(22),))])
    assert merged[0] == odd
    assert [entry["id"] for entry in merged[1:]] == [str(vm_id("a")), str(vm_id("b"))]


@pytest.mark.parametrize("ports", [{}, {"ports": None}, {"ports": []}])
def test_an_entry_without_ports_gets_the_wished_ones(ports: Json) -> None:
    (merged,) = merge([{"id": str(vm_id()), **ports}], [Wish(vm_id(), (rule(22),))])
    assert held([merged]) == {vm_id(): {rule(22)}}


def test_a_firewalls_address_survives() -> None:
    policy = [entry(vm_id(), port(22), publicIpAddress="198.51.100.4")]
    (merged,) = merge(policy, [Wish(vm_id(), (rule(3389),))])
    assert merged["publicIpAddress"] == "198.51.100.4"
