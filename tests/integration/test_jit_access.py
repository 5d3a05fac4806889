# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role jit_access: open, work, and close what was opened, whatever became of the hosts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from demo_fleet import HOSTS
from desktops import DESKTOPS, FAIL_SECOND, LINUX, LOCAL, UNREACHABLE, WINDOWS, WORK, open_rules, worked
from running_simulator import RunningSimulator

from playbooks import Playbooks, Run

ROLE = "jitfleet.azure.jit_access"
SETTINGS = {"jit_access_sources": ["203.0.113.7"], "jit_access_ports": ["rdp"], "jit_access_wait_for": "initiated"}


def role(part: str | None = None) -> dict[str, Any]:
    return {"ansible.builtin.import_role": {"name": ROLE, **({"tasks_from": part} if part else {})}}


@pytest.fixture
def desktops(playbooks: Playbooks) -> Playbooks:
    """Six desktops on local connections, of which the four with Windows may open RDP."""
    playbooks.write_inventory({name: {**HOSTS[name], **LOCAL} for name in DESKTOPS})
    cover = playbooks.play([{"jitfleet.azure.jit_policy": {}}])
    assert cover.returncode == 0, cover.output
    return playbooks


def test_hosts_that_did_not_open_are_left_out_and_the_others_work(
    desktops: Playbooks, simulator: RunningSimulator
) -> None:
    run = desktops.play([role("open"), WORK], vars=SETTINGS)

    assert run.returncode == 0, run.output
    assert worked(run) == [name for name in DESKTOPS if name not in LINUX]
    assert open_rules(simulator) == 4


def test_hosts_that_did_not_open_can_fail_one_by_one(desktops: Playbooks) -> None:
    run = desktops.play([role("open_or_fail"), WORK], vars=SETTINGS)

    assert run.returncode != 0
    failed = {task.host: task.result["msg"] for task in run.tasks if task.status == "failed"}
    assert sorted(failed) == LINUX
    assert all("port 3389 is not in the VM's just-in-time policy" in message for message in failed.values())
    assert len(worked(run)) == 4


def in_block(*work: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"block": [role("open"), *work], "always": [role("close")], **more}


@pytest.fixture
def troubled(desktops: Playbooks) -> Playbooks:
    """The desktops, the third of which can't be reached; the second will fail."""
    hosts = {name: {**HOSTS[name], **LOCAL} for name in DESKTOPS}
    desktops.write_inventory({**hosts, "vdi-win-03": {**HOSTS["vdi-win-03"], **UNREACHABLE}})
    return desktops


def assert_two_were_lost(run: Run) -> None:
    assert run.returncode != 0
    assert "unreachable=1" in run.output
    assert [task.host for task in run.tasks if task.status == "unreachable"] == ["vdi-win-03"]
    assert "vdi-win-02" in {task.host for task in run.tasks if task.status == "failed"}


def closed_vms(run: Run) -> list[str]:
    (task,) = [task for task in run.tasks if task.name.endswith("Close what was opened") and task.status == "ok"]
    return [vm["name"] for vm in task.result["results"][0]["vms"]]


@pytest.mark.parametrize("how", ["block", "role"])
def test_a_failed_and_an_unreachable_host_are_closed_like_all_others(
    how: str, troubled: Playbooks, simulator: RunningSimulator
) -> None:
    tasks = troubled.inventory.with_name("work.yml")
    tasks.write_text(json.dumps([FAIL_SECOND, WORK]))
    settings = {**SETTINGS, "jit_access_tasks": str(tasks)}
    plan = in_block(FAIL_SECOND, WORK) if how == "block" else role()

    run = troubled.play([plan], vars=settings)

    assert_two_were_lost(run)
    assert worked(run) == ["vdi-win-01", "vdi-win-04"]
    assert closed_vms(run) == ["vdi-win-01", "vdi-win-02", "vdi-win-03", "vdi-win-04"]
    assert open_rules(simulator) == 0


def test_a_second_closing_finds_nothing_and_asks_nothing(desktops: Playbooks, simulator: RunningSimulator) -> None:
    run = desktops.play([role("open"), role("close"), role("close")], vars=SETTINGS)

    assert run.returncode == 0, run.output
    closings = [task.status for task in run.tasks if task.name.endswith("Close what was opened")]
    assert closings == ["skipped", "ok", "skipped"], "none while hosts are open, one, and none that is left"
    assert open_rules(simulator) == 0


def test_what_could_not_be_closed_is_remembered_for_the_next_closing(
    desktops: Playbooks, simulator: RunningSimulator
) -> None:
    simulator.fault(method="DELETE", path="securityRules", status=403, times=1)

    run = desktops.play([role("open"), role("close"), role("close")], vars=SETTINGS)

    assert run.returncode == 0, run.output
    first, second = (
        task.result["results"][0]["vms"]
        for task in run.tasks
        if task.name.endswith("Close what was opened") and task.status == "ok"
    )
    assert len(first) == 4
    assert [vm["name"] for vm in second] == [vm["name"] for vm in first if vm["state"] == "failed"]
    assert len(second) == 1
    assert open_rules(simulator) == 0


def test_who_may_not_delete_network_rules_closes_through_the_policy(
    desktops: Playbooks, simulator: RunningSimulator
) -> None:
    through_policy = {"jit_access_close_method": "policy", "jit_access_all_grants": True}
    simulator.fault(method="DELETE", path="securityRules", status=403, times=99)

    run = desktops.play([role("open"), role("close")], vars={**SETTINGS, **through_policy})

    assert closed_vms(run) == WINDOWS, run.output
    assert open_rules(simulator) == 0


def test_a_vm_that_was_opened_twice_is_closed_once(desktops: Playbooks, simulator: RunningSimulator) -> None:
    other = {"jit_access_sources": ["203.0.113.8"], "jit_access_ports": ["rdp"]}

    run = desktops.play([role("open"), {**role("open"), "vars": other}, role("close")], vars=SETTINGS)

    assert run.returncode == 0, run.output
    assert closed_vms(run) == WINDOWS
    assert open_rules(simulator) == 0


def test_where_no_host_opens_what_may_be_open_is_closed_at_once(
    desktops: Playbooks, simulator: RunningSimulator
) -> None:
    """The request takes effect, but its answer is lost, and so are all looks at it."""
    simulator.fault(method="POST", path="initiate$", times=1, reset="after")
    simulator.fault(method="GET", path="jitNetworkAccessPolicies/default$", times=200, status=403)
    lost = {**SETTINGS, "jit_access_wait_timeout": 3}

    run = desktops.play([role("open"), WORK], "-l", ",".join(WINDOWS), vars=lost)

    assert worked(run) == []
    assert closed_vms(run) == WINDOWS, run.output
    assert open_rules(simulator) == 0


def test_all_are_closed_where_the_work_failed_on_all(desktops: Playbooks, simulator: RunningSimulator) -> None:
    run = desktops.play([in_block({"ansible.builtin.fail": {"msg": "broken"}})], vars=SETTINGS)

    assert run.returncode != 0
    assert len(closed_vms(run)) == 4
    assert open_rules(simulator) == 0


def test_a_rescue_of_the_users_own_keeps_all_hosts_and_closing_follows(
    desktops: Playbooks, simulator: RunningSimulator
) -> None:
    saved = {"name": "Saved", "ansible.builtin.debug": {"msg": "saved"}}

    run = desktops.play([in_block(FAIL_SECOND, rescue=[saved]), WORK], vars=SETTINGS)

    assert run.returncode == 0, run.output
    assert [task.host for task in run.tasks if task.name == "Saved"] == ["vdi-win-02"]
    assert len(worked(run)) == 4
    assert open_rules(simulator) == 0


def test_each_batch_of_a_serial_play_is_opened_and_closed_by_itself(
    desktops: Playbooks, simulator: RunningSimulator
) -> None:
    look = {"ansible.builtin.set_fact": {"seen": "{{ jit_access_opened.hosts | length }}"}}

    run = desktops.play([in_block(look)], "-l", "!vdi-lnx-01,!vdi-lnx-02", vars=SETTINGS, serial=3)

    assert run.returncode == 0, run.output
    closings = [task for task in run.tasks if task.name.endswith("Close what was opened") and task.status == "ok"]
    assert [len(task.result["results"][0]["vms"]) for task in closings] == [3, 1]
    assert open_rules(simulator) == 0


def test_what_was_open_before_stays_open(desktops: Playbooks, simulator: RunningSimulator) -> None:
    ask = {"vms": [HOSTS["vdi-win-01"]["azure_vm_id"]], "ports": ["rdp"], "sources": ["203.0.113.7"]}
    desktops.play([{"jitfleet.azure.jit_request": {**ask, "requested_by": "somebody else"}}])

    run = desktops.play([in_block(WORK)], vars=SETTINGS)

    assert run.returncode == 0, run.output
    assert len(worked(run)) == 4
    assert closed_vms(run) == ["vdi-win-02", "vdi-win-03", "vdi-win-04"]
    assert open_rules(simulator) == 1


@pytest.mark.parametrize("part", ["open", "open_or_fail", None])
def test_a_prediction_opens_closes_and_works_on_nothing_that_is_not_open(
    part: str | None, desktops: Playbooks, simulator: RunningSimulator
) -> None:
    """Work on a host whose port is closed would only show that it can't be reached."""
    ask = {"vms": [HOSTS["vdi-win-01"]["azure_vm_id"]], "ports": ["rdp"], "sources": ["203.0.113.7"]}
    desktops.play([{"jitfleet.azure.jit_request": ask}])
    simulator.forget()
    tasks = desktops.inventory.with_name("work.yml")
    tasks.write_text(json.dumps([WORK]))
    plan = [role(part), WORK] if part else [role()]

    run = desktops.play(plan, "--check", vars={**SETTINGS, "jit_access_tasks": str(tasks)})

    failed = sorted(task.host for task in run.tasks if task.status == "failed")
    assert failed == (LINUX if part == "open_or_fail" else []), run.output
    assert [task.host for task in run.tasks if task.name == "Work"] == ["vdi-win-01"]
    assert simulator.writes() == []


def test_the_wrapper_fails_hosts_that_did_not_open_by_choice(
    desktops: Playbooks, simulator: RunningSimulator
) -> None:
    tasks = desktops.inventory.with_name("work.yml")
    tasks.write_text(json.dumps([WORK]))
    settings = {**SETTINGS, "jit_access_tasks": str(tasks), "jit_access_unopened": "fail"}

    run = desktops.play([role()], vars=settings, serial=4)

    assert run.returncode != 0
    assert sorted(task.host for task in run.tasks if task.status == "failed") == LINUX
    assert worked(run) == WINDOWS
    assert open_rules(simulator) == 0


def test_the_wrapper_runs_a_role_as_one_line_of_a_play(desktops: Playbooks, simulator: RunningSimulator) -> None:
    folder = desktops.inventory.parent / "roles" / "patch" / "tasks"
    folder.mkdir(parents=True)
    (folder / "main.yml").write_text(json.dumps([WORK]))

    run = desktops.play([], roles=[{"role": ROLE, "jit_access_role": "patch"}], vars=SETTINGS)

    assert run.returncode == 0, run.output
    assert worked(run) == WINDOWS
    assert open_rules(simulator) == 0
