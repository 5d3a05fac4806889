# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Work on several policies or subscriptions at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

# Requests under way at once: enough to hide Azure's latency, few enough to stay below its rate limits.
WORKERS = 16

T = TypeVar("T")
R = TypeVar("R")


def each(function: Callable[[T], R], things: Iterable[T]) -> list[R]:
    """Call the function for each thing, a few at a time; results come in the things' order."""
    ordered = list(things)
    if len(ordered) <= 1:
        return [function(thing) for thing in ordered]
    with ThreadPoolExecutor(min(WORKERS, len(ordered))) as pool:
        return list(pool.map(function, ordered))
