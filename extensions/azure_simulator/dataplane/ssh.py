# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SSH server behind port 22 of every simulated Linux VM."""

from __future__ import annotations

import logging
import socket
from pathlib import Path

import asyncssh

from azure_simulator.reachability import Endpoint

from .keys import Keys
from .machine import Machine, prepare_machine
from .running import Running
from .session import Session
from .sessions import SessionLog

LOG = logging.getLogger(__name__)


class VmServer(asyncssh.SSHServer):
    """Lets the VM's administrator in with the run's client key, and nobody else."""

    def __init__(self, machine: Machine, client_key: asyncssh.SSHKey, running: Running, log: SessionLog) -> None:
        self._machine = machine
        self._client_key = client_key
        self._running = running
        self._log = log

    def begin_auth(self, username: str) -> bool:
        """Ask everybody for a key."""
        return True

    def public_key_auth_supported(self) -> bool:
        """Offer keys as the only way in."""
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Tell whether this is the administrator with the right key."""
        is_admin = username == self._machine.endpoint.admin_username
        return is_admin and key.public_data == self._client_key.public_data

    def session_requested(self) -> Session:
        """Return a session in the VM."""
        return Session(self._machine, self._running, self._log)


class SshService:
    """Serves SSH on connections of any VM. Commands run as the user who runs the simulator."""

    def __init__(self, keys: Keys, homes: Path, log: SessionLog) -> None:
        self._keys = keys
        self._homes = homes
        self._log = log
        self._running = Running()
        self._options = asyncssh.SSHServerConnectionOptions(
            server_host_keys=[keys.host],
            encoding=None,
            line_editor=False,
            password_auth=False,
            kbdint_auth=False,
            host_based_auth=False,
            gss_host=None,
            agent_forwarding=False,
        )

    async def serve(self, connection: socket.socket, endpoint: Endpoint) -> None:
        """Serve one connection until it is closed, by the client or by cancelling."""
        try:
            machine = prepare_machine(endpoint, self._homes)
        except OSError as error:
            connection.close()
            LOG.error("%s has no home folder: %s", endpoint.vm_name, error)
            return
        try:
            ssh = await asyncssh.run_server(
                connection,
                options=self._options,
                server_factory=lambda: VmServer(machine, self._keys.client, self._running, self._log),
            )
        except (OSError, asyncssh.Error) as error:
            # Port scanners, wrong keys, impatient clients: the client's business.
            LOG.debug("%s: %s", endpoint.vm_name, error)
            return
        try:
            await ssh.wait_closed()
        finally:
            ssh.abort()

    async def end(self) -> None:
        """End every command that still runs."""
        await self._running.end()
