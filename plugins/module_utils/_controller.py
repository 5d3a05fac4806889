# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Ansible process for which a module works, and which others still live."""

from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path

from ._jit.errors import ControllerGone

# Set by the action plugin: the process that waits for the module, as `process_identity` writes it.
CONTROLLER_VARIABLE = "JITFLEET_CONTROLLER_PROCESS"
# The processes of a machine itself, not of a container; the number is the kernel's own.
_MACHINES_OWN = "pid:[4026531836]"


def assert_controller_lives() -> None:
    """Stop where the task was ended from outside: a task's `timeout` ends the action, but not its module."""
    process = os.environ.get(CONTROLLER_VARIABLE)
    if process and process != process_identity(int(process.split(":")[0])):
        raise ControllerGone("the Ansible process that ran this task is gone; nothing more was sent to Azure")


def process_identity(process_id: int) -> str:
    """Name a process so that another one with the same number later is told apart where the system allows it."""
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass  # it lives and belongs to somebody else
    try:
        # The fields after the command's name, which stands in parentheses; the 20th of them is the start.
        fields = Path(f"/proc/{process_id}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return f"{process_id}:"
    return f"{process_id}:{fields[19]}" if fields[0] not in ("Z", "X") else ""


def is_alive(process: str) -> bool:
    """Tell whether the process of this identity lives. Without a known start its number decides."""
    number, _colon, start = process.partition(":")
    now = process_identity(int(number))
    return bool(now) and (not start or now in (process, f"{number}:"))


def this_place() -> str:
    """Name where processes of this user are told apart by their numbers: this machine, or this container alone."""
    marks = [_read("/etc/machine-id"), socket.gethostname(), str(os.getuid())]
    try:
        namespace = str(Path("/proc/self/ns/pid").readlink())
    except OSError:  # no Linux, and so no such containers
        namespace = _MACHINES_OWN
    if namespace != _MACHINES_OWN:
        marks += [namespace, _read("/proc/sys/kernel/random/boot_id")]
    return hashlib.sha256("\n".join(marks).encode()).hexdigest()[:8]


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError:
        return ""
