# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two simulators on one machine don't answer for each other's VMs."""

from __future__ import annotations

import errno
from collections.abc import Iterable

import pytest
from address_machine import Machine
from azure_simulator.loopback_addresses import AddressClaim, moved
from hypothesis import example, given
from hypothesis import strategies as st

DEMO = ("127.11.1.1", "127.21.1.1", "127.22.1.1")
FLEETS = st.lists(
    st.lists(st.integers(1, 254).map(lambda second: f"127.{second}.1.1"), unique=True, max_size=5), max_size=8
)


def places(claim: AddressClaim, fleet: Iterable[str]) -> list[str]:
    return [moved(address, claim.shift) for address in fleet]


def test_the_first_simulator_has_the_addresses_that_its_fleet_names() -> None:
    assert places(Machine().claim(DEMO), DEMO) == list(DEMO)


def test_fleets_that_share_no_second_number_stay_where_they_are() -> None:
    machine = Machine()
    machine.claim(DEMO)

    assert machine.claim(["127.12.1.1"]).shift == 0


@given(FLEETS)
def test_no_two_simulators_have_an_address_in_common(fleets: list[list[str]]) -> None:
    machine = Machine()

    placed = [address for fleet in fleets for address in places(machine.claim(fleet), fleet)]

    assert len(set(placed)) == len(placed)


@given(st.lists(FLEETS.filter(bool), max_size=3))
def test_no_two_simulators_have_an_address_in_common_whatever_fleets_they_go_on_to(
    stories: list[list[list[str]]],
) -> None:
    machine = Machine()
    claims = [AddressClaim(machine.bind) for _story in stories]

    for step in range(8):
        for claim, story in zip(claims, stories, strict=True):
            claim.cover(story[step % len(story)])
        placed = [
            address
            for claim, story in zip(claims, stories, strict=True)
            for address in places(claim, story[step % len(story)])
        ]
        assert len(set(placed)) == len(placed)
        assert len(machine.bound) == len(placed), "what isn't needed any more is given back"


@given(FLEETS)
@example([["127.254.1.1"], ["127.254.1.1"]])
def test_moved_addresses_keep_away_from_where_the_machine_listens(fleets: list[list[str]]) -> None:
    machine = Machine()
    for fleet in fleets:
        for address in places(machine.claim(fleet), fleet):
            assert 1 <= int(address.split(".")[1]) <= 254


@given(st.integers(1, 254), st.integers(0, 253))
def test_addresses_move_back_to_where_they_were(second: int, shift: int) -> None:
    assert moved(moved(f"127.{second}.1.1", shift), -shift) == f"127.{second}.1.1"


def test_dozens_of_simulators_with_the_same_fleet_find_room() -> None:
    machine = Machine()

    placed = [address for _number in range(60) for address in places(machine.claim(DEMO), DEMO)]

    assert len(set(placed)) == 60 * len(DEMO)


def test_what_is_released_can_be_claimed_again() -> None:
    machine = Machine()
    machine.claim(DEMO).release()

    assert machine.claim(DEMO).shift == 0


def test_a_claim_that_does_not_fit_leaves_nothing_behind() -> None:
    machine = Machine()
    machine.claim(["127.12.1.1"])
    machine.claim(["127.11.1.1", "127.12.1.1"])

    assert machine.claim(["127.11.1.1"]).shift == 0


def test_a_fleet_that_is_replaced_stays_where_it_was_moved_to() -> None:
    machine = Machine()
    first, second = machine.claim(DEMO), machine.claim(DEMO)
    moved_by = second.shift
    first.release()

    second.cover(DEMO[:2])

    assert moved_by
    assert second.shift == moved_by


def test_addresses_that_are_not_loopback_stay() -> None:
    machine = Machine()
    machine.claim(DEMO)
    fleet = [*DEMO, "203.0.113.7"]
    placed = places(machine.claim(fleet), fleet)

    assert placed[0] != "127.11.1.1"
    assert placed[3] == "203.0.113.7"


def test_a_machine_full_of_simulators_is_an_error_that_says_what_to_do() -> None:
    machine = Machine()
    machine.claim([f"127.{second}.1.1" for second in range(1, 255) if second != 9])
    last = machine.claim(["127.9.1.1"])

    with pytest.raises(OSError, match="--data-plane off"):
        last.cover(DEMO)

    assert places(last, ["127.9.1.1"]) == ["127.9.1.1"]
    with pytest.raises(OSError, match="--data-plane off"):
        machine.claim(["127.9.1.1"])


def test_a_machine_without_such_addresses_leaves_the_fleet_where_it_is() -> None:
    claim = Machine(errno.EADDRNOTAVAIL).claim(DEMO)

    assert claim.shift == 0
    claim.release()


def test_what_else_keeps_from_claiming_is_told() -> None:
    with pytest.raises(OSError, match=r"can't keep loopback addresses apart .*: .*Too many open files"):
        Machine(errno.EMFILE).claim(DEMO)
