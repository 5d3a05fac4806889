# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a simulated machine's port takes a connection."""

from __future__ import annotations

import socket

from running_simulator import RunningSimulator


def answers(simulator: RunningSimulator, vm: str, port: int) -> bool:
    address = simulator.address(vm)
    number = port + int(simulator.variables["AZURE_SIMULATOR_PORT_OFFSET"])
    try:
        with socket.create_connection((address, number), timeout=5):
            return True
    except ConnectionRefusedError:
        return False
