# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a program by a fork of a process that has imported before what the program needs.

The fork has the arguments, environment, folder and streams that the caller wants, and dies with its caller.
"""

from __future__ import annotations

import ast
import contextlib
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fork_client import ask

READY = b"ready\n"


class ForkServer:
    """A process of a script that calls `serve` with the folder that it is given."""

    def __init__(self, script: str, env: Mapping[str, str], *, at_home: bool = True) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="forks-"))
        home = {} if at_home else {"HOME": str(self.folder)}
        self._process = subprocess.Popen(
            [sys.executable, script, self.folder],
            env={"ANSIBLE_LOCAL_TEMP": str(self.folder / "local"), **env, **home},
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        if self._process.stdout.readline() != READY:
            shutil.rmtree(self.folder)
            raise RuntimeError(f"{script} doesn't start")

    def run(self, wish: Mapping[str, Any], streams: Sequence[int]) -> int:
        """Run what `wish` says: `argv`, `env` and `cwd`, and whatever else the script understands."""
        return ask(str(self.folder), wish, streams)

    def close(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._process.communicate()


def serve(folder: str) -> dict[str, Any]:
    """Fork for each wish, until whoever started this is gone. Return in the fork, which is the program then."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{folder}/socket")
        listener.listen()
        os.write(1, READY)
        while True:
            ready, _writable, _failed = select.select([listener.fileno(), 0], [], [])
            if 0 in ready:
                shutil.rmtree(folder, ignore_errors=True)  # here, for whoever started this may have been killed
                sys.exit()
            connection, _address = listener.accept()
            if os.fork() == 0:
                listener.close()
                wish, streams = _hear(connection)
                if (child := os.fork()) == 0:
                    connection.close()
                    _become(wish, streams)
                    return wish
                _answer(connection, child)
            connection.close()
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass


def _hear(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    _newline, streams, _flags, _address = socket.recv_fds(connection, 1, 3)
    with connection.makefile() as asked:
        return ast.literal_eval(asked.readline()), streams


def _answer(connection: socket.socket, child: int) -> None:
    """Tell how the child ended; end it where nobody waits for it any more."""
    ended = os.pidfd_open(child)
    ready, _writable, _failed = select.select([ended, connection.fileno()], [], [])
    if ended not in ready:
        os.kill(child, signal.SIGKILL)
    _pid, status = os.waitpid(child, 0)
    with contextlib.suppress(BrokenPipeError):
        connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _become(wish: Mapping[str, Any], streams: Sequence[int]) -> None:
    os.environ.clear()
    os.environ.update(wish["env"])
    os.chdir(wish["cwd"])
    time.tzset()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.argv = wish["argv"]
