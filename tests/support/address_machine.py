# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine on which loopback addresses are claimed, without one."""

from __future__ import annotations

import errno
import os
import socket

from azure_simulator.loopback_addresses import AddressClaim


class HeldAddress(socket.socket):
    """Holds an address until it is closed."""

    def __init__(self, machine: Machine, address: str) -> None:
        super().__init__()
        self.machine, self.address = machine, address

    def close(self) -> None:
        self.machine.bound.discard(self.address)
        super().close()


class Machine:
    """Where each address can be bound once, or never for the reason `refusal`."""

    def __init__(self, refusal: int = 0) -> None:
        self.bound: set[str] = set()
        self.refusal = refusal

    def bind(self, address: str) -> socket.socket:
        code = self.refusal or (errno.EADDRINUSE if address in self.bound else 0)
        if code:
            raise OSError(code, os.strerror(code))
        self.bound.add(address)
        return HeldAddress(self, address)

    def claim(self) -> AddressClaim:
        return AddressClaim(self.bind)
