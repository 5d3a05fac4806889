# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports answer exactly while the rules let the caller in."""

from __future__ import annotations

import asyncio
import logging
import socket
from pathlib import Path

import pytest
from azure_simulator.dataplane import DataPlane
from azure_simulator.reachability import Endpoint

from .support import Rules, an_endpoint, free_port, is_open, login, plane_for, running


async def first_bytes(endpoint: Endpoint, source: str) -> bytes:
    """Connect from `source`, close our side, and return what comes."""
    reader, writer = await asyncio.open_connection(endpoint.address, endpoint.port, local_addr=(source, 0))
    writer.write_eof()
    try:
        return await reader.read()
    finally:
        writer.close()


def test_a_port_opens_and_closes_with_the_rules(tmp_path: Path) -> None:
    rules = Rules()
    endpoint, other = an_endpoint("127.20.0.1"), an_endpoint("127.20.0.2")

    async def scenario() -> None:
        async with running(plane_for(rules, tmp_path)) as plane:
            assert not await is_open(endpoint)
            rules.allow(endpoint)
            rules.allow(other)
            await plane.refresh()
            assert await is_open(endpoint)
            rules.deny(endpoint)
            await plane.refresh()
            assert not await is_open(endpoint)
            assert await is_open(other)

    asyncio.run(scenario())


def test_an_address_answers_on_its_own_ports_only(tmp_path: Path) -> None:
    rules = Rules()
    endpoint = rules.allow(an_endpoint("127.20.0.1"))

    async def scenario() -> None:
        async with running(plane_for(rules, tmp_path)):
            assert await is_open(endpoint)
            assert not await is_open(an_endpoint("127.20.0.2", port=endpoint.port))

    asyncio.run(scenario())


@pytest.mark.parametrize("service", ["ssh", "tcp"])
def test_a_caller_whom_the_rules_leave_out_is_reset_before_the_first_byte(tmp_path: Path, service: str) -> None:
    rules = Rules()
    endpoint = rules.allow(an_endpoint(service="ssh" if service == "ssh" else "tcp"), "127.0.0.9")

    async def scenario() -> None:
        async with running(plane_for(rules, tmp_path)):
            with pytest.raises(ConnectionResetError):
                await first_bytes(endpoint, "127.0.0.1")
            greeting = await first_bytes(endpoint, "127.0.0.9")
            assert greeting.startswith(b"SSH-2.0-" if service == "ssh" else b"")

    asyncio.run(scenario())


def test_the_rules_are_asked_at_each_connection(tmp_path: Path) -> None:
    rules = Rules()
    endpoint = rules.allow(an_endpoint())

    async def scenario() -> None:
        async with running(plane_for(rules, tmp_path)):
            rules.allow(endpoint, "127.0.0.9")
            with pytest.raises(ConnectionResetError):
                await first_bytes(endpoint, "127.0.0.1")

    asyncio.run(scenario())


def test_an_established_connection_outlives_its_rule(tmp_path: Path) -> None:
    rules = Rules()
    endpoint = rules.allow(an_endpoint(service="ssh"))

    async def scenario() -> None:
        async with running(plane_for(rules, tmp_path)) as plane, await login(plane, endpoint) as connection:
            rules.deny(endpoint)
            await plane.refresh()
            assert not await is_open(endpoint)
            assert (await connection.run("echo still here")).stdout == "still here\n"

    asyncio.run(scenario())


def test_an_address_that_another_vm_takes_over_leads_to_that_vm(tmp_path: Path) -> None:
    rules = Rules()
    first = rules.allow(an_endpoint(service="ssh", vm_name="first"))
    second = an_endpoint(service="ssh", vm_name="second", port=first.port)

    async def scenario() -> None:
        async with running(plane_for(rules, tmp_path)) as plane:
            rules.deny(first)
            rules.allow(second)
            await plane.refresh()
            assert plane.problems == ()
            async with await login(plane, second) as connection:
                assert (await connection.run("echo $HOSTNAME")).stdout == "second\n"

    asyncio.run(scenario())


def test_a_plain_port_swallows_and_says_nothing_until_the_client_closes(tmp_path: Path) -> None:
    rules = Rules()
    endpoint = rules.allow(an_endpoint())

    async def scenario() -> None:
        async with running(plane_for(rules, tmp_path)):
            reader, writer = await asyncio.open_connection(endpoint.address, endpoint.port)
            writer.write(b"x" * 1_000_000)
            await writer.drain()
            writer.write_eof()
            assert await reader.read() == b""
            writer.close()

    asyncio.run(scenario())


def test_a_plain_port_lets_an_idle_client_go(tmp_path: Path) -> None:
    rules = Rules()
    endpoint = rules.allow(an_endpoint())

    async def scenario() -> None:
        async with running(DataPlane(rules, tmp_path, port_offset=0, idle_seconds=0.01)):
            reader, writer = await asyncio.open_connection(endpoint.address, endpoint.port)
            assert await reader.read() == b""
            writer.close()

    asyncio.run(scenario())


def test_stopping_closes_listeners_and_connections(tmp_path: Path) -> None:
    rules = Rules()
    endpoint = rules.allow(an_endpoint())

    async def scenario() -> None:
        plane = plane_for(rules, tmp_path)
        await plane.start()
        reader, writer = await asyncio.open_connection(endpoint.address, endpoint.port)
        await plane.stop()
        assert await reader.read() == b""
        writer.close()
        await plane.refresh()
        assert not await is_open(endpoint)

    asyncio.run(scenario())


def test_a_port_that_is_taken_is_reported_and_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rules = Rules()
    taken, free = rules.allow(an_endpoint("127.20.0.1")), rules.allow(an_endpoint("127.20.0.2"))

    async def scenario() -> None:
        with socket.create_server((taken.address, taken.port)):
            plane = plane_for(rules, tmp_path)
            await plane.start()
            await plane.refresh()
            assert list(plane.problems) == [f"127.20.0.1 port {taken.port}: another program listens there"]
            assert await is_open(free)
        await plane.refresh()
        assert list(plane.problems) == []
        assert await is_open(taken)
        await plane.stop()

    with caplog.at_level(logging.WARNING):
        asyncio.run(scenario())
    assert [record.getMessage() for record in caplog.records] == [
        f"can't listen: 127.20.0.1 port {taken.port}: another program listens there"
    ]


@pytest.mark.parametrize("address", ["0.0.0.0", "192.0.2.7", "128.0.0.1", "::", "::ffff:10.0.0.1"])
def test_only_loopback_is_listened_on(tmp_path: Path, address: str) -> None:
    rules = Rules()
    rules.allow(an_endpoint(address, port=4022))

    async def scenario() -> None:
        async with running(plane_for(rules, tmp_path)) as plane:
            (problem,) = plane.problems
            assert problem == f"{address} port 4022: refused, only 127.0.0.0/8 and ::1 are listened on"

    asyncio.run(scenario())


def test_an_address_that_is_none_is_reported(tmp_path: Path) -> None:
    rules = Rules()
    rules.allow(an_endpoint("vm.example", port=4022))

    async def scenario() -> None:
        async with running(plane_for(rules, tmp_path)) as plane:
            assert plane.problems == ("vm.example port 4022: not an IP address",)

    asyncio.run(scenario())


def test_the_ipv6_loopback_address_is_listened_on(tmp_path: Path) -> None:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6) as probe:
            port = int(probe.getsockname()[1])
    except OSError as error:
        pytest.skip(f"no ::1 on this machine: {error}")
    rules = Rules()
    endpoint = rules.allow(an_endpoint("::1", "ssh", port=port), "::1")

    async def scenario() -> None:
        async with running(plane_for(rules, tmp_path)) as plane, await login(plane, endpoint) as connection:
            answer = await connection.run("echo $SSH_CONNECTION")
            assert str(answer.stdout).split()[2:] == ["::1", str(port)]

    asyncio.run(scenario())


def test_the_offset_is_added_to_every_port(tmp_path: Path) -> None:
    rules = Rules()
    listening = free_port("127.20.0.1")
    endpoint = rules.allow(Endpoint("127.20.0.1", listening - 1000, "tcp", "vm1", "azureuser"))
    rules.allow(Endpoint("127.20.0.2", 65000, "tcp", "vm2", "azureuser"))

    async def scenario() -> None:
        async with running(DataPlane(rules, tmp_path, port_offset=1000)) as plane:
            assert await is_open(endpoint, plane.port_offset)
            assert plane.problems == ("127.20.0.2 port 65000: the offset 1000 leads beyond the last port",)

    asyncio.run(scenario())
