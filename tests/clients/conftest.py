# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients that nobody here wrote, installed by `make clients`, which runs these tests under a simulator."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from installed_clients import CACHE, Client, InstalledClient, State
from running_simulator import RunningSimulator


@pytest.fixture(scope="session")
def running() -> RunningSimulator:
    """Return the simulator under which the tests run."""
    if "AZURE_SIMULATOR_URL" not in os.environ:
        pytest.skip("no simulator: 'make clients' starts one and installs the clients")
    return RunningSimulator(dict(os.environ))


@pytest.fixture
def simulator(running: RunningSimulator) -> Iterator[RunningSimulator]:
    """Return that simulator with a fresh fleet; who is signed in stays so."""
    running.reset()
    yield running
    running.reset()


@pytest.fixture(scope="session")
def installed(running: RunningSimulator) -> InstalledClient:
    """Find clients by name; those that could not be installed are left out."""

    def find(name: str, **more: str) -> Client:
        folder = CACHE / name
        if not (folder / "stamp").exists():
            note = CACHE / f"{name}.left-out"
            pytest.skip(f"{name} is left out: {note.read_text() if note.exists() else 'not installed'}")
        path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        return Client(folder, {**running.environment, "PATH": path, **more})

    return find


@pytest.fixture
def state(simulator: RunningSimulator) -> Callable[[], State]:
    """Look at what the simulator holds."""
    return lambda: State(simulator.control("GET", "state")["subscriptions"])
