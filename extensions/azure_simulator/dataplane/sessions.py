# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A short memory of who ran what on which simulated VM."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

Clock = Callable[[], datetime]

REMEMBERED = 1000


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """One SSH session; `command` is its first word (`sftp` for file transfer, empty for a shell)."""

    vm_name: str
    user: str
    source: str
    command: str
    started: datetime | None


class SessionLog:
    """Remembers the latest sessions, oldest first."""

    def __init__(self, clock: Clock | None) -> None:
        self._clock = clock
        self._records: deque[SessionRecord] = deque(maxlen=REMEMBERED)

    def add(self, vm_name: str, user: str, source: str, command: str) -> None:
        """Remember a session that starts now."""
        words = command.split(maxsplit=1)
        started = self._clock() if self._clock else None
        self._records.append(SessionRecord(vm_name, user, source, words[0] if words else "", started))

    def records(self) -> tuple[SessionRecord, ...]:
        """Return what is remembered."""
        return tuple(self._records)
