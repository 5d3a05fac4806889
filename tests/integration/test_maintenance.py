# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook maintenance: around a file of tasks, around a playbook of the user's, and as a hook."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from demo_fleet import HOSTS
from desktops import DESKTOPS, FAIL_SECOND, UNREACHABLE, WINDOWS, WORK, open_rules, worked
from running_simulator import RunningSimulator

from playbooks import Playbooks, Run

MAINTENANCE = "jitfleet.azure.maintenance"
SETTINGS = (
    "-e",
    json.dumps(
        {
            "jit_wanted_ports": ["rdp"],
            "jit_sources": ["203.0.113.7"],
            "jit_duration": "1h",
            "jit_wait_for": "initiated",
        }
    ),
)


@pytest.fixture
def desktops(playbooks: Playbooks) -> Playbooks:
    """Six desktops in a group, of which the four with Windows may open RDP; the third can't be reached."""
    playbooks.write_inventory({name: HOSTS[name] for name in DESKTOPS})
    cover = playbooks.play([{"jitfleet.azure.jit_policy": {}}])
    assert cover.returncode == 0, cover.output
    hosts = {name: {**HOSTS[name], "ansible_connection": "local"} for name in DESKTOPS}
    hosts["vdi-win-03"].update(UNREACHABLE)
    playbooks.inventory.write_text(yaml.safe_dump({"all": {"children": {"vdi": {"hosts": hosts}}}}))
    return playbooks


def write(playbooks: Playbooks, name: str, content: Any) -> str:
    path = playbooks.inventory.with_name(name)
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return str(path)


def closed_vms(run: Run) -> list[str]:
    (task,) = [task for task in run.tasks if task.name.endswith("Close what was opened") and task.status == "ok"]
    return [vm["name"] for vm in task.result["results"][0]["vms"]]


def failures(run: Run) -> dict[str, str]:
    return {task.host: str(task.result["msg"]) for task in run.tasks if task.status == "failed"}


@pytest.mark.parametrize(
    "limit", [(), ("-l", "vdi"), ("-l", "vdi,localhost")], ids=["all", "vdi", "and localhost"]
)
def test_around_a_file_of_tasks_all_that_opened_is_closed_and_the_failed_have_failed(
    limit: tuple[str, ...], desktops: Playbooks, simulator: RunningSimulator
) -> None:
    tasks = write(desktops, "work.yml", [FAIL_SECOND, WORK])

    run = desktops.run(MAINTENANCE, *limit, *SETTINGS, "-e", f"jit_tasks={tasks}")

    assert run.returncode != 0
    assert worked(run) == ["vdi-win-01", "vdi-win-04"]
    assert {*failures(run)} == {"vdi-lnx-01", "vdi-lnx-02", "vdi-win-02"}
    assert "port 3389 is not in the VM's just-in-time policy" in failures(run)["vdi-lnx-01"]
    assert "unreachable=1" in run.output
    assert len([call for call in simulator.writes() if call.endswith("/initiate")]) == 1
    assert open_rules(simulator) == 0


@pytest.mark.parametrize("limit", [(), ("-l", "vdi,localhost")], ids=["all", "and localhost"])
def test_where_all_hosts_are_unreachable_localhost_closes(
    limit: tuple[str, ...], desktops: Playbooks, simulator: RunningSimulator
) -> None:
    hosts = {name: {**HOSTS[name], **UNREACHABLE} for name in WINDOWS}
    desktops.inventory.write_text(yaml.safe_dump({"all": {"children": {"vdi": {"hosts": hosts}}}}))
    tasks = write(desktops, "work.yml", [WORK])

    run = desktops.run(MAINTENANCE, *limit, *SETTINGS, "-e", f"jit_tasks={tasks}")

    assert run.returncode != 0
    assert sorted(task.host for task in run.tasks if task.status == "unreachable") == WINDOWS
    assert closed_vms(run) == WINDOWS
    assert open_rules(simulator) == 0


def test_where_the_work_fails_on_all_hosts_all_are_closed_and_fail_one_by_one(
    desktops: Playbooks, simulator: RunningSimulator
) -> None:
    tasks = write(desktops, "work.yml", [{"ansible.builtin.fail": {"msg": "broken"}}])
    limit = ",".join(name for name in WINDOWS if name != "vdi-win-03")

    run = desktops.run(MAINTENANCE, "-l", limit, *SETTINGS, "-e", f"jit_tasks={tasks}", "-e", "jit_serial=1")

    assert run.returncode != 0
    # Hosts are worked on beside each other, and end in any order.
    lost = sorted(task.host for task in run.tasks if task.name == "Fail one by one" and task.status == "failed")
    assert lost == ["vdi-win-01", "vdi-win-02", "vdi-win-04"]
    assert closed_vms(run) == lost
    assert open_rules(simulator) == 0


def test_hosts_that_did_not_open_can_be_left_out_and_the_work_goes_batch_by_batch(
    desktops: Playbooks, simulator: RunningSimulator
) -> None:
    role = desktops.inventory.parent / "roles" / "patch" / "tasks"
    role.mkdir(parents=True)
    say = {"name": "Batch", "ansible.builtin.debug": {"msg": "{{ ansible_play_batch }}"}, "run_once": True}
    (role / "main.yml").write_text(yaml.safe_dump([say]))
    choice = ("-e", "jit_role=patch", "-e", "jit_unopened=drop", "-e", "jit_serial=2")
    desktops.environment["ANSIBLE_ROLES_PATH"] = str(role.parent.parent)

    run = desktops.run(MAINTENANCE, "-l", "vdi", *SETTINGS, *choice)

    assert run.returncode == 0, run.output
    batches = [task.result["msg"] for task in run.tasks if task.name.endswith("Batch")]
    assert batches == [["vdi-win-01", "vdi-win-02"], ["vdi-win-03", "vdi-win-04"]]
    assert len([call for call in simulator.writes() if call.endswith("/initiate")]) == 1
    assert open_rules(simulator) == 0


def test_a_prediction_works_on_nothing_that_is_not_open(desktops: Playbooks, simulator: RunningSimulator) -> None:
    desktops.environment["PWD"] = str(desktops.inventory.parent)
    write(desktops, "work.yml", [WORK])
    simulator.forget()

    run = desktops.run(MAINTENANCE, "-l", ":".join(WINDOWS), *SETTINGS, "-e", "jit_tasks=work.yml", "--check")

    assert run.returncode == 0, run.output
    assert worked(run) == []
    assert simulator.writes() == []


def test_around_a_playbook_of_the_users_own(desktops: Playbooks, simulator: RunningSimulator) -> None:
    own = write(desktops, "patch.yml", [{"hosts": "vdi", "gather_facts": False, "tasks": [FAIL_SECOND, WORK]}])
    before, after = ({"jit_phase": phase, "jit_hosts": "vdi"} for phase in ("before", "after"))
    site = [
        {"import_playbook": MAINTENANCE, "vars": before},
        {"import_playbook": own},
        {"import_playbook": MAINTENANCE, "vars": after},
    ]

    run = desktops.run(write(desktops, "site.yml", site), "-l", "vdi", *SETTINGS)

    assert run.returncode != 0
    assert worked(run) == ["vdi-win-01", "vdi-win-04"], "hosts that did not open are out of the user's plays too"
    assert open_rules(simulator) == 0


def test_as_a_hook_before_and_after_something_else(desktops: Playbooks, simulator: RunningSimulator) -> None:
    kept = desktops.inventory.with_name("windows.json")
    hook = (MAINTENANCE, "-l", ":".join(WINDOWS), *SETTINGS, "-e", f"jit_state_file={kept}")

    before = desktops.run(*hook, "-e", "jit_phase=before")
    opened, mode = open_rules(simulator), kept.stat().st_mode & 0o777
    after = desktops.run(*hook, "-e", "jit_phase=after")

    assert before.returncode == after.returncode == 0, after.output
    assert (opened, mode) == (4, 0o600)
    assert open_rules(simulator) == 0
    assert not kept.exists()


@pytest.mark.parametrize(
    "choice",
    [(), ("-l", "localhost"), ("-e", "jit_hosts=gone")],
    ids=["no inventory", "localhost alone", "hosts that are gone"],
)
def test_the_hook_after_closes_what_is_kept_whatever_the_inventory_holds(
    choice: tuple[str, ...], desktops: Playbooks, simulator: RunningSimulator
) -> None:
    kept = desktops.inventory.with_name("windows.json")
    file = ("-e", f"jit_state_file={kept}")
    before = desktops.run(MAINTENANCE, "-l", ":".join(WINDOWS), *SETTINGS, *file, "-e", "jit_phase=before")
    opened = open_rules(simulator)
    if "jit_hosts=gone" not in choice:
        desktops.write_inventory({})

    after = desktops.run(MAINTENANCE, *file, "-e", "jit_phase=after", *choice)

    assert before.returncode == after.returncode == 0, after.output
    assert (opened, open_rules(simulator)) == (4, 0)
    assert not kept.exists()


def test_some_hosts_alone_may_have_work(desktops: Playbooks, simulator: RunningSimulator) -> None:
    tasks = write(desktops, "work.yml", [WORK])
    inventory = yaml.safe_load(desktops.inventory.read_text())
    inventory["all"]["children"]["vdi"]["hosts"]["vdi-win-02"]["jit_tasks"] = tasks
    desktops.inventory.write_text(yaml.safe_dump(inventory))

    run = desktops.run(MAINTENANCE, "-l", "vdi-win-01:vdi-win-02:localhost", *SETTINGS)

    assert run.returncode == 0, run.output
    assert worked(run) == ["vdi-win-02"]
    assert open_rules(simulator) == 0


def test_in_a_workflow_what_was_opened_is_handed_over_as_the_next_jobs_variables(
    desktops: Playbooks, simulator: RunningSimulator
) -> None:
    before = desktops.run(MAINTENANCE, "-l", "vdi-win-01", *SETTINGS, "-e", "jit_phase=before")
    (handed,) = [task.result["ansible_stats"]["data"] for task in before.tasks if "ansible_stats" in task.result]
    after = desktops.run(MAINTENANCE, "-l", "vdi-win-02", "-e", "jit_phase=after", "-e", json.dumps(handed))

    assert after.returncode == 0, after.output
    assert open_rules(simulator) == 0


def test_closing_with_nothing_remembered_says_so(desktops: Playbooks) -> None:
    run = desktops.run(MAINTENANCE, "-e", "jit_phase=after")

    assert run.returncode != 0
    assert "jit_state_file" in run.output


def test_where_nothing_opens_there_is_no_work(desktops: Playbooks, simulator: RunningSimulator) -> None:
    tasks = write(desktops, "work.yml", [WORK])

    run = desktops.run(MAINTENANCE, "-l", "vdi-lnx-01:vdi-lnx-02", *SETTINGS, "-e", f"jit_tasks={tasks}")

    assert run.returncode != 0
    assert worked(run) == []
    assert "No host opened" in run.output
    assert open_rules(simulator) == 0


def test_uncovered_machines_are_covered_first_and_open_to_all_where_that_is_meant(
    playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    playbooks.write_inventory({name: {**HOSTS[name], "ansible_connection": "local"} for name in ("vdi-win-01",)})
    wanted = {
        "jit_sources": ["0.0.0.0/1", "128.0.0.0/1"],
        "jit_allow_any_source": True,
        "jit_enable_missing": True,
    }
    more = {
        **wanted,
        "jit_clamp_duration": True,
        "jit_justification": "CHG-4711",
        "jit_justification_pattern": "CHG",
    }
    demanded = {**more, "jit_justification_pattern": "^INC-[0-9]+$"}
    tasks = write(playbooks, "work.yml", [WORK])

    refused = playbooks.run(MAINTENANCE, *SETTINGS, "-e", json.dumps(demanded), "-e", f"jit_tasks={tasks}")
    sent = simulator.journal()
    run = playbooks.run(MAINTENANCE, *SETTINGS, "-e", json.dumps(more), "-e", f"jit_tasks={tasks}")

    assert refused.returncode != 0
    assert "justification" in refused.output
    assert "^INC-[0-9]+$" in refused.output
    assert sent == []
    assert run.returncode == 0, run.output
    (opened,) = [task for task in run.tasks if task.name.endswith("Open the ports")]
    (vm,) = opened.result["vms"]
    assert (vm["state"], vm["enabled"]) == ("opened", True)
    assert vm["ports"][0]["sources"] == ["0.0.0.0/1", "128.0.0.0/1"]
    assert worked(run) == ["vdi-win-01"]
    assert open_rules(simulator) == 0
