# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks on localhost that find their VMs themselves."""

from __future__ import annotations

from typing import Any

import pytest
from demo_fleet import HOSTS, IDS, PRODUCTION, WORKPLACE
from running_simulator import RunningSimulator

from playbooks import Playbooks, Run

COVER = "jitfleet.azure.jit_policy"
OPEN = "jitfleet.azure.jit_request"
EVERYWHERE: dict[str, Any] = {"subscriptions": ["*"]}


def local(playbooks: Playbooks, *tasks: dict[str, Any], check: bool = False) -> Run:
    playbooks.write_inventory({})
    return playbooks.play([*tasks], *(["--check"] if check else []), hosts="localhost")


def names(run: Run) -> set[str]:
    return {vm["name"] for vm in run.last.result["vms"]}


def test_groups_of_the_credentials_subscription_are_covered_and_opened(playbooks: Playbooks) -> None:
    where = {"resource_groups": ["RG-VDI"], "subscription_id": WORKPLACE}
    run = local(
        playbooks,
        {COVER: where},
        {OPEN: {**where, "sources": ["203.0.113.7"], "filter": "os_profile.system == 'linux'"}},
    )

    assert run.returncode == 0, run.output
    covered, opened = run.tasks
    assert covered.result["summary"]["added"] == 6
    assert {vm["name"] for vm in opened.result["vms"]} == {"vdi-lnx-01", "vdi-lnx-02"}
    assert opened.result["summary"]["opened"] == 2


def test_several_subscriptions_are_one_task(playbooks: Playbooks, simulator: RunningSimulator) -> None:
    run = local(playbooks, {COVER: {**EVERYWHERE, "filter": "contains(['vdi', 'db'], tags.role)"}}, check=True)

    assert run.returncode == 0, run.output
    assert names(run) == {name for name in IDS if name.startswith(("vdi", "db"))}
    assert run.last.result["summary"]["policies"] == 2
    assert simulator.writes() == []
    calls = simulator.calls()
    assert calls["POST resources"] == 1, "the VMs are read once"
    assert calls["GET subscriptions"] == 1


def test_the_jit_state_can_be_asked_for(playbooks: Playbooks) -> None:
    configured = local(playbooks, {OPEN: {**EVERYWHERE, "filter": "jit_status == 'configured'"}}, check=True)

    assert names(configured) == {"jump-01"}


def test_hosts_of_the_play_are_no_matter_where_a_scope_is_given(playbooks: Playbooks) -> None:
    playbooks.write_inventory({"switch": {}, "vdi-win-01": HOSTS["vdi-win-01"]})

    run = playbooks.play([{COVER: {"resource_groups": ["rg-data"], "subscriptions": [PRODUCTION]}}], "--check")

    assert names(run) == {"db-01", "db-02", "batch-01"}


def test_an_empty_selection_fails_or_is_reported(playbooks: Playbooks, simulator: RunningSimulator) -> None:
    nobody = {**EVERYWHERE, "filter": "tags.role == 'vid'"}
    run = local(
        playbooks,
        {COVER: nobody, "ignore_errors": True},
        {OPEN: nobody, "ignore_errors": True},
        {COVER: {**nobody, "on_failure": "report"}},
        {OPEN: {**nobody, "on_failure": "report"}},
    )

    assert run.returncode == 0, run.output
    failed, reported = run.tasks[:2], run.tasks[2:]
    for task in failed:
        assert task.status == "failed"
        assert task.result["msg"] == "filter: none of the 13 virtual machines in 2 subscriptions is wanted by it"
    for task in reported:
        assert not task.result["changed"]
        assert task.result["vms"] == []
        assert "none of the 13 virtual machines" in task.result["warnings"][0]
    assert simulator.writes() == []


WRONG: list[tuple[str, dict[Any, Any], str]] = [
    (COVER, {}, "subscriptions"),
    (OPEN, {"filter": "name"}, "no virtual machine is known for localhost"),
    (
        OPEN,
        {"resource_group": "rg"},
        "no option resource_group; for resource_group, resource_groups may be meant. ",
    ),
    (
        OPEN,
        {"hots": ["x"], "unknown_hosts": "skip"},
        "jit_request has no option hots; for hots, hosts may be meant. ",
    ),
    (COVER, {"fleet": "rg", "host": "x"}, "no option fleet, host; for host, hosts may be meant. A host's VM"),
    (
        OPEN,
        {**EVERYWHERE, "durration": "2h"},
        "jit_request has no option durration; for durration, duration may be meant",
    ),
    ("jitfleet.azure.jit_vm_info", {True: 1}, "jit_vm_info has no option True. "),
    (COVER, {"profile": "default"}, "no virtual machine is known for localhost"),
    (COVER, {**EVERYWHERE, "hosts": ["localhost"]}, "hosts: it can't be combined with subscriptions"),
    (OPEN, {**EVERYWHERE, "vms": [IDS["db-01"]]}, "vms: it can't be combined with subscriptions"),
    (COVER, {"resource_groups": []}, "resource_groups: the list is empty"),
    (OPEN, {**EVERYWHERE, "filter": "tags."}, "is no JMESPath expression"),
]


@pytest.mark.every_core
def test_mistakes_are_named_before_anything_is_sent(playbooks: Playbooks, simulator: RunningSimulator) -> None:
    run = local(playbooks, *({module: options, "ignore_errors": True} for module, options, _ in WRONG))

    assert len(run.tasks) == len(WRONG), run.output
    for task, (_, options, expected) in zip(run.tasks, WRONG, strict=True):
        assert task.status == "failed", options
        assert expected in task.result["msg"], options
    assert simulator.journal() == []
