# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Templates by tag, VMs that can't be covered, and deleted ones all over a scope."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import InvalidOptions
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ids import PolicyId, VmId
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.vms import Vm
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.cover import cover
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.cover_request import (
    CoverRequest,
    Templates,
    VmWish,
)
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.outcomes import Outcome
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.read_fleet import Scope
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.safe_write import Patience, Writer
from memory_azure import MemoryAzure, raising, refused
from samples import HOUR, MINUTE, OTHER_SUBSCRIPTION, SUBSCRIPTION, entry, policy_id, port, rule, vm_id

PATIENCE = Patience(MINUTE / 12, MINUTE / 10, HOUR)
DESKTOP, WEB = (rule(3389),), (rule(22), rule(443))


class TaggedAzure(MemoryAzure):
    def add(self, name: str, *, group: str = "rg", **facts: Any) -> VmId:
        vm = vm_id(name, group)
        self._vms[vm] = Vm(vm, "westeurope", "Linux", **facts)
        return vm


@pytest.fixture
def azure() -> TaggedAzure:
    return TaggedAzure()


def run(
    azure: MemoryAzure,
    *wishes: VmWish | VmId,
    check_mode: bool = False,
    warn: Callable[[str], None] = lambda text: None,
    **options: Any,
) -> Outcome:
    asked = [VmWish(wish) if isinstance(wish, VmId) else wish for wish in wishes]
    writer = Writer(azure, azure.clock, lambda: 0.5, PATIENCE)
    request = CoverRequest(asked, **options)
    return cover(request, azure, azure, writer, warn, check_mode=check_mode)


def numbers(azure: MemoryAzure, policy: PolicyId) -> dict[str, list[int]]:
    return {
        each["id"].rpartition("/")[2]: [wire["number"] for wire in each["ports"]] for each in azure.entries(policy)
    }


def left_out(outcome: Outcome) -> dict[str, str]:
    return {left.vm.name: left.reason for left in outcome.left_out}


# -- templates --------------------------------------------------------------------------------------------


def test_a_tags_value_chooses_the_ports(azure: TaggedAzure) -> None:
    templates = Templates("role", {"vdi": DESKTOP, "web": WEB})
    vms = [
        azure.add("desktop", tags={"Role": "vdi"}),
        azure.add("server", tags={"role": "web", "other": "vdi"}),
        azure.add("odd", tags={"role": "VDI"}),
        azure.add("bare"),
    ]
    outcome = run(azure, *(VmWish(vm, (rule(8080),)) for vm in vms), templates=templates)
    assert numbers(azure, policy_id(group="rg")) == {
        "desktop": [3389],
        "server": [22, 443],
        "odd": [8080],
        "bare": [8080],
    }
    assert outcome.left_out == ()


def test_without_a_template_and_without_ports_the_system_decides(azure: TaggedAzure) -> None:
    run(azure, azure.add("bare"), templates=Templates("role", {"vdi": DESKTOP}))
    assert numbers(azure, policy_id(group="rg")) == {"bare": [22]}


def test_vms_without_a_template_can_be_left_out(azure: TaggedAzure) -> None:
    templates = Templates("role", {"vdi": DESKTOP}, only=True)
    vms = [azure.add("desktop", tags={"role": "vdi"}), azure.add("other", tags={"role": "db"}), azure.add("bare")]
    outcome = run(azure, *vms, templates=templates)
    assert numbers(azure, policy_id(group="rg")) == {"desktop": [3389]}
    assert left_out(outcome) == {"other": "no_template", "bare": "no_template"}
    assert [vm.vm.name for vm in outcome.vms] == ["desktop"]


def test_templates_that_no_vm_has_are_told(azure: TaggedAzure) -> None:
    templates = Templates("role", {"vdi": DESKTOP, "web": WEB, "dbs": WEB})
    desktop, bare = azure.add("desktop", tags={"role": "vdi"}), azure.add("bare")
    told: dict[str, list[str]] = {"fleet": [], "hosts": [], "slip": [], "all": []}
    scope = Scope((SUBSCRIPTION,), (), include_powered_off=True)
    run(azure, desktop, bare, templates=templates, scope=scope, warn=told["fleet"].append)
    run(azure, desktop, bare, templates=templates, warn=told["hosts"].append)
    run(azure, desktop, bare, templates=Templates("rolle", {"vdi": DESKTOP}), warn=told["slip"].append)
    run(azure, desktop, bare, templates=Templates("role", {"vdi": DESKTOP}), scope=scope, warn=told["all"].append)
    assert [text for text in told["fleet"] if text.startswith("template")] == [
        "templates: no VM has the tag role with dbs, web"
    ]
    assert [text for text in told["slip"] if text.startswith("template")] == [
        "template_tag: no VM has the tag rolle, so no template is used"
    ]
    assert not [text for text in told["hosts"] + told["all"] if text.startswith("template")]


def test_a_vms_own_ports_come_before_its_template(azure: TaggedAzure) -> None:
    own = VmWish(azure.add("desktop", tags={"role": "vdi"}), (rule(8080),), is_own=True)
    bare = VmWish(azure.add("bare"), (rule(8081),), is_own=True)
    run(azure, own, bare, templates=Templates("role", {"vdi": DESKTOP}, only=True))
    assert numbers(azure, policy_id(group="rg")) == {"desktop": [8080], "bare": [8081]}


# -- VMs that can't be covered ----------------------------------------------------------------------------


def test_what_can_not_be_covered_is_told_with_its_reason_and_the_rest_is_covered(azure: TaggedAzure) -> None:
    fine = azure.add("fine", is_guarded=True)
    unknown = azure.add("unknown", is_guarded=None)
    open_to_all = azure.add("no-nsg", is_guarded=False)
    long = azure.add("v" * 60)
    outcome = run(azure, fine, unknown, open_to_all, long, vm_id("gone", "rg"), skip_ineligible=True)
    assert left_out(outcome) == {"no-nsg": "no_nsg", "v" * 60: "name_too_long", "gone": "not_found"}
    assert set(numbers(azure, policy_id(group="rg"))) == {"fine", "unknown"}
    assert outcome.summary["added"] == 2
    assert not outcome.failures


def test_a_vm_that_is_covered_already_is_guarded_somehow(azure: TaggedAzure) -> None:
    behind_firewall = azure.add("fw", is_guarded=False)
    azure.hold(policy_id(group="rg"), entry(behind_firewall, port(22)))
    outcome = run(azure, VmWish(behind_firewall, (rule(443),)), skip_ineligible=True)
    assert outcome.left_out == ()
    assert numbers(azure, policy_id(group="rg")) == {"fw": [22, 443]}


@pytest.mark.parametrize(("plan", "reason"), [(False, "defender_plan_missing"), (None, None), (True, None)])
def test_a_subscription_without_the_plan_has_nobody_to_cover(
    azure: TaggedAzure, plan: bool | None, reason: str | None
) -> None:
    azure.plans[SUBSCRIPTION] = plan
    outcome = run(azure, azure.add("vm", is_guarded=True), skip_ineligible=True)
    assert left_out(outcome) == ({"vm": reason} if reason else {})
    assert bool(azure.writes) is (reason is None)


def test_without_leaving_out_they_are_errors_or_covered(azure: TaggedAzure) -> None:
    with pytest.raises(InvalidOptions, match="doesn't exist"):
        run(azure, vm_id("gone", "rg"))
    outcome = run(azure, azure.add("no-nsg", is_guarded=False))
    assert outcome.left_out == ()
    assert outcome.changed


# -- deleted VMs ------------------------------------------------------------------------------------------


HERE = Scope((SUBSCRIPTION,))


@pytest.mark.parametrize(
    ("scope", "pruned"),
    [
        (None, {"rg"}),
        (HERE, {"rg", "rg-2", "rg-3"}),
        (dataclasses.replace(HERE, resource_groups=("RG", "rg-2")), {"rg", "rg-2"}),
        (Scope((OTHER_SUBSCRIPTION,)), {"rg"}),
    ],
)
def test_deleted_vms_go_from_all_policies_of_the_scope(
    azure: TaggedAzure, scope: Scope | None, pruned: set[str]
) -> None:
    groups = ("rg", "rg-2", "rg-3")
    vm = azure.add("vm")
    for group in groups:
        alive, dead = azure.add("alive", group=group), vm_id("dead", group)
        azure.hold(policy_id(group=group), entry(alive, port(22)), entry(dead, port(22)))
    predicted = run(azure, vm, scope=scope, check_mode=True)
    outcome = run(azure, vm, scope=scope)
    assert {group for group in groups if "dead" not in numbers(azure, policy_id(group=group))} == pruned
    assert all("alive" in numbers(azure, policy_id(group=group)) for group in groups)
    assert outcome.summary["pruned"] == len(pruned)
    assert predicted.summary == outcome.summary
    again = run(azure, vm, scope=scope)
    assert not again.changed


def test_a_policy_of_deleted_vms_only_goes_with_them(azure: TaggedAzure) -> None:
    vm = azure.add("vm")
    azure.hold(policy_id(group="rg-old"), entry(vm_id("dead", "rg-old"), port(22)))
    run(azure, vm, scope=HERE)
    assert not azure.exists(policy_id(group="rg-old"))


def test_policies_of_the_scope_in_which_nobody_is_missing_are_not_concerned(azure: TaggedAzure) -> None:
    vm = azure.add("vm")
    azure.hold(policy_id(group="rg-2"), entry(azure.add("alive", group="rg-2"), port(22)))
    assert run(azure, vm, scope=HERE).summary["policies"] == 1


def test_nobody_is_taken_out_where_that_is_not_wanted(azure: TaggedAzure) -> None:
    azure.hold(policy_id(group="rg-2"), entry(vm_id("dead", "rg-2"), port(22)))
    run(azure, azure.add("vm"), scope=HERE, prune_missing_vms=False)
    assert azure.exists(policy_id(group="rg-2"))


@pytest.mark.parametrize("groups", [(), ("rg-b",)])
def test_deleted_vms_go_also_where_nobody_is_left_to_be_covered(
    azure: TaggedAzure, groups: tuple[str, ...]
) -> None:
    elsewhere = policy_id(group="rg-b", subscription=OTHER_SUBSCRIPTION)
    azure.hold(elsewhere, entry(vm_id("dead", "rg-b", OTHER_SUBSCRIPTION), port(22)))
    scope = Scope((SUBSCRIPTION, OTHER_SUBSCRIPTION), groups)
    outcome = run(azure, azure.add("vm"), scope=scope)
    assert not azure.exists(elsewhere)
    assert outcome.summary["pruned"] == 1


def test_deleted_vms_go_from_a_scope_without_any_vm(azure: TaggedAzure) -> None:
    azure.hold(policy_id(group="rg-b"), entry(vm_id("dead", "rg-b"), port(22)))
    predicted = run(azure, scope=HERE, check_mode=True)
    outcome = run(azure, scope=HERE)
    assert predicted.summary == outcome.summary
    assert outcome.changed
    assert not azure.exists(policy_id(group="rg-b"))


def test_without_proof_nobody_goes_from_a_scope_without_any_vm(azure: TaggedAzure) -> None:
    dead = vm_id("dead", "rg-b")
    azure.forbidden_groups.add(dead.group_key)
    azure.hold(policy_id(group="rg-b"), entry(dead, port(22)))
    assert not run(azure, scope=HERE).changed


def test_subscriptions_of_the_scope_that_can_not_be_read_do_not_stop_the_others(azure: TaggedAzure) -> None:
    vm, warnings = azure.add("vm"), list[str]()
    azure.on("list", lambda: azure.on("list", raising(refused(403, "AuthorizationFailed"))), when="after")
    outcome = run(azure, vm, scope=Scope((SUBSCRIPTION, OTHER_SUBSCRIPTION)), warn=warnings.append)
    assert outcome.summary["added"] == 1
    assert any("deleted VMs stay" in text for text in warnings)
