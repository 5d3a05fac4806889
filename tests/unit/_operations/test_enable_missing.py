# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opening what no policy holds yet: it is put there first, and nothing else is touched."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.outcomes import Outcome
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.safe_write import Patience
from memory_azure import MemoryAzure, raising, refused
from open_services import OpenServices
from opening_scene import DESK, covered, error, run, states
from samples import HOUR, SUBSCRIPTION, access, entry, policy_id, port, vm_id

PATIENCE = Patience(timedelta(seconds=5), timedelta(seconds=6), timedelta(seconds=300))


@pytest.fixture
def azure() -> MemoryAzure:
    return MemoryAzure()


def enable(azure: MemoryAzure, *wishes: Any, **more: Any) -> Outcome:
    return run(azure, *wishes, enabling=PATIENCE, **more)


def held(azure: MemoryAzure, **policy: Any) -> dict[str, list[int]]:
    return {
        str(found["id"]).rpartition("/")[2]: [wire["number"] for wire in found["ports"]]
        for found in azure.entries(policy_id(**policy))
    }


def test_an_uncovered_vm_is_covered_and_then_opened(azure: MemoryAzure) -> None:
    vm = azure.add_vm("vm-1")

    outcome = enable(azure, access(22, vm=vm))

    assert states(outcome) == ["opened"]
    assert outcome.vms[0].details == {"enabled": True}
    assert outcome.vms[0].policy_id == policy_id()
    assert azure.entries(policy_id()) == [entry(vm, port(22))]
    assert azure.is_open(vm, 22, DESK)


def test_the_default_port_is_covered_by_the_operating_system(azure: MemoryAzure) -> None:
    vms = [azure.add_vm("linux", "Linux"), azure.add_vm("windows", "Windows")]

    outcome = enable(azure, *(access(vm=vm) for vm in vms))

    assert states(outcome) == ["opened", "opened"]
    assert held(azure) == {"linux": [22], "windows": [3389]}
    assert azure.count("put") == 1


def test_a_missing_port_is_added_and_all_else_of_the_policy_stays(azure: MemoryAzure) -> None:
    ours, theirs = azure.add_vm("ours"), azure.add_vm("theirs")
    narrow = port(22, "TCP", hours=1, source="10.0.0.0/8", oddity="kept")
    azure.hold(policy_id(), entry(ours, narrow, publicIpAddress="192.0.2.1"), entry(theirs, port(5986)), odd=True)

    outcome = enable(azure, access(3389, vm=ours))

    assert states(outcome) == ["opened"]
    assert azure.entries(policy_id()) == [
        entry(ours, narrow, port(3389), publicIpAddress="192.0.2.1"),
        entry(theirs, port(5986)),
    ]
    assert azure.properties(policy_id())["odd"] is True


def test_what_a_policy_holds_is_not_written(azure: MemoryAzure) -> None:
    (vm,) = covered(azure, "vm-1")

    outcome = enable(azure, access(22, vm=vm))

    assert states(outcome) == ["opened"]
    assert outcome.vms[0].details == {}
    assert azure.count("put") == 0
    assert azure.count("vms") == 0


def test_a_shorter_maximum_or_narrower_sources_are_no_reason_to_change_a_policy(azure: MemoryAzure) -> None:
    vm = azure.add_vm("vm-1")
    azure.hold(policy_id(), entry(vm, port(22, hours=1, source="10.0.0.0/8")))

    too_long = enable(azure, access(22, vm=vm, sources=("10.1.1.1",), duration=2 * HOUR))
    too_wide = enable(azure, access(22, vm=vm))

    assert "at most 1h" in error(too_long)
    assert "allows only 10.0.0.0/8" in error(too_wide)
    assert azure.writes == []


def test_a_missing_port_is_allowed_for_as_long_as_it_is_to_be_open(azure: MemoryAzure) -> None:
    vm = azure.add_vm("vm-1")

    outcome = enable(azure, access(22, vm=vm, duration=8 * HOUR))

    assert states(outcome) == ["opened"]
    assert azure.entries(policy_id())[0]["ports"][0]["maxRequestAccessDuration"] == "PT8H"


def test_of_several_policies_one_that_holds_all_is_used_and_none_is_written(azure: MemoryAzure) -> None:
    vm = azure.add_vm("vm-1")
    azure.hold(policy_id("a"), entry(vm, port(3389)))
    azure.hold(policy_id("b"), entry(vm, port(22)))

    outcome = enable(azure, access(22, vm=vm))

    assert outcome.vms[0].policy_id == policy_id("b")
    assert azure.count("put") == 0


def test_ports_that_several_policies_hold_together_are_not_missing(azure: MemoryAzure) -> None:
    vm = azure.add_vm("vm-1")
    azure.hold(policy_id("a"), entry(vm, port(3389)))
    azure.hold(policy_id(), entry(vm, port(22)))

    outcome = enable(azure, access(22, 3389, vm=vm))

    assert states(outcome) == ["opened"]
    assert outcome.vms[0].details == {}
    assert azure.count("put") == 0
    assert azure.count("initiate") == 2


def test_of_several_policies_that_all_lack_something_one_is_completed(azure: MemoryAzure) -> None:
    vm = azure.add_vm("vm-1")
    azure.hold(policy_id("a"), entry(vm, port(3389)))
    azure.hold(policy_id(), entry(vm, port(22)))

    outcome = enable(azure, access(22, 3389, 5985, vm=vm))

    assert states(outcome) == ["opened"]
    assert outcome.vms[0].policy_id == policy_id()
    assert held(azure) == {"vm-1": [22, 5985]}
    assert held(azure, name="a") == {"vm-1": [3389]}
    assert azure.is_open(vm, 3389, DESK)


def test_check_mode_predicts_both_and_sends_nothing(azure: MemoryAzure) -> None:
    bare, (known,) = azure.add_vm("bare"), covered(azure, "known", group="rg-2")
    wishes = [access(22, vm=bare), access(22, vm=known)]

    predicted = enable(azure, *wishes, check_mode=True)

    assert azure.writes == []
    assert [vm.details for vm in predicted.vms] == [{"enabled": True}, {}]
    assert predicted.before[str(policy_id())] == {}
    assert predicted.after[str(policy_id())] == {"bare": {"22/any": "from any source, at most 3h"}}
    assert predicted.after["bare"] == {"22": f"open from {DESK} for 3h"}
    done = enable(azure, *wishes)
    assert states(done) == states(predicted)
    assert [vm.details for vm in done.vms] == [vm.details for vm in predicted.vms]
    assert [vm.changed for vm in done.vms] == [vm.changed for vm in predicted.vms]
    assert done.summary == predicted.summary
    assert done.after[str(policy_id())] == predicted.after[str(policy_id())]


def test_vms_that_no_policy_can_cover_fail_each_with_the_reason_and_the_others_open(azure: MemoryAzure) -> None:
    good, unguarded = azure.add_vm("good"), azure.add_vm("unguarded", is_guarded=False)
    ghost, long = vm_id("ghost"), azure.add_vm("n" * 50)

    outcome = enable(azure, *(access(22, vm=vm) for vm in (good, unguarded, ghost, long)))

    assert states(outcome) == ["opened", "failed", "failed", "failed"]
    reasons = [str(vm.error) for vm in outcome.vms]
    assert "no network security group" in reasons[1]
    assert "doesn't exist" in reasons[2]
    assert "56 characters" in reasons[3]
    assert held(azure) == {"good": [22]}


def test_a_subscription_without_the_plan_is_named_and_nothing_is_written(azure: MemoryAzure) -> None:
    azure.plans[SUBSCRIPTION] = False

    outcome = enable(azure, access(22, vm=azure.add_vm("vm-1")))

    assert "Defender for Servers Plan 2" in error(outcome)
    assert azure.writes == []


def test_a_policy_that_may_not_be_written_fails_its_vms_and_the_others_open(azure: MemoryAzure) -> None:
    bare, (known,) = azure.add_vm("bare"), covered(azure, "known", group="rg-2")
    azure.on("put", raising(refused(403, "AuthorizationFailed")), times=9)

    outcome = enable(azure, access(22, vm=bare), access(22, vm=known))

    assert states(outcome) == ["failed", "opened"]
    assert "could not be completed" in str(outcome.vms[0].error)
    assert "403 AuthorizationFailed" in str(outcome.vms[0].error)
    assert not outcome.vms[0].changed
    assert outcome.vms[0].details == {}


def test_a_port_that_can_not_be_added_leaves_the_vms_other_ports_to_be_opened(azure: MemoryAzure) -> None:
    (vm,) = covered(azure, "vm-1")
    azure.on("put", raising(refused(403, "AuthorizationFailed")), times=9)

    outcome = enable(azure, access(22, 3389, vm=vm))

    assert states(outcome) == ["failed"]
    assert [found.state for found in outcome.vms[0].ports] == ["opened", "failed"]
    assert "port 3389 is not in" in error(outcome)
    assert "403 AuthorizationFailed" in error(outcome)


def test_nobodys_vm_is_lost_to_another_writer(azure: MemoryAzure) -> None:
    ours, theirs = azure.add_vm("ours"), azure.add_vm("theirs")
    azure.hold(policy_id(), entry(azure.add_vm("old"), port(22)))
    services = OpenServices(azure)

    def overwrite() -> None:
        azure.hold(policy_id(), *azure.entries(policy_id())[:1], entry(theirs, port(22)))

    azure.on("put", overwrite, when="after")

    outcome = enable(azure, access(22, vm=ours), services=services)

    assert states(outcome) == ["opened"]
    assert held(azure) == {"old": [22], "theirs": [22], "ours": [22]}
    assert any("it was made again" in warning for warning in services.warnings)


def test_a_new_policy_that_is_unknown_for_some_seconds_is_asked_again(azure: MemoryAzure) -> None:
    azure.unknown_at_first = timedelta(seconds=20)
    vms = [azure.add_vm("a"), azure.add_vm("b")]

    outcome = enable(azure, *(access(22, vm=vm) for vm in vms))

    assert states(outcome) == ["opened", "opened"]
    assert all(azure.is_open(vm, 22, DESK) for vm in vms)


def test_a_new_policy_that_stays_unknown_fails_in_time(azure: MemoryAzure) -> None:
    azure.unknown_at_first = timedelta(hours=1)
    vm = azure.add_vm("a")

    outcome = enable(azure, access(22, vm=vm))

    assert "404 PolicyNotFound" in error(outcome)
    assert outcome.vms[0].changed, "the policy was made"
    assert azure.clock.slept < 60


def test_open_windows_of_a_vm_that_gains_a_port_are_warned_about_and_count_on(azure: MemoryAzure) -> None:
    (vm,) = covered(azure, "vm-1")
    azure.grant(policy_id(), vm, 22, source=DESK)
    services = OpenServices(azure)

    outcome = enable(azure, access(22, 3389, vm=vm), services=services)

    assert [found.state for found in outcome.vms[0].ports] == ["already_open", "opened"]
    assert any("open at this moment" in warning for warning in services.warnings)


def test_without_being_told_nothing_is_covered(azure: MemoryAzure) -> None:
    outcome = run(azure, access(22, vm=azure.add_vm("vm-1")))

    assert states(outcome) == ["failed"]
    assert "enable_missing: true" in error(outcome)
    assert azure.writes == []
