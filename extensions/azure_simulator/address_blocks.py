# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Loopback addresses for VMs, kept apart between the simulators that run on one machine."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address

_BLOCKS = 6
_STEP = 40
_GUARD_PORT = 47809

Guard = Callable[[str], socket.socket]


@dataclass(frozen=True, slots=True)
class AddressBlock:
    """A run's claim on loopback addresses: those of its fleet, moved by `shift` in their second number.

    The first simulator on a machine has the addresses that its fleet names. `guard` holds the claim.
    """

    shift: int
    guard: socket.socket

    def place(self, address: str) -> str:
        """Return the address that stands for a fleet's; only loopback addresses move."""
        return moved(address, self.shift)

    def release(self) -> None:
        """Give the addresses back."""
        self.guard.close()


def moved(address: str, shift: int) -> str:
    """Return a loopback address with its second number moved; others stay."""
    if not address.startswith("127.") or not shift:
        return address
    first, second, *rest = address.split(".")
    # 1 to 254, so that 127.0, where everything else of a machine listens, stays free
    return ".".join([first, str((int(second) - 1 + shift) % 254 + 1), *rest])


def claim(bind: Guard | None = None) -> AddressBlock:
    """Claim the first block that no other simulator has. Raises OSError."""
    for number in range(_BLOCKS):
        try:
            guard = (bind or _bind)(str(IPv4Address("127.255.254.1") + number))
        except OSError:
            continue
        return AddressBlock(number * _STEP, guard)
    raise OSError(
        f"{_BLOCKS} simulators with a data plane run on this machine already: stop one, or use --data-plane off"
    )


def _bind(address: str) -> socket.socket:
    guard = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        guard.bind((address, _GUARD_PORT))
        guard.listen(1)
    except OSError:
        guard.close()
        raise
    return guard
