# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Loopback addresses for VMs, kept apart between the simulators that run on one machine."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass

_GUARD_PORT = 47809

Guard = Callable[[str], socket.socket]


@dataclass(frozen=True, slots=True)
class AddressBlock:
    """A run's claim on loopback addresses: those of its fleet, moved by `shift` in their second number.

    `guards` hold the claim, one for each second number.
    """

    shift: int
    guards: tuple[socket.socket, ...]

    def place(self, address: str) -> str:
        """Return the address that stands for a fleet's; only loopback addresses move."""
        return moved(address, self.shift)

    def release(self) -> None:
        """Give the addresses back."""
        for guard in self.guards:
            guard.close()


def moved(address: str, shift: int) -> str:
    """Return a loopback address with its second number moved; others stay."""
    if not address.startswith("127.") or not shift:
        return address
    first, second, *rest = address.split(".")
    return ".".join([first, str(_moved(int(second), shift)), *rest])


def claim(addresses: Iterable[str], bind: Guard | None = None) -> AddressBlock:
    """Claim a fleet's addresses, or the next that no other simulator has. Raises OSError."""
    numbers = {int(address.split(".")[1]) for address in addresses if address.startswith("127.")}
    for shift in range(254):
        places = {_moved(number, shift) for number in numbers} if shift else numbers
        guards = _guard(places, bind or _bind) if len(places) == len(numbers) else None
        if guards is not None:
            return AddressBlock(shift, guards)
    raise OSError(
        "other simulators on this machine have all loopback addresses that the VMs could have: "
        "stop one, or use --data-plane off"
    )


def _moved(number: int, shift: int) -> int:
    # 1 to 254, so that 127.0, where everything else of a machine listens, stays free
    return (number - 1 + shift) % 254 + 1


def _guard(numbers: Iterable[int], bind: Guard) -> tuple[socket.socket, ...] | None:
    """Guard all of these second numbers; where one is taken, none."""
    guards: list[socket.socket] = []
    for number in sorted(numbers):
        try:
            guards.append(bind(f"127.{number}.255.254"))
        except OSError:
            for guard in guards:
                guard.close()
            return None
    return tuple(guards)


def _bind(address: str) -> socket.socket:
    guard = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        guard.bind((address, _GUARD_PORT))
        guard.listen(1)
    except OSError:
        guard.close()
        raise
    return guard
