# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run Ansible's commands by processes that have imported it before, which is a third to a half of a run's cost.

A command is a fork of such a process, with the environment, folder and streams that the caller wants. Settings
that Ansible reads while it is imported are the same in all forks, so each set of them has a process of its own.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

# By the names of the commands: the modules and classes that run them.
COMMANDS = {
    "ansible": ("ansible.cli.adhoc", "AdHocCLI"),
    "ansible-inventory": ("ansible.cli.inventory", "InventoryCLI"),
    "ansible-playbook": ("ansible.cli.playbook", "PlaybookCLI"),
}
PRELOADED = (
    *(module for module, _name in COMMANDS.values()),
    "ansible.executor.module_common",
    "ansible.executor.task_executor",
    "ansible.plugins.action.normal",
    "ansible.plugins.callback.default",
    "ansible.plugins.connection.local",
    "ansible.plugins.inventory.auto",
    "ansible.plugins.inventory.yaml",
    "ansible.plugins.shell.sh",
    "ansible.plugins.strategy.linear",
    "ansible.plugins.vars.host_group_vars",
    "azure.identity",
    "azure.mgmt.core",
    "jmespath",
    "requests",
)
KEPT = 3


def run_ansible(
    command: Sequence[str | Path], env: Mapping[str, str], folder: Path | None = None, *, merged: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run `ansible`, `ansible-inventory` or `ansible-playbook` of this environment and read what it printed."""
    with tempfile.TemporaryDirectory() as name:
        out = Path(name) / "out"
        err = out if merged else Path(name) / "err"
        words = [str(word) for word in command]
        ask = {
            "command": words,
            "env": dict(env),
            "cwd": str(folder or Path.cwd()),
            "out": str(out),
            "err": str(err),
        }
        code = _server_for(env).run(ask)
        return subprocess.CompletedProcess(words, code, out.read_text(), "" if merged else err.read_text())


def _settings(env: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Give the variables that Ansible and Python read once."""
    names = ("HOME", "LANG", "COLUMNS", "TMPDIR", "NO_COLOR")
    prefixes = ("ANSIBLE_", "LC_", "PYTHON")
    return tuple(
        sorted(
            (key, value)
            for key, value in env.items()
            if (key in names or key.startswith(prefixes)) and not key.startswith("ANSIBLE_AZURE_")
        )
    )


class _Server:
    """A process that has imported Ansible, and forks."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._folder = tempfile.mkdtemp(prefix="warm-ansible-")
        self._path = f"{self._folder}/socket"
        own = {"ANSIBLE_LOCAL_TEMP": f"{self._folder}/local", **env}
        command = [sys.executable, __file__, self._path]
        # In a folder of its own, where there is no ansible.cfg.
        self._process = subprocess.Popen(
            command, env=own, cwd=self._folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline(), "Ansible can't be imported"

    def run(self, ask: Mapping[str, Any]) -> int:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(self._path)
            connection.sendall(json.dumps(ask).encode() + b"\n")
            with connection.makefile() as answer:
                return int(answer.readline())

    def close(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._process.communicate()
        shutil.rmtree(self._folder, ignore_errors=True)


_servers: OrderedDict[tuple[tuple[str, str], ...], _Server] = OrderedDict()


def _server_for(env: Mapping[str, str]) -> _Server:
    settings = _settings(env)
    if settings not in _servers:
        _servers[settings] = _Server(env)
    _servers.move_to_end(settings)
    while len(_servers) > KEPT:
        _servers.popitem(last=False)[1].close()
    return _servers[settings]


@atexit.register
def _close_all() -> None:
    while _servers:
        _servers.popitem()[1].close()


def serve(path: str) -> None:
    """Fork for each connection, until whoever started this is gone."""
    for name in PRELOADED:
        importlib.import_module(name)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        os.write(1, b"ready\n")
        while True:
            ready, _writable, _failed = select.select([listener, sys.stdin], [], [])
            if sys.stdin in ready:
                return
            connection, _address = listener.accept()
            if os.fork() == 0:
                listener.close()
                _keep(connection)
            connection.close()
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass


def _keep(connection: socket.socket) -> None:
    """Run one command in a process of its own, and tell its exit code."""
    with connection.makefile() as asked:
        ask = json.loads(asked.readline())
    child = os.fork()
    if child == 0:
        connection.close()
        _become(ask)
    _pid, status = os.waitpid(child, 0)
    connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _become(ask: Mapping[str, Any]) -> None:
    """Be the command."""
    code = 250
    try:
        os.environ.clear()
        os.environ.update(ask["env"])
        os.chdir(ask["cwd"])
        time.tzset()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(os.open(ask["out"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 1)
        os.dup2(os.open(ask["err"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 2)
        sys.argv = ask["command"]
        module, name = COMMANDS[Path(sys.argv[0]).name]
        getattr(sys.modules[module], name).cli_executor(sys.argv)
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(bool(error.code))
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve(sys.argv[1])
