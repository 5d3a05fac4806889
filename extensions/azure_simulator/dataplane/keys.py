# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run's SSH keys: one for the client, one for all hosts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import asyncssh

# Every address on every port: OpenSSH writes "[address]:port" for ports other than 22.
KNOWN_HOSTS_PATTERNS = "127.*,[127.*]:*,::1,[::1]:*"


@dataclass(frozen=True, slots=True)
class Keys:
    """The private host key, and the public half of the only client key that is let in."""

    host: asyncssh.SSHKey
    client: asyncssh.SSHKey


def create_keys(client_key: Path, known_hosts: Path) -> Keys:
    """Make fresh keys and write what an SSH client needs, replacing an earlier run's."""
    host = asyncssh.generate_private_key("ssh-ed25519")
    client = asyncssh.generate_private_key("ssh-ed25519", comment="azure_simulator")
    client_key.unlink(missing_ok=True)
    client_key.touch(mode=0o600)
    client_key.write_bytes(client.export_private_key("openssh"))
    public = host.export_public_key("openssh").decode().strip()
    known_hosts.write_text(f"{KNOWN_HOSTS_PATTERNS} {public}\n", encoding="ascii")
    return Keys(host=host, client=client.convert_to_public())
