# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines on the screen while a module works for long."""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from ..module_utils._progress import PROGRESS_VARIABLE

# Work that ends within so many seconds needs no lines.
PATIENCE = 5.0
# Seconds between two lines, and between two that say the same.
LINE_EVERY = 1.0
SAME_EVERY = 10.0


class ProgressLines:
    """Decides which lines to print, from what the module wrote and from the time.

    Time counts from the module's first sign of life, so that a slow start of Python is no work.
    """

    def __init__(self, module: str, say: Callable[[str], None], now: Callable[[], float]) -> None:
        self._module = module
        self._say = say
        self._now = now
        self._counts: dict[str, tuple[int, int]] = {}
        self._rest = ""
        self._began: float | None = None
        self._said: tuple[float, str] | None = None

    def take(self, written: str) -> None:
        """Take what the module wrote since the last time, and print a line if one is due."""
        *lines, self._rest = (self._rest + written).split("\n")
        for line in lines:
            self._counts.update({what: (done, total) for what, (done, total) in json.loads(line).items()})
        if not self._counts:
            return
        now = self._now()
        if self._began is None:
            self._began = now
        counts = self._told()
        if now - self._began >= PATIENCE and self._is_due(now, counts):
            self._said = (now, counts)
            self._say(f"{self._module}: {counts}, {now - self._began:.0f} s")

    def _told(self) -> str:
        """Write the counts that say something: an operation may count policies where another one counts VMs."""
        begun = {what: count for what, count in self._counts.items() if count[0]}
        shown = begun or dict(list(self._counts.items())[-1:])
        return ", ".join(f"{done} of {total} {what} done" for what, (done, total) in shown.items())

    def _is_due(self, now: float, counts: str) -> bool:
        if self._said is None:
            return True
        when, before = self._said
        return now - when >= (SAME_EVERY if counts == before else LINE_EVERY)


@contextmanager
def watching(module: str, say: Callable[[str], None], folder: str) -> Iterator[dict[str, str]]:
    """Print lines until the block ends. Gives the environment by which a module knows where to write."""
    lines = ProgressLines(module, say, time.monotonic)
    stop = threading.Event()
    with tempfile.NamedTemporaryFile("r", encoding="utf-8", dir=folder, prefix="jitfleet-progress-") as file:
        thread = threading.Thread(target=_watch, args=(file, lines, stop), daemon=True)
        thread.start()
        try:
            yield {PROGRESS_VARIABLE: file.name}
        finally:
            stop.set()
            thread.join()


def _watch(file: TextIO, lines: ProgressLines, stop: threading.Event) -> None:
    while not stop.wait(LINE_EVERY):
        lines.take(file.read())
