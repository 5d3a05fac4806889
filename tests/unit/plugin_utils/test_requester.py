# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who runs a play, by its variables."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.plugin_utils._requester import find_requester

JOB = {"awx_job_id": 42, "awx_job_template_name": "Open RDP", "awx_job_launch_type": "manual"}
ALICE = {**JOB, "awx_user_name": "alice", "awx_execution_node": "exec-1"}


def tower(variables: dict[str, Any]) -> dict[str, Any]:
    return {name.replace("awx_", "tower_"): value for name, value in variables.items()}


@pytest.mark.parametrize(
    ("variables", "job", "who"),
    [
        ({}, "", "ann@ctl"),
        (ALICE, 'awx job 42 "Open RDP"', "alice on exec-1"),
        ({**tower(ALICE), "tower_user_name": "bob", **ALICE}, 'awx job 42 "Open RDP"', "alice on exec-1"),
        (tower(ALICE), 'tower job 42 "Open RDP"', "alice on exec-1"),
        ({**ALICE, "awx_job_launch_type": "relaunch"}, 'awx job 42 "Open RDP" (relaunch)', "alice on exec-1"),
        ({"awx_job_id": "42"}, "awx job 42", "nobody known"),
        ({**JOB, "awx_job_launch_type": "callback"}, 'awx job 42 "Open RDP" (callback)', "callback"),
        (
            {**JOB, "awx_job_launch_type": "scheduled", "awx_schedule_name": "nightly"},
            'awx job 42 "Open RDP"',
            'schedule "nightly"',
        ),
        (
            {
                **JOB,
                "awx_job_launch_type": "workflow",
                "awx_workflow_job_id": 41,
                "awx_workflow_job_name": "Patch night",
                "awx_parent_job_schedule_name": "first Sunday",
            },
            'awx job 42 "Open RDP" in workflow 41 "Patch night"',
            'schedule "first Sunday"',
        ),
        ({**JOB, "awx_workflow_job_id": 41}, 'awx job 42 "Open RDP" in workflow 41', "manual"),
        (
            {**ALICE, "ansible_eda": {"ruleset": "Webhook", "rule": "open", "event": {}}},
            'awx job 42 "Open RDP"',
            'rule "Webhook: open" as alice on exec-1',
        ),
        ({"ansible_eda": {"rule": "open"}}, "", 'rule "open" as ann@ctl'),
        ({"ansible_eda": "yes"}, "", "ann@ctl"),
        ({"awx_job_id": None, "tower_job_id": ""}, "", "ann@ctl"),
    ],
)
def test_variables_tell_who_runs_a_play(variables: dict[str, Any], job: str, who: str) -> None:
    found = find_requester(variables, "ann", "ctl")

    assert (found.job, found.who) == (job, who)


def test_outside_of_jobs_the_run_takes_the_jobs_place() -> None:
    run = "run 7-1-ff"

    assert find_requester({}, "ann", "ctl", run).job == run
    assert find_requester({"ansible_eda": {"rule": "open"}}, "ann", "ctl", run).job == run
    assert find_requester(ALICE, "ann", "ctl", run).job == 'awx job 42 "Open RDP"'


def test_names_become_parts_of_one_line_that_cannot_be_taken_for_something_else() -> None:
    names = {"awx_job_template_name": 'a" by eve]\n\x1b[2J', "awx_user_name": "bob] [x"}

    found = find_requester({**ALICE, **names}, "ann", "ctl")

    assert (found.job, found.who) == ('awx job 42 "a\' by eve)  (2J"', "bob) (x on exec-1")


def test_long_names_are_shortened_visibly_but_users_are_not() -> None:
    found = find_requester({**ALICE, "awx_job_template_name": "t" * 81, "awx_user_name": "u" * 150}, "ann", "ctl")

    assert found.job == f'awx job 42 "{"t" * 77}..."'
    assert found.who == f"{'u' * 150} on exec-1"
