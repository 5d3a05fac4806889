# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A command as a child process that can be ended together with everything it started."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal as signals
import struct
import termios
from asyncio.subprocess import Process
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from io import FileIO
from pathlib import Path
from typing import Self

SHELL = "/bin/sh"

# A session's leader gets the first terminal it opens as its controlling one.
_ON_TERMINAL = 'exec "$@" <"$0" >"$0" 2>&1'

TerminalSize = tuple[int, int, int, int]


class Child:
    """A running command, in a session and process group of its own, and our ends of its streams."""

    def __init__(
        self,
        process: Process,
        stdin: asyncio.StreamWriter,
        outputs: list[_Output],
        terminal: int | None = None,
    ) -> None:
        self._process = process
        self._outputs = outputs
        self._terminal = terminal
        self.stdin = stdin
        self.stdout = outputs[0].reader
        self.stderr = outputs[1].reader if len(outputs) > 1 else None

    @classmethod
    async def on_pipes(cls, command: str | None, environment: Mapping[str, str], folder: Path) -> Self:
        """Start `command` (a shell without one) with three pipes."""
        with ExitStack() as inner, ExitStack() as ours:
            stdin, our_in = _pipe(inner, ours)
            our_out, stdout = _pipe(ours, inner)
            our_err, stderr = _pipe(ours, inner)
            process = await asyncio.create_subprocess_exec(
                *_shell(command),
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                env=environment,
                cwd=folder,
                start_new_session=True,
                preexec_fn=_hear_signals,
            )
            outputs = [await _Output.of(our_out), await _Output.of(our_err)]
            child = cls(process, await _writer(our_in), outputs)
            ours.pop_all()
        return child

    @classmethod
    async def on_terminal(
        cls, command: str | None, environment: Mapping[str, str], folder: Path, size: TerminalSize
    ) -> Self:
        """Start `command` (a shell without one) with a terminal of its own."""
        master, slave = os.openpty()
        with FileIO(slave, "r+b") as inner, ExitStack() as ours:
            shown = ours.enter_context(FileIO(master, "rb"))
            typed = ours.enter_context(FileIO(os.dup(master), "wb"))
            terminal = os.ttyname(slave)
            _resize(master, size)
            process = await asyncio.create_subprocess_exec(
                *(SHELL, "-c", _ON_TERMINAL, terminal, *_shell(command)),
                stdin=inner,
                stdout=inner,
                stderr=inner,
                env={**environment, "SSH_TTY": terminal},
                cwd=folder,
                start_new_session=True,
                preexec_fn=_hear_signals,
            )
            child = cls(process, await _writer(typed), [await _Output.of(shown)], master)
            ours.pop_all()
        return child

    async def wait(self) -> int:
        """Return the exit code, negative for a signal."""
        return await self._process.wait()

    def close_stdin(self) -> None:
        """Pass the client's end of input on; a terminal has none to pass."""
        if self._terminal is None:
            self.stdin.close()

    def resize(self, size: TerminalSize) -> None:
        """Tell the terminal, if there is one, its new size."""
        if self._terminal is not None and not self._outputs[0].transport.is_closing():
            _resize(self._terminal, size)

    def signal(self, name: str) -> None:
        """Send the signal that SSH calls `name` (without SIG) to the process group."""
        number = signals.Signals.__members__.get(f"SIG{name}")
        if number is not None:
            self._signal_group(number)

    def close(self) -> None:
        """Close our ends of the streams."""
        self.stdin.close()
        for output in self._outputs:
            output.transport.close()

    def hang_up(self) -> None:
        """Tell the process group that its client is gone."""
        self._signal_group(signals.SIGHUP)
        self.close()

    def kill(self) -> None:
        """End the process group at once."""
        self._signal_group(signals.SIGKILL)
        self.close()

    def _signal_group(self, number: signals.Signals) -> None:
        pid = self._process.pid
        if self._process.returncode is not None:
            try:
                os.getsid(pid)
            except ProcessLookupError:
                pass  # Nobody has the number, so what is left of the group still owns it.
            else:
                return  # The group is gone and its number belongs to a stranger.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, number)


class _Output:
    """Our end of one of the child's outputs."""

    def __init__(self, reader: asyncio.StreamReader, transport: asyncio.ReadTransport) -> None:
        self.reader = reader
        self.transport = transport

    @classmethod
    async def of(cls, pipe: FileIO) -> Self:
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, pipe)
        return cls(reader, transport)


async def _writer(pipe: FileIO) -> asyncio.StreamWriter:
    loop = asyncio.get_running_loop()
    protocol = asyncio.StreamReaderProtocol(asyncio.StreamReader())
    transport, _ = await loop.connect_write_pipe(lambda: protocol, pipe)
    return asyncio.StreamWriter(transport, protocol, None, loop)


def _hear_signals() -> None:
    """Undo what `nohup` or a `&` did to the simulator: a shell can't trap what was ignored when it started."""
    for signal in (signals.SIGHUP, signals.SIGINT, signals.SIGQUIT):
        signals.signal(signal, signals.SIG_DFL)


def _shell(command: str | None) -> tuple[str, ...]:
    return (SHELL,) if command is None else (SHELL, "-c", command)


def _pipe(readers: ExitStack, writers: ExitStack) -> tuple[FileIO, FileIO]:
    reader, writer = os.pipe()
    return readers.enter_context(FileIO(reader, "rb")), writers.enter_context(FileIO(writer, "wb"))


def _resize(terminal: int, size: TerminalSize) -> None:
    columns, rows, width, height = size
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, width, height))
