# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two simulators on one machine don't answer for each other's VMs."""

from __future__ import annotations

import socket

import pytest
from azure_simulator.address_blocks import AddressBlock, claim


class Machine:
    """Where each guard's address can be bound once."""

    def __init__(self) -> None:
        self.bound: set[str] = set()

    def bind(self, address: str) -> socket.socket:
        if address in self.bound:
            raise OSError("address in use")
        self.bound.add(address)
        return socket.socket()


def test_the_first_simulator_has_the_addresses_that_its_fleet_names() -> None:
    assert claim(Machine().bind).place("127.11.1.1") == "127.11.1.1"


def test_later_simulators_have_others() -> None:
    machine = Machine()
    blocks = [claim(machine.bind) for _ in range(6)]

    placed = [block.place(address) for block in blocks for address in ("127.11.1.1", "127.21.1.1", "127.22.1.1")]

    assert len(set(placed)) == len(placed)
    assert not any(address.startswith("127.0.") for address in placed)


def test_addresses_that_are_not_loopback_stay() -> None:
    machine = Machine()
    _first, second = claim(machine.bind), claim(machine.bind)

    assert second.place("203.0.113.7") == "203.0.113.7"


@pytest.mark.parametrize("second", [1, 214, 215, 254])
def test_moved_addresses_stay_between_1_and_254(second: int) -> None:
    with socket.socket() as guard:
        moved = AddressBlock(40, guard).place(f"127.{second}.0.1")

    assert 1 <= int(moved.split(".")[1]) <= 254


def test_a_machine_full_of_simulators_is_an_error_that_says_what_to_do() -> None:
    machine = Machine()
    for _ in range(6):
        claim(machine.bind)

    with pytest.raises(OSError, match="--data-plane off"):
        claim(machine.bind)
