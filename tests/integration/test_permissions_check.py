# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option permissions_check: what a new credential lacks is told before anything is sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from demo_fleet import HOSTS, WORKPLACE
from running_simulator import ROOT, RunningSimulator

from playbooks import Playbooks

POLICY, REQUEST = "jitfleet.azure.jit_policy", "jitfleet.azure.jit_request"
GROUP = f"/subscriptions/{WORKPLACE}/resourceGroups/rg-vdi"
JIT = "Microsoft.Security/locations/jitNetworkAccessPolicies"
DESKTOPS = {name: HOSTS[name] for name in HOSTS if name.startswith("vdi-")}


def signed_in(simulator: RunningSimulator, folder: Path, actions: list[str]) -> Playbooks:
    """Let somebody run playbooks who has these permissions on one group."""
    order = {"name": "newcomer", "roles": [{"actions": actions, "scope": GROUP}]}
    made = simulator.control("POST", "principals", order)
    variables = {"AZURE_CLIENT_ID": made["client_id"], "AZURE_SECRET": made["secret"]}
    playbooks = Playbooks(folder, {**simulator.environment, **variables})
    playbooks.write_inventory(DESKTOPS)
    return playbooks


def role(name: str) -> list[str]:
    actions: list[str] = json.loads((ROOT / "extensions" / "roles" / f"{name}.json").read_text())["Actions"]
    return actions


def ask(**options: Any) -> dict[str, Any]:
    return {REQUEST: {"ports": ["rdp", "ssh"], "sources": ["203.0.113.7"], "permissions_check": True, **options}}


@pytest.mark.parametrize("arguments", [(), ("--check",)])
def test_what_is_missing_is_told_and_nothing_is_sent(
    arguments: tuple[str, ...], simulator: RunningSimulator, tmp_path: Path
) -> None:
    playbooks = signed_in(simulator, tmp_path, role("jit_requester"))
    run = playbooks.play([{POLICY: {"permissions_check": True}}], *arguments)

    assert run.returncode == 2, run.output
    assert run.last.result["missing_permissions"] == [
        {"scope": GROUP, "actions": ["Microsoft.Compute/virtualMachines/write", f"{JIT}/write"]}
    ]
    assert "jit_administrator.json" in run.last.result["msg"]
    assert simulator.writes() == []
    assert simulator.calls()["GET permissions"] == 1, "one request for the group of six VMs"


def test_with_the_role_the_task_does_its_work(
    simulator: RunningSimulator, playbooks: Playbooks, tmp_path: Path
) -> None:
    assert playbooks.play([{POLICY: {"ports": ["rdp", "ssh"]}}]).returncode == 0
    folder = tmp_path / "newcomer"
    folder.mkdir()
    opened = signed_in(simulator, folder, role("jit_requester")).play([ask(), ask(state="closed")])

    (done, refused) = opened.tasks[0], opened.tasks[-1]
    assert done.result["summary"]["opened"] == 6
    assert not any("unknown" in text for text in done.result.get("warnings", []))
    assert [lack["actions"] for lack in refused.result["missing_permissions"]] == [
        ["Microsoft.Network/networkSecurityGroups/securityRules/delete"]
    ]


def test_a_report_on_vms_says_what_it_may_not_read(simulator: RunningSimulator, tmp_path: Path) -> None:
    playbooks = signed_in(simulator, tmp_path, role("jit_requester"))
    info = "jitfleet.azure.jit_vm_info"
    scope = {"subscriptions": [WORKPLACE], "resource_groups": ["rg-vdi"]}
    of_scope = playbooks.play([{info: {"permissions_check": True, **scope}}])
    run = playbooks.play([{info: {"permissions_check": True}}])

    assert of_scope.returncode == 0, of_scope.output
    assert any("permissions_check is left out" in text for text in of_scope.last.result["warnings"])
    assert run.returncode == 2, run.output
    (lack,) = run.last.result["missing_permissions"]
    assert lack == {"scope": GROUP, "actions": ["Microsoft.Compute/virtualMachines/instanceView/read"]}
    assert "jit_operator.json" in run.last.result["msg"]


def test_where_azure_does_not_tell_the_task_goes_on(
    simulator: RunningSimulator, playbooks: Playbooks, tmp_path: Path
) -> None:
    assert playbooks.play([{POLICY: {"ports": ["rdp", "ssh"]}}]).returncode == 0
    actions = [action for action in role("jit_requester") if not action.startswith("Microsoft.Authorization/")]
    folder = tmp_path / "newcomer"
    folder.mkdir()
    run = signed_in(simulator, folder, actions).play([ask()])

    assert run.returncode == 0, run.output
    assert run.last.result["summary"]["opened"] == 6
    assert any("is unknown in resource group rg-vdi" in text for text in run.last.result["warnings"])
