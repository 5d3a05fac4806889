# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mistakes that users make: each is answered by what is wrong and what to do."""

from __future__ import annotations

from typing import Any

import yaml
from demo_fleet import HOSTS, PRODUCTION, WORKPLACE, vm_id
from running_simulator import RunningSimulator

from playbooks import Playbooks, Run

OPEN = "jitfleet.azure.jit_request"
COVER = "jitfleet.azure.jit_policy"


def message(run: Run) -> str:
    assert run.returncode != 0, run.output
    text: str = run.last.result["msg"]
    return text


WRONG: list[tuple[str, dict[str, Any], list[str]]] = [
    (OPEN, {"sources": ["10.0.0.300"]}, ["sources[0]", "'10.0.0.300'", "my_ip, policy, any"]),
    (OPEN, {"sources": ["any"]}, ["sources[0]", "allow_any_source: true"]),
    (OPEN, {"sources": ["203.0.113.7/0"]}, ["sources[0]", "203.0.113.7/0 opens", "allow_any_source: true"]),
    (OPEN, {"sources": ["::/0"]}, ["sources[0]", "allow_any_source: true"]),
    (OPEN, {"sources": ["0.0.0.0/1", "128.0.0.0/1"]}, ["sources", "together", "allow_any_source: true"]),
    (OPEN, {"duration": "1h", "minimum_remaining": "1h"}, ["minimum_remaining", "not shorter than duration, 1h"]),
    (OPEN, {"sources": ["policy", "10.0.0.1"]}, ["sources", "policy can't be combined"]),
    (OPEN, {"duration": "3 moons"}, ["duration", "'3 moons'", "write it as 3h"]),
    (OPEN, {"duration": "2m"}, ["duration", "'2m'", "5 minutes", "1 day"]),
    (OPEN, {"duration": "25h"}, ["duration", "'25h'", "1 day"]),
    (OPEN, {"ports": ["rpd"]}, ["ports[0]", "'rpd'", "rdp, ssh"]),
    (OPEN, {"ports": [70000]}, ["ports[0]", "70000", "65535"]),
    (OPEN, {"minimum_remaining": "soon"}, ["minimum_remaining", "'soon'"]),
    (OPEN, {"vms": ["web-01"]}, ["vms[0]", "'web-01'", "/subscriptions/<uuid>"]),
    (OPEN, {"vms": [{"name": "web-01"}]}, ["vms[0]", "resource_group and name"]),
    (OPEN, {"vms": [{"id": HOSTS["web-01"]["azure_vm_id"], "port": 22}]}, ["vms[0]", "unknown key port"]),
    (OPEN, {"vms": []}, ["vms", "no virtual machine is named"]),
    (OPEN, {"ports": []}, ["ports", "the list is empty"]),
    (OPEN, {"sources": []}, ["sources", "the list is empty"]),
    (OPEN, {"state": "closed", "ports": []}, ["ports", "the list is empty"]),
    (OPEN, {"state": "closed", "sources": []}, ["sources", "the list is empty"]),
    (OPEN, {"vms": [{"id": HOSTS["web-01"]["azure_vm_id"], "ports": []}]}, ["vms[0].ports", "the list is empty"]),
    (COVER, {"ports": []}, ["ports", "the list is empty"]),
    (COVER, {"ports": [], "mode": "replace"}, ["ports", "the list is empty"]),
    (COVER, {"ports": [], "state": "absent"}, ["ports", "the list is empty"]),
    (COVER, {"ports": [{"port": 22, "sources": []}]}, ["ports[0].sources", "the list is empty"]),
    (COVER, {"ports": [{"number": 22}]}, ["ports[0]", "unknown key number", "max_duration, port"]),
    (COVER, {"ports": [{"port": 22, "protocol": "icmp"}]}, ["ports[0].protocol", "'icmp'", "tcp, udp, any"]),
    (COVER, {"ports": [{"port": 22, "sources": ["internal"]}]}, ["ports[0].sources[0]", "'internal'"]),
    (COVER, {"ports": [22, "ssh"]}, ["ports[1]", "22 is given twice"]),
    (COVER, {"ports": [0]}, ["ports[0]", "0 is neither a port from 1 to 65535"]),
    (COVER, {"ports": [{"port": 22, "max_duration": "4m"}]}, ["ports[0].max_duration", "5 minutes", "1 day"]),
    (COVER, {"ports": [{"port": 22, "max_duration": "25h"}]}, ["ports[0].max_duration", "5 minutes", "1 day"]),
    (COVER, {"state": "absent", "mode": "exact"}, ["mode", "exact", "state: absent"]),
    (COVER, {"state": "absent", "ports": [{"port": 22}]}, ["ports[0]", "state: absent takes out whole ports"]),
    (COVER, {"state": "absent", "ports": "portal_bulk"}, ["ports[0]", "state: absent takes out whole ports"]),
    (COVER, {"policy_name": "a/b"}, ["policy_name", "'a/b' is no name of a policy"]),
    (COVER, {"policy_name": ""}, ["policy_name", "'' is no name of a policy"]),
    (COVER, {"policy_name": ".."}, ["policy_name", "'..' is no name of a policy"]),
    (COVER, {"wait_timeout": 0, "wait": False}, ["wait_timeout", "0 is too short"]),
    (
        COVER,
        {"ports": [99999], "vms": [{"id": HOSTS["web-01"]["azure_vm_id"], "ports": [22, "ssh"]}]},
        ["ports[0]: 99999", "vms[0].ports[1]: port 22 is given twice"],
    ),
    (COVER, {"widest_prefix": 33}, ["widest_prefix", "33", "from 0 to 32"]),
    (COVER, {"write_budget": 0}, ["write_budget", "above 0"]),
    (COVER, {"write_budget": 5, "quiet_window": 4}, ["quiet_window", "4 is shorter than write_budget, 5"]),
    (COVER, {"wait_timeout": 6, "write_budget": 5, "quiet_window": 6}, ["wait_timeout", "6 is not longer"]),
    (COVER, {"templates": {"vdi": {"ports": [22]}}}, ["template_tag", "go together"]),
    (COVER, {"template_tag": "role"}, ["templates", "go together"]),
    (COVER, {"templates": {"vdi": {"port": 22}}, "template_tag": "role"}, ["templates.vdi", "one key ports"]),
    (
        COVER,
        {"templates": {"vdi": {"ports": []}}, "template_tag": "role"},
        ["templates.vdi.ports", "the list is empty"],
    ),
    (COVER, {"templates": {"a": {"ports": ["x"]}}, "template_tag": "r"}, ["templates.a.ports[0]", "'x'"]),
    (COVER, {"without_template": "skip"}, ["without_template", "where there are no templates"]),
    (
        COVER,
        {"ports": [99999], "policy_name": "a b", "quiet_window": 0.1},
        ["ports[0]: 99999", "policy_name: 'a b'", "quiet_window: 0.1"],
    ),
    (
        COVER,
        {"state": "absent", "vms": [{"id": HOSTS["web-01"]["azure_vm_id"], "public_ip_address": "192.0.2.1"}]},
        ["vms[0].public_ip_address", "state: absent"],
    ),
    (
        COVER,
        {"vms": [{"id": HOSTS["web-01"]["azure_vm_id"], "public_ip_address": "192.0.2.0/24"}]},
        ["vms[0].public_ip_address", "'192.0.2.0/24' is not an IP address"],
    ),
    (
        COVER,
        {"ports": [443], "vms": [{"id": HOSTS["web-01"]["azure_vm_id"], "ports": []}]},
        ["vms[0].ports", "the list is empty"],
    ),
    (COVER, {"vms": [vm_id("0" * 36, "rg", "a")]}, ["vms[0]", "/subscriptions/<uuid>"]),
]


def test_wrong_options_are_named_and_nothing_is_sent(playbooks: Playbooks, simulator: RunningSimulator) -> None:
    run = playbooks.play([{module: options, "ignore_errors": True} for module, options, _ in WRONG])

    assert len(run.tasks) == len(WRONG), run.output
    for task, (module, options, expected) in zip(run.tasks, WRONG, strict=True):
        assert task.status == "failed", (module, options)
        for part in expected:
            assert part in task.result["msg"], (module, options)
    assert simulator.journal() == []


def test_all_wrong_options_of_a_task_are_told_at_once(playbooks: Playbooks) -> None:
    run = playbooks.play([{OPEN: {"vms": ["a", "b", HOSTS["web-01"]["azure_vm_id"]]}}])

    assert len(run.last.result["problems"]) == 2


def test_a_wrong_secret_says_what_entra_said_and_never_the_secret(
    playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    run = playbooks.play([{OPEN: {"secret": "not-the-secret-4711"}}], "-vvvv")

    assert "AADSTS7000215" in message(run)
    assert "not-the-secret-4711" not in run.output.split("TASK", 1)[1]


def test_missing_credentials_are_named(playbooks: Playbooks) -> None:
    run = playbooks.run(
        str(_play(playbooks, {OPEN: {}})), AZURE_SECRET="", AZURE_CLIENT_SECRET="", AZURE_TENANT=""
    )

    said = message(run)
    assert "tenant (or AZURE_TENANT, AZURE_TENANT_ID)" in said
    assert "secret (or AZURE_SECRET, AZURE_CLIENT_SECRET)" in said


def _play(playbooks: Playbooks, task: dict[str, Any]) -> str:
    path = playbooks.inventory.with_name("given.yml")
    path.write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": [task]}]))
    return str(path)


def test_an_unreachable_endpoint_is_named(playbooks: Playbooks) -> None:
    run = playbooks.play([{OPEN: {"cloud_environment": "https://127.0.0.1:9"}}])

    assert "cloud_environment" in message(run)
    assert "127.0.0.1:9 can't be reached" in message(run)


def test_an_unknown_cloud_is_named(playbooks: Playbooks) -> None:
    run = playbooks.play([{OPEN: {"cloud_environment": "AzureMoon"}}])

    assert "'AzureMoon' is neither a known cloud (AzureCloud, AzureUSGovernment, AzureChinaCloud)" in message(run)


def test_a_port_outside_the_policy_fails_its_vm_and_the_others_open(
    playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    playbooks.play([{COVER: {}}])

    run = playbooks.play([{OPEN: {"ports": ["rdp"], "sources": ["203.0.113.7"]}}])

    said = message(run)
    assert "2 of 6 VMs failed" in said
    assert "vdi-lnx-01: port 3389 is not in the VM's just-in-time policy, which has port 22" in said
    assert run.last.result["summary"] == {"opened": 4, "already_open": 0, "closed": 0, "failed": 2, "unknown": 0}


def test_what_the_policy_does_not_allow_is_told_with_what_it_allows(playbooks: Playbooks) -> None:
    rule = {"port": "ssh", "sources": ["198.51.100.0/24"], "max_duration": "1h"}
    playbooks.play([{COVER: {"ports": [rule]}}])

    too_long = playbooks.play([{OPEN: {"ports": ["ssh"], "sources": ["198.51.100.9"], "duration": "2h"}}])
    too_wide = playbooks.play([{OPEN: {"ports": ["ssh"], "sources": ["203.0.113.7"]}}])

    assert "at most 1h by the VM's policy, 2h was asked for" in message(too_long)
    assert "can't be opened for 203.0.113.7: the VM's policy allows only 198.51.100.0/24" in message(too_wide)


def test_an_uncovered_vm_is_told_how_to_be_covered(playbooks: Playbooks) -> None:
    run = playbooks.play([{OPEN: {}}])

    assert "no just-in-time policy covers this VM" in message(run)
    assert "jitfleet.azure.jit_policy" in message(run)


def test_on_failure_report_lets_the_play_go_on(playbooks: Playbooks) -> None:
    run = playbooks.play([{OPEN: {"on_failure": "report"}, "register": "opened"}])

    assert run.returncode == 0
    assert run.last.result["summary"]["failed"] == 6
    assert run.last.result["vms"][0]["error"]


def test_vms_that_do_not_exist_stop_covering_before_the_first_write(
    playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    ghosts = [vm_id(WORKPLACE, "rg-vdi", "ghost-1"), vm_id(PRODUCTION, "rg-gone", "ghost-2")]

    run = playbooks.play([{COVER: {"vms": [*ghosts, HOSTS["vdi-win-01"]["azure_vm_id"]]}}])

    assert len(run.last.result["problems"]) == 2
    assert "ghost-1 doesn't exist" in message(run)
    assert simulator.writes() == []


def test_a_subscription_that_the_credential_does_not_see_is_named_before_the_first_write(
    playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    stranger = vm_id("00000000-0000-4000-8000-0000000000ff", "rg-vdi", "vdi-win-01")

    run = playbooks.play([{COVER: {"vms": [stranger, HOSTS["vdi-win-01"]["azure_vm_id"]]}}])

    assert "subscription 00000000-0000-4000-8000-0000000000ff" in message(run)
    assert "the credential may not see it" in message(run)
    assert simulator.writes() == []


def test_too_long_names_are_found_before_the_first_write(
    playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    run = playbooks.play([{COVER: {"policy_name": "p" * 50}}])

    assert "56 characters" in message(run)
    assert simulator.writes() == []


def test_an_own_address_that_nobody_tells_is_named_by_option_and_url_without_secrets(
    playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    unreachable = playbooks.play([{OPEN: {"my_ip_url": "https://ada:hush-4711@127.0.0.1:9/ip?token=hush-4711"}}])
    no_url = playbooks.play([{OPEN: {"my_ip_url": "ip.example"}}])

    said = message(unreachable)
    assert "my_ip_url: https://127.0.0.1:9/ip can't be asked" in said
    assert "in sources" in said
    assert "hush-4711" not in unreachable.output.partition("TASK")[2]
    assert "my_ip_url: it is no URL" in message(no_url)
    assert simulator.writes() == []
