# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role jit_access: open, and go on with the hosts that opened."""

from __future__ import annotations

from typing import Any

import pytest
from demo_fleet import HOSTS
from desktops import DESKTOPS, LINUX, LOCAL, WORK, open_rules, worked
from running_simulator import RunningSimulator

from playbooks import Playbooks

ROLE = "jitfleet.azure.jit_access"
SETTINGS = {"jit_access_sources": ["203.0.113.7"], "jit_access_ports": ["rdp"]}


def role(part: str | None = None) -> dict[str, Any]:
    return {"ansible.builtin.import_role": {"name": ROLE, **({"tasks_from": part} if part else {})}}


@pytest.fixture
def desktops(playbooks: Playbooks) -> Playbooks:
    """Six desktops on local connections, of which the four with Windows may open RDP."""
    playbooks.write_inventory({name: {**HOSTS[name], **LOCAL} for name in DESKTOPS})
    cover = playbooks.play([{"jitfleet.azure.jit_policy": {}}])
    assert cover.returncode == 0, cover.output
    return playbooks


def test_hosts_that_did_not_open_are_left_out_and_the_others_work(
    desktops: Playbooks, simulator: RunningSimulator
) -> None:
    run = desktops.play([role("open"), WORK], vars=SETTINGS)

    assert run.returncode == 0, run.output
    assert worked(run) == [name for name in DESKTOPS if name not in LINUX]
    assert open_rules(simulator) == 4


def test_hosts_that_did_not_open_can_fail_one_by_one(desktops: Playbooks) -> None:
    run = desktops.play([role("open_or_fail"), WORK], vars=SETTINGS)

    assert run.returncode != 0
    failed = {task.host: task.result["msg"] for task in run.tasks if task.status == "failed"}
    assert sorted(failed) == LINUX
    assert all("port 3389 is not in the VM's just-in-time policy" in message for message in failed.values())
    assert len(worked(run)) == 4
