# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opening with what may come before and after it, on the simulator."""

from __future__ import annotations

from typing import Any

import pytest
from running_simulator import RunningSimulator

from playbooks import Playbooks

COVER = "jitfleet.azure.jit_policy"
OPEN = "jitfleet.azure.jit_request"
CLOSE: dict[str, Any] = {OPEN: {"state": "closed", "sources": ["my_ip"]}}


@pytest.fixture
def covered(playbooks: Playbooks) -> Playbooks:
    cover = playbooks.play([{COVER: {"ports": ["ssh", "rdp"]}}])
    assert cover.returncode == 0, cover.output
    return playbooks


def test_the_own_address_is_asked_for_where_the_task_says_and_known_again(
    covered: Playbooks, simulator: RunningSimulator
) -> None:
    simulator.fault(path="^/what-is-my-ip$", status=200, body={"ip": "203.0.113.99"}, times=3)
    where = {"my_ip_url": f"{simulator.url}/what-is-my-ip?token=hush-4711"}
    ask = {OPEN: {"ports": ["ssh"], **where}}

    opened, again = covered.play([ask]), covered.play([ask])
    closed = covered.play([{OPEN: {**CLOSE[OPEN], **where}}])

    assert opened.last.result["vms"][0]["ports"][0]["sources"] == ["203.0.113.99"]
    assert opened.last.result["summary"]["opened"] == 6
    assert again.last.result["summary"]["already_open"] == 6
    assert closed.last.result["changed"], closed.output
    asked = [request for request in simulator.journal() if request["path"] == "/what-is-my-ip"]
    assert len(asked) == 3, "once for each task"


def test_the_own_address_is_not_asked_for_where_sources_are_named(
    covered: Playbooks, simulator: RunningSimulator
) -> None:
    run = covered.play([{OPEN: {"sources": ["203.0.113.7"], "my_ip_url": f"{simulator.url}/what-is-my-ip"}}])

    assert run.last.result["summary"]["opened"] == 6
    assert not [request for request in simulator.journal() if request["path"] == "/what-is-my-ip"]
