# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Loopback addresses for VMs, kept apart between the simulators that run on one machine."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable, Iterable
from itertools import chain

_GUARD_PORT = 47809

Bind = Callable[[str], socket.socket]


class AddressClaim:
    """A run's claim on loopback addresses: those of its fleet, all moved in their second number by the same shift.

    A socket on a port that nobody wants guards each second number. Where this machine has no such address, as
    macOS without an alias, nothing is guarded.
    """

    def __init__(self, bind: Bind | None = None) -> None:
        """Claim nothing yet."""
        self._bind = bind or _bind
        self._guards: dict[int, socket.socket | None] = {}

    def cover(self, addresses: Iterable[str], wish: int = 0) -> int:
        """Claim a fleet's addresses instead of the last fleet's; give the shift with which all of them are free.

        That is `wish` if it can be. Raises OSError; the claim is as it was then.
        """
        numbers = {int(address.split(".")[1]) for address in addresses if address.startswith("127.")}
        for shift in chain((wish,), range(254)):
            places = {_moved(number, shift) for number in numbers}
            if len(places) == len(numbers) and self._guard(places):
                return shift
        raise OSError(
            "other simulators on this machine have the loopback addresses that the VMs could have: "
            "stop one, or use --data-plane off"
        )

    def release(self) -> None:
        """Give all addresses back."""
        self._guard(set())

    def _guard(self, numbers: set[int]) -> bool:
        """Guard these second numbers and no others; where one is taken, leave everything as it was."""
        added: dict[int, socket.socket | None] = {}
        try:
            for number in sorted(numbers - self._guards.keys()):
                added[number] = self._guard_of(number)
        except OSError as error:
            _close(added.values())
            if error.errno == errno.EADDRINUSE:
                return False
            raise OSError(f"can't keep loopback addresses apart from other simulators': {error}") from error
        _close(self._guards.pop(number) for number in self._guards.keys() - numbers)
        self._guards |= added
        return True

    def _guard_of(self, number: int) -> socket.socket | None:
        try:
            return self._bind(f"127.{number}.255.254")
        except OSError as error:
            if error.errno != errno.EADDRNOTAVAIL:
                raise
            return None


def moved(address: str, shift: int) -> str:
    """Return a loopback address with its second number moved; others stay."""
    if not address.startswith("127."):
        return address
    first, second, *rest = address.split(".")
    return ".".join([first, str(_moved(int(second), shift)), *rest])


def _moved(number: int, shift: int) -> int:
    # 1 to 254, so that 127.0, where everything else of a machine listens, stays free
    return (number - 1 + shift) % 254 + 1


def _close(guards: Iterable[socket.socket | None]) -> None:
    for guard in guards:
        if guard is not None:
            guard.close()


def _bind(address: str) -> socket.socket:
    guard = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        guard.bind((address, _GUARD_PORT))
        guard.listen(1)
    except OSError:
        guard.close()
        raise
    return guard
