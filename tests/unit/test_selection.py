# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which VMs a task works on, as its options say it."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import (
    InvalidOption,
    InvalidOptions,
)
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.read_fleet import Scope
from ansible_collections.jitfleet.azure.plugins.module_utils._selection import (
    Chosen,
    Selection,
    read_selection,
)
from fleet_rows import vm_row
from memory_fleet import MemoryFleet
from samples import GROUP, NOON, OTHER_SUBSCRIPTION, SUBSCRIPTION, policy_id, vm_id


def read(**params: Any) -> Selection[str]:
    none = dict.fromkeys(("vms", "hosts", "resource_groups", "subscriptions", "filter", "subscription_id"))
    return read_selection({**none, **params}, [], lambda selected: selected.vm.name)


def resolve(selection: Selection[str], fleet: MemoryFleet, warnings: list[str] | None = None) -> Chosen[str]:
    return selection.resolve(fleet, fleet, NOON, (warnings if warnings is not None else []).append)


# -- options ----------------------------------------------------------------------------------------------


def test_named_vms_need_nothing_read() -> None:
    fleet = MemoryFleet(vm_row("other"))
    chosen = resolve(read(vms=[str(vm_id("one"))]), fleet)
    assert chosen.wishes == ["one"]
    assert fleet.asked == []


@pytest.mark.parametrize(
    ("params", "scope"),
    [
        ({"subscriptions": ["*"]}, Scope((), (), True)),
        ({"subscriptions": [SUBSCRIPTION, SUBSCRIPTION.upper()]}, Scope((SUBSCRIPTION.upper(),), (), True)),
        ({"resource_groups": [" rg "], "subscription_id": SUBSCRIPTION}, Scope((SUBSCRIPTION,), ("rg",), True)),
        (
            {"resource_groups": ["rg"], "subscriptions": [OTHER_SUBSCRIPTION], "subscription_id": SUBSCRIPTION},
            Scope((OTHER_SUBSCRIPTION,), ("rg",), True),
        ),
        ({"resource_groups": ["rg"], "subscriptions": ["*"]}, Scope((), ("rg",), True)),
    ],
)
def test_scopes_are_read(params: dict[str, Any], scope: Scope) -> None:
    assert read(**params).scope == scope


@pytest.mark.parametrize(
    ("params", "problem"),
    [
        ({}, "vms: no virtual machine is named.*resource_groups or subscriptions"),
        ({"filter": "name == 'a'"}, "filter: it chooses among the VMs of resource_groups or subscriptions"),
        ({"resource_groups": ["rg"]}, "subscriptions: it is not said in which"),
        (
            {"resource_groups": ["rg"], "subscription_id": "mine"},
            r"subscription_id \(AZURE_SUBSCRIPTION_ID\): 'mine' is not",
        ),
        ({"resource_groups": [], "subscription_id": SUBSCRIPTION}, "resource_groups: the list is empty"),
        ({"subscriptions": [""]}, "subscriptions: the list is empty"),
        ({"subscriptions": ["mine", SUBSCRIPTION]}, r"subscriptions\[0\]: 'mine' is not"),
        ({"subscriptions": ["*", SUBSCRIPTION]}, r"subscriptions\[0\]: '\*' is not"),
        ({"subscriptions": ["*"], "vms": []}, "vms: it can't be combined with subscriptions"),
        ({"subscriptions": ["*"], "filter": "name =="}, "filter: 'name ==' is no JMESPath expression"),
    ],
)
def test_mistakes_are_named_before_anything_is_read(params: dict[str, Any], problem: str) -> None:
    with pytest.raises((InvalidOption, InvalidOptions), match=problem):
        read(**params)


# -- what is found ----------------------------------------------------------------------------------------


def test_all_vms_of_a_scope_are_chosen_by_one_query() -> None:
    fleet = MemoryFleet(vm_row("a"), vm_row("b"))
    chosen = resolve(read(subscriptions=[SUBSCRIPTION]), fleet)
    assert chosen.wishes == ["a", "b"]
    assert [selected.vm for selected in chosen.selected] == [vm_id("a"), vm_id("b")]
    assert [row["name"] for row in chosen.rows] == ["a", "b"]
    assert fleet.asked == [((SUBSCRIPTION,), (), True)], "powered-off VMs are VMs too"


def test_all_subscriptions_are_those_that_the_credential_sees() -> None:
    fleet = MemoryFleet(vm_row("a"), subscriptions=[SUBSCRIPTION, OTHER_SUBSCRIPTION])
    resolve(read(subscriptions=["*"]), fleet)
    assert fleet.asked == [((SUBSCRIPTION, OTHER_SUBSCRIPTION), (), True)]


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("tags.role == 'vdi'", ["a"]),
        ("powerstate == 'deallocated'", ["b"]),
        ("os_profile.system == 'linux' && name != 'a'", ["b"]),
        (f"azure_vm_id == '{vm_id('a')}'", ["a"]),
    ],
)
def test_a_filter_sees_the_inventorys_variables(expression: str, names: list[str]) -> None:
    fleet = MemoryFleet(vm_row("a", tags={"role": "vdi"}), vm_row("b", powerState="PowerState/deallocated"))
    assert resolve(read(subscriptions=[SUBSCRIPTION], filter=expression), fleet).wishes == names
    assert len(fleet.asked) == 1


@pytest.mark.parametrize(("status", "names"), [("configured", ["vm-1"]), ("not_configured", ["bare"])])
def test_a_filter_on_the_jit_state_reads_the_policies(status: str, names: list[str]) -> None:
    fleet = MemoryFleet(vm_row("vm-1"), vm_row("bare", nicCount=1))
    fleet.policies[SUBSCRIPTION, GROUP] = [policy_id()]
    chosen = resolve(read(subscriptions=[SUBSCRIPTION], filter=f"jit_status == '{status}'"), fleet)
    assert chosen.wishes == names
    assert ("policies", SUBSCRIPTION, None) in fleet.asked


def test_an_empty_scope_says_where_nothing_was() -> None:
    selection = read(resource_groups=["rg-x"], subscription_id=SUBSCRIPTION)
    chosen = resolve(selection, MemoryFleet())
    assert chosen.nothing.startswith(
        f"no virtual machine is in resource group rg-x of subscription {SUBSCRIPTION}"
    )
    assert not selection.accepts(chosen)


def test_an_empty_scope_is_fine_where_there_is_work_for_it_all_the_same() -> None:
    selection = dataclasses.replace(read(subscriptions=["*"]), may_be_empty=True)
    chosen = resolve(selection, MemoryFleet(subscriptions=[SUBSCRIPTION, OTHER_SUBSCRIPTION]))
    assert chosen.nothing
    assert chosen.scope == Scope((SUBSCRIPTION, OTHER_SUBSCRIPTION), (), True)
    assert selection.accepts(chosen)


def test_a_filter_that_wants_nobody_says_of_how_many() -> None:
    fleet = MemoryFleet(vm_row("a"), vm_row("b"))
    selection = dataclasses.replace(read(subscriptions=[SUBSCRIPTION], filter="name == 'c'"), may_be_empty=True)
    chosen = resolve(selection, fleet)
    assert chosen.nothing.startswith("filter: none of the 2 virtual machines in subscription")
    assert not selection.accepts(chosen), "most often a mistake in the filter"


def test_places_without_vms_are_warned_about_beside_others_that_have_some() -> None:
    warnings: list[str] = []
    selection = read(resource_groups=[GROUP.upper(), "rg-typo"], subscriptions=[SUBSCRIPTION, OTHER_SUBSCRIPTION])
    resolve(selection, MemoryFleet(vm_row("a")), warnings)
    assert [text.split(",")[0] for text in warnings] == [
        "no virtual machine is in resource group rg-typo",
        f"no virtual machine is in subscription {OTHER_SUBSCRIPTION}",
    ]
