# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task says on the screen beside Ansible's own lines, and when it is silent."""

from __future__ import annotations

import re
from typing import Any

import pytest
from running_simulator import RunningSimulator

from playbooks import Playbooks

COVER = "jitfleet.azure.jit_policy"
OPEN = "jitfleet.azure.jit_request"
ASK: dict[str, Any] = {OPEN: {"ports": ["rdp"], "sources": ["203.0.113.7"], "on_failure": "report"}}
PROGRESS = re.compile(r"jit_request: \d+ of 6 VMs done(, \d of \d policies done)?, \d+ s")
HEADINGS = r"  VM +outcome +ports +source +until, or why not"


@pytest.fixture
def covered(playbooks: Playbooks) -> Playbooks:
    cover = playbooks.play([{COVER: {}}])
    assert cover.returncode == 0, cover.output
    assert "jit_policy: 6 added; 1 of 1 policies changed\n  VM          outcome\n" in cover.output
    return playbooks


@pytest.mark.parametrize(
    ("task", "arguments", "shown"),
    [(ASK, (), True), (ASK, ("--check",), False), ({**ASK, "no_log": True}, (), False)],
    ids=["work", "prediction", "no_log"],
)
def test_long_work_shows_how_far_it_is_unless_it_is_a_prediction_or_to_be_silent(
    task: dict[str, Any],
    arguments: tuple[str, ...],
    shown: bool,
    covered: Playbooks,
    simulator: RunningSimulator,
) -> None:
    simulator.fault(method="GET", path="jitNetworkAccessPolicies$", delay=9, times=1)

    run = covered.play([task], *arguments)

    assert run.returncode == 0, run.output
    assert bool(PROGRESS.search(run.output)) is shown, run.output


@pytest.mark.traced
def test_each_vm_is_told(covered: Playbooks) -> None:
    run = covered.play([ASK])

    told = run.output
    assert "jit_request: 4 opened, 2 failed\n" in told
    assert re.search(HEADINGS, told)
    assert re.search(r"  vdi-win-01  opened +3389 +203\.0\.113\.7  .*\d\d:\d\d.* UTC", told)
    assert re.search(r"  vdi-lnx-01  failed +3389 +port 3389 is not in the VM's just-in-time policy", told)


@pytest.mark.parametrize(
    ("task", "arguments", "environment"),
    [
        ({"no_log": True}, (), {}),
        ({"vars": {"jitfleet_quiet": "{{ 'yes' }}"}}, (), {}),
        ({}, ("-e", "jitfleet_quiet=true"), {}),
        ({}, (), {"JITFLEET_QUIET": "1"}),
    ],
    ids=["no_log", "variable", "extra variable", "environment"],
)
def test_a_task_can_be_silent(
    task: dict[str, Any], arguments: tuple[str, ...], environment: dict[str, str], playbooks: Playbooks
) -> None:
    playbooks.environment.update(environment)

    run = playbooks.play([{**ASK, **task}], *arguments)

    assert run.last.result, run.output
    assert "jit_request:" not in run.output


def test_where_the_screen_hides_what_is_fine_only_events_are_told(covered: Playbooks) -> None:
    covered.environment["ANSIBLE_DISPLAY_OK_HOSTS"] = "false"
    ask = {OPEN: {"sources": ["203.0.113.7"]}}

    first, again = covered.play([ask]), covered.play([ask])

    assert "jit_request: 6 opened" in first.output
    assert again.last.result["summary"]["already_open"] == 6
    assert "jit_request" not in again.output.replace("TASK [jitfleet.azure.jit_request]", "")


def test_a_secret_in_azures_answer_does_not_reach_the_screen(
    covered: Playbooks, simulator: RunningSimulator
) -> None:
    secret = simulator.variables["AZURE_SECRET"]
    error = {"error": {"code": "Odd", "message": f"you said {secret}"}}
    simulator.fault(method="POST", path="initiate$", status=400, body=error, times=9)

    run = covered.play([ASK])

    assert re.search(r"  vdi-win-01  failed .*Odd: you said \*\*\*", run.output), run.output
    assert secret not in run.output
