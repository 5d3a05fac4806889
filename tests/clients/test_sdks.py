# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microsoft's SDKs: the asynchronous twins of the Python clients, and JavaScript's @azure/arm-security.

Their programs lie in `programs`; each says what its clients need besides what the simulator hands out.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from installed_clients import POLICY, Client, InstalledClient, State
from jit_bodies import initiate_body, policy_body
from running_simulator import RunningSimulator

PROGRAMS = Path(__file__).parent / "programs"


@pytest.fixture
def python(installed: InstalledClient) -> Client:
    return installed("python")


@pytest.fixture
def javascript(installed: InstalledClient) -> Client:
    client = installed("javascript")
    client.environment["NODE_PATH"] = str(client.folder / "node_modules")
    return client


def wishes(end: datetime) -> dict[str, Any]:
    """Return what a program is to send; ends are times because the JavaScript models know no durations."""
    return {
        "policy": policy_body(),
        "initiate": initiate_body(endTimeUtc=end.isoformat()),
        "too_much": initiate_body(endTimeUtc=(end + timedelta(hours=9)).isoformat()),
    }


def check(simulator: RunningSimulator, state: Callable[[], State], found: dict[str, Any]) -> None:
    """Hold what a program says against what the simulator has."""
    assert (found["state"], found["status"], found["refusal"]) == (
        "Updating",
        "Initiating",
        "InvalidInitiateInput",
    )
    assert [policy.lower() for policy in found["policies"]] == [POLICY.lower()]
    simulator.advance(1)
    (request,) = state().policy()["requests"]
    assert request["vms"][0]["ports"][0]["status"] == "Initiated"
    assert {rule["access"] for rule in state().rules("rg-vdi", "nsg-vdi")} == {"Allow", "Deny"}


def in_an_hour() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


def test_python_asynchronously(python: Client, simulator: RunningSimulator, state: Callable[[], State]) -> None:
    found = python.ask("python", PROGRAMS / "sdk_aio.py", given=wishes(in_an_hour()))
    check(simulator, state, found)
    assert (found["groups"], found["resources"]) == (["rg-vdi"], 20)
    assert (len(found["vms"]), found["power"][1]) == (6, "PowerState/stopped")
    assert (sorted(found["addresses"])[0], found["rule"]) == ("127.11.1.1", "Succeeded")
    assert found["count"] == [{"Count": 13}]


def test_javascript(javascript: Client, simulator: RunningSimulator, state: Callable[[], State]) -> None:
    found = javascript.ask("node", PROGRAMS / "arm_security.cjs", given=wishes(in_an_hour()))
    check(simulator, state, found)
    assert found["shown"] == "PT3H"
    assert datetime.fromisoformat(found["start"]) < in_an_hour()
