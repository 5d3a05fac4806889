# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Having VMs covered by policies that others write to as well."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import (
    AzureError,
    AzureRefused,
    AzureUnreachable,
    ControllerGone,
    InvalidOptions,
    ReplyLost,
)
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ids import PolicyId, VmId
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ports import PortRule
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.cover import cover
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.cover_request import CoverRequest, VmWish
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.outcomes import Outcome
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.safe_write import Patience, Writer
from memory_azure import MemoryAzure, raising, refused
from samples import OTHER_SUBSCRIPTION, SUBSCRIPTION, entry, policy_id, port, rule, vm_id

LOST = ReplyLost("PUT was sent, but its answer was lost")


@pytest.fixture
def azure() -> MemoryAzure:
    return MemoryAzure()


PATIENCE = Patience(budget=timedelta(seconds=5), quiet=timedelta(seconds=6), timeout=timedelta(seconds=120))


def run(
    azure: MemoryAzure,
    *wishes: VmWish,
    name: str = "default",
    check_mode: bool = False,
    timeout: float = 120,
    warn: Callable[[str], None] = lambda text: None,
    **options: Any,
) -> Outcome:
    request = CoverRequest(wishes, name, **options)
    patience = dataclasses.replace(PATIENCE, timeout=timedelta(seconds=timeout))
    writer = Writer(azure, azure.clock, lambda: 0.5, patience)
    return cover(request, azure, azure, writer, warn, check_mode=check_mode)


def wish(vm: VmId, *rules: PortRule) -> VmWish:
    return VmWish(vm, rules)


def states(outcome: Outcome) -> list[str | None]:
    return [vm.state for vm in outcome.vms]


def without_verdicts(outcome: Outcome) -> Outcome:
    """Leave out what only a real run can say: whether the change was seen to last."""
    return dataclasses.replace(
        outcome,
        vms=tuple(dataclasses.replace(vm, verified=None) for vm in outcome.vms),
        policies=tuple({k: v for k, v in policy.items() if k != "verified"} for policy in outcome.policies),
    )


def errors(outcome: Outcome) -> list[str]:
    return [vm.error or "" for vm in outcome.vms]


def replace(azure: MemoryAzure, policy: PolicyId, *entries: dict[str, Any]) -> Callable[[], None]:
    """Make another writer's PUT."""
    return lambda: azure.put_policy(policy, {"kind": "Basic", "properties": {"virtualMachines": list(entries)}})


# -- what is written --------------------------------------------------------------------------------------


def test_vms_of_one_group_and_region_share_a_new_policy(azure: MemoryAzure) -> None:
    one, other = azure.add_vm("vm-1"), azure.add_vm("vm-2", "Windows")
    outcome = run(azure, wish(one), wish(other))
    assert states(outcome) == ["added", "added"]
    assert outcome.changed
    assert not outcome.failures
    assert azure.count("put") == 1
    assert azure.entries(policy_id()) == [entry(one, port(22)), entry(other, port(3389))]
    assert outcome.summary == {
        "added": 2,
        "updated": 0,
        "unchanged": 0,
        "removed": 0,
        "pruned": 0,
        "unverified": 0,
        "failed": 0,
        "policies": 1,
        "policies_changed": 1,
    }
    assert outcome.before == {str(policy_id()): {}}
    assert outcome.after == {
        str(policy_id()): {
            "vm-1": {"22/any": "from any source, at most 3h"},
            "vm-2": {"3389/any": "from any source, at most 3h"},
        }
    }


def test_each_subscription_group_and_region_has_a_policy_of_its_own(azure: MemoryAzure) -> None:
    here = azure.add_vm("a")
    elsewhere = azure.add_vm("b", location="northeurope")
    group = azure.add_vm(vm_id("c", group="rg-2"))
    subscription = azure.add_vm(vm_id("d", subscription=OTHER_SUBSCRIPTION))
    outcome = run(azure, wish(here), wish(elsewhere), wish(group), wish(subscription), name="team")
    assert [vm.policy_id for vm in outcome.vms] == [
        policy_id("team"),
        policy_id("team", region="northeurope"),
        policy_id("team", group="rg-2"),
        policy_id("team", subscription=OTHER_SUBSCRIPTION),
    ]
    assert azure.count("put") == 4
    assert azure.count("list") == 2, "one list of each subscription"
    assert outcome.summary["policies_changed"] == 4


def test_vms_of_one_group_in_different_case_share_a_policy(azure: MemoryAzure) -> None:
    one, other = azure.add_vm(vm_id("a", group="RG")), azure.add_vm(vm_id("b", group="rg"))
    run(azure, wish(one), wish(other))
    assert azure.count("put") == 1
    assert len(azure.entries(policy_id(group="rg"))) == 2


def test_a_policy_keeps_other_vms_and_all_that_is_not_understood(azure: MemoryAzure) -> None:
    ours, other = azure.add_vm("ours"), azure.add_vm("other")
    stranger = entry(str(other).upper(), port(5985, "tcp", note="keep"), publicIpAddress="198.51.100.4")
    azure.hold(policy_id(), stranger, entry(ours, port(3389, "TCP", 1)), future={"x": [1]})
    outcome = run(azure, wish(ours, rule(22)))
    assert states(outcome) == ["updated"]
    assert azure.properties(policy_id()) == {
        "future": {"x": [1]},
        "virtualMachines": [stranger, entry(ours, port(3389, "TCP", 1), port(22))],
    }
    assert outcome.after == {str(policy_id()): {"ours": {"22/any": "from any source, at most 3h"}}}


def test_what_is_as_wished_is_not_written(azure: MemoryAzure) -> None:
    vm = azure.add_vm("vm-1")
    azure.hold(policy_id(), entry(str(vm).lower(), port(22, "tcp", source="203.0.113.7/32")))
    outcome = run(azure, wish(vm, rule(22, "TCP", sources=("203.0.113.7",))))
    assert states(outcome) == ["unchanged"]
    assert not outcome.changed
    assert azure.writes == []
    assert azure.count("get") == 0
    assert (outcome.before, outcome.after) == ({}, {})
    assert outcome.summary["policies_changed"] == 0


def test_a_second_run_writes_nothing(azure: MemoryAzure) -> None:
    vms = [azure.add_vm(f"vm-{number}") for number in range(3)]
    run(azure, *(wish(vm, rule(22), rule(3389)) for vm in vms))
    again = run(azure, *(wish(vm, rule(3389), rule(22)) for vm in vms))
    assert states(again) == ["unchanged"] * 3
    assert azure.count("put") == 1


def test_only_policies_that_change_are_written(azure: MemoryAzure) -> None:
    covered, bare = azure.add_vm("a"), azure.add_vm(vm_id("b", group="rg-2"))
    azure.hold(policy_id(), entry(covered, port(22)))
    outcome = run(azure, wish(covered), wish(bare))
    assert states(outcome) == ["unchanged", "added"]
    assert [call.target for call in azure.writes] == [str(policy_id(group="rg-2"))]
    assert list(outcome.after) == [str(policy_id(group="rg-2"))]


def test_running_requests_are_not_sent_back(azure: MemoryAzure) -> None:
    vm = azure.add_vm("vm-1")
    azure.hold(policy_id(), entry(vm, port(22)), appendMode=False)
    azure.grant(policy_id(), vm, 22)
    run(azure, wish(vm, rule(3389)))
    (put,) = azure.writes
    assert put.body is not None
    assert set(put.body["properties"]) == {"virtualMachines"}
    assert len(azure.requests(policy_id())) == 1


# -- check mode -------------------------------------------------------------------------------------------


def test_check_mode_writes_nothing_and_predicts_what_the_run_does(azure: MemoryAzure) -> None:
    new, changing, same = azure.add_vm("new"), azure.add_vm("changing"), azure.add_vm(vm_id("same", group="rg-2"))
    azure.hold(policy_id(), entry(changing, port(22, hours=1)))
    azure.hold(policy_id(group="rg-2"), entry(same, port(22)))
    wishes = [wish(new), wish(changing), wish(same)]
    predicted = run(azure, *wishes, check_mode=True)
    assert azure.writes == []
    assert azure.clock.slept == 0
    assert states(predicted) == ["added", "updated", "unchanged"]
    assert without_verdicts(run(azure, *wishes)) == without_verdicts(predicted)


def test_check_mode_finds_the_same_mistakes(azure: MemoryAzure) -> None:
    with pytest.raises(InvalidOptions):
        run(azure, wish(vm_id("missing")), check_mode=True)


# -- what can't be done -----------------------------------------------------------------------------------


def test_all_mistakes_are_named_at_once_and_nothing_is_written(azure: MemoryAzure) -> None:
    fine, long = azure.add_vm("fine"), azure.add_vm("v" * 50)
    with pytest.raises(InvalidOptions) as caught:
        run(azure, wish(fine), wish(vm_id("gone")), wish(long), wish(vm_id("gone-too")))
    problems = caught.value.problems
    assert [problem.option for problem in problems] == ["vms", "policy_name", "vms"]
    assert str(vm_id("gone")) in problems[0].problem
    assert "v" * 50 in problems[1].problem
    assert "56" in problems[1].problem
    assert azure.writes == []


@pytest.mark.parametrize(("length", "fits"), [(49, True), (50, False)])
def test_policy_and_vm_name_share_56_characters(azure: MemoryAzure, length: int, fits: bool) -> None:
    vm = azure.add_vm("v" * length)
    if fits:
        assert states(run(azure, wish(vm))) == ["added"]
    else:
        with pytest.raises(InvalidOptions):
            run(azure, wish(vm))


def test_the_name_for_new_policies_is_no_matter_where_a_policy_holds_the_vm(azure: MemoryAzure) -> None:
    vm = azure.add_vm("v" * 50)
    azure.hold(policy_id("p"), entry(vm, port(3389)))
    outcome = run(azure, wish(vm))
    assert states(outcome) == ["updated"]
    assert outcome.vms[0].policy_id == policy_id("p")


def test_a_policy_that_is_refused_does_not_stop_the_others(azure: MemoryAzure) -> None:
    one, other = azure.add_vm("a"), azure.add_vm(vm_id("b", group="rg-2"))
    azure.on("put", raising(refused(403, "AuthorizationFailed")), policy=policy_id())
    outcome = run(azure, wish(one), wish(other))
    assert [vm.changed for vm in outcome.vms] == [False, True]
    assert "403 AuthorizationFailed" in errors(outcome)[0]
    assert errors(outcome)[1] == ""
    assert outcome.summary["failed"] == 1
    assert outcome.summary["added"] == 1
    assert outcome.summary["policies_changed"] == 1
    assert azure.count("put") == 2, "a refusal is final"


def test_an_unchanged_vm_does_not_fail_with_its_policy(azure: MemoryAzure) -> None:
    covered, new = azure.add_vm("a"), azure.add_vm("b")
    azure.hold(policy_id(), entry(covered, port(22)))
    azure.on("put", raising(refused(403, "AuthorizationFailed")))
    outcome = run(azure, wish(covered), wish(new))
    assert errors(outcome)[0] == ""
    assert errors(outcome)[1]


def test_a_deleted_vm_in_the_policy_is_hinted_at(azure: MemoryAzure) -> None:
    vm, dead = azure.add_vm("vm-1"), azure.add_vm("dead")
    azure.hold(policy_id(), entry(dead, port(22)))
    azure.delete_vm(dead)
    outcome = run(azure, wish(vm), prune_missing_vms=False)
    assert "LinkedAuthorizationFailed" in errors(outcome)[0]
    assert "was deleted" in errors(outcome)[0]


def test_a_policy_that_azure_fails_to_put_into_effect_is_an_error(azure: MemoryAzure) -> None:
    vm = azure.add_vm("vm-1")
    azure.on("put", lambda: azure.fail_to_provision(policy_id()), when="after")
    outcome = run(azure, wish(vm))
    assert "failed to put" in errors(outcome)[0]
    assert outcome.changed, "Azure took it"
    assert outcome.summary["failed"] == 1
    assert outcome.summary["policies_changed"] == 1


def test_a_policy_that_stays_updating_is_an_error_when_time_is_up(azure: MemoryAzure) -> None:
    vm = azure.add_vm("vm-1")
    azure.provisioning = timedelta(hours=1)
    outcome = run(azure, wish(vm), timeout=60)
    assert "was not seen in effect within 60 s" in errors(outcome)[0]
    assert outcome.vms[0].changed
    assert outcome.vms[0].verified is False
    assert azure.clock.slept == 60
    assert azure.count("put") == 1


def test_nothing_more_is_written_when_the_controller_is_gone(azure: MemoryAzure) -> None:
    azure.on("put", raising(ControllerGone("gone")), times=9)
    with pytest.raises(ControllerGone):
        run(azure, wish(azure.add_vm("vm-1")))
    assert azure.count("put") == 1


# -- what the way to Azure does ---------------------------------------------------------------------------


def test_a_policy_in_effect_is_waited_for(azure: MemoryAzure) -> None:
    azure.provisioning = timedelta(seconds=8)
    outcome = run(azure, wish(azure.add_vm("vm-1")))
    assert not outcome.failures
    assert 8 <= azure.clock.slept < 15
    assert azure.count("put") == 1


def test_a_new_policy_may_be_unknown_for_a_while(azure: MemoryAzure) -> None:
    azure.hidden_at_first = timedelta(seconds=20)
    outcome = run(azure, wish(azure.add_vm("vm-1")))
    assert not outcome.failures
    assert azure.count("put") == 1


@pytest.mark.parametrize("is_new", [True, False])
def test_a_lost_reply_to_a_put_that_arrived_is_no_second_put(azure: MemoryAzure, is_new: bool) -> None:
    vm = azure.add_vm("vm-1")
    if not is_new:
        azure.hold(policy_id(), entry(vm, port(3389)))
    azure.on("put", raising(LOST), when="after")
    outcome = run(azure, wish(vm))
    assert not outcome.failures
    assert outcome.changed
    assert azure.count("put") == 1


@pytest.mark.parametrize("is_new", [True, False])
@pytest.mark.parametrize(
    "error",
    [
        LOST,
        refused(503, "ServiceUnavailable"),
        refused(429, "TooManyRequests", retry_after=7),
        refused(409, "Conflict"),
        AzureUnreachable("management.azure.com can't be reached"),
    ],
    ids=str,
)
def test_a_put_that_was_not_taken_is_sent_again_soon(azure: MemoryAzure, error: Exception, is_new: bool) -> None:
    vm = azure.add_vm("vm-1")
    if not is_new:
        azure.hold(policy_id(), entry(vm, port(3389)))
    azure.on("put", raising(error))
    outcome = run(azure, wish(vm))
    assert not outcome.failures
    assert rule(22).label in outcome.after[str(policy_id())]["vm-1"]
    assert azure.count("put") == 2
    assert azure.clock.slept < 30


def test_throttling_is_waited_out_as_long_as_azure_says(azure: MemoryAzure) -> None:
    azure.provisioning = timedelta(0)
    azure.on("put", raising(refused(429, "TooManyRequests", retry_after=17)))
    assert not run(azure, wish(azure.add_vm("vm-1"))).failures
    # and then the quiet window
    assert azure.clock.slept == 17 + 6


def test_throttling_beyond_the_time_limit_is_an_error_with_its_reason(azure: MemoryAzure) -> None:
    azure.on("put", raising(refused(429, "TooManyRequests", retry_after=500)), times=9)
    outcome = run(azure, wish(azure.add_vm("vm-1")), timeout=60)
    assert "429 TooManyRequests" in errors(outcome)[0]
    assert "within 60 s" in errors(outcome)[0]
    assert azure.clock.slept == 60
    assert azure.count("put") == 1


def test_endless_throttling_is_given_up(azure: MemoryAzure) -> None:
    azure.on("put", raising(refused(429, "TooManyRequests")), times=1000)
    outcome = run(azure, wish(azure.add_vm("vm-1")), timeout=600)
    assert "429 TooManyRequests" in errors(outcome)[0]
    assert azure.count("put") <= 100, "one every six seconds or less often"


def test_a_lost_update_is_merged_again_with_what_the_other_wrote(azure: MemoryAzure) -> None:
    ours, theirs = azure.add_vm("ours"), azure.add_vm("theirs")
    azure.hold(policy_id(), entry(ours, port(3389)))
    others = [entry(theirs, port(5986))]
    azure.on("put", replace(azure, policy_id(), *others), when="after")
    outcome = run(azure, wish(ours))
    assert not outcome.failures
    assert azure.entries(policy_id()) == [*others, entry(ours, port(22))]


def test_each_try_starts_from_a_fresh_reading(azure: MemoryAzure) -> None:
    ours, theirs = azure.add_vm("ours"), azure.add_vm("theirs")
    azure.hold(policy_id(), entry(ours, port(3389)))
    azure.on(
        "put", lambda: azure.hold(policy_id(), entry(ours, port(3389)), entry(theirs, port(5986))), when="before"
    )
    azure.on("put", raising(refused(409, "Conflict")), when="before")
    run(azure, wish(ours))
    assert azure.entries(policy_id()) == [entry(ours, port(3389), port(22)), entry(theirs, port(5986))]


def test_a_writer_who_never_stops_is_an_error(azure: MemoryAzure) -> None:
    ours, theirs = azure.add_vm("ours"), azure.add_vm("theirs")
    azure.hold(policy_id(), entry(theirs, port(22)))
    azure.on("put", lambda: azure.hold(policy_id(), entry(theirs, port(22))), when="after", times=1000)
    outcome = run(azure, wish(ours), timeout=600)
    assert "another writer" in errors(outcome)[0]
    assert azure.count("put") <= 100, "one every six seconds or less often"
    assert azure.entries(policy_id()) == [entry(theirs, port(22))]


def test_what_somebody_else_wrote_meanwhile_is_not_written_again(azure: MemoryAzure) -> None:
    ours = azure.add_vm("ours")
    azure.on("list", lambda: azure.hold(policy_id(), entry(ours, port(22))), when="after", times=2)
    outcome = run(azure, wish(ours))
    assert not outcome.failures
    assert azure.count("put") == 0


def test_reading_that_fails_ends_in_the_error_of_its_policy(azure: MemoryAzure) -> None:
    one, other = azure.add_vm("a"), azure.add_vm(vm_id("b", group="rg-2"))
    azure.on("get", raising(LOST), policy=policy_id(), times=9999)
    outcome = run(azure, wish(one), wish(other))
    assert str(LOST) in errors(outcome)[0]
    assert errors(outcome)[1] == ""


def test_lists_that_are_refused_fail_before_anything_is_written(azure: MemoryAzure) -> None:
    azure.on("list", raising(refused(403, "AuthorizationFailed")), times=2)
    with pytest.raises(AzureRefused):
        run(azure, wish(azure.add_vm("vm-1")))
    assert azure.writes == []


# -- which policy -----------------------------------------------------------------------------------------


def test_a_vm_stays_in_the_policy_that_holds_it_wherever_that_is(azure: MemoryAzure) -> None:
    vm = azure.add_vm("vm-1")
    elsewhere = azure.hold(policy_id("theirs", group="rg-security", region="northeurope"), entry(vm, port(22)))
    outcome = run(azure, wish(vm, rule(3389)))
    assert outcome.vms[0].policy_id == elsewhere
    assert azure.entries(elsewhere) == [entry(vm, port(22), port(3389))]
    assert not azure.exists(policy_id())


def test_of_several_policies_the_one_of_the_asked_name_is_used_and_the_user_is_told(azure: MemoryAzure) -> None:
    vm = azure.add_vm("vm-1")
    for name in ("a", "m", "z"):
        azure.hold(policy_id(name), entry(vm, port(22)))
    warnings: list[str] = []
    outcome = run(azure, wish(vm, rule(3389)), name="m", warn=warnings.append)
    assert outcome.vms[0].policy_id == policy_id("m")
    assert azure.count("put") == 1
    (warning,) = [text for text in warnings if "several policies" in text]
    assert "vm-1 (a, m, z)" in warning


def test_a_policy_that_two_lists_show_is_one_policy(azure: MemoryAzure) -> None:
    covered, bare = azure.add_vm("covered"), azure.add_vm("bare")
    azure.hold(policy_id(), entry(covered, port(22)))
    warnings: list[str] = []
    outcome = run(azure, wish(covered), wish(bare), warn=warnings.append)
    assert states(outcome) == ["unchanged", "added"]
    assert not [text for text in warnings if "several policies" in text]


def test_of_several_policies_of_other_names_it_is_always_the_same_one(azure: MemoryAzure) -> None:
    vm = azure.add_vm("vm-1")
    for name in ("z", "b", "m"):
        azure.hold(policy_id(name), entry(vm, port(22)))
    assert run(azure, wish(vm, rule(3389))).vms[0].policy_id == policy_id("b")


def test_a_policy_that_the_subscriptions_list_misses_is_found_in_its_groups(azure: MemoryAzure) -> None:
    vm, other = azure.add_vm("vm-1"), azure.add_vm("other")
    azure.hold(policy_id("hidden"), entry(vm, port(22)), entry(other, port(22)))
    azure.unlist(policy_id("hidden"))
    outcome = run(azure, wish(vm), cross_check=True)
    assert states(outcome) == ["unchanged"]
    assert azure.writes == []


def test_a_policy_of_the_own_name_that_the_list_misses_keeps_what_it_holds(azure: MemoryAzure) -> None:
    vm, other = azure.add_vm("vm-1"), azure.add_vm("other")
    held = [entry(vm, port(443)), entry(other, port(22))]
    azure.hold(policy_id(), *held)
    azure.unlist(policy_id())
    run(azure, wish(vm))
    assert azure.entries(policy_id()) == [entry(vm, port(443), port(22)), held[1]]


def test_subscriptions_that_nobody_sees_are_named_together(azure: MemoryAzure) -> None:
    azure.on("list", raising(refused(404, "SubscriptionNotFound")), times=2)
    with pytest.raises(AzureError) as caught:
        run(azure, wish(azure.add_vm("a")), wish(azure.add_vm(vm_id("b", subscription=OTHER_SUBSCRIPTION))))
    assert f"{SUBSCRIPTION}, {OTHER_SUBSCRIPTION}" in str(caught.value)


def test_a_policy_that_no_list_shows_loses_nothing(azure: MemoryAzure) -> None:
    vm, other = azure.add_vm("vm-1"), azure.add_vm("other")
    azure.on("list", lambda: azure.hold(policy_id(), entry(other, port(3389))), when="after", times=2)
    run(azure, wish(vm))
    assert azure.entries(policy_id()) == [entry(other, port(3389)), entry(vm, port(22))]


def test_a_fleet_over_many_groups_is_one_put_each(azure: MemoryAzure) -> None:
    vms = [azure.add_vm(vm_id(f"vm-{number}", group=f"rg-{number % 40}")) for number in range(200)]
    azure.on("put", raising(refused(403, "AuthorizationFailed")), policy=policy_id(group="rg-7"))
    outcome = run(azure, *map(wish, vms), timeout=3600)
    assert azure.count("put") == 40
    assert azure.count("vms") == 1
    assert outcome.summary["added"] == 195
    assert {vm.vm.resource_group for vm in outcome.failures} == {"rg-7"}
    assert [vm.vm for vm in outcome.vms] == vms
