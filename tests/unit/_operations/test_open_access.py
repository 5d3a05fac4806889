# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Having ports open: what is asked for, what is waited for, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.access import Origin, Wish
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import (
    AzureRefused,
    AzureUnreachable,
    ControllerGone,
    ReplyLost,
)
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ids import PolicyId, VmId
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.policies import Policy
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.fleet import MANY_POLICIES
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.outcomes import PortOutcome
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.seams import Keep
from memory_azure import CALLER, Call, MemoryAzure, raising, refused
from open_services import OpenServices
from opening_scene import DESK, ME, REFERENCE, covered, error, posted, run, states
from samples import HOUR, OTHER_SUBSCRIPTION, access, entry, policy_id, port, vm_id

LOST = ReplyLost("POST was sent, but its answer was lost")
NOON_PLUS_3H = "2026-03-02T15:00:00Z"


@pytest.fixture
def azure() -> MemoryAzure:
    return MemoryAzure()


# -- one request for each policy --------------------------------------------------------------------------


def test_all_vms_of_a_policy_are_asked_for_at_once(azure: MemoryAzure) -> None:
    one, other = covered(azure, "vm-1", "vm-2", ports=(22, 3389))
    outcome = run(azure, access(22, 3389, vm=one, duration=HOUR), access(22, vm=other))
    assert states(outcome) == ["opened", "opened"]
    assert posted(azure) == [
        {
            "virtualMachines": [
                {
                    "id": str(one),
                    "ports": [
                        {"number": 22, "duration": "PT1H", "allowedSourceAddressPrefix": DESK},
                        {"number": 3389, "duration": "PT1H", "allowedSourceAddressPrefix": DESK},
                    ],
                },
                {
                    "id": str(other),
                    "ports": [{"number": 22, "duration": "PT3H", "allowedSourceAddressPrefix": DESK}],
                },
            ],
            "justification": f"patching [{ME}] {REFERENCE}",
        }
    ]
    assert azure.is_open(one, 3389, DESK)
    assert azure.is_open(other, 22, DESK)
    assert not azure.is_open(other, 3389, DESK)


def test_the_outcome_says_what_is_open_from_where_and_until_when(azure: MemoryAzure) -> None:
    (vm,) = covered(azure, "vm-1")
    outcome = run(azure, access(22, vm=vm))
    assert outcome.vms[0].policy_id == policy_id()
    assert outcome.vms[0].changed
    assert outcome.vms[0].error is None
    assert outcome.vms[0].ports == (PortOutcome(22, "opened", {"sources": [DESK], "end_time": NOON_PLUS_3H}),)
    assert outcome.summary == {"opened": 1, "already_open": 0, "closed": 0, "failed": 0, "unknown": 0}
    assert outcome.before == {"vm-1": {"22": "closed"}}
    assert outcome.after == {"vm-1": {"22": f"open from {DESK} until {NOON_PLUS_3H}"}}


def test_each_policy_gets_one_request_whatever_the_number_of_vms(azure: MemoryAzure) -> None:
    vms = [vm for number in range(20) for vm in covered(azure, "a", "b", "c", group=f"rg-{number}")]
    outcome = run(azure, *(access(22, vm=vm) for vm in vms), timeout=3600)
    assert states(outcome) == ["opened"] * 60
    assert [vm.vm for vm in outcome.vms] == vms
    assert azure.count("initiate") == 20
    assert azure.count("vms") == 0, "explicit ports need no look at the VMs"


def test_many_policies_are_awaited_by_list(azure: MemoryAzure) -> None:
    vms = [vm for number in range(20) for vm in covered(azure, "a", group=f"rg-{number}")]
    run(azure, *(access(22, vm=vm) for vm in vms), timeout=3600)
    assert azure.count("get") == 0
    assert 2 <= azure.count("list") < 20


def test_a_few_policies_are_awaited_one_by_one(azure: MemoryAzure) -> None:
    vms = [vm for number in range(3) for vm in covered(azure, "a", group=f"rg-{number}")]
    run(azure, *(access(22, vm=vm) for vm in vms), timeout=3600)
    assert azure.count("list") == 1
    assert azure.count("get") >= 3


def test_many_policies_are_awaited_also_where_the_list_misses_one(azure: MemoryAzure) -> None:
    vms = [vm for number in range(6) for vm in covered(azure, "a", group=f"rg-{number}")]
    azure.unlist(policy_id(group="rg-3"))
    outcome = run(azure, *(access(22, vm=vm) for vm in vms), timeout=3600)
    assert states(outcome) == ["opened"] * 6
    assert azure.count("initiate") == 6


def test_policies_of_several_subscriptions_are_opened_together(azure: MemoryAzure) -> None:
    (here,) = covered(azure, "vm-1")
    there = azure.add_vm(vm_id("vm-1", subscription=OTHER_SUBSCRIPTION))
    azure.hold(policy_id(subscription=OTHER_SUBSCRIPTION), entry(there, port(22)))
    outcome = run(azure, access(22, vm=here), access(22, vm=there))
    assert states(outcome) == ["opened", "opened"]
    assert azure.count("initiate") == 2
    assert set(outcome.after) == {str(here), str(there)}


def test_very_many_vms_of_a_policy_are_asked_for_in_several_requests_one_after_the_other() -> None:
    under_way: list[PolicyId] = []

    class Sequential(MemoryAzure):
        def initiate(self, policy_id: PolicyId, body: Mapping[str, Any]) -> Mapping[str, Any]:
            assert policy_id not in under_way
            under_way.append(policy_id)
            answer = super().initiate(policy_id, body)
            under_way.remove(policy_id)
            return answer

    azure = Sequential()
    vms = covered(azure, *(f"vm-{number:04}" for number in range(2001)))

    outcome = run(azure, *(access(22, vm=vm) for vm in vms))

    assert outcome.summary["opened"] == 2001
    assert [len(body["virtualMachines"]) for body in posted(azure)] == [1000, 1000, 1]
    assert len({body["justification"] for body in posted(azure)}) == 3


def test_a_lost_answer_of_one_of_several_requests_is_told_from_the_others(azure: MemoryAzure) -> None:
    vms = covered(azure, *(f"vm-{number:04}" for number in range(1002)))
    azure.on("initiate", lambda: azure.on("initiate", raising(LOST), when="after"), when="after")

    outcome = run(azure, *(access(22, vm=vm) for vm in vms))

    assert outcome.summary["opened"] == 1002
    assert azure.count("initiate") == 2


def test_requests_of_a_policy_for_named_and_own_addresses_are_told_apart(azure: MemoryAzure) -> None:
    one, other = covered(azure, "vm-1", "vm-2")
    azure.on("initiate", raising(LOST), when="after", times=2)

    outcome = run(azure, access(22, vm=one), Wish(other, (22,), Origin(own_address=True)))

    assert states(outcome) == ["opened", "opened"]
    assert azure.count("initiate") == 2


# -- how far it is ----------------------------------------------------------------------------------------


def test_progress_counts_vms_as_they_come_into_effect(azure: MemoryAzure) -> None:
    first, second = covered(azure, "a", "b", group="rg-1"), covered(azure, "c", group="rg-2")
    (late,) = covered(azure, "late", group="rg-3")
    azure.grant(policy_id(group="rg-1"), first[0], 22, source=DESK)
    azure.clock.sleep(10)
    azure.on("initiate", lambda: azure.clock.sleep(30), policy=policy_id(group="rg-3"))
    services = OpenServices(azure)

    run(azure, *(access(22, vm=vm) for vm in [*first, *second, late]), services=services)

    told = services.progress.vms
    assert told[0] == (1, 4), "one VM was open before"
    assert told[-1] == (4, 4)
    assert told == sorted(set(told)), "it never goes back, nor says the same twice"
    assert services.progress.of_policies == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_progress_counts_vms_as_requests_are_accepted_where_that_is_enough(azure: MemoryAzure) -> None:
    vms = covered(azure, "a", "b", group="rg-1") + covered(azure, "c", group="rg-2")
    services = OpenServices(azure)

    run(azure, *(access(22, vm=vm) for vm in vms), services=services, wait_for="accepted")

    assert services.progress.vms[0] == (0, 3)
    assert services.progress.vms[-1] == (3, 3)
    assert len(services.progress.vms) == 3


def test_progress_counts_what_failed_as_done(azure: MemoryAzure) -> None:
    (vm,), (bare,) = covered(azure, "a"), [azure.add_vm("bare")]
    azure.on("initiate", raising(refused(403, "AuthorizationFailed")))
    services = OpenServices(azure)

    run(azure, access(22, vm=vm), access(22, vm=bare), services=services)

    assert services.progress.vms == [(1, 2), (2, 2)]


# -- how often it looks -----------------------------------------------------------------------------------


class Timed(MemoryAzure):
    """Notes when it was read."""

    def __init__(self) -> None:
        super().__init__()
        self.moments: list[datetime] = []

    def list_policies(
        self, subscription_id: str, resource_group: str | None = None, *, keep: Keep | None = None
    ) -> list[Policy]:
        self.moments.append(self.clock.now())
        return super().list_policies(subscription_id, resource_group, keep=keep)

    def find_policy(self, policy_id: PolicyId) -> Policy | None:
        self.moments.append(self.clock.now())
        return super().find_policy(policy_id)


def bucket_needed(azure: Timed) -> float:
    """Give how many readings Azure's bucket must hold so that none is refused, when it fills up by 25 a second."""
    used, most, last = 0.0, 0.0, azure.moments[0]
    for moment in sorted(azure.moments):
        used = max(0.0, used - 25 * (moment - last).total_seconds()) + 1
        most, last = max(most, used), moment
    return most


def test_waiting_for_two_hundred_policies_reads_one_list_a_look() -> None:
    azure = Timed()
    vms = [vm for number in range(200) for vm in covered(azure, "a", group=f"rg-{number}")]
    azure.initiating = timedelta(seconds=60)

    outcome = run(azure, *(access(22, vm=vm) for vm in vms), timeout=3600)

    assert outcome.summary["opened"] == 200
    assert azure.count("get") == 0
    # half a second after the first look, then ever later, up to five seconds
    assert azure.count("list") <= 20


def test_waiting_keeps_to_azures_read_rate_also_where_lists_fail() -> None:
    azure = Timed()
    vms = [vm for number in range(200) for vm in covered(azure, "a", group=f"rg-{number}")]
    azure.initiating = timedelta(seconds=60)
    azure.on("initiate", lambda: azure.on("list", raising(LOST), times=99))

    outcome = run(azure, *(access(22, vm=vm) for vm in vms), timeout=3600)

    assert outcome.summary["opened"] == 200
    assert bucket_needed(azure) <= 250, "what Azure's holds [docs]"


# -- nothing to do, and check mode ------------------------------------------------------------------------


def test_a_second_run_asks_for_nothing(azure: MemoryAzure) -> None:
    vms = covered(azure, "vm-1", "vm-2")
    run(azure, *(access(22, vm=vm) for vm in vms))
    again = run(azure, *(access(22, vm=vm) for vm in vms), reference="#ref-other")
    assert states(again) == ["already_open"] * 2
    assert not again.changed
    assert (again.before, again.after) == ({}, {})
    assert again.vms[0].ports == (PortOutcome(22, "already_open", {"sources": [DESK], "end_time": NOON_PLUS_3H}),)
    assert azure.count("initiate") == 1


def test_only_what_is_not_open_is_asked_for(azure: MemoryAzure) -> None:
    is_open, closed = covered(azure, "vm-1", "vm-2", ports=(22, 3389))
    azure.grant(policy_id(), is_open, 22, source=DESK)
    outcome = run(azure, access(22, 3389, vm=is_open), access(22, vm=closed))
    (body,) = posted(azure)
    asked = [(each["id"], [wire["number"] for wire in each["ports"]]) for each in body["virtualMachines"]]
    assert asked == [(str(is_open), [3389]), (str(closed), [22])]
    assert [found.state for found in outcome.vms[0].ports] == ["already_open", "opened"]
    assert outcome.after["vm-1"].keys() == {"3389"}


def test_a_port_that_soon_closes_is_asked_for_again(azure: MemoryAzure) -> None:
    (vm,) = covered(azure, "vm-1")
    run(azure, access(22, vm=vm))
    azure.clock.sleep(2 * 3600)
    outcome = run(azure, access(22, vm=vm), reference="#ref-other")
    assert states(outcome) == ["opened"]
    assert azure.count("initiate") == 2


def test_check_mode_asks_for_nothing_and_says_what_would_open(azure: MemoryAzure) -> None:
    new, is_open, foreign = covered(azure, "new", "open", "foreign")
    azure.grant(policy_id(), is_open, 22, source=DESK)
    wishes = [access(22, vm=new, duration=HOUR), access(22, vm=is_open), access(5985, vm=foreign)]
    predicted = run(azure, *wishes, check_mode=True)
    assert azure.writes == []
    assert azure.clock.slept == 0
    assert states(predicted) == ["opened", "already_open", "failed"]
    assert predicted.after == {"new": {"22": f"open from {DESK} for 1h"}}
    assert predicted.vms[0].ports == (PortOutcome(22, "opened", {"sources": [DESK], "duration": "1h"}),)
    done = run(azure, *wishes)
    assert states(done) == states(predicted)
    assert [vm.changed for vm in done.vms] == [vm.changed for vm in predicted.vms]
    assert done.summary == predicted.summary


# -- where from -------------------------------------------------------------------------------------------


def test_an_own_address_is_found_out_by_the_service(azure: MemoryAzure) -> None:
    (vm,) = covered(azure, "vm-1")
    own = Wish(vm, (22,), Origin(own_address=True))
    outcome = run(azure, own)
    assert posted(azure)[0]["virtualMachines"][0]["ports"] == [{"number": 22, "duration": "PT3H"}]
    assert outcome.vms[0].ports[0].details["sources"] == [CALLER]
    assert azure.is_open(vm, 22, CALLER)
    again = run(azure, own)
    assert states(again) == ["already_open"]
    assert azure.count("initiate") == 1


def test_an_own_address_in_check_mode_is_described_in_words(azure: MemoryAzure) -> None:
    (vm,) = covered(azure, "vm-1")
    outcome = run(azure, Wish(vm, (22,), Origin(own_address=True)), check_mode=True)
    assert outcome.after == {"vm-1": {"22": "open from the address that Azure sees for 3h"}}


def test_what_somebody_else_opened_does_not_serve_an_own_address(azure: MemoryAzure) -> None:
    (vm,) = covered(azure, "vm-1")
    azure.grant(policy_id(), vm, 22, source="*", justification="bob@laptop")
    assert states(run(azure, Wish(vm, (22,), Origin(own_address=True)))) == ["opened"]


def test_the_whole_policy_is_opened_for_all_its_sources(azure: MemoryAzure) -> None:
    vm = azure.add_vm("vm-1")
    wide = {"number": 22, "protocol": "*", "allowedSourceAddressPrefixes": ["10.0.0.0/8", DESK]}
    azure.hold(policy_id(), entry(vm, {**wide, "maxRequestAccessDuration": "PT3H"}))
    outcome = run(azure, Wish(vm, (22,), Origin(whole_policy=True)))
    assert states(outcome) == ["opened"]
    assert azure.is_open(vm, 22, "10.200.0.1")
    assert azure.is_open(vm, 22, DESK)


# -- default ports ----------------------------------------------------------------------------------------


def test_default_ports_go_by_the_operating_system(azure: MemoryAzure) -> None:
    linux, windows = azure.add_vm("linux", "Linux"), azure.add_vm("windows", "Windows")
    azure.hold(policy_id(), entry(linux, port(22), port(3389)), entry(windows, port(22), port(3389)))
    outcome = run(azure, access(vm=linux), access(vm=windows))
    assert [[found.port for found in vm.ports] for vm in outcome.vms] == [[22], [3389]]
    assert azure.count("vms") == 1


def test_a_deleted_vm_in_a_policy_fails_by_itself(azure: MemoryAzure) -> None:
    dead, alive = covered(azure, "dead", "alive")
    azure.delete_vm(dead)
    outcome = run(azure, access(vm=dead), access(vm=alive))
    assert states(outcome) == ["failed", "opened"]
    assert "doesn't exist any more" in (outcome.vms[0].error or "")


# -- what can't be opened ---------------------------------------------------------------------------------


def test_a_vm_that_no_policy_covers_fails_and_is_told_how_to_be_covered(azure: MemoryAzure) -> None:
    (vm,) = covered(azure, "vm-1")
    outcome = run(azure, access(22, vm=azure.add_vm("bare")), access(22, vm=vm))
    assert states(outcome) == ["failed", "opened"]
    assert "jit_policy" in (outcome.vms[0].error or "")
    assert outcome.vms[0].policy_id is None
    assert outcome.summary == {"opened": 1, "already_open": 0, "closed": 0, "failed": 1, "unknown": 0}


def test_a_vm_fails_with_one_of_its_ports_but_the_others_open(azure: MemoryAzure) -> None:
    (vm,) = covered(azure, "vm-1")
    outcome = run(azure, access(5985, 22, vm=vm))
    assert states(outcome) == ["failed"]
    assert outcome.vms[0].changed
    assert [found.state for found in outcome.vms[0].ports] == ["failed", "opened"]
    assert "port 5985 is not in" in error(outcome)
    assert outcome.after.keys() == {"vm-1"}
    assert azure.is_open(vm, 22, DESK)


def test_a_duration_above_the_maximum_is_not_even_asked_for(azure: MemoryAzure) -> None:
    (vm,) = covered(azure, "vm-1")
    outcome = run(azure, access(22, vm=vm, duration=4 * HOUR))
    assert states(outcome) == ["failed"]
    assert "at most 3h" in error(outcome)
    assert azure.writes == []


def test_a_policy_that_is_refused_does_not_stop_the_others(azure: MemoryAzure) -> None:
    (one,), (other,) = covered(azure, "a"), covered(azure, "b", group="rg-2")
    azure.on("initiate", raising(refused(403, "AuthorizationFailed")), policy=policy_id())
    outcome = run(azure, access(22, vm=one), access(22, vm=other))
    assert states(outcome) == ["failed", "opened"]
    assert "403 AuthorizationFailed" in (outcome.vms[0].error or "")
    assert not outcome.vms[0].changed
    assert azure.count("initiate") == 2


def test_a_policy_found_only_in_its_groups_list_serves(azure: MemoryAzure) -> None:
    (vm,) = covered(azure, "vm-1")
    azure.unlist(policy_id())
    assert states(run(azure, access(22, vm=vm))) == ["opened"]


def test_of_several_policies_the_first_that_allows_the_wish_is_asked(azure: MemoryAzure) -> None:
    vm = azure.add_vm("vm-1")
    azure.hold(policy_id("a"), entry(vm, port(3389)))
    azure.hold(policy_id("b"), entry(vm, port(22)))
    outcome = run(azure, access(22, vm=vm))
    assert states(outcome) == ["opened"]
    assert outcome.vms[0].policy_id == policy_id("b")


def test_ports_that_two_policies_hold_are_asked_for_by_one_request_each(azure: MemoryAzure) -> None:
    vms = [azure.add_vm("vm-1"), azure.add_vm("vm-2")]
    azure.hold(policy_id("a"), *(entry(vm, port(22), port(3389)) for vm in vms))
    azure.hold(policy_id("b"), *(entry(vm, port(5985)) for vm in vms))
    outcome = run(azure, *(access(22, 5985, 3389, vm=vm) for vm in vms))
    assert states(outcome) == ["opened", "opened"]
    asked = {
        call.target: [[wire["number"] for wire in found["ports"]] for found in call.body["virtualMachines"]]
        for call in azure.writes
        if call.body
    }
    assert asked == {
        str(policy_id("a")): [[22, 3389], [22, 3389]],
        str(policy_id("b")): [[5985], [5985]],
    }
    assert azure.count("initiate") == 2
    assert all(azure.is_open(vm, number, DESK) for vm in vms for number in (22, 3389, 5985))
    assert outcome.vms[0].policy_id == policy_id("a")
    assert [(found.port, found.details.get("policy_id")) for found in outcome.vms[0].ports] == [
        (22, None),
        (5985, str(policy_id("b"))),
        (3389, None),
    ]


def test_one_policy_that_allows_all_ports_is_asked_alone(azure: MemoryAzure) -> None:
    vm = azure.add_vm("vm-1")
    azure.hold(policy_id("a"), entry(vm, port(22)))
    azure.hold(policy_id("b"), entry(vm, port(22), port(3389)))
    outcome = run(azure, access(22, 3389, vm=vm))
    assert states(outcome) == ["opened"]
    assert [call.target for call in azure.writes] == [str(policy_id("b"))]


def test_a_port_is_asked_of_the_policy_that_allows_its_source(azure: MemoryAzure) -> None:
    vm = azure.add_vm("vm-1")
    azure.hold(policy_id("a"), entry(vm, port(22, source="10.0.0.0/8"), port(3389)))
    azure.hold(policy_id("b"), entry(vm, port(22)))
    outcome = run(azure, access(22, 3389, vm=vm))
    assert states(outcome) == ["opened"]
    assert sorted(call.target for call in azure.writes) == [str(policy_id("a")), str(policy_id("b"))]


def test_a_policy_that_refuses_leaves_the_vms_other_ports_opened(azure: MemoryAzure) -> None:
    vm = azure.add_vm("vm-1")
    azure.hold(policy_id("a"), entry(vm, port(22)))
    azure.hold(policy_id("b"), entry(vm, port(5985)))
    azure.on("initiate", raising(refused(403, "AuthorizationFailed")), policy=policy_id("b"))
    outcome = run(azure, access(22, 5985, vm=vm))
    assert states(outcome) == ["failed"]
    assert [found.state for found in outcome.vms[0].ports] == ["opened", "failed"]
    assert outcome.vms[0].changed
    assert "port 5985" in error(outcome)


def test_a_port_that_no_policy_holds_names_all_that_were_looked_at(azure: MemoryAzure) -> None:
    vm = azure.add_vm("vm-1")
    azure.hold(policy_id("default"), entry(vm, port(22), port(3389)))
    azure.hold(policy_id("second", group="rg-other"), entry(vm, port(5985)))
    outcome = run(azure, access(22, 8443, vm=vm))
    assert [found.state for found in outcome.vms[0].ports] == ["opened", "failed"]
    assert "port 8443" in error(outcome)
    assert "default in Rg-Desktops has ports 22, 3389" in error(outcome)
    assert "second in rg-other has port 5985" in error(outcome)


def test_a_port_that_several_policies_refuse_says_why_each_does(azure: MemoryAzure) -> None:
    vm = azure.add_vm("vm-1")
    azure.hold(policy_id("a"), entry(vm, port(22, source="10.0.0.0/8")))
    azure.hold(policy_id("b"), entry(vm, port(22, hours=1)))
    azure.hold(policy_id("c"), entry(vm, port(3389)))
    outcome = run(azure, access(22, vm=vm, duration=2 * HOUR))
    assert states(outcome) == ["failed"]
    assert "allows only 10.0.0.0/8 (policy a in Rg-Desktops)" in error(outcome)
    assert "at most 1h" in error(outcome)
    assert "(policy b in Rg-Desktops)" in error(outcome)
    assert azure.writes == []


def test_a_grant_in_another_policy_of_the_vm_serves_as_well(azure: MemoryAzure) -> None:
    vm = azure.add_vm("vm-1")
    azure.hold(policy_id("a"), entry(vm, port(22)))
    azure.hold(policy_id("b"), entry(vm, port(22)))
    azure.grant(policy_id("b"), vm, 22, source=DESK)
    outcome = run(azure, access(22, vm=vm))
    assert states(outcome) == ["already_open"]
    assert azure.writes == []
    assert azure.is_open(vm, 22, DESK), "the other policy's request was still to come into effect"


def test_lists_that_are_refused_fail_before_anything_is_asked_for(azure: MemoryAzure) -> None:
    (vm,) = covered(azure, "vm-1")
    azure.on("list", raising(refused(403, "AuthorizationFailed")), times=2)
    with pytest.raises(AzureRefused):
        run(azure, access(22, vm=vm))
    assert azure.writes == []


def test_a_credential_that_may_list_its_group_only_opens_there(azure: MemoryAzure) -> None:
    (vm,) = covered(azure, "vm-1")
    azure.on("list", raising(refused(403, "AuthorizationFailed")))
    assert states(run(azure, access(22, vm=vm))) == ["opened"]


def test_nothing_is_sent_when_the_controller_is_gone(azure: MemoryAzure) -> None:
    (vm,) = covered(azure, "vm-1")
    azure.on("initiate", raising(ControllerGone("gone")), times=9)
    with pytest.raises(ControllerGone):
        run(azure, access(22, vm=vm))
    assert azure.count("initiate") == 1


# -- answers that are lost, refused or late ---------------------------------------------------------------


@pytest.mark.parametrize("trouble", [LOST, refused(503, "ServiceUnavailable"), refused(408, "Timeout")], ids=str)
def test_a_request_whose_answer_was_lost_is_found_by_its_reference_and_never_sent_twice(
    azure: MemoryAzure, trouble: Exception
) -> None:
    one, other = covered(azure, "vm-1", "vm-2")
    azure.grant(policy_id(), other, 22, source="198.51.100.1", justification=f"patching [{ME}] #ref-other")
    azure.on("initiate", raising(trouble), when="after")
    outcome = run(azure, access(22, vm=one), access(22, vm=other))
    assert states(outcome) == ["opened", "opened"]
    assert outcome.vms[0].ports == (PortOutcome(22, "opened", {"sources": [DESK], "end_time": NOON_PLUS_3H}),)
    assert azure.count("initiate") == 1
    assert len(azure.requests(policy_id())) == 2


@pytest.mark.parametrize("trouble", [LOST, refused(500, "InternalServerError")], ids=str)
def test_a_request_that_may_have_arrived_but_is_not_found_is_unknown(
    azure: MemoryAzure, trouble: Exception
) -> None:
    (vm,) = covered(azure, "vm-1")
    azure.on("initiate", raising(trouble))
    outcome = run(azure, access(22, vm=vm))
    assert states(outcome) == ["unknown"]
    assert outcome.summary["unknown"] == 1
    assert str(trouble) in error(outcome)
    assert "run again" in error(outcome)
    assert azure.count("initiate") == 1
    assert azure.requests(policy_id()) == []


def test_a_lost_request_that_shows_up_late_is_found(azure: MemoryAzure) -> None:
    (vm,) = covered(azure, "vm-1")
    azure.on("initiate", raising(LOST), when="before")
    body = {
        "virtualMachines": [{"id": str(vm), "ports": [{"number": 22, "duration": "PT3H"}]}],
        "justification": REFERENCE,
    }
    azure.on("get", lambda: azure.initiate(policy_id(), body), when="after")
    outcome = run(azure, access(22, vm=vm))
    assert states(outcome) == ["opened"]
    assert outcome.vms[0].ports[0].details["sources"] == [CALLER]


def test_a_lost_answer_is_looked_for_although_reading_fails_at_first(azure: MemoryAzure) -> None:
    (vm,) = covered(azure, "vm-1")
    azure.on("initiate", raising(LOST), when="after")
    azure.on("get", raising(ReplyLost("GET was sent, but its answer was lost")), times=2)
    outcome = run(azure, access(22, vm=vm))
    assert states(outcome) == ["opened"]
    assert azure.count("initiate") == 1


def test_throttling_is_waited_out_as_azure_says(azure: MemoryAzure) -> None:
    (vm,) = covered(azure, "vm-1")
    azure.on("initiate", raising(refused(429, "TooManyRequests", retry_after=20)))
    outcome = run(azure, access(22, vm=vm), wait_for="accepted")
    assert states(outcome) == ["opened"]
    assert azure.count("initiate") == 2
    assert 20 <= azure.clock.slept < 22


def test_throttling_beyond_the_time_limit_fails_with_its_reason(azure: MemoryAzure) -> None:
    (vm,) = covered(azure, "vm-1")
    azure.on("initiate", raising(refused(429, "TooManyRequests", retry_after=20)), times=1000)
    outcome = run(azure, access(22, vm=vm), timeout=90)
    assert states(outcome) == ["failed"]
    assert "429 TooManyRequests" in error(outcome)
    assert not outcome.changed
    assert azure.clock.slept == 90
    assert azure.count("initiate") <= 6


@pytest.mark.parametrize(
    "trouble",
    [AzureUnreachable("management.azure.com can't be reached"), refused(409, "AnotherOperationInProgress")],
    ids=str,
)
def test_a_request_that_surely_did_not_arrive_is_sent_again(azure: MemoryAzure, trouble: Exception) -> None:
    (vm,) = covered(azure, "vm-1")
    azure.on("initiate", raising(trouble), times=3)
    outcome = run(azure, access(22, vm=vm))
    assert states(outcome) == ["opened"]
    assert azure.count("initiate") == 4
    assert len(azure.requests(policy_id())) == 1


def test_a_service_that_stays_unreachable_fails_in_time(azure: MemoryAzure) -> None:
    (vm,) = covered(azure, "vm-1")
    azure.on("initiate", raising(AzureUnreachable("management.azure.com can't be reached")), times=1000)
    outcome = run(azure, access(22, vm=vm), timeout=60)
    assert states(outcome) == ["failed"]
    assert "can't be reached" in error(outcome)
    assert azure.clock.slept == 60


def test_a_vm_that_the_answer_does_not_mention_is_unknown() -> None:
    class Forgetful(MemoryAzure):
        def initiate(self, policy_id: PolicyId, body: Mapping[str, Any]) -> Mapping[str, Any]:
            answer = super().initiate(policy_id, body)
            return {**answer, "virtualMachines": answer["virtualMachines"][:1]}

    azure = Forgetful()
    one, other = covered(azure, "vm-1", "vm-2")
    outcome = run(azure, access(22, vm=one), access(22, vm=other))
    assert states(outcome) == ["opened", "unknown"]
    assert "doesn't mention" in (outcome.vms[1].error or "")


# -- IPv6 -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("check_mode", [False, True], ids=["opened", "check mode"])
def test_ipv6_alone_is_warned_about_once_for_all_vms(azure: MemoryAzure, check_mode: bool) -> None:
    one, other, third = covered(azure, "vm-1", "vm-2", "vm-3", ports=(22, 3389))
    services = OpenServices(azure)
    wishes = [
        access(22, 3389, vm=one, sources=("2001:db8::/32",)),
        access(22, vm=other, sources=("2001:db8::7",)),
        access(22, vm=third, sources=("2001:db8::7", DESK)),
    ]
    run(azure, *wishes, services=services, check_mode=check_mode)
    (warning,) = services.warnings
    assert warning.startswith("vm-1, vm-2: for IPv6 addresses alone (2001:db8::/32, 2001:db8::7)")


def test_an_own_address_of_ipv6_is_warned_about_once_azure_said_it(azure: MemoryAzure) -> None:
    (vm,) = covered(azure, "vm-1")
    azure.caller = "2001:db8::7"
    services = OpenServices(azure)
    run(azure, Wish(vm, (22,), Origin(own_address=True)), services=services)
    assert "vm-1: for IPv6 addresses alone (2001:db8::7)" in services.warnings[0]


def test_ipv6_is_not_warned_about_where_somebody_looks(azure: MemoryAzure) -> None:
    (vm,) = covered(azure, "vm-1")
    services = OpenServices(azure)
    run(azure, access(22, vm=vm, sources=("2001:db8::7",)), services=services, wait_for="rule")
    assert services.warnings == []


# -- waiting ----------------------------------------------------------------------------------------------


def test_a_request_is_awaited_until_it_is_in_effect(azure: MemoryAzure) -> None:
    (vm,) = covered(azure, "vm-1")
    azure.initiating = timedelta(seconds=8)
    run(azure, access(22, vm=vm))
    assert azure.is_open(vm, 22, DESK)
    assert 8 <= azure.clock.slept < 14


def test_acceptance_can_be_enough(azure: MemoryAzure) -> None:
    (vm,) = covered(azure, "vm-1")
    outcome = run(azure, access(22, vm=vm), wait_for="accepted")
    assert states(outcome) == ["opened"]
    assert azure.clock.slept == 0
    assert not azure.is_open(vm, 22, DESK)


def test_a_request_that_is_never_in_effect_is_unknown_and_a_change(azure: MemoryAzure) -> None:
    (vm,) = covered(azure, "vm-1")
    azure.initiating = timedelta(hours=1)
    outcome = run(azure, access(22, vm=vm), timeout=45)
    assert states(outcome) == ["unknown"]
    assert "within 45 s" in error(outcome)
    assert outcome.vms[0].changed
    assert azure.clock.slept == 45


GONE = AzureUnreachable("management.azure.com can't be reached")


@pytest.mark.parametrize("policies", [1, MANY_POLICIES], ids=["one by one", "by list"])
def test_what_could_not_be_read_at_last_is_told_with_what_to_do(azure: MemoryAzure, policies: int) -> None:
    asked = []
    for number in range(policies):
        asked.append(azure.add_vm(vm_id(f"vm-{number}", group=f"rg-{number}")))
        azure.hold(policy_id(group=f"rg-{number}"), entry(asked[-1], port(22)))
    azure.on("initiate", lambda: azure.on("list", raising(GONE), times=1000), when="after")
    azure.on("get", raising(GONE), times=1000)
    outcome = run(azure, *(access(22, vm=vm) for vm in asked), timeout=45)
    assert states(outcome) == ["unknown"] * policies
    for vm in outcome.vms:
        assert "within 45 s. It may be open all the same: jit_request_info shows it" in str(vm.error)
        assert str(vm.error).endswith("The last look failed: management.azure.com can't be reached")


def test_a_vm_that_was_deleted_is_not_awaited_to_the_end(azure: MemoryAzure) -> None:
    (vm,) = covered(azure, "vm-1")
    azure.initiating = timedelta(hours=1)
    azure.delete_vm(vm)
    outcome = run(azure, access(22, vm=vm), timeout=300)
    assert states(outcome) == ["failed"]
    assert "the VM doesn't exist, though its policy holds it" in error(outcome)
    assert outcome.vms[0].changed, "Azure took the request"
    assert 30 <= azure.clock.slept < 40


def test_all_deleted_vms_are_found_however_many(azure: MemoryAzure) -> None:
    vms = covered(azure, *(f"vm-{number:02}" for number in range(25)))
    for vm in vms:
        azure.delete_vm(vm)
    azure.initiating = timedelta(hours=1)

    outcome = run(azure, *(access(22, vm=vm) for vm in vms), timeout=300)

    assert states(outcome) == ["failed"] * 25
    assert 30 <= azure.clock.slept < 60


def test_a_deleted_vm_is_found_at_the_end_of_a_short_wait(azure: MemoryAzure) -> None:
    (vm,) = covered(azure, "vm-1")
    azure.delete_vm(vm)
    azure.initiating = timedelta(hours=1)
    outcome = run(azure, access(22, vm=vm), timeout=10)
    assert states(outcome) == ["failed"]
    assert azure.clock.slept == 10


def test_vms_that_exist_or_that_nobody_may_see_are_awaited_to_the_end(azure: MemoryAzure) -> None:
    one, gone = covered(azure, "vm-1", "vm-2")
    (unseen,) = covered(azure, "vm-3", group="Rg-Other")
    azure.forbidden_groups.add(unseen.group_key)
    azure.delete_vm(unseen)
    azure.delete_vm(gone)
    azure.initiating = timedelta(hours=1)
    outcome = run(azure, *(access(22, vm=vm) for vm in (one, gone, unseen)), timeout=60)
    assert {vm.vm: vm.state for vm in outcome.vms} == {one: "unknown", gone: "failed", unseen: "unknown"}
    assert azure.clock.slept == 60


def test_a_look_that_failed_in_between_is_not_told(azure: MemoryAzure) -> None:
    (vm,) = covered(azure, "vm-1")
    azure.initiating = timedelta(hours=1)
    azure.on("get", raising(GONE), times=2)
    outcome = run(azure, access(22, vm=vm), timeout=45)
    assert "last look" not in error(outcome)
    assert "jit_request_info" in error(outcome)


def test_a_request_that_ends_while_it_is_awaited_failed(azure: MemoryAzure) -> None:
    (vm,) = covered(azure, "vm-1")
    azure.on("get", azure.revoke)
    outcome = run(azure, access(22, vm=vm))
    assert states(outcome) == ["failed"]
    assert "Revoked/UserManuallyRevoked" in error(outcome)
    assert outcome.vms[0].changed, "Azure took the request"


def test_waiting_goes_on_while_reading_fails(azure: MemoryAzure) -> None:
    (vm,) = covered(azure, "vm-1")
    azure.on("get", raising(refused(503, "ServiceUnavailable")), times=3)
    assert states(run(azure, access(22, vm=vm))) == ["opened"]


def test_waiting_goes_on_while_lists_fail(azure: MemoryAzure) -> None:
    vms = [vm for number in range(6) for vm in covered(azure, "a", group=f"rg-{number}")]
    azure.on("initiate", lambda: azure.on("list", raising(LOST), times=99))
    assert states(run(azure, *(access(22, vm=vm) for vm in vms), timeout=3600)) == ["opened"] * 6


def test_waiting_goes_on_while_the_policy_shows_no_requests(azure: MemoryAzure) -> None:
    (vm,) = covered(azure, "vm-1")
    azure.provisioning = timedelta(seconds=10)
    body = {"kind": "Basic", "properties": {"virtualMachines": [entry(vm, port(22))]}}
    azure.on("initiate", lambda: azure.put_policy(policy_id(), body), when="after")
    assert states(run(azure, access(22, vm=vm))) == ["opened"]


def test_what_somebody_else_just_asked_for_is_awaited_and_not_asked_for_again(azure: MemoryAzure) -> None:
    (vm,) = covered(azure, "vm-1")
    azure.grant(policy_id(), vm, 22, source="*", lasts=2 * HOUR, justification="bob@laptop")
    outcome = run(azure, access(22, vm=vm))
    assert states(outcome) == ["already_open"]
    assert not outcome.changed
    assert outcome.vms[0].ports == (
        PortOutcome(22, "already_open", {"sources": [DESK], "end_time": "2026-03-02T14:00:00Z"}),
    )
    assert azure.writes == []
    assert azure.is_open(vm, 22, DESK)


def test_somebody_elses_request_that_ends_while_it_is_awaited_is_no_change_of_ours(azure: MemoryAzure) -> None:
    (vm,) = covered(azure, "vm-1")
    azure.grant(policy_id(), vm, 22, source=DESK)
    azure.on("get", azure.revoke)
    outcome = run(azure, access(22, vm=vm))
    assert states(outcome) == ["failed"]
    assert not outcome.changed
    assert azure.writes == []


def test_several_requests_of_others_are_all_awaited(azure: MemoryAzure) -> None:
    (vm,) = covered(azure, "vm-1")
    azure.grant(policy_id(), vm, 22, source=DESK)
    azure.on("list", lambda: azure.clock.sleep(1))
    azure.initiating = timedelta(seconds=4)
    azure.clock.sleep(2)
    azure.grant(policy_id(), vm, 22, source="198.51.100.1")
    outcome = run(azure, access(22, vm=vm, sources=(DESK, "198.51.100.1")))
    assert states(outcome) == ["already_open"]
    assert azure.is_open(vm, 22, DESK)
    assert azure.is_open(vm, 22, "198.51.100.1")
    assert azure.writes == []


@pytest.mark.parametrize("ended", ["first", "second"])
def test_one_of_several_requests_of_others_that_ends_is_enough_to_fail(azure: MemoryAzure, ended: str) -> None:
    (vm,) = covered(azure, "vm-1")
    azure.grant(policy_id(), vm, 22, source=DESK, justification="first")
    azure.grant(policy_id(), vm, 22, source="198.51.100.1", justification="second")
    azure.on("get", lambda: azure.revoke(ended))
    outcome = run(azure, access(22, vm=vm, sources=(DESK, "198.51.100.1")))
    assert states(outcome) == ["failed"]
    assert "Revoked" in error(outcome)
    assert not outcome.changed


def test_what_somebody_else_just_asked_for_is_not_awaited_when_acceptance_is_enough(azure: MemoryAzure) -> None:
    (vm,) = covered(azure, "vm-1")
    azure.grant(policy_id(), vm, 22, source=DESK)
    assert states(run(azure, access(22, vm=vm), wait_for="accepted")) == ["already_open"]
    assert azure.clock.slept == 0


# -- our own address --------------------------------------------------------------------------------------


def test_a_grant_for_another_address_of_ours_does_not_serve_our_own(azure: MemoryAzure) -> None:
    (vm,) = covered(azure, "vm-1")
    run(azure, access(22, vm=vm))

    outcome = run(azure, Wish(vm, (22,), Origin(own_address=True)), reference="#ref-2")

    assert states(outcome) == ["opened"]
    assert azure.is_open(vm, 22, CALLER)


def test_own_addresses_are_asked_for_apart_from_named_ones(azure: MemoryAzure) -> None:
    one, other = covered(azure, "vm-1", "vm-2")

    run(azure, access(22, vm=one), Wish(other, (22,), Origin(own_address=True)))

    assert [
        [VmId.find_in(vm["id"]) for vm in body["virtualMachines"]]
        for body in sorted(posted(azure), key=lambda body: "(my_ip)" in body["justification"])
    ] == [[one], [other]]


# -- a VM that Azure minds --------------------------------------------------------------------------------


class Picky(MemoryAzure):
    """Refuses whole requests for the sake of some VMs, as Azure does."""

    def __init__(self, *bad: str) -> None:
        super().__init__()
        self.bad = bad

    def initiate(self, policy_id: PolicyId, body: Mapping[str, Any]) -> Mapping[str, Any]:
        if any(vm["id"].endswith(self.bad) for vm in body["virtualMachines"]):
            self.calls.append(Call("initiate", str(policy_id), dict(body)))
            raise refused(400, "InvalidInitiateInput")
        return super().initiate(policy_id, body)


def test_one_vm_that_azure_minds_does_not_stop_the_others() -> None:
    azure = Picky("vm-05")
    vms = covered(azure, *(f"vm-{number:02}" for number in range(16)))

    outcome = run(azure, *(access(22, vm=vm) for vm in vms))

    assert [vm.vm.name for vm in outcome.vms if vm.state != "opened"] == ["vm-05"]
    assert "InvalidInitiateInput" in str(outcome.vms[5].error)
    # halves down to the one: two requests for each of the four levels below the first
    assert azure.count("initiate") == 1 + 2 * 4
    assert len({body["justification"] for body in posted(azure)}) == azure.count("initiate")


def test_a_policy_whose_vms_are_all_minded_costs_a_bounded_number_of_requests() -> None:
    azure = Picky("x")
    vms = covered(azure, *(f"vm-{number:03}x" for number in range(200)))

    outcome = run(azure, *(access(22, vm=vm) for vm in vms))

    assert {vm.state for vm in outcome.vms} == {"failed"}
    assert azure.count("initiate") == 40


def test_a_missing_permission_is_asked_about_once(azure: MemoryAzure) -> None:
    vms = covered(azure, "vm-1", "vm-2")
    azure.on("initiate", raising(refused(403, "AuthorizationFailed")), times=99)

    outcome = run(azure, *(access(22, vm=vm) for vm in vms))

    assert states(outcome) == ["failed", "failed"]
    assert azure.count("initiate") == 1
