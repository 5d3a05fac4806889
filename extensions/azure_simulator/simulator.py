# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One running simulator: service, HTTP server, certificates, folder, and the data plane if it is wanted."""

from __future__ import annotations

import asyncio
import gc
import secrets
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from . import certificates, collector
from .behaviour import Behaviour
from .clock import Clock
from .environment import handed_out
from .fleet import files, generate
from .fleet.document import FleetError, Node
from .http_server import HttpServer
from .identity.models import Principal
from .loopback_addresses import AddressClaim
from .network.view import EffectiveReachability
from .reachability import Endpoint
from .resource_ids import guid
from .service import Service
from .state import restore
from .world import Tenant, World

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .dataplane import DataPlane


@dataclass(frozen=True, slots=True)
class Options:
    """How to run; `data_plane` None means: on for fleets from files."""

    fleet: str = "demo"
    seed: int = 1
    port: int = 0
    behaviour: Behaviour = field(default_factory=Behaviour)
    data_plane: bool | None = None


class WorldMaker:
    """Makes the same fresh world again and again."""

    def __init__(self, options: Options) -> None:
        """Read the fleet. Raises FleetError."""
        self._options = options
        self._principal: Principal | None = None
        self._state = _exported_state(options.fleet)
        self._file = None if self._state else _fleet_file(options.fleet)
        self._numbers = None if self.is_file else _fleet_numbers(options.fleet)

    @property
    def is_file(self) -> bool:
        """Tell whether the fleet is described in a file, not by numbers."""
        return self._state is not None or self._file is not None

    def __call__(self, clock: Clock) -> World:
        """Make a world. Raises FleetError."""
        if self._state is not None:
            clock.offset = restore.read_offset(self._state)
        world = World(self._tenant(), clock, self._options.behaviour, self._options.seed)
        principal = self._principal or _new_principal(world)
        self._principal = principal
        world.principals[principal.client_id] = principal
        with collector.paused():
            self._populate(world)
        return world

    def _tenant(self) -> Tenant:
        """Return the fleet's tenant. Raises FleetError."""
        if self._state is not None:
            return Tenant(*restore.read_tenant(self._state))
        return Tenant(*(self._file.tenant() if self._file else _generated_tenant(self._options.seed)))

    def _populate(self, world: World) -> None:
        """Fill a world with the fleet. Raises FleetError."""
        if self._state is not None:
            restore.restore(world, self._state)
        elif self._file is not None:
            files.populate(world, self._file)
        elif self._numbers is not None:
            generate.populate(world, self._numbers)


class _Reachability:
    """The reachability of whatever world is current: a reset replaces the world."""

    def __init__(self, service: Service) -> None:
        """Look at a service."""
        self._service = service

    def endpoints(self) -> Iterable[Endpoint]:
        """Yield what to listen on."""
        return EffectiveReachability(self._service.world).endpoints()

    def admits(self, address: str, port: int, source: str) -> bool:
        """Tell whether a caller gets through."""
        self._service.world.settle()
        return EffectiveReachability(self._service.world).admits(address, port, source)


class Simulator:
    """Starts and stops everything that belongs to one run."""

    def __init__(self, options: Options) -> None:
        """Prepare the fleet. Raises FleetError and OSError."""
        maker = WorldMaker(options)
        self._options = options
        self._with_data_plane = maker.is_file if options.data_plane is None else options.data_plane
        self._claim = AddressClaim() if self._with_data_plane else None
        self.service = Service(maker, options.fleet, claim=self._claim)
        # The fleet stays for good; the collector need not walk over it again and again.
        gc.freeze()
        self.principal = next(iter(self.service.world.principals.values()))
        self.folder = Path(tempfile.mkdtemp(prefix="azure-simulator-"))
        self.certificates = certificates.create(self.folder, self.service.clock)
        self._server = HttpServer(self.service, self.certificates.server_context())
        self._identity_server = HttpServer(self.service, None)
        self._data_plane: DataPlane | None = None
        self._dirty = asyncio.Event()
        self._lock = asyncio.Lock()
        self._keeper: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Return the base address."""
        return f"https://127.0.0.1:{self._server.port}"

    async def start(self) -> None:
        """Listen. Raises OSError."""
        await self._server.start(self._options.port)
        await self._identity_server.start(0)
        self.service.world.base_url = self.url
        if self._with_data_plane:
            await self._start_data_plane()

    async def _start_data_plane(self) -> None:
        """Open the VMs' ports, and keep them in step with the rules."""
        from .dataplane import DataPlane  # needs asyncssh, which plain API runs do without

        self._data_plane = DataPlane(_Reachability(self.service), self.folder)
        await self._data_plane.start()
        self.service.on_change = self._dirty.set
        self._server.settled = self._refresh
        self._keeper = asyncio.create_task(self._keep())

    async def _keep(self) -> None:
        """Refresh the data plane whenever something has changed."""
        while True:
            await self._dirty.wait()
            await self._refresh()

    async def _refresh(self) -> None:
        """Bring the data plane up to date, once for all changes so far; answers wait for it."""
        async with self._lock:
            if self._dirty.is_set() and self._data_plane is not None:
                self._dirty.clear()
                await self._data_plane.refresh()

    async def stop(self) -> None:
        """Stop everything and remove the folder."""
        if self._keeper is not None:
            self._keeper.cancel()
        if self._data_plane is not None:
            await self._data_plane.stop()
        await self._server.stop()
        await self._identity_server.stop()
        if self._claim is not None:
            self._claim.release()
        shutil.rmtree(self.folder, ignore_errors=True)

    def environment(self) -> dict[str, str]:
        """Return the variables that lead clients here."""
        variables = handed_out(
            self.service.world, self.principal, self.url, self.certificates.authority, self.folder
        )
        identity_url = f"http://127.0.0.1:{self._identity_server.port}"
        variables |= {
            "AZURE_POD_IDENTITY_AUTHORITY_HOST": identity_url,
            "AZURE_SIMULATOR_IDENTITY_ENDPOINT": f"{identity_url}/msi/token",
            "AZURE_SIMULATOR_IDENTITY_HEADER": self.service.world.tokens.identity_header,
        }
        if self._data_plane is not None:
            variables |= {
                "AZURE_SIMULATOR_SSH_KEY": str(self._data_plane.client_key),
                "AZURE_SIMULATOR_KNOWN_HOSTS": str(self._data_plane.known_hosts),
                "AZURE_SIMULATOR_PORT_OFFSET": str(self._data_plane.port_offset),
            }
        return variables


def _exported_state(text: str) -> Node | None:
    """Return the exported state that `--fleet` names, if it names one. Raises FleetError."""
    path = Path(text)
    return restore.read_file(path) if path.suffix == ".json" else None


def _fleet_file(text: str) -> files.FleetFile | None:
    """Return the file that `--fleet` names, if it names one. Raises FleetError."""
    if text == "demo":
        return files.demo()
    path = Path(text)
    return files.read_file(path) if path.suffix in (".yml", ".yaml") else None


def _fleet_numbers(text: str) -> generate.Generated:
    """Return the numbers that `--fleet` gives. Raises FleetError."""
    try:
        return generate.read_numbers(text)
    except ValueError as error:
        raise FleetError(f"{error}; other fleets are 'demo' and a file ending .yml or .json") from None


def _generated_tenant(seed: int) -> tuple[str, str, str]:
    """Return the tenant of generated fleets."""
    return guid("tenant", seed), "Fabrikam", "fabrikam.onmicrosoft.com"


def _new_principal(world: World) -> Principal:
    """Make the application that clients sign in as, with a secret that nobody can know."""
    tenant = world.tenant.id
    return Principal(guid("client", tenant), guid("object", tenant), "azure-simulator", secrets.token_urlsafe(24))
