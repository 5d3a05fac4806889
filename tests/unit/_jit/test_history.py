# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was asked for, what became of it, and what is open."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.grants import Grant
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.history import (
    Past,
    Search,
    describe,
    open_now,
    search,
    state_of,
    told_by_rules,
)
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.policies import Policy
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.sources import covers
from hypothesis import given
from hypothesis import strategies as st
from samples import HOUR, NOON, grant, policy_id, vm_id

SOURCES = ("203.0.113.7", "203.0.113.0/24", "198.51.100.9", "*")


@pytest.mark.parametrize(
    ("status", "reason", "ends_in", "state"),
    [
        ("Initiated", "UserRequested", HOUR, "active"),
        ("initiated", "", HOUR, "active"),
        ("Initiating", "UserRequested", HOUR, "pending"),
        # Azure has not said so yet, but the end is past
        ("Initiated", "UserRequested", -HOUR, "expired"),
        ("Initiating", "UserRequested", -HOUR, "expired"),
        ("Revoked", "Expired", -HOUR, "expired"),
        ("Revoked", "UserManuallyRevoked", HOUR, "revoked"),
        ("Revoked", "NewerRequestInitiated", -HOUR, "revoked"),
        ("Paused", "ByTheMoon", HOUR, "other"),
    ],
)
def test_a_state_is_read_from_azures_words_and_the_time(
    status: str, reason: str, ends_in: timedelta, state: str
) -> None:
    read = dataclasses.replace(grant(status=status, ends_in=ends_in), reason=reason)

    assert state_of(read, NOON) == state


def policy_of(*grants: Grant) -> Policy:
    requests = [
        {
            "startTimeUtc": each.start_text,
            "requestor": each.requestor,
            "justification": each.justification,
            "virtualMachines": [
                {
                    "id": str(each.vm),
                    "ports": [
                        {
                            "number": each.port,
                            "allowedSourceAddressPrefixes": list(each.sources),
                            "endTimeUtc": each.end.strftime("%Y-%m-%dT%H:%M:%S.0000000Z"),
                            "status": each.status,
                            "statusReason": each.reason,
                        }
                    ],
                }
            ],
        }
        for each in grants
    ]
    read = Policy.read({"id": str(policy_id()), "properties": {"virtualMachines": [], "requests": requests}})
    assert read is not None
    return read


RDP = grant(3389, justification="CHG-1 [ada@desk]", start_text="2026-03-02T11:00:00.0000000Z")
SSH = grant(22, ("198.51.100.0/24",), vm=vm_id("vm-2"), start_text="2026-03-02T11:30:00.0000000Z")
OLD = dataclasses.replace(
    grant(22, status="Revoked", ends_in=-HOUR, start_text="2026-03-01T08:00:00.0000000Z"),
    reason="Expired",
    requestor="Bob@Example.com",
)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Search(), [SSH, RDP, OLD]),
        (Search(ports=frozenset({3389})), [RDP]),
        (Search(vms=frozenset({vm_id("VM-2")})), [SSH]),
        (Search(states=frozenset({"expired"})), [OLD]),
        (Search(requestors=frozenset({"bob@example.com"})), [OLD]),
        (Search(justification="chg-1"), [RDP]),
        (Search(sources=("198.51.100.9",)), [SSH]),
        (Search(sources=("198.51.100.9", "203.0.113.7")), []),
        (Search(started_after=NOON - HOUR), [SSH, RDP]),
        (Search(started_after=NOON - HOUR / 2), [SSH]),
        (Search(ports=frozenset({22}), states=frozenset({"active"})), [SSH]),
    ],
)
def test_a_search_finds_the_newest_first(wanted: Search, found: list[Grant]) -> None:
    pasts = search([policy_of(OLD, RDP, SSH)], wanted, NOON)

    assert [(past.grant.vm, past.grant.port, past.grant.start_text) for past in pasts] == [
        (each.vm, each.port, each.start_text) for each in found
    ]


def test_a_grant_is_told_with_what_is_left_of_it() -> None:
    (past,) = search([policy_of(RDP)], Search(), NOON + HOUR)

    assert describe(past, NOON + HOUR) == {
        "id": str(vm_id()),
        "name": "vm-1",
        "policy_id": str(policy_id()),
        "port": 3389,
        "sources": ["203.0.113.7"],
        "state": "active",
        "status": "Initiated",
        "status_reason": "UserRequested",
        "start_time": "2026-03-02T11:00:00Z",
        "end_time": "2026-03-02T15:00:00Z",
        "remaining_seconds": 2 * 3600,
        "requestor": "",
        "justification": "CHG-1 [ada@desk]",
    }


def test_nothing_is_left_of_a_grant_that_ended() -> None:
    (past,) = search([policy_of(OLD)], Search(), NOON)

    assert describe(past, NOON)["remaining_seconds"] == 0


def active(port: int, sources: tuple[str, ...], hours: float) -> Past:
    return Past(policy_id(), grant(port, sources, ends_in=hours * HOUR), "active")


def test_overlapping_grants_are_told_once_with_the_latest_end() -> None:
    pasts = [active(22, ("203.0.113.7",), 1), active(22, ("203.0.113.7",), 3), active(3389, ("*",), 2)]

    (vm,) = open_now(pasts, NOON)

    assert [(window["port"], window["sources"], window["remaining_seconds"]) for window in vm["ports"]] == [
        (22, ["203.0.113.7"], 3 * 3600),
        (3389, ["*"], 2 * 3600),
    ]


def test_only_what_is_in_effect_is_open() -> None:
    ended = [
        dataclasses.replace(active(22, ("*",), 1), state=state) for state in ("pending", "expired", "revoked")
    ]

    assert open_now(ended, NOON) == []


@given(
    st.lists(
        st.tuples(st.sampled_from((22, 3389)), st.lists(st.sampled_from(SOURCES), min_size=1), st.integers(1, 5)),
        min_size=1,
    )
)
def test_merged_windows_say_of_every_source_what_the_grants_say(drawn: list[tuple[int, list[str], int]]) -> None:
    """Until when a source has a port, by the grants one by one and by the merged windows."""
    pasts = [active(port, tuple(sources), hours) for port, sources, hours in drawn]

    (vm,) = open_now(pasts, NOON)

    windows: list[dict[str, Any]] = vm["ports"]
    for port in (22, 3389):
        for source in SOURCES:
            by_grants = max(
                (past.grant.end for past in pasts if past.grant.port == port and past.grant.covers(source)),
                default=NOON,
            )
            by_windows = max(
                (
                    window["remaining_seconds"]
                    for window in windows
                    if window["port"] == port and any(covers(allowed, source) for allowed in window["sources"])
                ),
                default=0,
            )
            assert by_windows == (by_grants - NOON).total_seconds()


def test_a_window_whose_rule_is_gone_is_closed_and_one_that_lost_a_source_goes_on_without_it() -> None:
    past = active(22, ("198.51.100.7", "203.0.113.9"), 2)
    both = frozenset(past.grant.sources)
    assert told_by_rules(past, {}) == past
    assert told_by_rules(past, {past.grant: both}).state == "closed"
    lessened = told_by_rules(past, {past.grant: frozenset({"203.0.113.9"})})
    assert (lessened.state, lessened.grant.sources) == ("active", ("198.51.100.7",))
