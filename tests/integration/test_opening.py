# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opening with what may come before and after it, on the simulator."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from demo_fleet import HOSTS, PRODUCTION, WORKPLACE
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


def test_what_is_not_covered_or_off_is_covered_and_started_and_then_opened(
    playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    playbooks.write_inventory({name: HOSTS[name] for name in ("batch-01", "db-01", "legacy-01")})
    ask = {
        OPEN: {
            "enable_missing": True,
            "start_vms": True,
            "sources": ["203.0.113.7"],
            "write_budget": 0.3,
            "quiet_window": 0.3,
            "on_failure": "report",
        }
    }

    predicted = playbooks.play([ask], "--check", "--diff")
    assert simulator.writes() == []
    done, again = playbooks.play([ask]), playbooks.play([ask])

    assert predicted.last.result["summary"] == done.last.result["summary"], done.output
    for run in (predicted, done):
        batch, database, legacy = run.last.result["vms"]
        assert batch["enabled"], run.output
        assert batch["started"]
        assert database["state"] == "opened"
        assert "started" not in database
        assert legacy["state"] == "failed"
        assert "no just-in-time policy can cover the VM" in legacy["error"]
    assert "power" in predicted.last.result["diff"]["after"]["batch-01"]
    assert not again.last.result["changed"], again.output
    assert len([write for write in simulator.writes() if write.endswith("/start")]) == 1


def test_powered_off_vms_are_warned_about(playbooks: Playbooks) -> None:
    data = {"resource_groups": ["rg-data"], "subscriptions": [PRODUCTION]}
    playbooks.play([{COVER: {**data, "skip_ineligible": True}}])

    run = playbooks.play([{OPEN: data}])

    assert "batch-01: powered off, so nobody answers there" in " ".join(run.output.split())


def test_a_port_is_waited_for_at_the_address_that_the_inventory_chose(
    playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        hosts = {
            "vdi-win-01": {**HOSTS["vdi-win-01"], "ansible_host": "127.0.0.1"},
            "vdi-win-02": {**HOSTS["vdi-win-02"], "ansible_host": "{{ '127.0.0.' ~ 1 }}"},
            "127.0.0.1": HOSTS["vdi-win-03"],
        }
        playbooks.write_inventory(hosts)
        wait = {"ports": [port], "sources": ["203.0.113.7"], "wait_for": "port"}
        playbooks.play([{COVER: {"ports": [port]}}])
        answered = playbooks.play([{OPEN: wait}])
    silent = playbooks.play([{OPEN: {**wait, "wait_timeout": 1, "on_failure": "report"}}])

    assert answered.returncode == 0, answered.output
    assert answered.last.result["summary"]["opened"] == 3
    assert silent.last.result["summary"]["failed"] == 3
    assert f"127.0.0.1:{port} refused the connection" in silent.last.result["vms"][0]["error"]


def test_a_wrong_budget_is_named_only_where_something_is_covered(playbooks: Playbooks) -> None:
    wrong = {"write_budget": 9.0, "quiet_window": 1.0, "on_failure": "report"}

    enabling = playbooks.play([{OPEN: {**wrong, "enable_missing": True}}])
    plain = playbooks.play([{OPEN: wrong}])

    assert "quiet_window: 1 is shorter than write_budget" in enabling.last.result["msg"]
    assert plain.returncode == 0


def test_a_rule_is_waited_for_and_one_that_shadows_it_is_named(
    covered: Playbooks, simulator: RunningSimulator
) -> None:
    groups = f"/subscriptions/{WORKPLACE}/resourceGroups/rg-vdi/providers/Microsoft.Network/networkSecurityGroups"
    for group in simulator.arm("GET", f"{groups}?api-version=2024-05-01")["value"]:
        rule = {
            "protocol": "*",
            "sourcePortRange": "*",
            "destinationPortRange": "22",
            "sourceAddressPrefix": "203.0.113.0/24",
            "destinationAddressPrefix": "*",
            "access": "Deny",
            "priority": 100,
            "direction": "Inbound",
        }
        path = f"{group['id']}/securityRules/no-entry?api-version=2024-05-01"
        simulator.arm("PUT", path, {"properties": rule})
    wait = {"ports": ["ssh"], "wait_for": "rule", "wait_timeout": 1, "on_failure": "report"}

    in_effect = covered.play([{OPEN: {**wait, "sources": ["198.51.100.7"]}}])
    shadowed = covered.play([{OPEN: {**wait, "sources": ["203.0.113.7"]}}])

    assert in_effect.last.result["summary"]["opened"] == 6, in_effect.output
    assert shadowed.last.result["summary"]["failed"] == 6
    assert "no-entry (100)" in shadowed.last.result["vms"][0]["error"]


def test_ports_that_two_policies_hold_are_opened_by_one_request_each_and_closed_again(
    covered: Playbooks, simulator: RunningSimulator
) -> None:
    name = "vdi-win-01"
    covered.write_inventory({name: HOSTS[name]})
    vm = HOSTS[name]["azure_vm_id"]
    rule = {"number": 5986, "protocol": "*", "allowedSourceAddressPrefix": "*", "maxRequestAccessDuration": "PT3H"}
    second = f"{vm.partition('/providers/')[0]}/providers/Microsoft.Security/locations/westeurope"
    second += "/jitNetworkAccessPolicies/second"
    entries = [{"id": vm, "ports": [rule]}]
    simulator.arm("PUT", second, {"kind": "Basic", "properties": {"virtualMachines": entries}})
    ask = {OPEN: {"ports": ["rdp", "winrm_https"], "sources": ["203.0.113.7"], "wait_for": "rule"}}
    simulator.forget()

    opened, again = covered.play([ask]), covered.play([ask])
    asked = [call for call in simulator.writes() if call.endswith("/initiate")]
    closed = covered.play([{OPEN: {"state": "closed"}}])

    assert opened.returncode == 0, opened.output
    ports = {port["port"]: port for port in opened.last.result["vms"][0]["ports"]}
    assert {port: found["state"] for port, found in ports.items()} == {3389: "opened", 5986: "opened"}
    assert ports[5986]["policy_id"].lower() == second.lower()
    assert "policy_id" not in ports[3389]
    assert not again.last.result["changed"]
    assert len(asked) == len(set(asked)) == 2
    assert len([port for port in closed.last.result["vms"][0]["ports"] if port["ended"]]) == 2
