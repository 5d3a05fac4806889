# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a simulated VM looks like from inside a session: its home folder and environment."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from azure_simulator.reachability import Endpoint

# The simulator's own Python comes last, so that Ansible finds one on hosts with none in the usual places.
SEARCH_PATH = f"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:{sys.base_prefix}/bin"

_UNSAFE_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]")
_LOCALE_NAME = re.compile(r"LANG|LC_[A-Z]+")
_LOCALE = re.compile(r"[A-Za-z0-9_.@-]+")


@dataclass(frozen=True, slots=True)
class Machine:
    """One VM as a place to run commands."""

    endpoint: Endpoint
    home: Path

    def environment(self, source: str, source_port: int, wishes: Mapping[str, str]) -> dict[str, str]:
        """Return a session's whole environment: nothing of the simulator's own is in it."""
        user, address, port = self.endpoint.admin_username, self.endpoint.address, self.endpoint.port
        locale = {
            name: value
            for name, value in wishes.items()
            if _LOCALE_NAME.fullmatch(name) and _LOCALE.fullmatch(value)
        }
        return {
            "HOME": str(self.home),
            "HOSTNAME": self.endpoint.vm_name,
            "LANG": "C.UTF-8",
            "LOGNAME": user,
            "PATH": SEARCH_PATH,
            "SHELL": "/bin/sh",
            "SSH_CLIENT": f"{source} {source_port} {port}",
            "SSH_CONNECTION": f"{source} {source_port} {address} {port}",
            "USER": user,
            **locale,
        }

    def translate(self, command: str) -> str:
        """Return `command` with `~admin` written as `~`.

        The administrator is no account of this machine, so the shell would leave `~admin` as it is (or find a
        real account's folder), and it is the first thing that Ansible asks for.
        """
        user = re.escape(self.endpoint.admin_username)
        return re.sub(rf"""(?<![^\s'"=:]) ~{user} (?![^\s'"`/:;&|)])""", "~", command, flags=re.VERBOSE)

    def path_of(self, path: bytes) -> bytes:
        """Return a file transfer's path as one of this machine: relative ones start at home."""
        first, _, rest = path.partition(b"/")
        if first in (b"~", f"~{self.endpoint.admin_username}".encode()):
            path = rest.lstrip(b"/") or b"."
        return bytes(self.home) + b"/" + path if not path.startswith(b"/") else path


def prepare_machine(endpoint: Endpoint, homes: Path) -> Machine:
    """Make the VM's home folder below `homes`, named after VM and address: names repeat across groups."""
    home = homes / _UNSAFE_IN_NAMES.sub("_", f"{endpoint.vm_name}-{endpoint.address}")
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Machine(endpoint, home)
