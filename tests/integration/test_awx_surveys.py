# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the surveys of the job templates let through, and the playbooks with the variables that AWX makes of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from desktops import open_rules
from job_templates import JobTemplate, read_data_file
from running_simulator import ROOT, RunningSimulator

from playbooks import Playbooks, Run

WHY = "CHG0042317 patching"
OFFICE = "198.51.100.0/24"
ANSWERS = {"jit_justification": WHY, "jit_sources": OFFICE}
# In jobs the project is elsewhere, and the simulator here answers at no port.
HERE = {"jit_tasks": str(ROOT / "playbooks" / "tasks" / "look_in.yml"), "jit_wait_for": "initiated"}


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, JobTemplate]:
    folder = tmp_path_factory.mktemp("data")
    lists = read_data_file(Playbooks(folder, {"PATH": "/usr/bin:/bin", "HOME": str(folder)}))
    return lists["controller_templates"] | lists["controller_workflows"]


def test_fewer_vms_at_most_than_usual_are_the_usual_number(tmp_path: Path) -> None:
    reader = Playbooks(tmp_path, {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)})
    lists = read_data_file(reader, jit_awx_most_vms=10)

    opening = lists["controller_templates"]["Open RDP"], lists["controller_workflows"]["Request with approval"]
    assert [template.variables(ANSWERS).get("jit_vm_limit") for template in opening] == [10, 10]


@pytest.fixture
def covered(playbooks: Playbooks, simulator: RunningSimulator) -> Playbooks:
    cover = playbooks.play([{"jitfleet.azure.jit_policy": {"ports": ["rdp", "ssh"]}}])
    assert cover.returncode == 0, cover.output
    simulator.forget()
    return playbooks


def run_job(
    playbooks: Playbooks, template: JobTemplate, answers: Mapping[str, Any], *arguments: str, **more: Any
) -> Run:
    variables = json.dumps({**template.variables(answers), **more})
    return playbooks.run(str(ROOT / template.data["playbook"]), "-e", variables, *arguments)


@pytest.mark.parametrize("name", ["Open RDP", "Open SSH", "Request with approval"])
@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"jit_sources": OFFICE}, "'jit_justification' value missing"),
        ({**ANSWERS, "jit_justification": "CHG004"}, "too small"),
        ({**ANSWERS, "jit_justification": "x" * 501}, "too large"),
        ({**ANSWERS, "jit_justification": ["CHG0042317"]}, "expected to be a string"),
        ({"jit_justification": WHY}, "'jit_sources' value missing"),
        ({**ANSWERS, "jit_sources": ""}, "too small"),
        ({**ANSWERS, "jit_duration": "99h"}, "expected to be one of"),
        ({**ANSWERS, "jit_duration": ""}, "expected to be one of"),
        ({**ANSWERS, "jit_wanted_ports": ["445"]}, "expected to be one of"),
        ({**ANSWERS, "jit_wanted_ports": "3389"}, "expected to be a list"),
        ({**ANSWERS, "jit_vm_limit": 0}, "too small"),
        ({**ANSWERS, "jit_vm_limit": 201}, "too large"),
        ({**ANSWERS, "jit_vm_limit": "20"}, "expected to be an integer"),
        ({**ANSWERS, "jit_justification_pattern": ".*"}, "not allowed on launch"),
        ({**ANSWERS, "jit_allow_any_source": True}, "not allowed on launch"),
    ],
)
def test_awx_refuses_what_the_guide_says(
    name: str, answers: dict[str, Any], said: str, templates: dict[str, JobTemplate]
) -> None:
    assert said in str(templates[name].refusal(answers))


@pytest.mark.parametrize(
    ("name", "answers"),
    [
        ("Open RDP", ANSWERS),
        ("Open RDP", {**ANSWERS, "jit_wanted_ports": ["3389"], "jit_duration": "1h", "jit_vm_limit": 10}),
        ("Open RDP", {**ANSWERS, "jit_wanted_ports": [], "jit_sources": "my_ip"}),
        ("Open SSH", {**ANSWERS, "jit_sources": "198.51.100.7, 198.51.100.8"}),
        ("Open SSH", {**ANSWERS, "jit_wanted_ports": ["22", "3389"]}),
    ],
)
def test_answers_open_what_they_say(
    name: str,
    answers: dict[str, Any],
    templates: dict[str, JobTemplate],
    covered: Playbooks,
    simulator: RunningSimulator,
) -> None:
    done = run_job(covered, templates[name], answers)

    opened = done.named("Ask for access").result["vms"]
    wished = [int(port) for port in answers.get("jit_wanted_ports") or ["3389" if name == "Open RDP" else "22"]]
    sources = [item.strip() for item in answers["jit_sources"].split(",")]
    assert done.returncode == 0, done.output
    for vm in opened:
        assert sorted(port["port"] for port in vm["ports"]) == sorted(wished)
        assert {port["state"] for port in vm["ports"]} == {"opened"}
        if answers["jit_sources"] != "my_ip":
            assert {tuple(port["sources"]) for port in vm["ports"]} == {tuple(sources)}


@pytest.mark.parametrize("name", ["Open RDP", "Open SSH", "Maintenance window"])
def test_a_job_without_a_ticket_asks_azure_for_nothing(
    name: str, templates: dict[str, JobTemplate], covered: Playbooks, simulator: RunningSimulator
) -> None:
    asked = {item["variable"] for item in templates[name].survey["spec"]}
    answers = {k: v for k, v in {**ANSWERS, "jit_justification": "because I want to"}.items() if k in asked}

    done = run_job(covered, templates[name], answers, **(HERE if name == "Maintenance window" else {}))

    assert done.returncode != 0
    assert "justification" in done.output
    assert simulator.writes() == []


@pytest.mark.parametrize("name", ["Open RDP", "Open SSH", "Maintenance window"])
def test_a_job_for_more_vms_than_were_meant_asks_azure_for_nothing(
    name: str, templates: dict[str, JobTemplate], covered: Playbooks, simulator: RunningSimulator
) -> None:
    asked = {item["variable"] for item in templates[name].survey["spec"]}
    answers = {k: v for k, v in {**ANSWERS, "jit_vm_limit": 2}.items() if k in asked}

    done = run_job(covered, templates[name], answers, **(HERE if name == "Maintenance window" else {}))

    assert done.returncode != 0
    assert "jit_vm_limit is 2" in done.output
    assert simulator.writes() == []


def test_closing_takes_unanswered_questions(
    templates: dict[str, JobTemplate], covered: Playbooks, simulator: RunningSimulator
) -> None:
    assert run_job(covered, templates["Open RDP"], ANSWERS).returncode == 0
    opened = open_rules(simulator)

    other = run_job(covered, templates["Close access"], {"jit_justification": "INC999"})
    left = open_rules(simulator)
    none = run_job(covered, templates["Close access"], {"jit_wanted_ports": []})
    untouched = open_rules(simulator)
    done = run_job(covered, templates["Close access"], {"jit_justification": ""})

    assert opened > 0
    assert other.returncode == 0, other.output
    assert left == opened
    assert none.returncode != 0
    assert untouched == opened
    assert done.returncode == 0, done.output
    assert open_rules(simulator) == 0


def test_an_event_closes_by_the_template_as_the_guide_writes_it(
    templates: dict[str, JobTemplate], covered: Playbooks, simulator: RunningSimulator
) -> None:
    guide = (ROOT / "docs" / "docsite" / "rst" / "guide_event_driven.rst").read_text()
    lines = guide.partition("    action:\n")[2].partition("\n\n")[0]
    action = yaml.safe_load(lines)["run_job_template"]
    said = action["job_args"]["extra_vars"]
    answers = {name: "CHG0042317" if value == "{{ event.ticket.id }}" else value for name, value in said.items()}
    assert run_job(covered, templates["Open RDP"], ANSWERS).returncode == 0
    opened = open_rules(simulator)

    limit = action["job_args"].get("limit", "localhost")  # ansible-rulebook's own: the hosts of the ruleset
    done = run_job(covered, templates[action["name"]], answers, "-l", limit, awx_job_id=46, awx_user_name="bob")

    assert opened > 0
    assert done.returncode == 0, done.output
    assert open_rules(simulator) == 0
    assert action["organization"] == templates[action["name"]].data["organization"]
    assert templates[action["name"]].data["ask_limit_on_launch"]


def test_a_rule_is_not_told_to_templates_that_take_no_variables(templates: dict[str, JobTemplate]) -> None:
    event = {"ansible_eda": {"ruleset": "tickets", "rule": "closed"}}
    for name, template in templates.items():
        answers = {**(ANSWERS if name != "Maintenance window" else {"jit_justification": WHY}), **event}
        assert "ansible_eda" in str(template.refusal(answers)), name


def test_a_maintenance_window_opens_works_and_closes(
    templates: dict[str, JobTemplate], covered: Playbooks, simulator: RunningSimulator
) -> None:
    answers = {"jit_justification": WHY, "jit_unopened": "drop", "jit_wait_for": "initiated"}

    done = run_job(covered, templates["Maintenance window"], answers, **HERE)

    assert done.returncode == 0, done.output
    assert any(task.name == "This VM is open for the work" and task.status == "ok" for task in done.tasks)
    assert open_rules(simulator) == 0
    assert any(call.endswith("/initiate") for call in simulator.writes())


@pytest.mark.parametrize("subscriptions", ["", "*"])
def test_covering_and_reporting_take_hosts_or_whole_subscriptions(
    subscriptions: str,
    templates: dict[str, JobTemplate],
    playbooks: Playbooks,
    simulator: RunningSimulator,
    tmp_path: Path,
) -> None:
    answers = {"jit_subscriptions": subscriptions}
    hurry = {"jit_write_budget": 0.3, "jit_quiet_window": 0.3, "jit_enable_on_failure": "report"}

    covered = run_job(playbooks, templates["Enable JIT"], {**answers, "jit_wanted_ports": ["3389"]}, **hurry)
    reported = run_job(playbooks, templates["JIT report"], answers, jit_report_dest=str(tmp_path / "report"))

    assert covered.returncode == 0, covered.output
    assert reported.returncode == 0, reported.output
    page = json.loads((tmp_path / "report" / "report.json").read_text())
    states = {vm["jit_status"] for vm in page["vms"]}
    assert "configured" in states
    # the inventory here holds virtual desktops alone
    assert all(vm["name"].startswith("vdi-") for vm in page["vms"]) is (subscriptions == "")
