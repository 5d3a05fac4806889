# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook close_access: what a user, his schedule, or an emergency wants to end."""

from __future__ import annotations

import json
from typing import Any

import pytest
from demo_fleet import WORKPLACE
from desktops import WINDOWS, open_rules
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
