# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that were accepted, and whether they make a new one needless."""

from __future__ import annotations

import copy
from datetime import datetime, timedelta
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.grants import (
    Grant,
    covered_until,
    is_live_request,
    just_ended,
    live_grants,
    read_grants,
)
from hypothesis import given
from hypothesis import strategies as st
from samples import HOUR, NOON, grant, vm_id

Json = dict[str, Any]

# Four addresses and what holds some of them, so that covering can be counted.
ADDRESSES = ("10.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.3")
HOLDS = {
    "*": ADDRESSES,
    "10.0.0.0/30": ADDRESSES,
    "10.0.0.0/31": ADDRESSES[:2],
    "10.0.0.2/31": ADDRESSES[2:],
    **{address: (address,) for address in ADDRESSES},
}
MINUTES = st.integers(min_value=-5, max_value=30)
GRANTS = st.lists(
    st.builds(
        grant,
        number=st.sampled_from([22, 3389]),
        sources=st.lists(st.sampled_from(sorted(HOLDS)), max_size=2).map(tuple),
        ends_in=MINUTES.map(lambda minutes: timedelta(minutes=minutes)),
    ),
    max_size=6,
)


def request(**changes: Any) -> Json:
    """Write a request for one port as the service lists it, or a broken one."""
    port: Json = {
        "number": 22,
        "allowedSourceAddressPrefix": "203.0.113.7",
        "endTimeUtc": "2026-03-02T15:00:00.1234567Z",
        "status": "Initiated",
        "statusReason": "UserRequested",
        **changes,
    }
    return {
        "virtualMachines": [{"id": str(vm_id()), "ports": [port]}],
        "startTimeUtc": "2026-03-02T12:00:00.7654321Z",
        "requestor": "ada@example.com",
        "justification": "maintenance",
    }


def test_a_grant_has_all_that_the_request_says() -> None:
    assert list(read_grants([request()])) == [
        Grant(
            vm=vm_id(),
            port=22,
            sources=("203.0.113.7",),
            start_text="2026-03-02T12:00:00.7654321Z",
            end=NOON + 3 * HOUR + timedelta(microseconds=123_456),
            status="Initiated",
            reason="UserRequested",
            requestor="ada@example.com",
            justification="maintenance",
        )
    ]


def test_each_port_of_each_vm_is_a_grant_of_its_own() -> None:
    several = request()
    several["virtualMachines"][0]["ports"].append({**several["virtualMachines"][0]["ports"][0], "number": 3389})
    several["virtualMachines"].append({**several["virtualMachines"][0], "id": str(vm_id("VM-2")).upper()})
    assert [(grant.vm, grant.port) for grant in read_grants([several])] == [
        (vm_id("vm-1"), 22),
        (vm_id("vm-1"), 3389),
        (vm_id("vm-2"), 22),
        (vm_id("vm-2"), 3389),
    ]


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"virtualMachines": None},
        {"virtualMachines": [{}]},
        {"virtualMachines": [{"id": str(vm_id()), "ports": None}]},
        {"virtualMachines": [{"id": "nonsense", "ports": request()["virtualMachines"][0]["ports"]}]},
        request(endTimeUtc=None),
        request(endTimeUtc="soon"),
        request(endTimeUtc="2026-02-30T12:00:00Z"),
    ],
)
def test_a_broken_entry_is_passed_over(broken: Json) -> None:
    sound = request()
    assert list(read_grants([broken, sound])) == list(read_grants([sound]))


def test_a_grant_for_an_odd_number_opens_no_port() -> None:
    (odd,) = read_grants([request(number="22-25")])
    assert covered_until([odd], 22, ["203.0.113.7"]) is None


def test_absent_texts_are_empty() -> None:
    bare = copy.deepcopy(request(status=None, statusReason=None, allowedSourceAddressPrefix=None))
    bare.update(startTimeUtc=None, requestor=None, justification=None)
    (read,) = read_grants([bare])
    assert (read.status, read.reason, read.start_text, read.requestor, read.justification) == ("",) * 5
    assert read.sources == ()


def test_what_is_not_wanted_is_passed_over() -> None:
    assert [g.port for g in read_grants([request(), request(number=3389)], lambda p: p["number"] == 3389)] == [
        3389
    ]


@pytest.mark.parametrize(
    ("status", "is_live", "is_pending", "is_initiated"),
    [
        ("Initiated", True, False, True),
        ("initiated", True, False, True),
        ("INITIATING", True, True, False),
        ("Initiating", True, True, False),
        ("Revoked", False, False, False),
        ("Denied", False, False, False),
        ("", False, False, False),
        (None, False, False, False),
    ],
)
def test_a_status_counts_in_any_case(
    status: str | None, is_live: bool, is_pending: bool, is_initiated: bool
) -> None:
    (read,) = read_grants([request(status=status)])
    assert read.is_live(NOON) is is_live
    assert read.is_pending is is_pending
    assert read.is_initiated is is_initiated
    assert list(live_grants([request(status=status)], NOON)) == ([read] if is_live else [])


@pytest.mark.parametrize(
    ("ends", "is_live"),
    [("2026-03-02T11:59:59.9Z", False), ("2026-03-02T12:00:00Z", False), ("2026-03-02T12:00:00.000001Z", True)],
)
def test_a_grant_lives_until_its_end(ends: str, is_live: bool) -> None:
    assert bool(list(live_grants([request(endTimeUtc=ends)], NOON))) is is_live


@pytest.mark.parametrize(
    ("ends", "status", "reason", "is_it"),
    [
        ("2026-03-02T11:57:00Z", "Revoked", "Expired", True),
        ("2026-03-02T11:57:00Z", "revoked", "expired", True),
        # by Azure's clock it is open
        ("2026-03-02T11:57:00Z", "Initiated", "UserRequested", True),
        ("2026-03-02T12:00:00Z", "Initiated", "UserRequested", True),
        ("2026-03-02T12:00:01Z", "Initiated", "UserRequested", False),
        # after the time that counts
        ("2026-03-02T12:00:30Z", "Revoked", "Expired", True),
        ("2026-03-02T13:57:00+02:00", "Revoked", "Expired", True),
        ("2026-03-01T23:57:00-12:00", "Revoked", "Expired", True),
        ("2026-03-02T11:55:00Z", "Revoked", "Expired", False),
        ("2026-03-02T11:54:00Z", "Revoked", "Expired", False),
        ("2026-02-27T11:57:00Z", "Revoked", "Expired", False),
        # ended early
        ("2026-03-02T11:57:00Z", "Revoked", "UserManuallyRevoked", False),
        ("2026-03-02T11:57:00Z", "Failed", "", False),
    ],
)
def test_only_what_came_to_its_end_within_minutes_has_just_ended(
    ends: str, status: str, reason: str, is_it: bool
) -> None:
    requests = [request(endTimeUtc=ends, status=status, statusReason=reason)]

    assert list(just_ended(requests, NOON, timedelta(minutes=5))) == (list(read_grants(requests)) if is_it else [])


@given(grants=GRANTS, number=st.sampled_from([22, 3389]), source=st.sampled_from(sorted(HOLDS)))
def test_a_source_is_covered_until_the_last_grant_that_holds_all_of_it_ends(
    grants: list[Grant], number: int, source: str
) -> None:
    def is_open_at(moment: datetime) -> bool:
        return any(
            grant.port == number and moment < grant.end and any(holds(prefix) for prefix in grant.sources)
            for grant in grants
        )

    def holds(prefix: str) -> bool:
        return prefix == "*" or (source != "*" and set(HOLDS[source]) <= set(HOLDS[prefix]))

    minutes = [NOON + timedelta(minutes=minute) for minute in range(-6, 31)]
    opens = [moment for moment in minutes if is_open_at(moment)]
    expected = opens[-1] + timedelta(minutes=1) if opens else None
    assert covered_until(grants, number, [source]) == expected


@given(grants=GRANTS, sources=st.lists(st.sampled_from(sorted(HOLDS)), min_size=1, max_size=3))
def test_several_sources_are_covered_as_long_as_each_of_them(grants: list[Grant], sources: list[str]) -> None:
    ends = [covered_until(grants, 22, [source]) for source in sources]
    known = [end for end in ends if end is not None]
    assert covered_until(grants, 22, sources) == (min(known) if len(known) == len(ends) else None)


def test_nobody_is_never_covered() -> None:
    assert covered_until([grant()], 22, []) is None


@pytest.mark.parametrize(
    ("found", "live"),
    [
        (request(), True),
        (request(status="INITIATING"), True),
        (request(endTimeUtc=""), True),
        (request(status="Revoked"), False),
        (request(status="Failed"), False),
        (request(status=None), False),
        ({}, False),
        ({"virtualMachines": None}, False),
        ({"virtualMachines": [{"ports": None}]}, False),
        ({"virtualMachines": [{"ports": []}, *request()["virtualMachines"]]}, True),
    ],
)
def test_a_request_lives_while_one_of_its_ports_does(found: Json, live: bool) -> None:
    assert is_live_request(found) is live


@pytest.mark.parametrize(
    ("start", "other", "is_later"),
    [
        ("2026-03-02T12:00:00Z", "2026-03-02T11:00:00Z", True),
        ("2026-03-02T11:00:00Z", "2026-03-02T12:00:00Z", False),
        ("2026-03-02T12:00:00Z", "2026-03-02T12:00:00.0000000Z", False),
        ("2026-03-02T12:00:00+02:00", "2026-03-02T11:00:00Z", False),
        ("", "2026-03-02T11:00:00Z", False),
        ("2026-03-02T12:00:00Z", "soon", False),
        ("", "", False),
    ],
)
def test_the_later_of_two_is_told_by_its_start(start: str, other: str, is_later: bool) -> None:
    assert grant(start_text=start).began_after(grant(start_text=other)) is is_later
