# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections to many ports at once, on this machine."""

from __future__ import annotations

import resource
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.reach import Miss, Target
from ansible_collections.jitfleet.azure.plugins.module_utils._tcp import TcpConnector

SECONDS = 30.0


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listener:
        yield listener


def port_of(listener: socket.socket) -> int:
    port: int = listener.getsockname()[1]
    return port


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return port_of(listener)


def test_each_target_gets_its_own_answer(listener: socket.socket) -> None:
    there = Target("127.0.0.1", port_of(listener))
    by_name = Target("localhost", port_of(listener))
    refused = Target("127.0.0.1", free_port())
    no_name = Target("no-such-name.invalid", 22)
    odd_name = Target("a..b", 22)

    found = TcpConnector().try_all([there, by_name, refused, no_name, odd_name], SECONDS)

    assert (found[there], found[by_name], found[refused]) == (None, None, Miss("refused"))
    assert {miss.kind for target in (no_name, odd_name) if (miss := found[target])} == {"no_name"}


def test_a_target_that_drops_packets_is_given_up() -> None:
    # A listener that accepts nobody, with its queue full, leaves further connections unanswered.
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _number in range(2):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port_of(listener)))
        silent = Target("127.0.0.1", port_of(listener))

        assert TcpConnector().try_all([silent], 0.2) == {silent: Miss("timed_out")}


def test_nothing_is_tried_without_time(listener: socket.socket) -> None:
    target = Target("127.0.0.1", port_of(listener))

    assert TcpConnector().try_all([target], 0) == {target: Miss("timed_out")}


def test_thousands_of_targets_need_no_thousands_of_threads_or_files() -> None:
    with socket.create_server(("", 0), backlog=4096) as everywhere:
        targets = [Target(f"127.{a}.{b}.1", port_of(everywhere)) for a in range(1, 21) for b in range(150)]
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 256), hard))
        try:
            found = TcpConnector().try_all(targets, SECONDS)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert set(found) == set(targets)
    assert len(targets) == 3000
    assert not [miss for miss in found.values() if miss]
    assert threading.active_count() < 40


def test_no_targets_are_no_work() -> None:
    assert TcpConnector().try_all([], SECONDS) == {}
