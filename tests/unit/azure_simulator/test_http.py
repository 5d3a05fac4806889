# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator over real TLS: what only HTTP can show."""

from __future__ import annotations

import asyncio
import http.client
import json
import ssl
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from azure_simulator.simulator import Options, Simulator


class Running:
    """A simulator that runs in a thread, and a plain client of it."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.simulator = self.run(self._make())
        self.run(self.simulator.start())
        self._context = ssl.create_default_context(cafile=self.simulator.certificates.authority)

    async def _make(self) -> Simulator:
        return Simulator(Options(fleet="vms=5,groups=1"))

    def run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def stop(self) -> None:
        self.run(self.simulator.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def connect(self) -> http.client.HTTPSConnection:
        port = int(self.simulator.url.rsplit(":", 1)[1])
        return http.client.HTTPSConnection("127.0.0.1", port, context=self._context, timeout=60)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> http.client.HTTPResponse:
        connection = self.connect()
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        return connection.getresponse()


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    running = Running()
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def _clean(running: Running) -> None:
    running.send("POST", "/_simulator/reset").read()


def test_addresses_in_answers_follow_the_host_header(running: Running) -> None:
    response = running.send("GET", "/metadata/endpoints?api-version=2022-09-01", Host="localhost:1234")
    assert json.load(response)["resourceManager"] == "https://localhost:1234"


def test_common_headers(running: Running) -> None:
    response = running.send("GET", "/subscriptions?api-version=2022-12-01")
    assert response.status == 401
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-cache"
    assert {"x-ms-request-id", "x-ms-correlation-request-id", "x-ms-routing-request-id"} <= {
        name.lower() for name in response.headers
    }


def test_a_client_request_id_comes_back_if_asked(running: Running) -> None:
    asked = {"x-ms-client-request-id": "abc", "x-ms-return-client-request-id": "true"}
    path = "/metadata/endpoints?api-version=2022-09-01"
    assert running.send("GET", path, **asked).headers["x-ms-client-request-id"] == "abc"
    assert "x-ms-client-request-id" not in running.send("GET", path, **{"x-ms-client-request-id": "abc"}).headers


def test_a_broken_connection(running: Running) -> None:
    running.send("POST", "/_simulator/faults", {"path": "metadata", "reset": "before"}).read()
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError, ssl.SSLError)):
        running.send("GET", "/metadata/endpoints?api-version=2022-09-01")
    assert running.send("GET", "/metadata/endpoints?api-version=2022-09-01").status == 200


def test_a_body_cut_short(running: Running) -> None:
    running.send("POST", "/_simulator/faults", {"path": "metadata", "truncate": 40}).read()
    response = running.send("GET", "/metadata/endpoints?api-version=2022-09-01")
    assert response.status == 200
    with pytest.raises((http.client.IncompleteRead, ConnectionResetError, ssl.SSLError)) as caught:
        response.read()
    if isinstance(caught.value, http.client.IncompleteRead):
        assert len(caught.value.partial) == 40


def test_a_large_body_is_taken(running: Running) -> None:
    response = running.send("POST", "/_simulator/faults", {"path": "x", "body": "x" * 3_000_000})
    assert response.status == 201


def test_a_wrong_method_names_those_that_are_right(running: Running) -> None:
    response = running.send("DELETE", "/metadata/endpoints?api-version=2022-09-01")
    assert (response.status, response.headers["Allow"]) == (405, "GET")


def test_states_move_by_themselves(running: Running) -> None:
    """Without any request: a timer applies what is due."""
    world = running.simulator.service.world
    moved = threading.Event()

    async def plan() -> None:
        world.agenda.at(world.clock.now() + 10_000, lambda _: moved.set())

    running.run(plan())
    assert moved.wait(10)
