# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands that run on all simulated VMs: none outlives its client, or the simulator."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine

from .child import Child

GRACE_SECONDS = 5.0


class Running:
    """Children that may have to be ended, and the tasks that look after them."""

    def __init__(self) -> None:
        self._children: set[Child] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Run `work` as a task that `end` waits for."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def add(self, child: Child) -> None:
        """Answer for a child from now on."""
        self._children.add(child)

    def finished(self, child: Child) -> None:
        """Let a child go that ended by itself; what it left in the background lives on, as on any machine."""
        self._children.discard(child)
        child.close()

    def hang_up(self, child: Child) -> None:
        """End a child whose client is gone: politely, and for certain a little later."""
        child.hang_up()
        asyncio.get_running_loop().call_later(GRACE_SECONDS, self._kill, child)

    async def end(self) -> None:
        """Kill every child and wait until the tasks are done."""
        while self._tasks:
            self._kill_all()
            # A child that is just being started is not among them yet: look again.
            await asyncio.wait(self._tasks, timeout=1)
        self._kill_all()

    def _kill_all(self) -> None:
        for child in tuple(self._children):
            self._kill(child)

    def _kill(self, child: Child) -> None:
        self._children.discard(child)
        child.kill()
