# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a module is, written to a file: Ansible reads a module's own output at its end only."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable

# Set by the action plugin: the file, or FIFO, that it reads while the module runs.
PROGRESS_VARIABLE = "JITFLEET_PROGRESS"
# Seconds between two lines about the same count; whoever reads them shows one a second.
PAUSE = 0.25


class Progress:
    """Tells how many of all VMs are done, or of all policies; called by any thread, as often as one likes.

    A line is an object with one key, what is counted, and its value `[done, total]`.
    """

    def __init__(self, path: str | None, now: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._now = now
        self._lock = threading.Lock()
        self._told: dict[str, tuple[float, int, int]] = {}

    def __call__(self, done: int, total: int) -> None:
        """Tell how many of all VMs are done."""
        self._tell("VMs", done, total)

    def policies(self, done: int, total: int) -> None:
        """Tell how many of all policies are done."""
        self._tell("policies", done, total)

    def rules(self, done: int, total: int) -> None:
        """Tell how many of all network rules are done."""
        self._tell("network rules", done, total)

    def _tell(self, what: str, done: int, total: int) -> None:
        if self._path is None:
            return
        with self._lock:
            now = self._now()
            last = self._told.get(what)
            if last and ((done, total) == last[1:] or (done < total and now - last[0] < PAUSE)):
                return
            self._told[what] = (now, done, total)
            self._write(json.dumps({what: [done, total]}) + "\n")

    def _write(self, line: str) -> None:
        """Append a line. The work goes on where nobody reads: then a FIFO doesn't open and a file is gone."""
        try:
            descriptor = os.open(str(self._path), os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK)
        except OSError:
            self._path = None
            return
        try:
            os.write(descriptor, line.encode())
        except OSError:
            self._path = None
        finally:
            os.close(descriptor)


def progress_of_environment() -> Progress:
    return Progress(os.environ.get(PROGRESS_VARIABLE) or None)
