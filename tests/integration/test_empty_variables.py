# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A survey's empty answer is no answer; a list that came out empty is a mistake, and never means everything."""

from __future__ import annotations

import json

import pytest
from running_simulator import ROOT, RunningSimulator

from playbooks import Playbooks

REFUSAL = "the list is empty"


def run(playbooks: Playbooks, playbook: str, variable: str, value: object) -> tuple[int, str]:
    given = json.dumps(
        {variable: value, "jit_report_dest": "/nonexistent/report", "jit_tasks": "nothing_to_do.yml"}
    )
    done = playbooks.run(str(ROOT / "playbooks" / f"{playbook}.yml"), "-e", given)
    return done.returncode, done.output


@pytest.mark.parametrize(
    ("playbook", "variable"),
    [
        ("enable_jit", "jit_resource_groups"),
        ("enable_jit", "jit_wanted_ports"),
        ("close_access", "jit_subscriptions"),
        ("report", "jit_resource_groups"),
        ("open_rdp", "jit_sources"),
        ("maintenance", "jit_wanted_ports"),
    ],
)
def test_an_empty_list_is_refused_before_anything_is_written(
    playbook: str, variable: str, playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    returncode, output = run(playbooks, playbook, variable, [])

    assert returncode != 0
    assert REFUSAL in output, output
    assert simulator.writes() == []


def test_an_empty_answer_leaves_all_to_the_defaults(playbooks: Playbooks, simulator: RunningSimulator) -> None:
    returncode, output = run(playbooks, "enable_jit", "jit_resource_groups", "")

    assert returncode == 0, output
    assert simulator.writes() != []


@pytest.mark.parametrize(
    "playbook", ["close_access", "enable_jit", "maintenance", "open_rdp", "open_ssh", "report"]
)
def test_a_pattern_that_came_out_empty_is_not_every_host(
    playbook: str, playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    returncode, output = run(playbooks, playbook, "jit_hosts", "")

    assert returncode != 0
    assert "'hosts'" in output, output
    assert "empty" in output, output
    assert simulator.journal() == []
