# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is worked out and said before anything is written."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.edits import Edit
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ids import PolicyId, VmId
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.merge import Wish
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.policies import Policy
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ports import PortRule
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.vms import Vm
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.advice import advise
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.fleet import Holding
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.plans import Plan, plan_policy
from memory_azure import MemoryAzure
from samples import HOUR, NOON, OTHER_SUBSCRIPTION, SUBSCRIPTION, entry, policy_id, port, rule, vm_id

VM = vm_id("vm-1")
NOBODY: frozenset[VmId] = frozenset()


def policy(*entries: dict[str, Any], requests: list[dict[str, Any]] | None = None) -> Policy:
    document = {"id": str(policy_id()), "properties": {"virtualMachines": [*entries], "requests": requests or []}}
    read = Policy.read(document)
    assert read is not None
    return read


def opened(vm: VmId, number: int = 22, lasts: timedelta = HOUR, status: str = "Initiated") -> dict[str, Any]:
    window = {
        "number": number,
        "allowedSourceAddressPrefix": "203.0.113.7",
        "endTimeUtc": (NOON + lasts).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "status": status,
    }
    return {"startTimeUtc": "2026-03-02T11:59:00Z", "virtualMachines": [{"id": str(vm), "ports": [window]}]}


def have(*rules: PortRule, vm: VmId = VM) -> Edit:
    return Edit((Wish(vm, rules or (rule(),)),))


def plan(known: Policy | None, edit: Edit, missing: frozenset[VmId] = NOBODY) -> Plan:
    return plan_policy(policy_id(), known, edit, missing, NOON)


# -- plans ------------------------------------------------------------------------------------------------


def test_a_diff_shows_the_open_windows_of_vms_that_change() -> None:
    worked_out = plan(policy(entry(VM, port(22, hours=1)), requests=[opened(VM)]), have())
    assert worked_out.diff.before == {
        "vm-1": {
            "22/any": "from any source, at most 1h",
            "22 open now": "from 203.0.113.7 until 2026-03-02T13:00:00Z",
        }
    }
    assert worked_out.diff.after == {
        "vm-1": {"22/any": "from any source, at most 3h", "22 open now": "unknown whether it stays open"}
    }


@pytest.mark.parametrize(
    "window",
    [opened(vm_id("other")), opened(VM, lasts=-HOUR), opened(VM, status="Revoked")],
    ids=["another VM's", "ended", "revoked"],
)
def test_windows_that_are_no_matter_are_not_shown(window: dict[str, Any]) -> None:
    worked_out = plan(policy(entry(VM, port(22, hours=1)), entry(vm_id("other")), requests=[window]), have())
    assert worked_out.open_now == ()
    assert worked_out.diff.before == {"vm-1": {"22/any": "from any source, at most 1h"}}


def test_an_open_window_of_a_vm_that_stays_as_it_is_is_no_change() -> None:
    worked_out = plan(policy(entry(VM, port(22)), requests=[opened(VM)]), have())
    assert not worked_out.diff
    assert worked_out.open_now == ()


def test_missing_vms_go_with_the_edit() -> None:
    dead = vm_id("dead")
    worked_out = plan(policy(entry(VM, port(22)), entry(dead, port(3389))), have(), frozenset({dead}))
    assert worked_out.diff.removed == {dead}
    assert worked_out.edit.removed == {dead}
    assert worked_out.diff.after == {}


# -- advice -----------------------------------------------------------------------------------------------


def advice(
    *plans: Plan,
    azure: MemoryAzure | None = None,
    several: list[PolicyId] | None = None,
    is_running: bool | None = True,
    is_guarded: bool | None = True,
) -> list[str]:
    vm = Vm(VM, "westeurope", "Linux", is_running, is_guarded)
    held = [Holding(Policy(name, {}), next(iter(policy(entry(VM)).coverages()))) for name in several or []]
    return list(advise(plans, {VM: vm}, {VM: held}, azure or MemoryAzure(), 16))


RESTRICTED = rule(sources=("203.0.113.7",))


def test_nothing_is_said_about_what_is_as_it_should_be() -> None:
    assert advice(plan(None, have(RESTRICTED)), is_running=True, is_guarded=True) == []


def test_nothing_is_said_about_what_could_not_be_found_out() -> None:
    azure = MemoryAzure()
    azure.plans[SUBSCRIPTION] = None
    assert advice(plan(None, have(RESTRICTED)), azure=azure, is_running=None, is_guarded=None) == []


@pytest.mark.parametrize(
    ("is_running", "is_guarded", "words"),
    [
        (True, False, "without a network security group to close their ports: put one on"),
        (False, True, "powered off, and covered all the same"),
    ],
)
def test_facts_about_a_vm_that_changes_are_said(is_running: bool, is_guarded: bool, words: str) -> None:
    (sentence,) = advice(plan(None, have(RESTRICTED)), is_running=is_running, is_guarded=is_guarded)
    assert sentence.startswith("vm-1: ")
    assert words in sentence


def test_nothing_is_said_about_a_vm_that_stays_as_it_is() -> None:
    unchanged = plan(policy(entry(VM, port(22))), have())
    assert advice(unchanged, is_guarded=False, is_running=False) == []


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("*", "may name any address"),
        ("0.0.0.0/0", "may name any address"),
        ("10.0.0.0/15", "wider than /16"),
        ("10.0.0.0/16", None),
        ("2001:db8::/63", "wider than /16"),
        ("2001:db8::/64", None),
        ("203.0.113.7/0", "may name any address"),
        ("::/0", "may name any address"),
    ],
)
def test_wide_sources_are_warned_about(source: str, words: str | None) -> None:
    said = advice(plan(None, have(rule(sources=(source,)))))
    assert [words in sentence for sentence in said if words] == ([True] if words else [])
    assert bool(said) is bool(words)


def test_an_open_window_that_a_change_may_end_is_warned_about() -> None:
    known = policy(entry(VM, port(22, hours=1)), requests=[opened(VM)])
    (sentence,) = advice(plan(known, have(RESTRICTED)))
    assert "vm-1: open at this moment" in sentence


def test_a_vm_in_several_policies_is_told_with_them_and_the_rule() -> None:
    (sentence,) = advice(plan(None, have(RESTRICTED)), several=[policy_id("a"), policy_id("b")])
    assert "vm-1 (a, b): held by several policies" in sentence


def test_a_subscription_without_the_plan_is_told_unless_vms_only_leave() -> None:
    azure = MemoryAzure()
    azure.plans = {SUBSCRIPTION: False, OTHER_SUBSCRIPTION: True}
    leaving = plan(policy(entry(VM, port(22))), Edit(removed=frozenset({VM})))
    (sentence,) = advice(plan(None, have(RESTRICTED)), azure=azure)
    assert SUBSCRIPTION in sentence
    assert "Plan 2" in sentence
    assert advice(leaving, azure=azure) == []


def test_many_vms_are_one_sentence() -> None:
    vms = [vm_id(f"vm-{number:02}") for number in range(25)]
    wide = plan(None, Edit(tuple(Wish(vm, (rule(),)) for vm in vms)))
    (sentence,) = advice(wide)
    assert sentence.startswith("vm-00, vm-01")
    assert "and 15 more: " in sentence
