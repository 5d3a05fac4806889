# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo, and the playbooks that it is made of, against ports that really answer."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

import pytest
from installed_collection import HERE, install_collection, nothing_but
from knocking import answers
from running_simulator import ROOT, RunningSimulator, running_simulator

from playbooks import Playbooks, Run

PLAYBOOKS = ROOT / "playbooks"
# nobody else writes policies here
IN_A_HURRY = ("-e", "jit_write_budget=0.3", "-e", "jit_quiet_window=0.3")


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The demo, run once, with all that belongs to it from the installed collection."""
    folder = tmp_path_factory.mktemp("story")
    tree = install_collection(folder)
    installed = tree / HERE
    with running_simulator(folder, "--fleet", "demo", code=installed / "extensions") as simulator:
        playbooks = Playbooks(folder, {**simulator.environment, **nothing_but(tree)})
        playbooks.inventory = installed / "playbooks" / "inventory" / "demo.jit_vms.yml"
        return playbooks.run("jitfleet.azure.demo", *IN_A_HURRY)


def test_the_demo_tells_its_story(story: Run) -> None:
    assert story.returncode == 0, story.output
    assert "Virtual desktops among the running machines: 6 of 12" in story.output
    before, after, stranger = (
        story.named(name).result["stdout_lines"]
        for name in ("Knock at every desktop", "Knock at every desktop once more", "Knock as somebody else")
    )
    assert [line.split()[-1] for line in before] == ["refused"] * 6
    assert [line.split()[-1] for line in after] == ["accepted"] * 6
    assert [line.split()[-1] for line in stranger] == ["refused"] * 6


@pytest.mark.skipif(shutil.which("ssh") is None, reason="no ssh command on this machine")
def test_the_demo_works_on_a_machine_over_ssh(story: Run) -> None:
    said = {task.host: task.result["msg"] for task in story.tasks if task.name == "What the machines say"}
    assert said == {
        name: f"{name} (azureuser, from 127.0.0.1) patched under CHG-4711" for name in ("vdi-lnx-01", "vdi-lnx-02")
    }


def test_a_port_answers_from_its_opening_to_its_end_time(playbooks: Playbooks, cloud: RunningSimulator) -> None:
    enabled = playbooks.run(str(PLAYBOOKS / "enable_jit.yml"), *IN_A_HURRY, "-l", "vdi")
    closed = answers(cloud, "vdi-win-01", 3389)
    opened = playbooks.run(str(PLAYBOOKS / "open_rdp.yml"), "-l", "vdi:&windows", "-e", "jit_duration=1h")
    open_now = answers(cloud, "vdi-win-01", 3389)
    cloud.advance(3599 - 60)
    still_open = answers(cloud, "vdi-win-01", 3389)
    cloud.advance(120)
    closed_again = answers(cloud, "vdi-win-01", 3389)

    assert enabled.returncode == opened.returncode == 0, opened.output
    assert (closed, open_now, still_open, closed_again) == (False, True, True, False)


def test_enabling_twice_changes_nothing_and_gives_nobody_the_first_hosts_ports(playbooks: Playbooks) -> None:
    """The inventory describes each host's ports in variables of its own; they are no wishes for the others."""
    enable = str(PLAYBOOKS / "enable_jit.yml")
    first = playbooks.run(enable, *IN_A_HURRY)
    again = playbooks.run(enable, *IN_A_HURRY)
    shown = playbooks.play([{"ansible.builtin.debug": {"msg": "{{ jit_ports | map(attribute='port') | list }}"}}])

    assert first.last.result["summary"]["added"] == 11, first.output
    assert not again.last.result["changed"]
    ports = {task.host: task.result["msg"] for task in shown.tasks}
    assert (ports["vdi-win-01"], ports["vdi-lnx-01"], ports["jump-01"]) == ([3389], [22], [22])


def test_open_ssh_opens_linux_machines(playbooks: Playbooks, cloud: RunningSimulator) -> None:
    playbooks.run(str(PLAYBOOKS / "enable_jit.yml"), *IN_A_HURRY, "-l", "vdi")

    run = playbooks.run("jitfleet.azure.open_ssh", "-l", "vdi:&linux", "-e", "jit_justification=CHG-4711")

    assert run.last.result["summary"]["opened"] == 2, run.output
    assert answers(cloud, "vdi-lnx-01", 22)


# These ask nothing of Azure: a controller is configured, in test_awx_configuration.py, and a webhook told.
ELSEWHERE = {"awx.yml", "notify.yml"}


@pytest.mark.parametrize("playbook", sorted({path.name for path in PLAYBOOKS.glob("*.yml")} - ELSEWHERE))
def test_every_playbook_runs_under_check_and_writes_nothing(
    playbook: str, playbooks: Playbooks, cloud: RunningSimulator, tmp_path: Path
) -> None:
    work = tmp_path / "patch.yml"
    work.write_text("[{name: Patch, ansible.builtin.debug: {msg: patched}}]")
    if playbook.startswith(("open_", "maintenance")):
        playbooks.run(str(PLAYBOOKS / "enable_jit.yml"), *IN_A_HURRY, "-e", "jit_wanted_ports=portal_bulk")
        cloud.forget()

    run = playbooks.run(str(PLAYBOOKS / playbook), "--check", "-e", f"jit_tasks={work}")

    assert run.returncode == 0, run.output
    assert cloud.writes() == []
    assert cloud.journal()


def test_nobody_is_told_under_check(playbooks: Playbooks) -> None:
    with socket.create_server(("127.0.0.1", 0)) as webhook:
        webhook.setblocking(False)
        url = f"http://127.0.0.1:{webhook.getsockname()[1]}/"

        run = playbooks.run(
            str(PLAYBOOKS / "notify.yml"), "--check", "-e", f"jit_message=hello jit_notify_url={url}"
        )

        assert run.returncode == 0, run.output
        with pytest.raises(BlockingIOError):
            webhook.accept()


def test_the_inventory_shows_what_is_open(playbooks: Playbooks, cloud: RunningSimulator) -> None:
    playbooks.run(str(PLAYBOOKS / "enable_jit.yml"), *IN_A_HURRY, "-l", "vdi")
    playbooks.run(str(PLAYBOOKS / "open_rdp.yml"), "-l", "vdi:&windows")

    run = playbooks.play([{"ansible.builtin.debug": {"msg": "{{ jit_open_ports }}"}}], "-l", "jit_open")

    assert {task.host: task.result["msg"] for task in run.tasks} == {
        f"vdi-win-0{number}": [3389] for number in range(1, 5)
    }
