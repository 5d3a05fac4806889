# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Listeners on loopback that follow the effective network rules."""

from __future__ import annotations

import asyncio
import logging
import socket
from pathlib import Path

from azure_simulator.reachability import Endpoint, Reachability

from . import limits
from .keys import create_keys
from .listener import Listener, ListenError, open_socket, reset
from .sessions import Clock, SessionLog, SessionRecord
from .sink import serve_sink
from .ssh import SshService

LOG = logging.getLogger(__name__)

IDLE_SECONDS = 900.0
REPORTED = 3


class DataPlane:
    """The addresses of all simulated VMs.

    Behind `ssh` endpoints commands run on this machine as the user who runs the simulator: whoever can read
    `client_key` is that user. `problems` says what could not be listened on, `port_offset` what to add to a
    VM's port to reach it.
    """

    def __init__(
        self,
        reachability: Reachability,
        folder: Path,
        *,
        port_offset: int | None = None,
        idle_seconds: float = IDLE_SECONDS,
        clock: Clock | None = None,
    ) -> None:
        self.client_key = folder.absolute() / "client_key"
        self.known_hosts = folder.absolute() / "known_hosts"
        self.port_offset = limits.port_offset() if port_offset is None else port_offset
        self.problems: tuple[str, ...] = ()
        self._homes = folder.absolute() / "homes"
        self._reachability = reachability
        self._idle_seconds = idle_seconds
        self._log = SessionLog(clock)
        self._ssh: SshService | None = None
        self._listeners: dict[Endpoint, Listener] = {}
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def sessions(self) -> tuple[SessionRecord, ...]:
        """The latest SSH sessions, oldest first."""
        return self._log.records()

    async def start(self) -> None:
        """Make the run's keys and open what the rules allow."""
        self._homes.mkdir(mode=0o700, parents=True, exist_ok=True)
        keys = create_keys(self.client_key, self.known_hosts)
        self._ssh = SshService(keys, self._homes, self._log)
        await self.refresh()

    async def refresh(self) -> None:
        """Open and close listeners so that they match the rules; do nothing unless started."""
        if self._ssh is None:
            return
        wanted = dict.fromkeys(self._reachability.endpoints())
        for endpoint in self._listeners.keys() - wanted.keys():
            self._listeners.pop(endpoint).close()
        missing = [endpoint for endpoint in wanted if endpoint not in self._listeners]
        self._report(self._open(self._ssh, missing))

    async def stop(self) -> None:
        """Close all listeners and connections and end every command."""
        ssh, self._ssh = self._ssh, None
        for listener in self._listeners.values():
            listener.close()
        self._listeners.clear()
        for connection in self._connections:
            connection.cancel()
        if self._connections:
            await asyncio.wait(self._connections)
        if ssh:
            await ssh.end()

    def _open(self, ssh: SshService, missing: list[Endpoint]) -> list[str]:
        already = len(self._listeners)
        room = max(0, limits.room_for_listeners(already + len(missing)) - already)
        problems = []
        for endpoint in missing[:room]:
            try:
                sock = open_socket(endpoint, self.port_offset)
            except ListenError as error:
                problems.append(str(error))
            else:
                self._listeners[endpoint] = self._listener(ssh, sock, endpoint)
        if beyond := missing[room:]:
            problems.append(
                f"{beyond[0].address} port {beyond[0].port} and what follows, {len(beyond)} in all: "
                "the hard limit on open files is too low; raise it (`ulimit -Hn`, systemd's LimitNOFILE=, "
                "docker's --ulimit nofile=) or simulate fewer VMs"
            )
        return problems

    def _listener(self, ssh: SshService, sock: socket.socket, endpoint: Endpoint) -> Listener:
        def admit(connection: socket.socket, source: str) -> None:
            if not self._reachability.admits(endpoint.address, endpoint.port, source):
                reset(connection)
                return
            serving = (
                ssh.serve(connection, endpoint)
                if endpoint.service == "ssh"
                else serve_sink(connection, self._idle_seconds)
            )
            task = asyncio.get_running_loop().create_task(serving)
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)

        return Listener(sock, admit)

    def _report(self, problems: list[str]) -> None:
        news = [problem for problem in problems if problem not in self.problems]
        for problem in news[:REPORTED]:
            LOG.warning("can't listen: %s", problem)
        if len(news) > REPORTED:
            LOG.warning("can't listen: %d more like this", len(news) - REPORTED)
        self.problems = tuple(problems)
