# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorded AWX jobs, run again by ansible-runner as AWX runs them, on the simulator."""

from __future__ import annotations

import dataclasses
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from demo_fleet import HOSTS, WORKPLACE
from desktops import open_rules
from launches import EXPECTED, Launch, lay_out, recorded_launches
from running_simulator import RunningSimulator

from playbooks import Playbooks

# The recorded inventory, on VMs of the demo fleet.
DESKTOPS = {f"vdi-0{number}": HOSTS[f"vdi-win-0{max(number, 1)}"] for number in range(5)}


@pytest.fixture
def covered(playbooks: Playbooks) -> Playbooks:
    cover = playbooks.play([{"jitfleet.azure.jit_policy": {"ports": ["rdp"]}}])
    assert cover.returncode == 0, cover.output
    return playbooks


def replay(
    launch: Launch, simulator: RunningSimulator, folder: Path, playbook: str = "open_rdp.yml", **more: Any
) -> str:
    """Run a job on the desktops, and return what it printed."""
    job = lay_out(launch, simulator, folder, playbook, DESKTOPS, **more)
    done = subprocess.run(job.command, env=job.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def justifications(simulator: RunningSimulator) -> set[str]:
    """Read the justifications of the desktops' requests, without the marks behind the bracket."""
    state = simulator.control("GET", "state")
    (policy,) = next(item["policies"] for item in state["subscriptions"] if item["id"] == WORKPLACE)
    texts = [request["justification"] for request in policy["requests"]]
    return {text[: text.rindex("]") + 1] for text in texts}


def test_the_next_job_of_a_user_finds_open_what_the_last_one_opened(
    covered: Playbooks, simulator: RunningSimulator, tmp_path: Path
) -> None:
    launch = recorded_launches()["job_manual"]
    replay(launch, simulator, tmp_path / "first")
    simulator.forget()

    again = replay(launch, simulator, tmp_path / "second", awx_job_id=12)
    written_by_the_second = simulator.writes()
    replay(launch, simulator, tmp_path / "third", awx_job_id=13, awx_user_name="bob")

    assert "already open" in again
    assert written_by_the_second == []
    assert [call.rpartition("/")[2] for call in simulator.writes()] == ["initiate"]


def next_job(number: int, node: str) -> dict[str, Any]:
    """Give what differs from job to job."""
    return {
        f"{product}_{name}": value
        for product in ("awx", "tower")
        for name, value in (
            ("job_id", number),
            ("execution_node", node),
        )
    }


def without_text(launch: Launch) -> Launch:
    """Leave out what the survey of the opening asked, which would choose windows where they are closed."""
    kept = {name: value for name, value in launch.variables.items() if name != "jit_justification"}
    return dataclasses.replace(launch, variables=kept)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_job_on_another_node_closes_what_its_user_or_schedule_opened(
    name: str, covered: Playbooks, simulator: RunningSimulator, tmp_path: Path
) -> None:
    launch = recorded_launches()[name]
    replay(launch, simulator, tmp_path / "open")
    opened = open_rules(simulator)
    closing = without_text(launch)
    stranger = {"awx_user_name": "bob", "awx_schedule_name": "weekly", **next_job(98, "exec-1")}

    bobs = replay(closing, simulator, tmp_path / "bob", "close_access.yml", **stranger)
    left = open_rules(simulator)
    replay(closing, simulator, tmp_path / "close", "close_access.yml", **next_job(99, "exec-2"))

    assert opened > 0
    assert left == opened, bobs
    assert open_rules(simulator) == 0


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_recorded_job_leaves_its_justification_with_azure_and_a_report_shows_it(
    name: str, covered: Playbooks, simulator: RunningSimulator, tmp_path: Path
) -> None:
    launch = recorded_launches()[name]
    replay(launch, simulator, tmp_path / "open")
    left = justifications(simulator)

    report = {"playbook": "report.yml", "jit_report_dest": str(tmp_path / "report"), **next_job(99, "exec-2")}
    replay(without_text(launch), simulator, tmp_path / "report job", **report)

    page = json.loads((tmp_path / "report" / "report.json").read_text())
    asked = {request["justification"] for request in page["requests"]}
    assert left == {EXPECTED[name]}
    assert {text[: text.rindex("]") + 1] for text in asked} == left


def test_a_schedule_sweeps_up_after_a_cancelled_workflow_once_all_of_it_is_over(
    covered: Playbooks, simulator: RunningSimulator, tmp_path: Path
) -> None:
    workflow = recorded_launches()["job_workflow"]
    replay(workflow, simulator, tmp_path / "open", jit_outlives_run=False)
    opened = open_rules(simulator)
    sweep = {"playbook": "close_access.yml", "jit_orphans": True, **next_job(99, "exec-2")}
    schedule = without_text(recorded_launches()["job_scheduled"])
    schedule = dataclasses.replace(schedule, arguments=workflow.arguments)

    replay(schedule, simulator, tmp_path / "early", **sweep, jit_ended_jobs=[17])
    left = open_rules(simulator)
    told = replay(schedule, simulator, tmp_path / "late", **sweep, jit_ended_jobs=[16, 17])

    assert opened > 0
    assert left == opened
    assert open_rules(simulator) == 0
    assert "asked for by admin on exec-1" in told
