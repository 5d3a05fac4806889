# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of a policy, branch by branch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.access import (
    AlreadyOpen,
    Ask,
    Decision,
    Denied,
    Origin,
    Wish,
    decide,
)
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.grants import Grant
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ourselves import Ourselves
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.policies import Coverage
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ports import PortRule
from samples import HOUR, MINUTE, NOON, access, grant, rule, vm_id

ME = "ada@control-node"
DESK = "203.0.113.7"
OFFICE = "198.51.100.0/24"
FROM_DESK = Origin((DESK,))
OWN = Origin(own_address=True)
WHOLE = Origin(whole_policy=True)


@dataclass(frozen=True)
class Row:
    """A wish for port 22, what the policy and the grants say, and what is to be decided."""

    case: str
    decision: Decision
    rules: tuple[PortRule, ...] = (rule(22, hours=3),)
    grants: tuple[Grant, ...] = ()
    origin: Origin = FROM_DESK
    duration: timedelta | None = None
    minimum_remaining: timedelta | None = None


def opened(end: timedelta, *pending: Grant, sources: tuple[str, ...] = (DESK,)) -> AlreadyOpen:
    return AlreadyOpen(22, sources, NOON + end, pending)


def denied(*words: str) -> Denied:
    """Expect a refusal that says all these words."""
    return Denied(22, "\n".join(words))


PENDING = grant(22, (DESK,), 3 * HOUR, status="Initiating", start_text="2026-03-02T11:59:59.0000001Z")
SHORT_PENDING = grant(22, (DESK,), HOUR, status="Initiating")
OFFICE_PENDING = grant(22, (OFFICE,), 3 * HOUR, status="Initiating")

TABLE = [
    # what the policy allows
    Row(
        "a port that is not in the policy",
        denied("port 22 is not in", "port 3389: ", "jit_policy", "enable_missing: true"),
        rules=(rule(3389),),
    ),
    Row("several other ports", denied("ports 3389, 5986"), rules=(rule(5986), rule(3389), rule(3389, "UDP"))),
    Row("an entry without ports", denied("ports none"), rules=()),
    Row("the maximum is the default", Ask(22, (DESK,), 3 * HOUR)),
    Row("less than the maximum", Ask(22, (DESK,), HOUR), duration=HOUR),
    Row("the maximum itself", Ask(22, (DESK,), 3 * HOUR), duration=3 * HOUR),
    Row("above the maximum", denied("at most 3h", "3h1m was asked for"), duration=3 * HOUR + MINUTE),
    Row(
        "an address in the policy's prefix", Ask(22, (DESK,), 3 * HOUR), rules=(rule(sources=("203.0.113.0/24",)),)
    ),
    Row("a foreign address", denied(DESK, f"allows only {OFFICE}"), rules=(rule(sources=(OFFICE,)),)),
    Row(
        "only the foreign one of two is named",
        denied(f"can't be opened for {DESK}:"),
        rules=(rule(sources=(OFFICE,)),),
        origin=Origin(("198.51.100.9", DESK)),
    ),
    Row(
        "everybody where not everybody may",
        denied("for *:"),
        rules=(rule(sources=(OFFICE,)),),
        origin=Origin(("*",)),
    ),
    Row("everybody where everybody may", Ask(22, ("*",), 3 * HOUR), origin=Origin(("*",))),
    # several rules for one port
    Row(
        "the rule that lasts longest speaks",
        Ask(22, (DESK,), 5 * HOUR),
        rules=(rule(22, "TCP", 1), rule(22, "UDP", 5)),
    ),
    Row(
        "of several rules only one that allows the source counts",
        Ask(22, (DESK,), HOUR),
        rules=(rule(22, "TCP", 1, (DESK,)), rule(22, "UDP", 5, (OFFICE,))),
    ),
    Row(
        "a source's rule with a maximum below the wish",
        denied("at most 1h", "2h was asked for"),
        rules=(rule(22, "TCP", 1, (DESK,)), rule(22, "UDP", 5, (OFFICE,))),
        duration=2 * HOUR,
    ),
    Row(
        "sources that only different rules allow",
        denied(f"can't be opened for {DESK}, 198.51.100.9:", f"allows only {OFFICE}, {DESK}"),
        rules=(rule(22, "TCP", 3, (DESK,)), rule(22, "UDP", 3, (OFFICE,))),
        origin=Origin((DESK, "198.51.100.9")),
    ),
    # what is open already
    Row("open for half of the duration", opened(90 * MINUTE), grants=(grant(ends_in=90 * MINUTE),)),
    Row("open for less", Ask(22, (DESK,), 3 * HOUR), grants=(grant(ends_in=89 * MINUTE),)),
    Row("half of a shorter duration", opened(HOUR), grants=(grant(ends_in=HOUR),), duration=2 * HOUR),
    Row(
        "as long as the user demands",
        opened(150 * MINUTE),
        grants=(grant(ends_in=150 * MINUTE),),
        minimum_remaining=150 * MINUTE,
    ),
    Row(
        "shorter than the user demands",
        Ask(22, (DESK,), 3 * HOUR),
        grants=(grant(ends_in=149 * MINUTE),),
        minimum_remaining=150 * MINUTE,
    ),
    Row(
        "longer than it can ever stay open",
        denied("port 22", "minimum_remaining", "3h", "shorter than 2h"),
        grants=(grant(ends_in=2 * HOUR),),
        rules=(rule(hours=2),),
        minimum_remaining=3 * HOUR,
    ),
    Row(
        "as long as it was ever open",
        denied("minimum_remaining", "shorter than 2h"),
        duration=2 * HOUR,
        minimum_remaining=2 * HOUR,
    ),
    Row(
        "any time left is enough", opened(MINUTE), grants=(grant(ends_in=MINUTE),), minimum_remaining=timedelta(0)
    ),
    Row("open on another port", Ask(22, (DESK,), 3 * HOUR), grants=(grant(3389),)),
    Row("open for another address", Ask(22, (DESK,), 3 * HOUR), grants=(grant(sources=(OFFICE,)),)),
    Row("open for a prefix with the address", opened(3 * HOUR), grants=(grant(sources=("203.0.113.0/24",)),)),
    Row("open for everybody", opened(3 * HOUR), grants=(grant(sources=("*",)),)),
    Row(
        "open for one of two",
        Ask(22, (DESK, OFFICE), 3 * HOUR),
        grants=(grant(),),
        origin=Origin((DESK, OFFICE)),
    ),
    Row(
        "open for both by two grants, until the first ends",
        opened(2 * HOUR, sources=(DESK, OFFICE)),
        grants=(grant(), grant(sources=(OFFICE,), ends_in=2 * HOUR)),
        origin=Origin((DESK, OFFICE)),
    ),
    Row("already open beats no rule", denied("is not in"), rules=(rule(3389),), grants=(grant(),)),
    # what is just being opened
    Row("being opened for long enough", opened(3 * HOUR, PENDING), grants=(PENDING,)),
    Row("being opened for too short", Ask(22, (DESK,), 3 * HOUR), grants=(SHORT_PENDING,)),
    Row("in effect for long enough anyway", opened(3 * HOUR), grants=(grant(ends_in=2 * HOUR), PENDING)),
    Row("in effect for too short without it", opened(3 * HOUR, PENDING), grants=(grant(ends_in=HOUR), PENDING)),
    Row("of two coming the later-ending counts", opened(3 * HOUR, PENDING), grants=(SHORT_PENDING, PENDING)),
    Row("one that comes for others is not waited for", opened(3 * HOUR), grants=(grant(), OFFICE_PENDING)),
    Row(
        "each address waits for its own",
        opened(3 * HOUR, PENDING, OFFICE_PENDING, sources=(DESK, OFFICE)),
        grants=(OFFICE_PENDING, PENDING),
        origin=Origin((DESK, OFFICE)),
    ),
    # all that the policy allows
    Row(
        "the whole policy",
        Ask(22, ("10.0.0.0/8", OFFICE), 3 * HOUR),
        rules=(rule(sources=(OFFICE, "10.0.0.0/8")),),
        origin=WHOLE,
    ),
    Row(
        "the whole policy is open",
        opened(3 * HOUR, sources=("10.0.0.0/8", OFFICE)),
        rules=(rule(sources=(OFFICE, "10.0.0.0/8")),),
        grants=(grant(sources=("10.0.0.0/8", OFFICE)),),
        origin=WHOLE,
    ),
    Row(
        "a part of the policy is open",
        Ask(22, ("10.0.0.0/8", OFFICE), 3 * HOUR),
        rules=(rule(sources=(OFFICE, "10.0.0.0/8")),),
        grants=(grant(sources=(OFFICE,)),),
        origin=WHOLE,
    ),
    Row(
        "the whole policy is the whole internet",
        denied("port 22", "whole internet", "allow_any_source: true"),
        rules=(rule(sources=("*",)),),
        origin=WHOLE,
    ),
    Row(
        "the whole policy is the internet in two parts",
        denied("port 22", "whole internet"),
        rules=(rule(sources=("0.0.0.0/1", "128.0.0.0/1")),),
        origin=WHOLE,
    ),
    Row(
        "the whole policy is the whole internet, and that is meant",
        Ask(22, ("*",), 3 * HOUR),
        rules=(rule(sources=("*",)),),
        origin=Origin(whole_policy=True, any_source=True),
    ),
    # the address that only the service knows
    Row("an own address is left to the service", Ask(22, (), 3 * HOUR), origin=OWN),
    Row(
        "an own address that no prefix is known to hold",
        Ask(22, (), 3 * HOUR),
        rules=(rule(sources=(OFFICE,)),),
        origin=OWN,
    ),
    Row(
        "an own address above the maximum",
        denied("at most 3h", "4h was asked for"),
        origin=OWN,
        duration=4 * HOUR,
    ),
    Row(
        "opened by this controller",
        opened(3 * HOUR),
        grants=(grant(justification=f"patching [{ME}] (my_ip) #1"),),
        origin=OWN,
    ),
    Row(
        "opened by somebody who only mentions this controller",
        Ask(22, (), 3 * HOUR),
        grants=(
            grant(justification=f"for [{ME}] (my_ip) [bob@laptop] (my_ip)"),
            grant(justification=f"(my_ip) [{ME}]"),
        ),
        origin=OWN,
    ),
    Row(
        "opened by this controller for too short",
        Ask(22, (), 3 * HOUR),
        grants=(grant(justification=f"[{ME}] (my_ip)", ends_in=HOUR),),
        origin=OWN,
    ),
    Row(
        "opened by this controller, until the very moment that is demanded",
        opened(90 * MINUTE),
        grants=(grant(justification=f"[{ME}] (my_ip)", ends_in=90 * MINUTE),),
        origin=OWN,
    ),
    Row(
        "opened by this controller, and other ports from elsewhere",
        opened(3 * HOUR),
        grants=(
            grant(justification=f"[{ME}] (my_ip)"),
            grant(21, ("203.0.113.9",), justification=f"[{ME}] (my_ip)"),
            grant(3389, ("203.0.113.9",), justification=f"[{ME}] (my_ip)"),
        ),
        origin=OWN,
    ),
    Row(
        "opened by somebody else",
        Ask(22, (), 3 * HOUR),
        grants=(grant(justification="[bob@laptop] (my_ip)"), grant(sources=("*",))),
        origin=OWN,
    ),
    Row(
        "opened by this controller twice",
        opened(2 * HOUR, sources=("203.0.113.8",)),
        grants=(
            grant(justification=f"[{ME}] (my_ip)", ends_in=HOUR),
            grant(sources=("203.0.113.8",), justification=f"[{ME}] (my_ip)", ends_in=2 * HOUR),
            grant(sources=("203.0.113.9",), justification="[bob@laptop] (my_ip)"),
        ),
        origin=OWN,
    ),
]


def test_a_clamped_duration_demands_no_more_than_half_of_it() -> None:
    wish = Wish(vm_id(), (22,), Origin((DESK,)), 4 * HOUR, 3 * HOUR, clamp=True)
    coverage = Coverage(vm_id(), (rule(hours=2),))
    asked = decide(wish, coverage, [grant(ends_in=59 * MINUTE)], NOON)
    enough = decide(wish, coverage, [grant(ends_in=HOUR)], NOON)
    assert asked == [Ask(22, (DESK,), 2 * HOUR)]
    assert enough == [AlreadyOpen(22, (DESK,), NOON + HOUR, ())]


@pytest.mark.parametrize(("least", "demanded"), [(2 * HOUR, HOUR), (3 * HOUR, HOUR), (HOUR / 2, HOUR / 2)])
def test_only_a_demand_that_can_not_be_met_is_halved(least: timedelta, demanded: timedelta) -> None:
    wish = Wish(vm_id(), (22,), FROM_DESK, 2 * HOUR, least, clamp=True)
    coverage = Coverage(vm_id(), (rule(hours=2),))
    assert decide(wish, coverage, [grant(ends_in=demanded)], NOON) == [
        AlreadyOpen(22, (DESK,), NOON + demanded, ())
    ]
    assert decide(wish, coverage, [grant(ends_in=demanded - MINUTE)], NOON) == [Ask(22, (DESK,), 2 * HOUR)]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.case)
def test_a_wish_is_decided_by_the_policy_and_the_grants(row: Row) -> None:
    wish = Wish(vm_id(), (22,), row.origin, row.duration, row.minimum_remaining)
    (decision,) = decide(wish, Coverage(vm_id(), row.rules), row.grants, NOON, ours=Ourselves(ME))
    if isinstance(row.decision, Denied):
        assert isinstance(decision, Denied)
        assert decision.port == 22
        for words in row.decision.problem.split("\n"):
            assert words in decision.problem
    else:
        assert decision == row.decision


def test_each_port_is_decided_by_itself_and_in_its_place() -> None:
    coverage = Coverage(vm_id(), (rule(22), rule(3389)))
    decisions = decide(access(3389, 5986, 22), coverage, [grant(22)], NOON)
    assert [(type(decision), decision.port) for decision in decisions] == [
        (Ask, 3389),
        (Denied, 5986),
        (AlreadyOpen, 22),
    ]


def test_without_a_name_of_its_own_a_controller_recognises_no_grant() -> None:
    wish = Wish(vm_id(), (22,), OWN)
    coverage = Coverage(vm_id(), (rule(22),))
    anybodys = grant(justification="(my_ip)"), grant(justification=f"[{ME}] (my_ip)")
    assert decide(wish, coverage, anybodys, NOON, ours=Ourselves()) == [Ask(22, (), 3 * HOUR)]


@pytest.mark.parametrize(
    ("ask", "body"),
    [
        (
            Ask(22, (DESK,), 3 * HOUR),
            {"number": 22, "duration": "PT3H", "allowedSourceAddressPrefix": DESK},
        ),
        (
            Ask(3389, (OFFICE, DESK), 90 * MINUTE),
            {"number": 3389, "duration": "PT1H30M", "allowedSourceAddressPrefixes": [OFFICE, DESK]},
        ),
        (Ask(22, (), HOUR), {"number": 22, "duration": "PT1H"}),
    ],
)
def test_a_port_is_asked_for_by_duration_and_never_by_end(ask: Ask, body: dict[str, object]) -> None:
    assert ask.write() == body


def test_a_duration_above_the_maximum_is_shortened_to_it_if_asked() -> None:
    wish = Wish(vm_id(), (22,), Origin((DESK,)), duration=9 * HOUR, clamp=True)
    assert decide(wish, Coverage(vm_id(), (rule(22),)), [], NOON) == [Ask(22, (DESK,), 3 * HOUR)]


def test_by_force_an_open_port_is_asked_for_all_the_same() -> None:
    wish = Wish(vm_id(), (22,), Origin((DESK,)), force=True)
    assert decide(wish, Coverage(vm_id(), (rule(22),)), [grant(22)], NOON) == [Ask(22, (DESK,), 3 * HOUR)]


def test_nothing_is_asked_of_a_rule_whose_maximum_can_not_be_read() -> None:
    odd = PortRule(22, "*", frozenset({"*"}), timedelta(0), unread="three hours")
    (decision,) = decide(access(22), Coverage(vm_id(), (odd,)), (), NOON)
    assert isinstance(decision, Denied)
    assert "'three hours'" in decision.problem
    assert "jit_policy" in decision.problem
    (better,) = decide(access(22), Coverage(vm_id(), (odd, rule(22, "TCP"))), (), NOON)
    assert isinstance(better, Ask)
