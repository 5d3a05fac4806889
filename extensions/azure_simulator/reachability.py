# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The seam between Azure's rules and the data plane: which address and port answers whom."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address and port of a running VM that somebody may reach now."""

    address: str
    port: int
    service: Literal["ssh", "tcp"]
    vm_name: str
    admin_username: str


class Reachability(Protocol):
    """Answers for the rules as they are at the moment of the call."""

    def endpoints(self) -> Iterable[Endpoint]:
        """Yield what to listen on: management and JIT ports of running VMs that some source may reach now."""

    def admits(self, address: str, port: int, source: str) -> bool:
        """Tell whether subnet and NIC rules together let `source` (an IP address) in to `address`:`port`."""
