# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook close_access: what a user, his schedule, or an emergency wants to end."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._controller import process_identity, this_place
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.orphans import Run
from demo_fleet import WORKPLACE
from desktops import WINDOWS, open_rules
from fake_controller import TOKEN, fake_controller
from running_simulator import ROOT, RunningSimulator

from playbooks import Playbooks

CLOSE = str(ROOT / "playbooks" / "close_access.yml")
OPEN = "jitfleet.azure.jit_request"
MINE, COLLEAGUES = "203.0.113.7", "203.0.113.8"


def variables(**values: Any) -> tuple[str, str]:
    return ("-e", json.dumps(values))


def ask(source: str, **more: Any) -> dict[str, Any]:
    return {OPEN: {"ports": ["rdp"], "sources": [source], "hosts": WINDOWS, **more}}


@pytest.fixture
def opened(playbooks: Playbooks, simulator: RunningSimulator) -> Playbooks:
    """The four desktops with Windows, open for this user and for a colleague."""
    cover = {"jitfleet.azure.jit_policy": {"ports": ["rdp", "ssh"]}}
    run = playbooks.play([cover, ask(MINE), ask(COLLEAGUES, requested_by="bob@elsewhere")])
    assert run.returncode == 0, run.output
    assert open_rules(simulator) == 8
    simulator.forget()
    return playbooks


def test_it_closes_what_this_user_opened_after_having_said_so(
    opened: Playbooks, simulator: RunningSimulator
) -> None:
    predicted = opened.run(CLOSE, "-l", "vdi-win-0*", "--check")
    written_by_check = simulator.writes()
    done = opened.run(CLOSE, "-l", "vdi-win-0*")
    again = opened.run("jitfleet.azure.close_access")

    assert predicted.returncode == done.returncode == again.returncode == 0, done.output
    assert written_by_check == []
    assert predicted.last.result["summary"] == done.last.result["summary"]
    assert [vm["changed"] for vm in predicted.last.result["vms"]] == [True] * 4
    assert open_rules(simulator) == 4, "the colleague's are left"
    assert not again.last.result["changed"]


def test_it_takes_ports_sources_texts_and_other_peoples_windows(
    opened: Playbooks, simulator: RunningSimulator
) -> None:
    opened.play([ask(MINE, ports=["ssh"], justification="CHG-4711")])

    def left(**values: Any) -> int:
        run = opened.run(CLOSE, *variables(**values))
        assert run.returncode == 0, run.output
        return open_rules(simulator)

    assert left(jit_wanted_ports=["ssh"], jit_justification="CHG-1") == 12
    assert left(jit_justification="chg-4711") == 8
    assert left(jit_sources=[COLLEAGUES], jit_only_mine=True) == 8
    assert left(jit_sources=[COLLEAGUES], jit_only_mine=False, jit_hosts="vdi-win-01") == 7


def test_in_an_emergency_it_needs_no_hosts(opened: Playbooks, simulator: RunningSimulator) -> None:
    run = opened.run(CLOSE, *variables(jit_subscriptions=[WORKPLACE], jit_all_grants=True))

    assert run.returncode == 0, run.output
    assert open_rules(simulator) == 0


# -- what nobody needs any more ---------------------------------------------------------------------------------


def in_job(text: str, port: int) -> dict[str, Any]:
    """Ask as a job does that no longer tells of itself."""
    return ask(MINE, ports=[port], hosts=["vdi-win-01"], requested_in=text, requested_by="alice on exec-1")


@pytest.fixture
def covered(playbooks: Playbooks) -> Playbooks:
    cover = {"jitfleet.azure.jit_policy": {"ports": ["rdp", "ssh", 5985, 5986, 8443]}}
    assert playbooks.play([cover]).returncode == 0
    return playbooks


def test_windows_of_runs_that_are_over_are_swept_up_and_others_are_left(
    covered: Playbooks, simulator: RunningSimulator
) -> None:
    """A run that still lives is this test itself; and one on a machine elsewhere nobody here can judge."""
    living = Run(process_identity(os.getpid()), this_place())
    covered.play(
        [
            ask(MINE, ports=["rdp"], hosts=["vdi-win-01"], justification="CHG-1"),
            ask(MINE, ports=["ssh"], hosts=["vdi-win-01"], outlives_run=True),
            ask(MINE, ports=[5985], hosts=["vdi-win-01"], requested_in=str(living)),
            ask(MINE, ports=[5986], hosts=["vdi-win-01"], requested_in="run 4711-81234-ffffffff"),
            in_job("awx job 42", 8443),
        ]
    )
    assert open_rules(simulator) == 5
    simulator.forget()

    predicted = covered.run(CLOSE, "-e", "jit_orphans=true", "--check")
    written_by_check = simulator.writes()
    swept = covered.run(CLOSE, "-e", "jit_orphans=true")

    assert written_by_check == []
    for run in (predicted, swept):
        (vm,) = [vm for vm in run.last.result["vms"] if vm["changed"]]
        (port,) = [port for port in vm["ports"] if port.get("ended")]
        assert (port["port"], "CHG-1 [run " in port["ended"][0]["justification"]) == (3389, True)
    assert open_rules(simulator) == 4


def test_the_controller_says_which_jobs_are_over(covered: Playbooks, simulator: RunningSimulator) -> None:
    covered.play(
        [
            in_job("awx job 600", 22),
            in_job('awx job 601 in workflow 599 "Patch night"', 3389),
            in_job('awx job 603 in workflow 602 "Patch night"', 5985),
            in_job("awx job 604", 5986),
            in_job("awx job 9999", 8443),
        ]
    )
    with fake_controller() as controller:
        for number in range(205):
            controller.add(number, "successful")
        controller.add(600, "canceled")
        for number, status, source in ((601, "successful", "running"), (599, "running", None)):
            controller.add(number, status, source)
        for number, status, source in ((603, "failed", "failed"), (602, "failed", None)):
            controller.add(number, status, source)
        controller.add(604, "running")

        run = covered.run(CLOSE, "-l", "vdi-win-01", "-e", "jit_orphans=true", **controller.variables)

    assert run.returncode == 0, run.output
    ended = [port["port"] for port in run.last.result["vms"][0]["ports"] if port.get("ended")]
    assert ended == [22, 5985]
    assert open_rules(simulator) == 3
    assert [asked.get("page") for asked in controller.asked] == [None, "1", "2"]
    assert controller.asked[0]["type"] == "job,workflow_job"
    assert controller.asked[0]["finished__gt"].endswith("Z")
    assert TOKEN not in run.output


def test_a_controller_that_does_not_answer_is_named_and_nothing_is_closed(
    covered: Playbooks, simulator: RunningSimulator
) -> None:
    with fake_controller() as controller:
        wrong = {**controller.variables, "CONTROLLER_OAUTH_TOKEN": "wrong"}
        run = covered.run(CLOSE, "-e", "jit_orphans=true", **wrong)

    assert run.returncode != 0
    said = " ".join(run.output.split())
    assert f"{controller.url} doesn't tell which jobs are over: Status code was 401" in said
    assert "CONTROLLER_OAUTH_TOKEN" in said


def test_in_a_job_somebody_has_to_say_which_jobs_are_over(covered: Playbooks, simulator: RunningSimulator) -> None:
    covered.play([in_job("awx job 42", 22)])

    job = variables(awx_job_id=77, awx_job_launch_type="manual", jit_orphans=True)
    blind = covered.run(CLOSE, *job, CONTROLLER_HOST="")
    told = covered.run(CLOSE, *job, *variables(jit_ended_jobs=[42]))

    assert "nobody but its controller knows which jobs are over" in blind.last.result["msg"]
    assert told.last.result["changed"]
    assert open_rules(simulator) == 0
