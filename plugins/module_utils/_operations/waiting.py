# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Patience: how long to go on, and how often to look."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from .seams import Clock

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 5.0
_GROWTH = 1.5


class Deadline:
    """A moment after which waiting ends."""

    def __init__(self, clock: Clock, timeout: timedelta) -> None:
        self._clock = clock
        self._end: datetime = clock.now() + timeout
        self.timeout = timeout

    @property
    def has_passed(self) -> bool:
        return self._clock.now() >= self._end

    @property
    def seconds_left(self) -> float:
        return max(0.0, (self._end - self._clock.now()).total_seconds())

    @property
    def seconds_gone(self) -> float:
        return self.timeout.total_seconds() - self.seconds_left

    def pause(self, seconds: float) -> None:
        """Sleep, but not beyond the deadline."""
        self._clock.sleep(min(seconds, self.seconds_left))

    def looks(self, longest_pause: float = _LONGEST_PAUSE) -> Iterator[None]:
        """Yield at once, then again and again with growing pauses until the deadline, and once at it."""
        pause = _FIRST_PAUSE
        yield
        while not self.has_passed:
            self.pause(pause)
            pause = min(pause * _GROWTH, longest_pause)
            yield
