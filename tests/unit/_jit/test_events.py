# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happened to windows between two looks."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.events import (
    ABOUT_TO_END,
    CLOSED_EARLY,
    ENDED,
    OPENED,
    Event,
    Memory,
    Sighting,
    Telling,
    Window,
    compare,
    describe_events,
    sightings,
)
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.grants import Grant
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.history import (
    ACTIVE,
    CLOSED,
    EXPIRED,
    OTHER,
    PENDING,
    REVOKED,
    STATES,
    Past,
)
from hypothesis import given
from hypothesis import strategies as st
from samples import HOUR, MINUTE, NOON, grant, policy_id, vm_id

LEAD = Telling(15 * MINUTE)
DESK, OFFICE = "203.0.113.7", "203.0.113.0/24"
# What a window is like at one look; None where no list shows it.
State = str | None


def look_at(
    states: Mapping[Grant, State], gone: Mapping[Grant, frozenset[str]] | None = None
) -> dict[Window, Sighting]:
    """See grants in some states."""
    return sightings((Past(policy_id(), each, state) for each, state in states.items() if state), gone or {})


def watch(
    looks: Sequence[tuple[timedelta, Mapping[Grant, State]]], telling: Telling = LEAD, memory: Memory | None = None
) -> list[list[Event]]:
    """Look again and again, each time so long after noon; give what each look told."""
    told = []
    known = memory or Memory()
    for after, states in looks:
        known, events = compare(known, look_at(states), NOON + after, telling)
        told.append(events)
    return told


def kinds(told: Sequence[Sequence[Event]]) -> list[list[str]]:
    return [[event.kind for event in events] for events in told]


# A window from 12:02 to 13:02; looks are in minutes after noon, the first one before it began.
HOUR_LONG = grant(start_text="2026-03-02T12:02:00.0000000Z", ends_in=62 * MINUTE)


@pytest.mark.parametrize(
    ("looks", "told"),
    [
        # opened, nothing, warned, nothing, ended, nothing
        (
            [(5, ACTIVE), (46, ACTIVE), (47, ACTIVE), (55, ACTIVE), (62, EXPIRED), (63, EXPIRED)],
            [[OPENED], [], [ABOUT_TO_END], [], [ENDED], []],
        ),
        # accepted first, in effect later
        ([(3, PENDING), (4, ACTIVE)], [[], [OPENED]]),
        # Azure refuses the rules: it was never open
        ([(3, PENDING), (4, OTHER), (70, OTHER)], [[], [], []]),
        # revoked, or its rule gone, before its end
        ([(5, ACTIVE), (20, REVOKED), (21, REVOKED)], [[OPENED], [CLOSED_EARLY], []]),
        ([(5, ACTIVE), (20, CLOSED), (70, EXPIRED)], [[OPENED], [CLOSED_EARLY], []]),
        # in effect by its status, and its rule comes after that
        ([(3, CLOSED), (4, ACTIVE), (20, CLOSED)], [[], [OPENED], [CLOSED_EARLY]]),
        ([(3, PENDING), (3, CLOSED), (5, ACTIVE)], [[], [], [OPENED]]),
        # its rule didn't come, or was gone before anybody looked
        ([(3, CLOSED), (4, CLOSED), (5, CLOSED)], [[], [OPENED, CLOSED_EARLY], []]),
        ([(30, CLOSED), (31, CLOSED)], [[OPENED, CLOSED_EARLY], []]),
        # a rule that comes back opens nothing a second time
        ([(5, ACTIVE), (20, CLOSED), (21, ACTIVE), (50, ACTIVE)], [[OPENED], [CLOSED_EARLY], [], []]),
        # not listed for a while, as while its policy is being written
        ([(5, ACTIVE), (10, None), (11, ACTIVE), (12, None)], [[OPENED], [], [], []]),
        # never listed again: its end time ends it
        ([(5, ACTIVE), (10, None), (61, None), (62, None), (63, None)], [[OPENED], [], [], [ENDED], []]),
        # not seen before it was within the lead
        ([(50, ACTIVE)], [[OPENED, ABOUT_TO_END]]),
        # opened and over between two looks, and then in the history for ever
        ([(65, EXPIRED), (66, EXPIRED)], [[OPENED, ENDED], []]),
        ([(30, REVOKED), (31, REVOKED)], [[OPENED, CLOSED_EARLY], []]),
        # a word that nobody knows ends what was open
        ([(5, ACTIVE), (20, OTHER)], [[OPENED], [CLOSED_EARLY]]),
        # listed late, long after the look that should have shown it
        ([(4, None), (30, None), (31, ACTIVE)], [[], [], [OPENED]]),
    ],
)
def test_a_window_that_begins_after_the_first_look(looks: list[tuple[int, State]], told: list[list[str]]) -> None:
    seen = watch([(timedelta(), {}), *((at * MINUTE, {HOUR_LONG: state}) for at, state in looks)])

    assert kinds(seen) == [[], *told]


# A window that began at 11:59 and ends at 13:00.
EARLIER = grant(ends_in=HOUR)


@pytest.mark.parametrize(
    ("emit_existing", "looks", "told"),
    [
        (False, [(0, ACTIVE), (1, ACTIVE), (50, ACTIVE), (60, EXPIRED)], [[], [], [ABOUT_TO_END], [ENDED]]),
        (True, [(0, ACTIVE), (1, ACTIVE), (50, ACTIVE), (60, EXPIRED)], [[OPENED], [], [ABOUT_TO_END], [ENDED]]),
        # a warning twice is better than none
        (False, [(50, ACTIVE), (51, ACTIVE)], [[ABOUT_TO_END], []]),
        # history is no news, whatever is asked for
        (False, [(0, REVOKED), (1, REVOKED)], [[], []]),
        (True, [(70, EXPIRED), (71, EXPIRED)], [[], []]),
        (True, [(0, CLOSED), (1, CLOSED)], [[], []]),
        # accepted before the watch began, in effect after it
        (False, [(0, PENDING), (1, ACTIVE)], [[], [OPENED]]),
    ],
)
def test_a_window_that_was_there_at_the_first_look(
    emit_existing: bool, looks: list[tuple[int, State]], told: list[list[str]]
) -> None:
    telling = dataclasses.replace(LEAD, emit_existing=emit_existing)

    assert kinds(watch([(at * MINUTE, {EARLIER: state}) for at, state in looks], telling)) == told


def test_requests_that_overlap_are_told_with_how_long_the_port_stays_open() -> None:
    shorter = HOUR_LONG
    longer = dataclasses.replace(HOUR_LONG, sources=(OFFICE,), end=NOON + 3 * HOUR)
    elsewhere = dataclasses.replace(longer, port=3389, end=NOON + 5 * HOUR)
    other_vm = dataclasses.replace(longer, vm=vm_id("vm-2"), end=NOON + 6 * HOUR)
    all_active: dict[Grant, State] = dict.fromkeys([shorter, longer, elsewhere, other_vm], ACTIVE)

    told = watch([(timedelta(), {}), (5 * MINUTE, all_active), (50 * MINUTE, all_active)])

    (warned,) = told[2]
    assert (warned.kind, warned.grant, warned.open_until) == (ABOUT_TO_END, shorter, NOON + 3 * HOUR)
    (written,) = describe_events(told[2], NOON + 50 * MINUTE)
    assert (written["renewed"], written["open_until"]) == (True, "2026-03-02T15:00:00Z")


def test_a_wider_source_isnt_kept_open_by_a_narrower_one() -> None:
    wide = dataclasses.replace(HOUR_LONG, sources=(OFFICE,))
    narrow = dataclasses.replace(HOUR_LONG, end=NOON + 3 * HOUR)
    both: dict[Grant, State] = {wide: ACTIVE, narrow: ACTIVE}

    told = watch([(timedelta(), {}), (5 * MINUTE, both), (50 * MINUTE, both)])

    assert [(event.grant, event.open_until) for event in told[2]] == [(wide, None)]


def test_sources_of_one_request_are_told_together_and_closed_one_by_one() -> None:
    two = dataclasses.replace(HOUR_LONG, sources=(DESK, "198.51.100.9"))
    memory, _events = compare(Memory(), {}, NOON, LEAD)
    memory, opened = compare(memory, look_at({two: ACTIVE}), NOON + 5 * MINUTE, LEAD)
    gone = look_at({two: ACTIVE}, {two: frozenset({DESK})})
    _memory, closed = compare(memory, gone, NOON + 6 * MINUTE, LEAD)

    assert [event["sources"] for event in describe_events(opened, NOON)] == [["198.51.100.9", DESK]]
    (event,) = describe_events(closed, NOON)
    assert (event["type"], event["sources"], event["remaining_seconds"]) == (CLOSED_EARLY, [DESK], 0)


def test_an_event_says_all_that_there_is_to_say_and_nothing_in_it_is_a_template() -> None:
    hostile = dataclasses.replace(
        HOUR_LONG, requestor="ada@example.com\nroot", justification="CHG-1 {{ lookup('pipe', 'id') }}"
    )
    _first, opened = watch([(timedelta(), {}), (5 * MINUTE, {hostile: ACTIVE})])

    assert describe_events(opened, NOON + 5 * MINUTE) == [
        {
            "type": "opened",
            "id": str(vm_id()),
            "name": "vm-1",
            "subscription_id": vm_id().subscription_id,
            "resource_group": vm_id().resource_group,
            "policy_id": str(policy_id()),
            "port": 22,
            "sources": [DESK],
            "start_time": "2026-03-02T12:02:00Z",
            "end_time": "2026-03-02T13:02:00Z",
            "remaining_seconds": 57 * 60,
            "open_until": None,
            "renewed": False,
            "status": "Initiated",
            "status_reason": "UserRequested",
            "requestor": "ada@example.com root",
            "justification": "CHG-1 { { lookup('pipe', 'id') } }",
        }
    ]


WINDOWS = [
    dataclasses.replace(HOUR_LONG, port=port, start_text=f"2026-03-02T12:{start:02}:00.0000000Z", end=NOON + end)
    for port in (22, 3389)
    for start, end in ((2, 20 * MINUTE), (3, HOUR), (30, 90 * MINUTE))
]


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[timedelta, dict[Grant, State]]]:
    """Draw looks in the order of time, each of which sees windows in any states, or not at all."""
    minutes = draw(st.lists(st.integers(0, 120), min_size=1, max_size=8))
    states = st.lists(st.sampled_from([None, *STATES]), min_size=len(WINDOWS), max_size=len(WINDOWS))
    return [
        (
            at * MINUTE,
            {
                each: _by(NOON + at * MINUTE, each, state)
                for each, state in zip(WINDOWS, draw(states), strict=True)
            },
        )
        for at in sorted(minutes)
    ]


def _by(now: datetime, each: Grant, state: State) -> State:
    """Give the state that a window can be in at a time: what is past its end runs no more."""
    return EXPIRED if state in (ACTIVE, PENDING, CLOSED) and each.end <= now else state


@given(histories(), st.booleans(), st.integers(1, 90))
def test_each_window_is_opened_warned_of_and_ended_at_most_once_and_in_this_order(
    looks: list[tuple[timedelta, dict[Grant, State]]], emit_existing: bool, lead: int
) -> None:
    told = watch(looks, Telling(lead * MINUTE, emit_existing))

    order = {OPENED: 0, ABOUT_TO_END: 1, ENDED: 2, CLOSED_EARLY: 2}
    by_window: dict[Window, list[int]] = {}
    for event in (event for events in told for event in events):
        by_window.setdefault(event.window, []).append(order[event.kind])
    for steps in by_window.values():
        assert steps == sorted(set(steps)), "each at most once, and in their order"


@given(histories())
def test_only_windows_that_were_seen_open_near_their_end_are_warned_of(
    looks: list[tuple[timedelta, dict[Grant, State]]],
) -> None:
    told = watch(looks)

    warned = Counter(event.grant for events in told for event in events if event.kind == ABOUT_TO_END)
    for each in warned:
        assert any(states[each] == ACTIVE and _within(NOON + at, each) for at, states in looks)


def _within(now: datetime, each: Grant) -> bool:
    return each.end - now <= LEAD.lead


@given(histories())
def test_what_is_remembered_is_no_more_than_what_may_still_happen(
    looks: list[tuple[timedelta, dict[Grant, State]]],
) -> None:
    memory = Memory()
    for after, states in [*looks, (3 * HOUR, {}), (3 * HOUR + MINUTE, {})]:
        memory, _events = compare(memory, look_at(states), NOON + after, LEAD)

    assert memory.windows == {}


def test_events_are_plain_json() -> None:
    def is_plain(value: Any) -> bool:
        if isinstance(value, list):
            return all(map(is_plain, value))
        return value is None or type(value) in (str, int, bool)

    _first, opened = watch([(timedelta(), {}), (5 * MINUTE, {HOUR_LONG: ACTIVE})])

    assert all(is_plain(value) for event in describe_events(opened, NOON) for value in event.values())
