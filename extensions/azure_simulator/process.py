# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a command beside the simulator, as if it had been started directly."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys

from .environment import child_environment

_FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)


async def run_command(command: list[str], variables: dict[str, str]) -> int:
    """Run a command with our variables and return its exit code: 127 when it isn't there, 128+N after signal N."""
    try:
        child = await asyncio.create_subprocess_exec(*command, env=child_environment(os.environ, variables))
    except (FileNotFoundError, PermissionError) as error:
        sys.stderr.write(f"azure_simulator: error: exec: {command[0]}: {error.strerror}\n")
        return 127 if isinstance(error, FileNotFoundError) else 126
    loop = asyncio.get_running_loop()
    for number in _FORWARDED:
        loop.add_signal_handler(number, _forward, child, number)
    try:
        code = await child.wait()
    finally:
        for number in _FORWARDED:
            loop.remove_signal_handler(number)
    return code if code >= 0 else 128 - code


def _forward(child: asyncio.subprocess.Process, number: signal.Signals) -> None:
    """Hand a signal on; what a terminal sends has reached the child already."""
    if number in (signal.SIGINT, signal.SIGQUIT) and sys.stdin.isatty():
        return
    with contextlib.suppress(ProcessLookupError):
        child.send_signal(number)
