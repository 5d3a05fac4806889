# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One SSH session: a command, a shell, or a file transfer."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from signal import Signals

import asyncssh

from .child import Child
from .machine import Machine
from .running import Running
from .sessions import SessionLog

CHUNK = 65536
SFTP_VERSION = 3
CANNOT_START = 126


class Files(asyncssh.SFTPServer):
    """Transfers files of this machine, as its user; relative paths start in the VM's home folder."""

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], machine: Machine) -> None:
        super().__init__(channel)
        self._machine = machine

    def map_path(self, path: bytes) -> bytes:
        """Return the path on this machine."""
        return self._machine.path_of(path)

    def exit(self) -> None:
        """End the transfer with an exit status, which the `scp` command waits for."""
        self.channel.exit(0)


class Session(asyncssh.SSHServerProcess[bytes]):
    """Runs what the client asks for as a real process of this machine, as the simulator's own user."""

    def __init__(self, machine: Machine, running: Running, log: SessionLog) -> None:
        super().__init__(lambda _: self._run(), lambda _: self._transfer(), SFTP_VERSION, allow_scp=True)
        self._machine = machine
        self._running = running
        self._log = log
        self._child: Child | None = None

    def exec_requested(self, command: str) -> bool:
        """Accept what can be an argument of a process."""
        return "\0" not in command

    def subsystem_requested(self, subsystem: str) -> bool:
        """Offer file transfer only."""
        return subsystem == "sftp"

    def signal_received(self, signal: str) -> None:
        """Pass a signal on to the command."""
        if self._child:
            self._child.signal(signal)

    def break_received(self, msec: int) -> bool:
        """Interrupt the command, as a terminal's driver does on a break."""
        self.signal_received("INT")
        return True

    def terminal_size_changed(self, width: int, height: int, pixwidth: int, pixheight: int) -> None:
        """Pass the new size on to the command's terminal."""
        if self._child:
            self._child.resize((width, height, pixwidth, pixheight))

    def _transfer(self) -> asyncssh.SFTPServer:
        self._remember(self.command or "sftp")
        return Files(self.channel, self._machine)

    async def _run(self) -> None:
        self._remember(self.command or "")
        # A task of its own, so that the simulator can wait for it when it stops.
        await self._running.start(self._look_after_child())

    async def _look_after_child(self) -> None:
        try:
            child = await self._spawn()
        except OSError as error:
            self.stderr.write(f"azure_simulator: {error}\n".encode())
            self.exit(CANNOT_START)
            return
        self._child = child
        self._running.add(child)
        feeding = asyncio.create_task(self._feed(child))
        watching = asyncio.create_task(self._hang_up_when_closed(child))
        await self._forward_output(child)
        code = await child.wait()
        feeding.cancel()
        if self.channel.is_closing():
            await watching
            return
        watching.cancel()
        self._running.finished(child)
        self._report(code)

    async def _spawn(self) -> Child:
        source, source_port, *_ = self.get_extra_info("peername")
        environment = self._machine.environment(source, source_port, self.env)
        command = None if self.command is None else self._machine.translate(self.command)
        if self.term_type is None:
            return await Child.on_pipes(command, environment, self._machine.home)
        environment["TERM"] = self.term_type
        return await Child.on_terminal(command, environment, self._machine.home, self.term_size)

    async def _feed(self, child: Child) -> None:
        # The command may close its input at any time; what the client still sends is then nobody's.
        with suppress(OSError, asyncssh.Error):
            while data := await self.stdin.read(CHUNK):
                child.stdin.write(data)
                await child.stdin.drain()
        child.close_stdin()

    async def _hang_up_when_closed(self, child: Child) -> None:
        await self.channel.wait_closed()
        self._running.hang_up(child)

    async def _forward_output(self, child: Child) -> None:
        copies = [_copy(child.stdout, self.stdout)]
        if child.stderr:
            copies.append(_copy(child.stderr, self.stderr))
        await asyncio.gather(*copies)

    def _report(self, code: int) -> None:
        if code < 0:
            self.exit_with_signal(Signals(-code).name.removeprefix("SIG"))
        else:
            self.exit(code)

    def _remember(self, command: str) -> None:
        endpoint = self._machine.endpoint
        source = str(self.get_extra_info("peername")[0])
        self._log.add(endpoint.vm_name, endpoint.admin_username, source, command)


async def _copy(source: asyncio.StreamReader, target: asyncssh.SSHWriter[bytes]) -> None:
    # Reading fails where a terminal's last process ends (EIO), writing where the client is gone.
    with suppress(OSError, asyncssh.Error):
        while data := await source.read(CHUNK):
            target.write(data)
            await target.drain()
