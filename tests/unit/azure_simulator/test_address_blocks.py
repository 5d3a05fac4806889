# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two simulators on one machine don't answer for each other's VMs."""

from __future__ import annotations

import socket

import pytest
from azure_simulator.address_blocks import claim
from hypothesis import given
from hypothesis import strategies as st

DEMO = ("127.11.1.1", "127.21.1.1", "127.22.1.1")
FLEETS = st.lists(
    st.lists(st.integers(1, 254).map(lambda second: f"127.{second}.1.1"), unique=True, max_size=5), max_size=8
)


class Guard(socket.socket):
    """Holds an address until it is closed."""

    def __init__(self, machine: Machine, address: str) -> None:
        super().__init__()
        self.machine, self.address = machine, address

    def close(self) -> None:
        self.machine.bound.discard(self.address)
        super().close()


class Machine:
    """Where each guard's address can be bound once."""

    def __init__(self) -> None:
        self.bound: set[str] = set()

    def bind(self, address: str) -> socket.socket:
        if address in self.bound:
            raise OSError("address in use")
        self.bound.add(address)
        return Guard(self, address)


def test_the_first_simulator_has_the_addresses_that_its_fleet_names() -> None:
    block = claim(DEMO, Machine().bind)

    assert [block.place(address) for address in DEMO] == list(DEMO)


def test_fleets_that_share_no_address_stay_where_they_are() -> None:
    machine = Machine()
    claim(DEMO, machine.bind)

    assert claim(["127.12.1.1"], machine.bind).place("127.12.1.1") == "127.12.1.1"


@given(FLEETS)
def test_no_two_simulators_have_an_address_in_common(fleets: list[list[str]]) -> None:
    machine = Machine()

    blocks = [claim(fleet, machine.bind) for fleet in fleets]
    placed = [block.place(address) for block, fleet in zip(blocks, fleets, strict=True) for address in fleet]

    assert len(set(placed)) == len(placed)


@given(FLEETS)
def test_moved_addresses_keep_away_from_where_the_machine_listens(fleets: list[list[str]]) -> None:
    machine = Machine()
    for fleet in fleets:
        block = claim(fleet, machine.bind)
        for address in fleet:
            assert block.place(address) == address or 1 <= int(block.place(address).split(".")[1]) <= 254


def test_dozens_of_simulators_with_the_same_fleet_find_room() -> None:
    machine = Machine()

    placed = [block.place(address) for block in (claim(DEMO, machine.bind) for _ in range(60)) for address in DEMO]

    assert len(set(placed)) == 60 * len(DEMO)


def test_what_is_released_can_be_claimed_again() -> None:
    machine = Machine()
    claim(DEMO, machine.bind).release()

    assert claim(DEMO, machine.bind).place("127.11.1.1") == "127.11.1.1"


def test_a_claim_that_does_not_fit_leaves_nothing_behind() -> None:
    machine = Machine()
    claim(["127.12.1.1"], machine.bind)
    claim(["127.11.1.1", "127.12.1.1"], machine.bind)

    assert claim(["127.11.1.1"], machine.bind).place("127.11.1.1") == "127.11.1.1"


def test_addresses_that_are_not_loopback_stay() -> None:
    machine = Machine()
    claim(DEMO, machine.bind)
    second = claim([*DEMO, "203.0.113.7"], machine.bind)

    assert second.place("127.11.1.1") != "127.11.1.1"
    assert second.place("203.0.113.7") == "203.0.113.7"


@pytest.mark.parametrize("pair", [("127.0.1.1", "127.254.1.1"), ("127.1.1.1", "127.255.1.1")])
def test_addresses_of_one_fleet_never_meet(pair: tuple[str, str]) -> None:
    machine = Machine()
    block = claim(pair, machine.bind)
    assert [block.place(address) for address in pair] == list(pair)

    with pytest.raises(OSError, match="--data-plane off"):
        claim(pair, machine.bind)


def test_a_machine_full_of_simulators_is_an_error_that_says_what_to_do() -> None:
    machine = Machine()
    everything = [f"127.{second}.1.1" for second in range(1, 255)]
    claim(everything, machine.bind)

    with pytest.raises(OSError, match="--data-plane off"):
        claim(DEMO, machine.bind)
