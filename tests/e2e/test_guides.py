# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands and playbooks of README files and guides, as they stand there, on the simulator.

What is left to other tests, or to a real Azure, stands in guide_commands. A command that several guides have is
run for the first of them.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from code_blocks import GUIDES, ROOT, YAML, code_blocks
from documented import plays
from guide_commands import commands, reason_not_to_run
from running_simulator import RunningSimulator, running_simulator
from warm_ansible import command_folder

from playbooks import BIN

README = ROOT / "README.md"
# These begin with VMs that no policy holds; who reads the others has covered them.
FROM_NOTHING = {README, GUIDES / "guide_first_steps.rst"}
# nobody else writes policies here
IN_A_HURRY = "jit_write_budget: 0.3\njit_quiet_window: 0.3\n"
GROUP = "/subscriptions/11111111-2222-4333-8444-555555555555/resourceGroups/rg-vdi/providers"
DESKTOPS = ("vdi-win-01", "vdi-win-02")
TAGS = {"role": "vdi", "environment": "production"}
FLEET = {
    "subscriptions": [
        {
            "name": "Contoso",
            "id": "11111111-2222-4333-8444-555555555555",
            "groups": [
                {
                    "name": "rg-vdi",
                    "location": "westeurope",
                    "security_groups": [{"name": "nsg-vdi"}],
                    "networks": [
                        {
                            "name": "vnet-vdi",
                            "address_space": "10.11.0.0/16",
                            "subnets": [
                                {"name": "desktops", "prefix": "10.11.1.0/24", "security_group": "nsg-vdi"}
                            ],
                        }
                    ],
                    "vms": [
                        *({"name": name, "os": "windows", "tags": TAGS} for name in DESKTOPS),
                        {"name": "web-01", "os": "linux", "tags": {"role": "web"}},
                    ],
                }
            ],
        }
    ]
}


def commands_of_guides() -> dict[Path, list[str]]:
    """Give the commands to run by the files that have them first."""
    found: dict[Path, list[str]] = {}
    seen: set[str] = set()
    for block, command in commands():
        if command not in seen and not reason_not_to_run(command):
            seen.add(command)
            found.setdefault(block.path, []).append(command)
    return found


@pytest.fixture(scope="module")
def readers_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSimulator]:
    folder = tmp_path_factory.mktemp("readers")
    fleet = folder / "fleet.yml"
    fleet.write_text(json.dumps(FLEET))
    with running_simulator(folder, "--fleet", str(fleet), "--data-plane", "off") as simulator:
        yield simulator


def desk(guide: Path, folder: Path) -> None:
    """Lay out the checkout's playbooks, and the inventory file that the guide shows, or else the README."""
    shutil.copytree(ROOT / "playbooks", folder / "playbooks")
    inventories = [
        block
        for block in code_blocks()
        if block.language in YAML and "plugin: jitfleet.azure.jit_vms\n" in block.text
    ]
    (folder / "fleet.jit_vms.yml").write_text(
        next((block for block in inventories if block.path == guide), inventories[0]).text
    )
    for place in (folder, folder / "playbooks" / "inventory"):
        (place / "group_vars").mkdir()
        (place / "group_vars" / "all.yml").write_text(IN_A_HURRY)


def cover(cloud: RunningSimulator) -> None:
    rule = {"number": 3389, "protocol": "*", "allowedSourceAddressPrefix": "*", "maxRequestAccessDuration": "PT3H"}
    vms = [{"id": f"{GROUP}/Microsoft.Compute/virtualMachines/{name}", "ports": [rule]} for name in DESKTOPS]
    policy = f"{GROUP}/Microsoft.Security/locations/westeurope/jitNetworkAccessPolicies/default"
    cloud.arm("PUT", policy, {"kind": "Basic", "properties": {"virtualMachines": vms}})


@pytest.mark.parametrize("guide", [pytest.param(path, id=path.name) for path in commands_of_guides()])
def test_every_command_of_a_guide_does_something_and_succeeds(
    guide: Path, readers_cloud: RunningSimulator, demo_cloud: RunningSimulator, tmp_path: Path
) -> None:
    desk(guide, tmp_path)
    for cloud in (readers_cloud, demo_cloud):
        cloud.reset()
    if guide not in FROM_NOTHING:
        cover(readers_cloud)

    for command in commands_of_guides()[guide]:
        cloud = demo_cloud if "demo.jit_vms.yml" in command else readers_cloud
        output = run(command, cloud, tmp_path)
        assert did_something(command, output), f"{command}\n{output}"


def run(command: str, cloud: RunningSimulator, folder: Path) -> str:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        env={
            **cloud.environment,
            "PATH": os.pathsep.join([str(command_folder()), str(BIN), os.environ["PATH"]]),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_LOCAL_TEMP": str(folder / "ansible_local"),
            "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true",
            # nobody listens on these machines
            "ANSIBLE_GATHERING": "explicit",
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}"
    return done.stdout


def did_something(command: str, output: str) -> bool:
    """Tell a run that worked on hosts from one that found none, whose exit code is 0 as well."""
    if "--list-hosts" in command:
        return re.search(r"hosts \([1-9]\d*\):", output) is not None
    if "ansible-playbook " in command:
        return (
            re.search(r" : ok=[1-9]", output) is not None and "Could not match supplied host pattern" not in output
        )
    if "--graph" in command:
        return len(re.findall(r"\|--[\w-]+-\d+\n", output)) > 2
    return "localhost | SUCCESS" in output


# Playbooks that aren't played here, by a word in them.
ELSEWHERE = {
    "x509_certificate_path": "signs in by a certificate; tests/integration/test_sign_in.py has one",
    "azure.azcollection.": "needs azure.azcollection: what is migrated from",
    "internet_ports": "tests/integration/test_report.py plays it",
    "jitfleet.azure.jit_report": "tests/integration/test_report.py plays the role",
    "jitfleet.azure.jit_access": "tests/integration/test_jit_access.py plays the role",
    "jitfleet.azure.jit_enable": "tests/integration/test_jit_enable.py plays the role",
    "jitfleet.azure.maintenance": "tests/integration/test_maintenance.py plays it",
}


def playbooks_of_guides() -> list[list[dict[str, Any]]]:
    return [
        playbook
        for block in code_blocks()
        if block.language in YAML and not any(word in block.text for word in ELSEWHERE)
        for document in yaml.safe_load_all(block.text)
        if (playbook := plays(document))
    ]


def test_every_playbook_of_a_guide_can_be_played(readers_cloud: RunningSimulator, tmp_path: Path) -> None:
    """All in one run, as a prediction: that asks Azure for everything, and spares the waiting for ports."""
    desk(README, tmp_path)
    readers_cloud.reset()
    cover(readers_cloud)
    readers_cloud.forget()
    shown = playbooks_of_guides()
    files = [tmp_path / f"{number}.yml" for number, _ in enumerate(shown)]
    for file, playbook in zip(files, shown, strict=True):
        file.write_text(yaml.safe_dump(playbook, sort_keys=False))
    work = tmp_path / "roles" / "patch" / "tasks"
    work.mkdir(parents=True)
    (work / "main.yml").write_text("[{ansible.builtin.debug: {msg: work}}]")

    command = f"ansible-playbook --check -i fleet.jit_vms.yml -l vdi,localhost {shlex.join(map(str, files))}"
    output = run(command, readers_cloud, tmp_path)

    assert output.count("PLAY RECAP") == len(shown) > 6
    assert "no hosts matched" not in output
    assert readers_cloud.writes() == []


def test_a_run_without_hosts_counts_as_a_failure() -> None:
    recap = "PLAY [Open RDP] ***\nskipping: no hosts matched\n\nPLAY RECAP ***\n"
    assert not did_something("ansible-playbook -i fleet.jit_vms.yml jitfleet.azure.open_rdp -l vdx", recap)
