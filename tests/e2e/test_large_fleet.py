# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A thousand VMs: as many requests as there are policies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from running_simulator import ROOT, RunningSimulator, running_simulator

from playbooks import Playbooks

FLEET = "vms=1000,subscriptions=2,groups=20,regions=2,jit=all"
OPEN_RDP = str(ROOT / "playbooks" / "open_rdp.yml")


@pytest.fixture(scope="module")
def large_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSimulator]:
    with running_simulator(tmp_path_factory.mktemp("large"), "--fleet", FLEET) as simulator:
        yield simulator


def test_a_thousand_vms_open_by_one_post_for_each_policy(large_cloud: RunningSimulator, tmp_path: Path) -> None:
    playbooks = Playbooks(tmp_path, large_cloud.environment)
    playbooks.inventory = tmp_path / "fleet.jit_vms.yml"
    playbooks.inventory.write_text("plugin: jitfleet.azure.jit_vms\n")

    predicted = playbooks.run(OPEN_RDP, "--check")
    written_by_check = large_cloud.writes()
    opened = playbooks.run(OPEN_RDP)
    posts = large_cloud.writes()
    large_cloud.forget()
    again = playbooks.run(OPEN_RDP)

    assert predicted.last.result["summary"] == opened.last.result["summary"], opened.output[-2000:]
    assert opened.last.result["summary"] == {
        "opened": 1000,
        "already_open": 0,
        "closed": 0,
        "failed": 0,
        "unknown": 0,
    }
    assert written_by_check == []
    assert 20 <= len(posts) <= 40
    assert len(posts) == len(set(posts))
    assert again.last.result["summary"]["already_open"] == 1000
    assert not again.last.result["changed"]
    assert large_cloud.writes() == []
