# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one clock, and the queue of what falls due on it."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable
from itertools import count

Effect = Callable[[int], None]


class Clock:
    """Real time plus an offset that tests advance. Nothing else in the package asks for the time."""

    def __init__(self, wall: Callable[[], int] = time.time_ns) -> None:
        """Start at real time; `wall` returns nanoseconds since 1970."""
        self._wall_ns = wall
        self.offset = 0

    def wall(self) -> int:
        """Return real time in ticks: what the clients' own clocks show, so tokens are judged by it."""
        return self._wall_ns() // 100

    def now(self) -> int:
        """Return the cloud's time in ticks."""
        return self.wall() + self.offset

    def advance(self, duration: int) -> None:
        """Move the cloud's time forward."""
        self.offset += duration


class Agenda:
    """Effects that are due at a moment, applied in the order of their moments."""

    def __init__(self, clock: Clock) -> None:
        """Begin empty."""
        self.clock = clock
        self.on_change: Callable[[], None] = lambda: None
        self._order = count()
        self._entries: list[tuple[int, int, Effect]] = []

    def at(self, due: int, effect: Effect) -> None:
        """Apply `effect` once `due` has come; it receives `due`, whatever the time is by then."""
        heapq.heappush(self._entries, (due, next(self._order), effect))
        if self._entries[0][0] == due:
            self.on_change()

    def next_due(self) -> int | None:
        """Tell when the next effect is due."""
        return self._entries[0][0] if self._entries else None

    def run_due(self) -> bool:
        """Apply everything whose time has come, also what those effects add; tell whether there was any."""
        now = self.clock.now()
        ran = False
        while self._entries and self._entries[0][0] <= now:
            due, _, effect = heapq.heappop(self._entries)
            effect(due)
            ran = True
        return ran
