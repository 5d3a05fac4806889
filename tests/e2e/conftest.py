# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole playbooks, with the inventory plugin, on simulators as users start them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from running_simulator import ROOT, RunningSimulator, running_simulator

from playbooks import Playbooks

PLAYBOOKS = ROOT / "playbooks"


@pytest.fixture(scope="session")
def demo_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSimulator]:
    """The demo fleet, whose ports answer on loopback addresses."""
    with running_simulator(tmp_path_factory.mktemp("demo"), "--fleet", "demo") as simulator:
        yield simulator


@pytest.fixture
def cloud(demo_cloud: RunningSimulator) -> RunningSimulator:
    demo_cloud.reset()
    return demo_cloud


@pytest.fixture
def playbooks(cloud: RunningSimulator, tmp_path: Path) -> Playbooks:
    """Playbooks with the demo's own inventory."""
    playbooks = Playbooks(tmp_path, cloud.environment)
    playbooks.inventory = PLAYBOOKS / "inventory" / "demo.jit_vms.yml"
    return playbooks
