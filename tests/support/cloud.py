# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated cloud without HTTP and without real time: calls go straight to the service."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import parse_qsl, quote

from azure_simulator.behaviour import Behaviour, changed
from azure_simulator.clock import Clock
from azure_simulator.exchange import Call, Reply
from azure_simulator.loopback_addresses import AddressClaim
from azure_simulator.moments import parse_utc, ticks
from azure_simulator.service import Service
from azure_simulator.simulator import Options, WorldMaker
from azure_simulator.world import World

BASE = "https://127.0.0.1:8443"
START = "2026-01-05T08:00:00.1234567Z"
JIT_VERSION = "2020-01-01"

Json = dict[str, Any]


class StoppedClock(Clock):
    """A clock that moves when it is told to; `wall_offset` is how far real time has gone, in ticks."""

    def __init__(self, start: str = START) -> None:
        self.wall_offset = 0
        super().__init__(wall=lambda: (parse_utc(start) + self.wall_offset) * 100)


class Cloud:
    """A service with a fleet, and a client that is signed in."""

    def __init__(
        self, fleet: str = "demo", start: str = START, *, claim: AddressClaim | None = None, **behaviour: Any
    ) -> None:
        options = Options(fleet=fleet, behaviour=changed(Behaviour(irregular_pages=False), behaviour))
        self.clock = StoppedClock(start)
        self.service = Service(WorldMaker(options), fleet, self.clock, claim)
        self.token = self._sign_in()

    @property
    def world(self) -> World:
        return self.service.world

    def _sign_in(self) -> str:
        principal = next(iter(self.world.principals.values()))
        return self.world.tokens.issue(principal, f"{BASE}/", self.world.behaviour.token_lifetime)

    def make_call(self, method: str, path: str, body: Any = None, headers: Json | None = None) -> Call:
        """Make a call; `path` may carry a query, and a body other than bytes is sent as JSON."""
        path, _, query = path.partition("?")
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return Call(
            method=method,
            path=path,
            query={name.lower(): value for name, value in parse_qsl(query, keep_blank_values=True)},
            headers={"authorization": f"Bearer {self.token}"} if headers is None else headers,
            body=content,
            base_url=BASE,
            caller="127.0.0.1",
        )

    def call(self, method: str, path: str, body: Any = None, headers: Json | None = None) -> Reply:
        """Make a call and return its answer, with the body as JSON would bring it."""
        reply = asyncio.run(self.service.answer(self.make_call(method, path, body, headers)))
        reply.body = json.loads(json.dumps(reply.body))
        return reply

    def get(self, path: str, version: str = "2024-01-01") -> Json:
        """Return the body of a successful GET."""
        reply = self.call("GET", f"{path}?api-version={version}")
        assert reply.status == 200, reply.body
        return reply.body  # type: ignore[no-any-return]

    def control(self, method: str, name: str, body: Any = None) -> Reply:
        """Call the control interface."""
        return self.call(method, f"/_simulator/{name}", body, headers={})

    def advance(self, seconds: float) -> None:
        """Move the simulated time."""
        self.service.advance(ticks(seconds))

    def query(self, text: str, **options: Any) -> Json:
        """Ask Resource Graph and return its answer."""
        reply = self.call(
            "POST",
            "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01",
            {"query": text, "options": {name.replace("_", "$", 1): value for name, value in options.items()}},
        )
        assert reply.status == 200, reply.body
        return reply.body  # type: ignore[no-any-return]


class JitPolicyClient:
    """The policy of one group and region, as a client sees it."""

    def __init__(self, cloud: Cloud, subscription: str, group: str, location: str, name: str = "default") -> None:
        self.cloud = cloud
        self.path = (
            f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Security/"
            f"locations/{location}/jitNetworkAccessPolicies/{quote(name)}"
        )

    def _call(self, method: str, body: Any = None, action: str = "") -> Reply:
        return self.cloud.call(method, f"{self.path}{action}?api-version={JIT_VERSION}", body)

    def put(self, *entries: Json) -> Reply:
        """Put a policy with these VM entries."""
        return self._call("PUT", {"kind": "Basic", "properties": {"virtualMachines": list(entries)}})

    def get(self) -> Reply:
        return self._call("GET")

    def properties(self) -> Json:
        """Return the properties of the policy as it is."""
        reply = self.get()
        assert reply.status == 200, reply.body
        return reply.body["properties"]  # type: ignore[no-any-return]

    def delete(self) -> Reply:
        return self._call("DELETE")

    def initiate(self, *vms: Json, justification: str | None = None) -> Reply:
        """Ask for access."""
        body: Json = {"virtualMachines": list(vms)}
        if justification is not None:
            body["justification"] = justification
        return self._call("POST", body, "/initiate")

    def states(self) -> list[tuple[int, str, str]]:
        """Return number, status and reason of each port asked for, in the order of the requests' times."""
        requests = sorted(self.properties()["requests"], key=lambda request: str(request["startTimeUtc"]))
        return [
            (port["number"], port["status"], port["statusReason"])
            for request in requests
            for vm in request["virtualMachines"]
            for port in vm["ports"]
        ]


def rule(number: int, source: str | list[str] = "*", longest: str = "PT3H", protocol: str = "*") -> Json:
    """Return a port rule of a policy."""
    name = "allowedSourceAddressPrefix" if isinstance(source, str) else "allowedSourceAddressPrefixes"
    return {"number": number, "protocol": protocol, name: source, "maxRequestAccessDuration": longest}


def wish(number: int, source: str | list[str] | None = "127.0.0.1", **end: str) -> Json:
    """Return a port asked for, one hour unless told otherwise."""
    port: Json = {"number": number, **(end or {"duration": "PT1H"})}
    if source is not None:
        name = "allowedSourceAddressPrefix" if isinstance(source, str) else "allowedSourceAddressPrefixes"
        port[name] = source
    return port
