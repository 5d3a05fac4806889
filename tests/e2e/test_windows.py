# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows from opening to closing, against ports that really answer."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from demo_fleet import vm_id
from knocking import answers
from running_simulator import ROOT, RunningSimulator, running_simulator

from playbooks import Playbooks

PLAYBOOKS = ROOT / "playbooks"
OPEN = "jitfleet.azure.jit_request"
# nobody else writes policies here
ENABLE = (str(PLAYBOOKS / "enable_jit.yml"), "-e", "jit_write_budget=0.3", "-e", "jit_quiet_window=0.3")


def test_a_window_is_opened_extended_and_closed_early(playbooks: Playbooks, cloud: RunningSimulator) -> None:
    desk, rdp = ("-l", "vdi-win-01"), ("vdi-win-01", 3389)
    seen = []

    def look() -> None:
        seen.append(answers(cloud, *rdp))

    playbooks.run(*ENABLE, *desk)
    look()
    opened = playbooks.run(str(PLAYBOOKS / "open_rdp.yml"), *desk, "-e", "jit_duration=1h")
    look()
    extended = playbooks.play([{OPEN: {"ports": ["rdp"], "duration": "3h", "force": True}}], *desk)
    cloud.advance(90 * 60)
    look()
    closed = playbooks.run(str(PLAYBOOKS / "close_access.yml"), *desk)
    look()
    again = playbooks.run(str(PLAYBOOKS / "open_rdp.yml"), *desk, "-e", "jit_duration=1h")
    look()
    cloud.advance(61 * 60)
    look()

    assert all(run.returncode == 0 for run in (opened, extended, closed, again)), closed.output
    assert seen == [False, True, True, False, True, False]
    assert again.last.result["summary"]["opened"] == 1, "a closed window is none, although Azure lists it"
    assert "vdi-win-01  closed   3389   127.0.0.1" in closed.output


@pytest.mark.skipif(shutil.which("ssh") is None, reason="no ssh command on this machine")
def test_machines_are_configured_over_ssh_behind_ports_that_are_open_meanwhile(
    playbooks: Playbooks, cloud: RunningSimulator, tmp_path: Path
) -> None:
    desks = ("vdi-lnx-01", "vdi-lnx-02")
    playbooks.run(*ENABLE, "-l", "vdi")
    before = [answers(cloud, vm, 22) for vm in desks]
    note = {"name": "Note", "ansible.builtin.copy": {"content": "patched", "dest": "patched.txt", "mode": "0600"}}
    read = {"name": "Read", "ansible.builtin.command": "cat patched.txt", "changed_when": False}
    (tmp_path / "patch.yml").write_text(json.dumps([note, read]))
    work = {"jit_tasks": str(tmp_path / "patch.yml"), "ansible_python_interpreter": playbooks_python()}
    if cloud.variables["AZURE_SIMULATOR_PORT_OFFSET"] != "0":
        work["jit_wait_for"] = "initiated"  # the machines' ports are other ones here

    run = playbooks.run(str(PLAYBOOKS / "maintenance.yml"), "-l", "vdi:&linux:localhost", "-e", json.dumps(work))

    assert run.returncode == 0, run.output
    said = {task.host: task.result["stdout"] for task in run.tasks if task.name == "Read"}
    assert said == dict.fromkeys(desks, "patched")
    assert before == [False, False]
    assert [answers(cloud, vm, 22) for vm in desks] == [False, False]


def playbooks_python() -> str:
    """Give the machine's own Python: behind the simulated machines' ports is this one."""
    return str(ROOT / ".venv" / "bin" / "python")


# -- five reasons -------------------------------------------------------------------------------------------------

SUBSCRIPTION = "5b1f6f0e-3c5a-4d0f-9a53-2f1e7c0d1a77"
FINE = [f"fine-{number}" for number in range(1, 6)]
BROKEN = {
    "odd-port": "port 3389 is not in the VM's just-in-time policy, which has port 22",
    "odd-source": "port 3389 can't be opened for 127.0.0.1: the VM's policy allows only 198.51.100.0/24",
    "odd-time": "port 3389 can be open for at most 1h",
    "odd-uncovered": "no just-in-time policy covers this VM",
    "odd-locked": "port 3389:",
}


@pytest.fixture
def mixed_cloud(tmp_path: Path) -> Iterator[RunningSimulator]:
    """Ten desktops, of which five can't be opened, each for a reason of its own."""
    rules: dict[str, dict[str, Any]] = {
        "odd-port": {"port": 22},
        "odd-source": {"port": 3389, "sources": ["198.51.100.0/24"]},
        "odd-time": {"port": 3389, "max_duration": "PT1H"},
    }
    held = [name for name in (*FINE, *BROKEN) if name != "odd-uncovered"]
    machines = [
        {
            "name": name,
            "os": "windows",
            "public_ip": f"127.31.1.{number}",
            "security_group": "nsg-locked" if name == "odd-locked" else "nsg-open",
        }
        for number, name in enumerate([*FINE, *BROKEN], start=1)
    ]
    subnet = {"name": "desktops", "prefix": "10.31.1.0/24"}
    group = {
        "name": "rg-mixed",
        "location": "westeurope",
        "security_groups": [{"name": "nsg-open"}, {"name": "nsg-locked", "locked": True}],
        "networks": [{"name": "vnet", "address_space": "10.31.0.0/16", "subnets": [subnet]}],
        "vms": machines,
        "jit_policies": [
            {"name": "default", "vms": [{"name": n, "ports": [rules.get(n, {"port": 3389})]} for n in held]}
        ],
    }
    fleet = {"subscriptions": [{"name": "Mixed", "id": SUBSCRIPTION, "groups": [group]}]}
    file = tmp_path / "mixed.yml"
    file.write_text(json.dumps(fleet))
    with running_simulator(tmp_path, "--fleet", str(file)) as simulator:
        yield simulator


def test_half_of_the_machines_fail_for_five_reasons_and_the_others_are_worked_on(
    mixed_cloud: RunningSimulator, tmp_path: Path
) -> None:
    playbooks = Playbooks(tmp_path, mixed_cloud.environment)
    names = [*FINE, *BROKEN]
    local = {"ansible_connection": "local"}
    hosts = {name: {"azure_vm_id": vm_id(SUBSCRIPTION, "rg-mixed", name), **local} for name in names}
    playbooks.write_inventory(hosts)
    knock = [{name: answers(mixed_cloud, name, 3389) for name in names}]
    (tmp_path / "work.yml").write_text(json.dumps([{"name": "Work", "ansible.builtin.raw": "true"}]))
    settings = {
        "jit_wanted_ports": ["rdp"],
        "jit_sources": ["127.0.0.1"],
        "jit_duration": "2h",
        "jit_wait_for": "initiated",
        "jit_wait_timeout": 6,
    }
    maintenance = (str(PLAYBOOKS / "maintenance.yml"), "-e", json.dumps(settings))
    kept = tmp_path / "windows.json"

    before = playbooks.run(*maintenance, "-e", "jit_phase=before", "-e", f"jit_state_file={kept}")
    knock.append({name: answers(mixed_cloud, name, 3389) for name in names})
    after = playbooks.run(*maintenance, "-e", "jit_phase=after", "-e", f"jit_state_file={kept}")
    knock.append({name: answers(mixed_cloud, name, 3389) for name in names})

    failed = {task.host: str(task.result["msg"]) for task in before.tasks if task.status == "failed"}
    assert failed.keys() == BROKEN.keys(), before.output
    for name, reason in BROKEN.items():
        assert reason in failed[name]
        assert name in before.output
    assert len(set(failed.values())) == 5
    assert "jit_request: 5 opened, " in before.output
    assert knock[0] == dict.fromkeys(names, False)
    assert knock[1] == {**dict.fromkeys(FINE, True), **dict.fromkeys(BROKEN, False)}
    assert knock[2] == dict.fromkeys(names, False)
    assert "fine-1" in after.output
