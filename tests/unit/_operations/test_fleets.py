# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for any fleet, any wishes and any mishap."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from ansible_collections.jitfleet.azure.plugins.module_utils._jit.access import Origin, Wish
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import AzureUnreachable, ReplyLost
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ids import PolicyId, VmId
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ourselves import Ourselves
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ports import PortRule, default_ports, read_rule
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.cover import cover
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.cover_request import CoverRequest, VmWish
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.open_access import (
    OpenRequest,
    open_access,
)
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.outcomes import Outcome
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.safe_write import Patience, Writer
from drawn import DURATIONS, rule_sets
from hypothesis import given
from hypothesis import strategies as st
from memory_azure import MemoryAzure, raising, refused
from open_services import OpenServices
from samples import OTHER_SUBSCRIPTION, SUBSCRIPTION, entry, policy_id, vm_id

ME = "ada@control-node"
# Several threads share the virtual time, so it passes faster than for one: limits are far away here.
PATIENCE = timedelta(days=1)
ADDRESSES = ("203.0.113.7", "10.1.9.9")
MISHAPS = (
    AzureUnreachable("management.azure.com can't be reached"),
    ReplyLost("the answer was lost"),
    refused(429, "TooManyRequests", retry_after=3),
    refused(409, "Conflict"),
    refused(403, "AuthorizationFailed"),
    refused(503, "ServiceUnavailable"),
)


@dataclass
class Fleet:
    """An Azure with VMs, of which some are in policies and some are open."""

    azure: MemoryAzure
    vms: dict[VmId, str]
    policies: list[PolicyId]


@st.composite
def fleets(draw: st.DrawFn) -> Fleet:
    azure = MemoryAzure()
    places = [
        (subscription, group) for subscription in (SUBSCRIPTION, OTHER_SUBSCRIPTION) for group in ("rg-1", "Rg-2")
    ]
    vms: dict[VmId, str] = {}
    policies: dict[PolicyId, list[dict[str, Any]]] = {}
    for number in range(draw(st.integers(1, 6))):
        subscription, group = draw(st.sampled_from(places))
        os_type = draw(st.sampled_from(["Linux", "Windows"]))
        vm = azure.add_vm(vm_id(f"vm-{number}", group, subscription), os_type)
        vms[vm] = os_type
        for name in draw(st.lists(st.sampled_from(["default", "other"]), unique=True)):
            home = draw(st.sampled_from(["rg-1", group]))
            held = [_wire(rule) for rule in draw(rule_sets())]
            policies.setdefault(policy_id(name, home, subscription=subscription), []).append(entry(vm, *held))
    for policy, held in policies.items():
        azure.hold(policy, *held)
        # One that no list of its VMs' own groups shows can't be known of.
        at_home = all(f"/resourceGroups/{policy.resource_group}/".lower() in each["id"].lower() for each in held)
        if at_home and draw(st.integers(0, 4)) == 0:
            azure.unlist(policy)
    for policy, held in policies.items():
        for each in held:
            for wire in each["ports"]:
                if draw(st.integers(0, 3)) == 0:
                    (held_vm,) = [vm for vm in vms if str(vm) == each["id"]]
                    source = draw(st.sampled_from([*ADDRESSES, "*"]))
                    azure.grant(policy, held_vm, wire["number"], source=source, lasts=draw(DURATIONS))
    azure.clock.sleep(draw(st.sampled_from([0, 60])))
    azure.initiating = timedelta(seconds=draw(st.sampled_from([0, 5])))
    azure.provisioning = timedelta(seconds=draw(st.sampled_from([0, 3])))
    return Fleet(azure, vms, list(policies))


def _wire(rule: PortRule) -> dict[str, Any]:
    minutes = int(rule.max_duration.total_seconds()) // 60
    return {
        "number": rule.number,
        "protocol": rule.protocol,
        "allowedSourceAddressPrefixes": sorted(rule.sources),
        "maxRequestAccessDuration": f"PT{minutes}M",
    }


@st.composite
def origins(draw: st.DrawFn) -> Origin:
    kind: Literal["own", "whole", "prefixes"] = draw(st.sampled_from(["own", "whole", "prefixes"]))
    if kind == "own":
        return Origin(own_address=True)
    if kind == "whole":
        return Origin(whole_policy=True)
    return Origin(tuple(draw(st.lists(st.sampled_from(ADDRESSES), min_size=1, unique=True))))


@st.composite
def openings(draw: st.DrawFn) -> tuple[Fleet, list[Wish]]:
    fleet = draw(fleets())
    wished = draw(st.lists(st.sampled_from(sorted(fleet.vms)), unique=True))
    numbers = st.lists(st.sampled_from([22, 3389, 443]), unique=True, max_size=2).map(tuple)
    durations = st.none() | DURATIONS
    return fleet, [Wish(vm, draw(numbers), draw(origins()), draw(durations)) for vm in wished]


@st.composite
def coverings(draw: st.DrawFn) -> tuple[Fleet, list[VmWish]]:
    fleet = draw(fleets())
    wished = draw(st.lists(st.sampled_from(sorted(fleet.vms)), unique=True))
    return fleet, [VmWish(vm, draw(rule_sets())) for vm in wished]


def run_open(fleet: Fleet, wishes: list[Wish], reference: str = "#ref-1", *, check_mode: bool = False) -> Outcome:
    request = OpenRequest(wishes, f"patching [{ME}]", Ourselves(ME), "initiated", PATIENCE)
    return open_access(request, OpenServices(fleet.azure), reference, check_mode=check_mode)


def run_cover(fleet: Fleet, wishes: list[VmWish], *, check_mode: bool = False) -> Outcome:
    azure = fleet.azure
    request = CoverRequest(wishes)
    patience = Patience(timedelta(seconds=5), timedelta(seconds=6), PATIENCE)
    writer = Writer(azure, azure.clock, lambda: 0.5, patience)
    outcome = cover(request, azure, azure, writer, lambda text: None, check_mode=check_mode)
    # whether the change was seen to last is for the real run alone to say
    return dataclasses.replace(outcome, vms=tuple(dataclasses.replace(vm, verified=None) for vm in outcome.vms))


def holdings(fleet: Fleet) -> Mapping[tuple[PolicyId, str], list[dict[str, Any]]]:
    """Tell what each policy holds of each VM, to the letter."""
    policies = {policy_id(group=group, subscription=sub) for group, sub in _places(fleet)} | set(fleet.policies)
    return {
        (policy, each["id"]): each["ports"]
        for policy in policies
        if fleet.azure.exists(policy)
        for each in fleet.azure.entries(policy)
    }


def _places(fleet: Fleet) -> set[tuple[str, str]]:
    return {(vm.resource_group, vm.subscription_id) for vm in fleet.vms}


def targets(fleet: Fleet) -> list[str]:
    return [call.target for call in fleet.azure.writes]


# -- opening ----------------------------------------------------------------------------------------------


@given(openings())
def test_what_is_reported_open_is_open(drawn: tuple[Fleet, list[Wish]]) -> None:
    fleet, wishes = drawn
    outcome = run_open(fleet, wishes)
    assert [vm.vm for vm in outcome.vms] == [wish.vm for wish in wishes]
    for vm in outcome.vms:
        assert vm.state in ("opened", "already_open", "failed"), "nothing went wrong on the way"
        for found in vm.ports:
            if found.state in ("opened", "already_open"):
                assert found.details["sources"]
                assert all(fleet.azure.is_open(vm.vm, found.port, source) for source in found.details["sources"])


@given(openings())
def test_a_wished_address_is_let_in_wherever_a_port_is_reported_open(drawn: tuple[Fleet, list[Wish]]) -> None:
    fleet, wishes = drawn
    outcome = run_open(fleet, wishes)
    for wish, vm in zip(wishes, outcome.vms, strict=True):
        for found in vm.ports:
            if found.state != "failed":
                assert all(fleet.azure.is_open(vm.vm, found.port, source) for source in wish.origin.prefixes)


@given(openings())
def test_each_policy_is_asked_once_and_none_without_need(drawn: tuple[Fleet, list[Wish]]) -> None:
    fleet, wishes = drawn
    outcome = run_open(fleet, wishes)
    opened = {str(vm.policy_id) for vm in outcome.vms if any(found.state == "opened" for found in vm.ports)}
    assert sorted(targets(fleet)) == sorted(opened)
    assert fleet.azure.count("put") == 0


@given(openings())
def test_a_second_opening_asks_for_nothing(drawn: tuple[Fleet, list[Wish]]) -> None:
    fleet, wishes = drawn
    first = run_open(fleet, wishes)
    before = targets(fleet)
    second = run_open(fleet, wishes, "#ref-2")
    assert targets(fleet) == before
    assert not second.changed
    for one, other in zip(first.vms, second.vms, strict=True):
        assert [found.state.replace("opened", "already_open") for found in one.ports] == [
            found.state for found in other.ports
        ]


@given(openings())
def test_check_mode_predicts_an_opening_and_asks_for_nothing(drawn: tuple[Fleet, list[Wish]]) -> None:
    fleet, wishes = drawn
    predicted = run_open(fleet, wishes, check_mode=True)
    assert fleet.azure.writes == []
    done = run_open(fleet, wishes)
    assert [(vm.vm, vm.state, vm.changed, vm.error) for vm in done.vms] == [
        (vm.vm, vm.state, vm.changed, vm.error) for vm in predicted.vms
    ]
    assert done.summary == predicted.summary
    assert done.before == predicted.before


@given(drawn=openings(), data=st.data())
def test_no_mishap_sends_a_request_twice_or_leaves_an_opening_unreported(
    drawn: tuple[Fleet, list[Wish]], data: st.DataObject
) -> None:
    fleet, wishes = drawn
    for policy in fleet.policies:
        error = data.draw(st.none() | st.sampled_from(MISHAPS))
        if error is not None:
            when: Literal["before", "after"] = data.draw(st.sampled_from(["before", "after"]))
            certain = isinstance(error, AzureUnreachable) or (
                error.__class__ is not ReplyLost and not _is_open(error)
            )
            fleet.azure.on("initiate", raising(error), when="before" if certain else when, policy=policy)
    earlier = {policy: len(fleet.azure.requests(policy)) for policy in fleet.policies}
    outcome = run_open(fleet, wishes)
    for policy in fleet.policies:
        assert len(fleet.azure.requests(policy)) - earlier[policy] <= 1
        if len(fleet.azure.requests(policy)) > earlier[policy]:
            assert any(vm.changed for vm in outcome.vms if vm.policy_id == policy)
    for vm in outcome.vms:
        assert (vm.error is None) is (vm.state in ("opened", "already_open"))
        for found in vm.ports:
            if found.state in ("opened", "already_open"):
                assert all(fleet.azure.is_open(vm.vm, found.port, source) for source in found.details["sources"])


def _is_open(error: Exception) -> bool:
    """Tell whether the service may have taken what it answered so."""
    return getattr(error, "status", 0) >= 500


# -- covering ---------------------------------------------------------------------------------------------


@given(coverings())
def test_after_covering_every_vm_has_the_wished_rules_in_its_policy(drawn: tuple[Fleet, list[VmWish]]) -> None:
    fleet, wishes = drawn
    outcome = run_cover(fleet, wishes)
    assert not outcome.failures
    held = holdings(fleet)
    for wish, vm in zip(wishes, outcome.vms, strict=True):
        assert vm.policy_id is not None
        (ports,) = [
            wires for (policy, text), wires in held.items() if policy == vm.policy_id and text == str(vm.vm)
        ]
        wished = wish.rules or default_ports(fleet.vms[wish.vm])
        assert {read_rule(wire) for wire in ports} >= set(wished)


@given(coverings())
def test_covering_touches_no_other_vm_and_takes_none_out(drawn: tuple[Fleet, list[VmWish]]) -> None:
    fleet, wishes = drawn
    before = holdings(fleet)
    run_cover(fleet, wishes)
    after = holdings(fleet)
    assert before.keys() <= after.keys()
    wished = {str(wish.vm) for wish in wishes}
    assert {key: ports for key, ports in after.items() if key[1] not in wished} == {
        key: ports for key, ports in before.items() if key[1] not in wished
    }


@given(coverings())
def test_each_policy_is_written_once_and_none_without_need(drawn: tuple[Fleet, list[VmWish]]) -> None:
    fleet, wishes = drawn
    outcome = run_cover(fleet, wishes)
    assert sorted(targets(fleet)) == sorted({str(vm.policy_id) for vm in outcome.vms if vm.changed})


@given(coverings())
def test_a_second_covering_writes_nothing(drawn: tuple[Fleet, list[VmWish]]) -> None:
    fleet, wishes = drawn
    run_cover(fleet, wishes)
    before = targets(fleet)
    assert not run_cover(fleet, wishes).changed
    assert targets(fleet) == before


@given(coverings())
def test_check_mode_predicts_a_covering_and_writes_nothing(drawn: tuple[Fleet, list[VmWish]]) -> None:
    fleet, wishes = drawn
    predicted = run_cover(fleet, wishes, check_mode=True)
    assert fleet.azure.writes == []
    done = run_cover(fleet, wishes)
    # What was seen to last can't be predicted.
    seen = tuple({key: told for key, told in policy.items() if key != "verified"} for policy in done.policies)
    assert dataclasses.replace(done, policies=seen) == predicted


@given(drawn=coverings(), data=st.data())
def test_no_mishap_is_reported_as_covered(drawn: tuple[Fleet, list[VmWish]], data: st.DataObject) -> None:
    fleet, wishes = drawn
    for error in data.draw(st.lists(st.sampled_from(MISHAPS), max_size=3)):
        when: Literal["before", "after"] = data.draw(st.sampled_from(["before", "after"]))
        fleet.azure.on("put", raising(error), when=when)
    outcome = run_cover(fleet, wishes)
    held = holdings(fleet)
    for wish, vm in zip(wishes, outcome.vms, strict=True):
        if vm.error is None:
            wished = wish.rules or default_ports(fleet.vms[wish.vm])
            ports = [
                wires for (policy, text), wires in held.items() if (policy, text) == (vm.policy_id, str(vm.vm))
            ]
            assert {read_rule(wire) for wires in ports for wire in wires} >= set(wished)
        else:
            assert not vm.changed
