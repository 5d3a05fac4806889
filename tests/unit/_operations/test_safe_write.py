# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing policies beside others: what each mishap leads to."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import timedelta

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.edits import Edit
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import AzureUnreachable, ReplyLost
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ids import PolicyId, VmId
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.merge import Wish
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.safe_write import (
    Patience,
    Writer,
    Written,
)
from memory_azure import MemoryAzure, raising, refused
from samples import entry, policy_id, port, rule, vm_id

PATIENCE = Patience(budget=timedelta(seconds=5), quiet=timedelta(seconds=6), timeout=timedelta(seconds=120))
LOST = ReplyLost("PUT was sent, but its answer was lost")


@pytest.fixture
def azure() -> MemoryAzure:
    azure = MemoryAzure()
    azure.provisioning = timedelta(0)
    return azure


def write(
    azure: MemoryAzure,
    edits: dict[PolicyId, Edit],
    *,
    timeout: float = 120,
    wait: bool = True,
    draw: Callable[[], float] = lambda: 0.5,
) -> dict[PolicyId, Written]:
    patience = dataclasses.replace(PATIENCE, timeout=timedelta(seconds=timeout), wait=wait)
    return Writer(azure, azure.clock, draw, patience).write(edits)


def have(vm: VmId, number: int = 22) -> Edit:
    return Edit((Wish(vm, (rule(number),)),))


def sleeping(azure: MemoryAzure, seconds: float) -> Callable[[], None]:
    return lambda: azure.clock.sleep(seconds)


def test_a_change_that_lasts_is_verified_after_the_quiet_window(azure: MemoryAzure) -> None:
    vm = azure.add_vm("vm-1")
    result = write(azure, {policy_id(): have(vm)})[policy_id()]
    assert result == Written(verified=True, changed=True)
    assert azure.clock.slept == 6
    assert azure.count("get") == 1 + 13, "one to write from, then one each half second"


def test_without_waiting_nothing_is_looked_at_and_nothing_is_claimed(azure: MemoryAzure) -> None:
    vm = azure.add_vm("vm-1")
    result = write(azure, {policy_id(): have(vm)}, wait=False)[policy_id()]
    assert result == Written(verified=False, changed=True)
    assert azure.clock.slept == 0
    assert azure.count("get") == 1


def test_without_waiting_a_lost_reply_is_looked_up_all_the_same(azure: MemoryAzure) -> None:
    vm = azure.add_vm("vm-1")
    azure.on("put", raising(LOST), when="after")
    result = write(azure, {policy_id(): have(vm)}, wait=False)[policy_id()]
    assert result == Written(verified=True, changed=True)
    assert azure.count("put") == 1


def test_a_slow_write_is_told_because_it_may_have_cost_another_writer(azure: MemoryAzure) -> None:
    vm = azure.add_vm("vm-1")
    azure.on("put", sleeping(azure, 7.5), when="after")
    result = write(azure, {policy_id(): have(vm)})[policy_id()]
    assert result.verified
    (note,) = result.notes
    assert "took 7.5 s, longer than write_budget" in note


def test_a_write_within_the_budget_is_not_worth_a_word(azure: MemoryAzure) -> None:
    azure.on("put", sleeping(azure, 4.9), when="after")
    assert write(azure, {policy_id(): have(azure.add_vm("vm-1"))})[policy_id()].notes == ()


def test_a_slow_reading_is_old_and_made_again(azure: MemoryAzure) -> None:
    azure.on("get", sleeping(azure, 3), when="before")
    result = write(azure, {policy_id(): have(azure.add_vm("vm-1"))})[policy_id()]
    assert result == Written(verified=True, changed=True)
    assert [call.verb for call in azure.calls[:3]] == ["get", "get", "put"]


def test_what_was_taken_but_not_seen_in_time_is_a_change_with_an_error(azure: MemoryAzure) -> None:
    azure.provisioning = timedelta(hours=1)
    result = write(azure, {policy_id(): have(azure.add_vm("vm-1"))}, timeout=30)[policy_id()]
    assert not result.verified
    assert result.changed
    assert "was not seen in effect within 30 s" in (result.error or "")


def test_what_azure_never_took_is_no_change(azure: MemoryAzure) -> None:
    azure.on("put", raising(AzureUnreachable("can't be reached")), times=99)
    result = write(azure, {policy_id(): have(azure.add_vm("vm-1"))})[policy_id()]
    assert not result.changed
    assert "can't be reached" in (result.error or ""), "not another writer's doing"
    assert result.notes == ()


def test_a_lost_reply_whose_change_shows_up_is_a_change_also_when_time_is_up(azure: MemoryAzure) -> None:
    azure.on("put", raising(LOST), when="after")
    result = write(azure, {policy_id(): have(azure.add_vm("vm-1"))}, timeout=3)[policy_id()]
    assert result.changed
    assert "did not keep still within 3 s" in (result.error or "")


def test_a_lost_reply_whose_change_never_shows_up_is_written_again_after_the_longest_put(
    azure: MemoryAzure,
) -> None:
    moments: list[float] = []
    azure.on("put", lambda: moments.append(azure.clock.slept), times=2)
    azure.on("put", raising(LOST))
    assert write(azure, {policy_id(): have(azure.add_vm("vm-1"))})[policy_id()].verified
    first, second = moments
    assert second - first >= 10


@pytest.mark.parametrize("status", [409, 429])
@pytest.mark.parametrize("retry_after", [None, 2])
def test_a_busy_azure_is_waited_for_as_long_as_there_is_time(
    azure: MemoryAzure, status: int, retry_after: float | None
) -> None:
    vm = azure.add_vm("vm-1")
    azure.on("put", raising(refused(status, "Busy", retry_after=retry_after)), times=25)
    result = write(azure, {policy_id(): have(vm)}, timeout=600)[policy_id()]
    assert result.verified
    assert azure.count("put") == 26


def test_an_azure_that_stays_busy_is_named_when_time_is_up(azure: MemoryAzure) -> None:
    vm = azure.add_vm("vm-1")
    azure.on("put", raising(refused(429, "TooManyRequests")), times=1000)
    result = write(azure, {policy_id(): have(vm)}, timeout=60)[policy_id()]
    assert "within 60 s" in (result.error or "")
    assert "TooManyRequests" in (result.error or "")
    assert azure.clock.slept >= 60
    assert azure.count("put") < 30, "its pauses grow"


def test_a_lock_is_not_waited_for(azure: MemoryAzure) -> None:
    vm = azure.add_vm("vm-1")
    azure.on("put", raising(refused(409, "ScopeLocked")), times=1000)
    result = write(azure, {policy_id(): have(vm)})[policy_id()]
    assert "ScopeLocked" in (result.error or "")
    assert azure.count("put") == 1


def test_a_list_that_changes_begins_a_new_window(azure: MemoryAzure) -> None:
    vm, theirs = azure.add_vm("vm-1"), azure.add_vm("theirs")

    def join() -> None:
        if azure.clock.slept == 4:
            azure.hold(policy_id(), *azure.entries(policy_id()), entry(theirs, port(22)))

    azure.on("get", join, times=99)
    assert write(azure, {policy_id(): have(vm)})[policy_id()].verified
    assert azure.clock.slept == 4 + 6


def test_a_list_that_never_keeps_still_is_an_error(azure: MemoryAzure) -> None:
    vm = azure.add_vm("vm-1")
    others = iter(range(999))

    def join() -> None:
        if azure.exists(policy_id()):
            azure.hold(policy_id(), entry(vm, port(22)), entry(vm_id(f"their-{next(others)}"), port(22)))

    azure.on("get", join, times=999)
    result = write(azure, {policy_id(): have(vm)}, timeout=60)[policy_id()]
    assert "did not keep still within 60 s" in (result.error or "")
    assert result.changed
    assert azure.count("put") == 1, "the change was in all the time"


def test_looks_with_a_long_gap_between_make_no_window(azure: MemoryAzure) -> None:
    quick, slow = azure.add_vm("quick"), azure.add_vm(vm_id("slow", group="rg-2"))
    other = policy_id(group="rg-2")
    azure.on("put", raising(refused(429, "TooManyRequests", retry_after=3)), policy=other)
    seen: list[float] = []

    def second_put() -> None:
        if azure.clock.slept >= 3:
            azure.clock.sleep(20)

    azure.on("put", second_put, policy=other, times=2)
    azure.on("get", lambda: seen.append(azure.clock.slept), policy=policy_id(), times=99)
    results = write(azure, {policy_id(): have(quick), other: have(slow)})
    assert results[policy_id()].verified
    after_the_gap = [moment for moment in seen if moment >= 23]
    assert after_the_gap[-1] - after_the_gap[0] >= 6


def test_a_change_that_another_writer_takes_out_is_made_again_and_told(azure: MemoryAzure) -> None:
    ours, theirs = azure.add_vm("ours"), azure.add_vm("theirs")
    azure.on("put", lambda: azure.hold(policy_id(), entry(theirs, port(22))), when="after", times=2)
    result = write(azure, {policy_id(): have(ours)})[policy_id()]
    assert result.verified
    assert azure.entries(policy_id()) == [entry(theirs, port(22)), entry(ours, port(22))]
    (note,) = result.notes
    assert "took the change of" in note
    assert "out 2 times; it was made again" in note


@pytest.mark.parametrize(("drawn", "pause"), [(0.0, 0.0), (0.25, 0.5), (1.0, 2.0)])
def test_two_of_us_do_not_meet_again_and_again_because_the_pause_is_random(
    azure: MemoryAzure, drawn: float, pause: float
) -> None:
    ours, theirs = azure.add_vm("ours"), azure.add_vm("theirs")
    azure.on("put", lambda: azure.hold(policy_id(), entry(theirs, port(22))), when="after")
    moments: list[float] = []
    azure.on("put", lambda: moments.append(azure.clock.slept), times=2)
    write(azure, {policy_id(): have(ours)}, draw=lambda: drawn)
    assert moments[1] - moments[0] == pytest.approx(max(pause, 0.5))


def test_only_our_own_wish_is_put_back(azure: MemoryAzure) -> None:
    ours, theirs = azure.add_vm("ours"), azure.add_vm("theirs")
    azure.hold(policy_id(), entry(theirs, port(22)))
    azure.on("put", lambda: azure.hold(policy_id()), when="after")
    assert write(azure, {policy_id(): have(ours)})[policy_id()].verified
    assert azure.entries(policy_id()) == [entry(ours, port(22))], "theirs may be what somebody's absent took out"


def test_the_last_vm_takes_the_policy_with_it(azure: MemoryAzure) -> None:
    vm = azure.add_vm("vm-1")
    azure.hold(policy_id(), entry(vm, port(22)))
    result = write(azure, {policy_id(): Edit(removed=frozenset({vm}))})[policy_id()]
    assert result == Written(verified=True, changed=True)
    assert not azure.exists(policy_id())


def test_a_deleted_policy_that_another_writer_brings_back_loses_the_vm_again(azure: MemoryAzure) -> None:
    vm, theirs = azure.add_vm("vm-1"), azure.add_vm("theirs")
    azure.hold(policy_id(), entry(vm, port(22)))
    azure.on("delete", lambda: azure.hold(policy_id(), entry(vm, port(22)), entry(theirs, port(22))), when="after")
    result = write(azure, {policy_id(): Edit(removed=frozenset({vm}))})[policy_id()]
    assert result.verified
    assert azure.entries(policy_id()) == [entry(theirs, port(22))]


def test_a_vm_that_joined_after_the_list_was_read_keeps_the_policy_from_being_deleted(azure: MemoryAzure) -> None:
    vm, theirs = azure.add_vm("vm-1"), azure.add_vm("theirs")
    azure.hold(policy_id(), entry(vm, port(22)))
    azure.on("get", lambda: azure.hold(policy_id(), entry(vm, port(22)), entry(theirs, port(22))))
    write(azure, {policy_id(): Edit(removed=frozenset({vm}))})
    assert azure.count("delete") == 0
    assert azure.entries(policy_id()) == [entry(theirs, port(22))]


def test_a_failure_of_long_ago_is_not_taken_for_ours(azure: MemoryAzure) -> None:
    vm = azure.add_vm("vm-1")
    azure.hold(policy_id(), entry(vm, port(3389)))
    azure.fail_to_provision(policy_id())
    azure.on("put", raising(AzureUnreachable("can't be reached")))
    assert write(azure, {policy_id(): have(vm)})[policy_id()] == Written(verified=True, changed=True)


def test_many_policies_of_a_subscription_are_looked_at_by_its_list(azure: MemoryAzure) -> None:
    groups = [f"rg-{number}" for number in range(4)]
    edits = {policy_id(group=group): have(azure.add_vm(vm_id("vm", group=group))) for group in groups}
    results = write(azure, edits)
    assert all(result.verified for result in results.values())
    assert azure.count("get") == 4, "one before each PUT"
    assert azure.count("list") == 13


def test_a_list_that_misses_a_policy_is_made_up_for_by_reading_it(azure: MemoryAzure) -> None:
    groups = [f"rg-{number}" for number in range(4)]
    edits = {policy_id(group=group): have(azure.add_vm(vm_id("vm", group=group))) for group in groups}
    azure.unlist(policy_id(group="rg-3"))
    assert all(result.verified for result in write(azure, edits).values())


def emptied(azure: MemoryAzure, count: int) -> dict[PolicyId, Edit]:
    """Have policies of one VM each, and wish for the VMs to be gone."""
    edits = {}
    for number in range(count):
        vm = azure.add_vm(vm_id("vm", group=f"rg-{number:03}"))
        edits[azure.hold(policy_id(group=f"rg-{number:03}"), entry(vm, port(22)))] = Edit(removed=frozenset({vm}))
    return edits


def test_deleted_policies_are_looked_at_by_the_list_and_once_by_themselves(azure: MemoryAzure) -> None:
    results = write(azure, emptied(azure, 100))
    assert all(result.verified for result in results.values())
    assert azure.count("delete") == 100
    assert azure.count("get") == 100 + 100, "one before each DELETE, one at the end of each window"
    assert azure.count("list") < 13 + 100 / 10 + 2, "the last readings are spread over the looks"


def test_a_deleted_policy_that_only_the_list_misses_is_found_in_the_end(azure: MemoryAzure) -> None:
    edits = emptied(azure, 4)
    home = policy_id(group="rg-002")
    (vm,) = edits[home].removed
    azure.unlist(home)
    azure.on("delete", lambda: azure.hold(home, entry(vm, port(22))), when="after", policy=home)
    results = write(azure, edits)
    assert all(result.verified for result in results.values())
    assert not azure.exists(home), "seen by the reading of the policy itself, and deleted again"


@pytest.mark.parametrize("error", [refused(429, "TooManyRequests"), refused(503, "Busy"), LOST], ids=str)
def test_a_list_that_fails_proves_nothing_and_is_not_made_up_for_one_by_one(
    azure: MemoryAzure, error: Exception
) -> None:
    edits = emptied(azure, 20)
    azure.on("list", raising(error), times=9999)
    results = write(azure, edits, timeout=60)
    assert not any(result.verified for result in results.values())
    assert all(result.is_open for result in results.values())
    assert azure.count("get") == 20


def test_where_whole_lists_are_forbidden_policies_are_read_one_by_one(azure: MemoryAzure) -> None:
    azure.on("list", raising(refused(403, "AuthorizationFailed")), times=9999)
    assert all(result.verified for result in write(azure, emptied(azure, 12)).values())


def test_a_window_opens_when_a_look_has_ended(azure: MemoryAzure) -> None:
    """What a slow look shows was true at some time during it, and no earlier time counts."""
    vm = azure.add_vm("vm-1")
    moments: list[float] = []
    azure.on("put", lambda: azure.on("get", sleeping(azure, 1.5), times=1), when="after")
    azure.on("get", lambda: moments.append(azure.clock.slept), when="after", times=99)
    write(azure, {policy_id(): have(vm)})
    first_seen = moments[1]
    assert first_seen == 1.5
    assert azure.clock.slept >= first_seen + 6


def test_policies_are_counted_as_they_are_done(azure: MemoryAzure) -> None:
    quick, slow = policy_id("quick"), policy_id("slow")
    azure.on("put", raising(refused(403, "AuthorizationFailed")), policy=quick)
    told: list[tuple[int, int]] = []
    writer = Writer(azure, azure.clock, lambda: 0.5, PATIENCE, lambda done, of: told.append((done, of)))
    writer.write({quick: have(azure.add_vm("vm-1")), slow: have(azure.add_vm("vm-2"))})
    assert told[0] == (0, 2)
    assert told[-1] == (1, 2)
