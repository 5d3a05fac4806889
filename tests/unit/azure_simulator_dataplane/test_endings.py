# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No command outlives its client, or the simulator.

A FIFO tells when the last process of a command is gone: they all hold its writing end, so its reader sees the
end of file then, and not before.
"""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import asyncssh
import pytest

from .support import Rules, an_endpoint, login, plane_for, running

HOLD = "exec 3>{fifo}; sleep 600 & echo ready; wait"


async def opened(fifo: Path) -> asyncio.StreamReader:
    """Make a FIFO and return its reading end."""
    os.mkfifo(fifo)
    reader = asyncio.StreamReader()
    pipe = os.fdopen(os.open(fifo, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    return reader


async def hold(connection: asyncssh.SSHClientConnection, command: str, terminal: str | None = None) -> None:
    """Start `command` and wait until it and its own child hold the FIFO."""
    process = await connection.create_process(command, term_type=terminal)
    assert str(await process.stdout.readline()).strip() == "ready"


def test_a_disconnect_ends_the_whole_process_group(tmp_path: Path) -> None:
    rules = Rules()
    endpoint = rules.allow(an_endpoint(service="ssh"))

    async def scenario() -> None:
        async with running(plane_for(rules, tmp_path)) as plane:
            for terminal in (None, "vt100"):
                fifo = tmp_path / f"fifo-{terminal}"
                end = await opened(fifo)
                connection = await login(plane, endpoint)
                await hold(connection, HOLD.format(fifo=fifo), terminal)
                connection.abort()
                assert await end.read() == b""

    asyncio.run(scenario())


def test_a_closed_channel_ends_its_command_and_no_other(tmp_path: Path) -> None:
    rules = Rules()
    endpoint = rules.allow(an_endpoint(service="ssh"))

    async def scenario() -> None:
        end = await opened(tmp_path / "fifo")
        async with running(plane_for(rules, tmp_path)) as plane, await login(plane, endpoint) as connection:
            other = await connection.create_process("cat")
            process = await connection.create_process(HOLD.format(fifo=tmp_path / "fifo"))
            assert await process.stdout.readline() == "ready\n"
            process.channel.close()
            assert await end.read() == b""
            other.stdin.write("alive\n")
            assert await other.stdout.readline() == "alive\n"

    asyncio.run(scenario())


@pytest.mark.parametrize("handler", [signal.SIG_DFL, signal.SIG_IGN], ids=["as it is", "under nohup"])
def test_a_disconnect_is_announced_and_stopping_ends_what_ignores_that(
    tmp_path: Path, handler: signal.Handlers
) -> None:
    before = signal.signal(signal.SIGHUP, handler)
    rules = Rules()
    endpoint = rules.allow(an_endpoint(service="ssh"))
    announced = "trap 'echo bye >&3; exit' HUP; "
    stubborn = f"exec 3>{tmp_path}/fifo; (trap '' HUP; exec sleep 600) & echo ready; wait"

    async def scenario() -> None:
        end = await opened(tmp_path / "fifo")
        async with running(plane_for(rules, tmp_path)) as plane:
            connection = await login(plane, endpoint)
            await hold(connection, announced + stubborn)
            connection.abort()
            assert await end.readline() == b"bye\n"
        assert await end.read() == b""

    try:
        asyncio.run(scenario())
    finally:
        signal.signal(signal.SIGHUP, before)


def test_stopping_ends_even_what_ignores_a_hang_up(tmp_path: Path) -> None:
    rules = Rules()
    endpoint = rules.allow(an_endpoint(service="ssh"))

    async def scenario() -> None:
        end = await opened(tmp_path / "fifo")
        plane = plane_for(rules, tmp_path)
        await plane.start()
        connection = await login(plane, endpoint)
        await hold(connection, "trap '' HUP; " + HOLD.format(fifo=tmp_path / "fifo"))
        await plane.stop()
        assert await end.read() == b""
        await connection.wait_closed()

    asyncio.run(scenario())


def test_what_a_finished_command_left_in_the_background_lives_on(tmp_path: Path) -> None:
    rules = Rules()
    endpoint = rules.allow(an_endpoint(service="ssh"))

    async def scenario() -> None:
        end = await opened(tmp_path / "fifo")
        async with running(plane_for(rules, tmp_path)) as plane:
            async with await login(plane, endpoint) as connection:
                go = f"mkfifo go; (read word <go; echo $word >{tmp_path}/fifo) >/dev/null 2>&1 &"
                assert (await connection.run(go)).exit_status == 0
            async with await login(plane, endpoint) as connection:
                await connection.run("echo lives >go")
                assert await end.readline() == b"lives\n"

    asyncio.run(scenario())
