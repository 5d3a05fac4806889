# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulator with the demo fleet, and playbooks that work on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from demo_fleet import HOSTS
from running_simulator import RunningSimulator, running_simulator

from playbooks import Playbooks


@pytest.fixture(scope="session")
def demo_simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSimulator]:
    with running_simulator(tmp_path_factory.mktemp("demo"), "--fleet", "demo", "--data-plane", "off") as simulator:
        yield simulator


@pytest.fixture
def simulator(demo_simulator: RunningSimulator) -> RunningSimulator:
    """The demo fleet as it is at the start, with an empty journal."""
    demo_simulator.reset()
    return demo_simulator


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder for temporary files: below one with a longer path, newer cores can't open their sockets."""
    with TemporaryDirectory() as name:
        yield Path(name)


@pytest.fixture
def playbooks(simulator: RunningSimulator, tmp_path: Path) -> Playbooks:
    """Playbooks over the demo fleet's virtual desktops."""
    playbooks = Playbooks(tmp_path, simulator.environment)
    playbooks.write_inventory({name: HOSTS[name] for name in HOSTS if name.startswith("vdi-")})
    return playbooks
