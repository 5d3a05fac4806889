# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of the work is done, counted while several threads work on it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable
from typing import Generic, TypeVar

T = TypeVar("T")


class Tally(Generic[T]):
    """Counts things that are done, each once, and tells the number whenever it grows."""

    def __init__(self, tell: Callable[[int, int], None], total: int, pending: Collection[T]) -> None:
        self._tell = tell
        self._total = total
        self._pending = set(pending)
        self._lock = threading.Lock()
        tell(total - len(self._pending), total)

    def done(self, things: Iterable[T]) -> None:
        with self._lock:
            before = len(self._pending)
            self._pending.difference_update(things)
            if len(self._pending) < before:
                self._tell(self._total - len(self._pending), self._total)
