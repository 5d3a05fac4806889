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
FLEET = st.lists(st.integers(1, 254).map(lambda second: f"127.{second}.1.1"), unique=True, max_size=5)
FLEETS = st.lists(FLEET, max_size=8)


def placed(claim: AddressClaim, fleet: Iterable[str], wish: int = 0) -> list[str]:
    fleet = list(fleet)
    shift = claim.cover(fleet, wish)
    return [moved(address, shift) for address in fleet]


def test_the_first_simulator_has_the_addresses_that_its_fleet_names() -> None:
    assert placed(Machine().claim(), DEMO) == list(DEMO)


def test_fleets_that_share_no_second_number_stay_where_they_are() -> None:
    machine = Machine()
    machine.claim().cover(DEMO)

    assert machine.claim().cover(["127.12.1.1"]) == 0


@given(FLEETS)
def test_no_two_simulators_have_an_address_in_common(fleets: list[list[str]]) -> None:
    machine = Machine()

    addresses = [address for fleet in fleets for address in placed(machine.claim(), fleet)]

    assert len(set(addresses)) == len(addresses)


@given(st.lists(st.lists(st.tuples(FLEET, st.integers(0, 254)), min_size=1, max_size=4), max_size=4))
def test_no_two_simulators_have_an_address_in_common_whatever_fleets_they_go_on_to(
    stories: list[list[tuple[list[str], int]]],
) -> None:
    machine = Machine()
    claims = [machine.claim() for _story in stories]
    now: list[list[str]] = [[] for _story in stories]

    for step in range(4):
        for number, story in enumerate(stories):
            fleet, wish = story[step % len(story)]
            now[number] = placed(claims[number], fleet, wish)
        addresses = [address for one in now for address in one]
        assert len(set(addresses)) == len(addresses)
        assert len(machine.bound) == len(addresses), "what isn't needed any more is given back"


@given(FLEETS)
@example([["127.254.1.1"], ["127.254.1.1"]])
def test_moved_addresses_keep_away_from_where_the_machine_listens(fleets: list[list[str]]) -> None:
    machine = Machine()
    for fleet in fleets:
        for address in placed(machine.claim(), fleet):
            assert 1 <= int(address.split(".")[1]) <= 254


@given(st.integers(1, 254), st.integers(0, 254))
def test_addresses_move_back_to_where_they_were(second: int, shift: int) -> None:
    assert moved(moved(f"127.{second}.1.1", shift), -shift) == f"127.{second}.1.1"


def test_dozens_of_simulators_with_the_same_fleet_find_room() -> None:
    machine = Machine()

    addresses = [address for _number in range(60) for address in placed(machine.claim(), DEMO)]

    assert len(set(addresses)) == 60 * len(DEMO)


def test_what_is_released_can_be_claimed_again() -> None:
    machine = Machine()
    claim = machine.claim()
    claim.cover(DEMO)
    claim.release()

    assert machine.claim().cover(DEMO) == 0


def test_a_claim_that_does_not_fit_leaves_nothing_behind() -> None:
    machine = Machine()
    machine.claim().cover(["127.12.1.1"])
    machine.claim().cover(["127.11.1.1", "127.12.1.1"])

    assert machine.claim().cover(["127.11.1.1"]) == 0


def test_a_fleet_lies_where_it_is_wished_unless_others_do() -> None:
    machine = Machine()

    assert machine.claim().cover(DEMO, 7) == 7
    assert machine.claim().cover(DEMO, 7) == 0


def test_a_fleet_can_move_within_what_it_has_itself() -> None:
    claim = Machine().claim()
    claim.cover(["127.11.1.1", "127.12.1.1"])

    assert claim.cover(["127.11.1.1", "127.12.1.1"], 1) == 1


def test_addresses_that_are_not_loopback_stay() -> None:
    machine = Machine()
    machine.claim().cover(DEMO)
    addresses = placed(machine.claim(), [*DEMO, "203.0.113.7"])

    assert addresses[0] != "127.11.1.1"
    assert addresses[3] == "203.0.113.7"


def test_a_machine_full_of_simulators_is_an_error_that_says_what_to_do() -> None:
    machine = Machine()
    machine.claim().cover(f"127.{second}.1.1" for second in range(1, 255) if second != 9)
    last = machine.claim()
    last.cover(["127.9.1.1"])

    with pytest.raises(OSError, match="--data-plane off"):
        last.cover(DEMO)

    with pytest.raises(OSError, match="--data-plane off"):
        machine.claim().cover(["127.9.1.1"])


def test_a_machine_without_such_addresses_leaves_the_fleet_where_it_is() -> None:
    claim = Machine(errno.EADDRNOTAVAIL).claim()

    assert claim.cover(DEMO) == 0
    claim.release()


def test_what_else_keeps_from_claiming_is_told() -> None:
    with pytest.raises(OSError, match=r"can't keep loopback addresses apart .*: .*Too many open files"):
        Machine(errno.EMFILE).claim().cover(DEMO)
