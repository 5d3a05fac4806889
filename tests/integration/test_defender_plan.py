# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""defender_plan: money is spent where it is said, once, and what went wrong is told for each subscription."""

from __future__ import annotations

from typing import Any

import pytest
from demo_fleet import PRODUCTION, WORKPLACE
from running_simulator import RunningSimulator

from playbooks import Playbooks

PLAN = "jitfleet.azure.defender_plan"
SMALL = {"subscriptions": [WORKPLACE, PRODUCTION], "tier": "standard", "sub_plan": "P1", "wait_timeout": 4}


def shown(simulator: RunningSimulator, subscription_id: str) -> dict[str, Any]:
    path = f"/subscriptions/{subscription_id}/providers/Microsoft.Security/pricings/VirtualMachines"
    properties: dict[str, Any] = simulator.arm("GET", path, api_version="2024-01-01")["properties"]
    return properties


@pytest.mark.traced
def test_in_a_play_over_vms_it_runs_once_and_takes_its_subscriptions_from_the_options(
    playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    run = playbooks.play([{PLAN: {**SMALL, "subscriptions": [PRODUCTION]}}], "--diff")

    assert run.returncode == 0, run.output
    assert len(run.tasks) == 1
    assert len(simulator.writes()) == 1
    assert shown(simulator, PRODUCTION)["subPlan"] == "P1"
    assert shown(simulator, WORKPLACE)["subPlan"] == "P2"
    assert '"sub_plan": "P1"' in run.output, "the diff"


@pytest.mark.parametrize("fault", [{"reset": "after"}, {"truncate": 10}])
def test_a_lost_answer_is_looked_up(
    fault: dict[str, Any], playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    simulator.fault(method="PUT", path="pricings", times=1, **fault)
    run = playbooks.play([{PLAN: SMALL}])

    assert run.returncode == 0, run.output
    assert run.last.result["summary"] == {"changed": 2, "unchanged": 0, "failed": 0, "unknown": 0}
    assert len(simulator.writes()) == 2, "nothing was sent twice"


def test_one_subscription_that_fails_leaves_the_other_one_changed(
    playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    simulator.fault(method="PUT", path=f"{WORKPLACE}/.*pricings", times=9, status=403)
    failing = playbooks.play([{PLAN: SMALL}])
    reporting = playbooks.play([{PLAN: {**SMALL, "on_failure": "report"}}])

    assert failing.returncode == 2
    assert "1 of 2 subscriptions failed" in failing.last.result["msg"]
    assert "Microsoft.Security/pricings/write" in failing.last.result["msg"]
    assert failing.last.result["summary"] == {"changed": 1, "unchanged": 0, "failed": 1, "unknown": 0}
    assert reporting.returncode == 0, reporting.output
    assert reporting.last.result["summary"] == {"changed": 0, "unchanged": 1, "failed": 1, "unknown": 0}
    assert shown(simulator, PRODUCTION)["subPlan"] == "P1"
