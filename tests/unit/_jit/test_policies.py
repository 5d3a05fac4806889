# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies as documents, and what goes back into a PUT."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.policies import (
    Coverage,
    Policy,
    body_of,
    read_entries,
)
from drawn import entry_lists
from hypothesis import given
from hypothesis import strategies as st
from samples import entry, policy_id, port, rule, vm_id

Json = dict[str, Any]

SERVICE_OWNED = ("requests", "provisioningState", "appendMode")
VALUES = st.none() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=2)
UNKNOWN = st.dictionaries(
    st.text(min_size=1, max_size=8).filter(lambda k: k not in (*SERVICE_OWNED, "virtualMachines")), VALUES
)


def read(properties: Json, **top: Any) -> Policy:
    policy = Policy.read({"id": str(policy_id()), **top, "properties": properties})
    assert policy is not None
    return policy


def test_a_policy_is_read_by_its_id() -> None:
    document = {"id": str(policy_id()).upper(), "properties": {"virtualMachines": [], "requests": []}}
    policy = Policy.read(document)
    assert policy is not None
    assert policy.id == policy_id()
    assert policy.document is document


@pytest.mark.parametrize("document", [{}, {"id": None}, {"id": "/subscriptions/x"}, {"id": str(vm_id())}])
def test_what_has_no_policys_id_is_no_policy(document: Json) -> None:
    assert Policy.read(document) is None


@pytest.mark.parametrize("document", [{}, {"properties": None}, {"properties": {}}])
def test_a_bare_policy_holds_nothing(document: Json) -> None:
    policy = Policy.read({"id": str(policy_id()), **document})
    assert policy is not None
    assert policy.entries == []
    assert policy.requests == []
    assert list(policy.coverages()) == []
    assert policy.is_settled
    assert not policy.failed


@pytest.mark.parametrize(
    ("state", "is_settled", "failed"),
    [
        ("Succeeded", True, False),
        ("succeeded", True, False),
        ("Updating", False, False),
        ("UPDATING", False, False),
        ("Failed", True, True),
        ("failed", True, True),
        (None, True, False),
    ],
)
def test_a_policy_is_settled_unless_it_is_updating(state: str | None, is_settled: bool, failed: bool) -> None:
    policy = read({"provisioningState": state})
    assert policy.is_settled is is_settled
    assert policy.failed is failed


def test_each_entry_says_what_may_be_asked_for_its_vm() -> None:
    policy = read({"virtualMachines": [entry(vm_id("a"), port(22), port(3389, "TCP", 1)), entry(vm_id("b"))]})
    assert list(policy.coverages()) == [
        Coverage(vm_id("a"), (rule(22), rule(3389, "TCP", 1))),
        Coverage(vm_id("b"), ()),
    ]


def test_entries_without_a_vms_id_are_passed_over() -> None:
    odd: list[Json] = [{}, {"id": None}, {"id": str(policy_id())}, entry(vm_id("a"), port(22))]
    assert [coverage.vm for coverage in read_entries(odd)] == [vm_id("a")]


@given(known=UNKNOWN, entries=entry_lists(), new=entry_lists(), kind=st.sampled_from(["Basic", "Advanced"]))
def test_a_body_keeps_what_it_does_not_know(known: Json, entries: list[Json], new: list[Json], kind: str) -> None:
    policy = read({**known, "virtualMachines": entries}, kind=kind, location="westeurope")
    document = copy.deepcopy(policy.document)
    body = body_of(policy, new)
    assert body == {"kind": kind, "properties": {**known, "virtualMachines": new}}
    assert policy.document == document


@given(owned=st.fixed_dictionaries({}, optional=dict.fromkeys(SERVICE_OWNED, VALUES)), known=UNKNOWN)
def test_a_body_leaves_out_what_only_the_service_writes(owned: Json, known: Json) -> None:
    body = body_of(read({**owned, **known}), [])
    assert body["properties"] == {**known, "virtualMachines": []}


def test_the_body_of_a_new_policy_is_the_bare_one() -> None:
    entries = [entry(vm_id(), port(22))]
    assert body_of(None, entries) == {"kind": "Basic", "properties": {"virtualMachines": entries}}
