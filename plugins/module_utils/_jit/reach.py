# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where connections go, and why they fail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Target:
    """A TCP port of a machine, by its address or name."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Miss:
    """Why no connection came about.

    `refused` is an answer from over there; with the other kinds there was none, so that it can't be told whether
    the port is closed or something else is wrong.
    """

    kind: Literal["refused", "timed_out", "no_name", "unreachable"]
    detail: str = ""

    @property
    def is_answer(self) -> bool:
        return self.kind == "refused"

    def describe(self, target: Target) -> str:
        """Say it, with what is most often the reason."""
        more = f" ({self.detail})" if self.detail else ""
        return {
            "refused": f"{target} refused the connection: it is reached, but nobody listens on the port",
            "timed_out": f"{target} didn't answer in time: the VM is off, or something on the way still drops it",
            "no_name": f"the name {target.host} is not known here{more}",
            "unreachable": f"{target} can't be reached from here{more}",
        }[self.kind]
