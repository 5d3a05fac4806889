# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the data plane's tests share: rules to change at will, and clients."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import asyncssh
from azure_simulator.dataplane import DataPlane
from azure_simulator.reachability import Endpoint

ADMIN = "azureuser"
ME = "127.0.0.1"


class Rules:
    """Network rules in memory: which source may reach which endpoint."""

    def __init__(self) -> None:
        self._sources: dict[Endpoint, set[str]] = {}

    def allow(self, endpoint: Endpoint, *sources: str) -> Endpoint:
        """Let these sources in, and me if none is named."""
        self._sources[endpoint] = set(sources or (ME,))
        return endpoint

    def deny(self, endpoint: Endpoint) -> None:
        """Let nobody in any more."""
        del self._sources[endpoint]

    def endpoints(self) -> Iterable[Endpoint]:
        """Yield what somebody may reach."""
        return tuple(self._sources)

    def admits(self, address: str, port: int, source: str) -> bool:
        """Tell whether `source` may reach the address and port."""
        return any(
            source in sources
            for endpoint, sources in self._sources.items()
            if (endpoint.address, endpoint.port) == (address, port)
        )


def an_endpoint(
    address: str = "127.20.0.1",
    service: Literal["ssh", "tcp"] = "tcp",
    *,
    port: int | None = None,
    vm_name: str = "vm1",
) -> Endpoint:
    """Return an endpoint, on a free port unless one is given."""
    return Endpoint(address, free_port(address) if port is None else port, service, vm_name, ADMIN)


def free_port(address: str) -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def running(plane: DataPlane) -> AsyncIterator[DataPlane]:
    """Start the data plane and stop it at the end."""
    await plane.start()
    try:
        yield plane
    finally:
        await plane.stop()


async def is_open(endpoint: Endpoint, port_offset: int = 0) -> bool:
    """Tell whether a connection is accepted, and not refused."""
    try:
        _, writer = await asyncio.open_connection(endpoint.address, endpoint.port + port_offset)
    except ConnectionRefusedError:
        return False
    writer.close()
    return True


async def login(plane: DataPlane, endpoint: Endpoint, username: str = ADMIN) -> asyncssh.SSHClientConnection:
    """Return an SSH connection to a VM, having checked the host's key."""
    return await asyncssh.connect(
        endpoint.address,
        endpoint.port,
        username=username,
        client_keys=[str(plane.client_key)],
        known_hosts=str(plane.known_hosts),
        config=None,
        agent_path=None,
        preferred_auth="publickey",
    )


def plane_for(rules: Rules, folder: Path) -> DataPlane:
    """Return a data plane that listens on the very ports that the endpoints name."""
    return DataPlane(rules, folder, port_offset=0)
