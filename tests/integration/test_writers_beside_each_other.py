# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes that write the same policies: ours beside each other, killed ones, and scripts of the usual kind."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from demo_fleet import IDS
from running_simulator import RunningSimulator, running_simulator
from warm_ansible import command_folder

from playbooks import BIN, IN_A_HURRY, Playbooks

WRITERS, EACH = 8, 25
GROUPS = 2
Json = dict[str, Any]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSimulator]:
    """Two hundred VMs in two groups, so in two policies, that take a second to come into effect."""
    fleet = f"vms={WRITERS * EACH},subscriptions=1,groups={GROUPS},regions=1,jit=none"
    folder = tmp_path_factory.mktemp("shared")
    with running_simulator(folder, "--fleet", fleet, "--provisioning", "1s", "--data-plane", "off") as simulator:
        yield simulator


@pytest.fixture
def cloud(shared: RunningSimulator) -> RunningSimulator:
    shared.reset()
    return shared


@dataclass
class Fleet:
    """The VMs, and what policies hold of them."""

    cloud: RunningSimulator

    @property
    def subscription(self) -> str:
        return f"/subscriptions/{self.cloud.variables['AZURE_SUBSCRIPTION_ID']}"

    def ids(self) -> list[str]:
        path: str | None = (
            f"{self.subscription}/providers/Microsoft.Compute/virtualMachines?api-version=2024-07-01"
        )
        ids = []
        while path:
            page = self.cloud.arm("GET", path)
            ids += [vm["id"] for vm in page["value"]]
            path = (page.get("nextLink") or "").removeprefix(self.cloud.url)
        return ids

    def policies(self) -> list[Json]:
        path = f"{self.subscription}/providers/Microsoft.Security/jitNetworkAccessPolicies"
        policies: list[Json] = self.cloud.arm("GET", path)["value"]
        return policies

    def held(self) -> dict[str, Json]:
        return {
            entry["id"].lower(): entry
            for policy in self.policies()
            for entry in policy["properties"]["virtualMachines"]
        }


def start(cloud: RunningSimulator, folder: Path, options: Json, commands: Path = BIN) -> subprocess.Popen[str]:
    """Start a play that covers VMs, in a process group of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    task = {"jitfleet.azure.jit_policy": options}
    playbook = folder / "play.yml"
    playbook.write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": [task]}]))
    environment = {
        **cloud.environment,
        "ANSIBLE_LOCAL_TEMP": str(folder / "local"),
        "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default",
        "ANSIBLE_NOCOLOR": "1",
    }
    return subprocess.Popen(
        [str(commands / "ansible-playbook"), str(playbook)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def wait_for(holds: Callable[[], bool]) -> None:
    """Ask again and again; the test's own time limit ends it where it never holds."""
    while not holds():
        threading.Event().wait(0.02)  # the cores are for others


def test_eight_tasks_on_two_policies_lose_no_vm(cloud: RunningSimulator, tmp_path: Path) -> None:
    fleet = Fleet(cloud)
    ids = fleet.ids()
    assert len(ids) == WRITERS * EACH
    random.Random(1).shuffle(ids)
    shares = [ids[number::WRITERS] for number in range(WRITERS)]
    assert all(len({vm.split("/")[4].lower() for vm in share}) == GROUPS for share in shares)

    # Many more orders are tried in memory, tests/unit/_operations/test_concurrent_writers.py.
    commands = command_folder()
    running = [start(cloud, tmp_path / str(n), {"vms": share}, commands) for n, share in enumerate(shares)]
    outputs = [process.communicate()[0] for process in running]

    assert [process.returncode for process in running] == [0] * WRITERS, "\n".join(outputs)
    assert fleet.held().keys() == {vm.lower() for vm in ids}
    assert len(fleet.policies()) == GROUPS
    writes = cloud.writes()
    assert len(writes) >= WRITERS, "they did write the same policies"


@pytest.fixture
def halves(cloud: RunningSimulator, tmp_path: Path) -> tuple[list[str], list[str]]:
    """Have some VMs covered by somebody else; the others are ours to cover."""
    ids = Fleet(cloud).ids()
    theirs, ours = ids[:40], ids[40:]
    options: Json = {"vms": theirs, "ports": [8443], "policy_name": "default", **IN_A_HURRY}
    assert start(cloud, tmp_path / "theirs", options).wait() == 0
    cloud.forget()
    return theirs, ours


def kill(victim: subprocess.Popen[str]) -> None:
    """Kill a run with all that it started: Ansible's workers leave its process group."""
    family = [victim.pid]
    for member in family:
        with contextlib.suppress(ProcessLookupError):
            os.kill(member, signal.SIGSTOP)  # so that it starts nobody else
        family += children(member)
    for member in family:
        with contextlib.suppress(ProcessLookupError):
            os.kill(member, signal.SIGKILL)
    victim.communicate()
    assert victim.returncode == -signal.SIGKILL, "it was at work"


def children(parent: int) -> list[int]:
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = (line.split() for line in listed.splitlines())
    return [int(pid) for pid, of in pairs if int(of) == parent]


def run_again(cloud: RunningSimulator, folder: Path, mine: Json) -> tuple[dict[str, Json], str]:
    """Run the killed task twice more; give the entries that are held then, and what the last run said."""
    again = start(cloud, folder / "again", mine)
    output, _ = again.communicate()
    assert again.returncode == 0, output
    return Fleet(cloud).held(), start(cloud, folder / "last", mine).communicate()[0]


def test_a_killed_task_is_finished_by_the_next_run_and_nobody_elses_vm_is_touched(
    cloud: RunningSimulator, tmp_path: Path, halves: tuple[list[str], list[str]]
) -> None:
    theirs, ours = halves
    before = {vm: Fleet(cloud).held()[vm.lower()] for vm in theirs}
    mine: Json = {"vms": ours, "ports": ["ssh"], **IN_A_HURRY}
    victim = start(cloud, tmp_path / "victim", mine)
    wait_for(lambda: bool(cloud.journal()))
    with contextlib.suppress(subprocess.TimeoutExpired):
        victim.communicate(timeout=random.Random(1).uniform(0.0, 1.5))
    kill(victim)

    held, said = run_again(cloud, tmp_path, mine)
    assert held.keys() == {vm.lower() for vm in [*theirs, *ours]}
    assert {vm: held[vm.lower()] for vm in theirs} == before
    assert "changed=0" in said, "nothing was left to do"


def test_a_task_killed_between_its_two_writes_is_finished_by_the_next_run(
    cloud: RunningSimulator, tmp_path: Path, halves: tuple[list[str], list[str]]
) -> None:
    theirs, ours = halves
    fleet = Fleet(cloud)
    before = {vm: fleet.held()[vm.lower()] for vm in theirs}
    second = ours[0].split("/")[4]
    # The one write is lost on its way, so it is made again after ten seconds at the earliest.
    cloud.fault(method="PUT", path=f"(?i)/resourceGroups/{second}/.*jitNetworkAccessPolicies", reset="before")
    mine: Json = {"vms": ours, "ports": ["ssh"], **IN_A_HURRY}
    victim = start(cloud, tmp_path / "victim", mine)
    known = {vm.lower() for vm in ours}
    wait_for(lambda: bool(fleet.held().keys() & known))
    kill(victim)

    first = {vm for vm in known if vm.split("/")[4] != second.lower()}
    assert fleet.held().keys() & known == first, "one of two policies"

    held, said = run_again(cloud, tmp_path, mine)
    assert held.keys() == {vm.lower() for vm in [*theirs, *ours]}
    assert {vm: held[vm.lower()] for vm in theirs} == before
    assert "changed=0" in said, "nothing was left to do"


def one_vm_body(vm: str) -> Json:
    """Write the body that Microsoft's examples for the REST API PUT: one VM, and with it the whole policy."""
    rule = {"protocol": "*", "allowedSourceAddressPrefix": "*", "maxRequestAccessDuration": "PT3H"}
    return {
        "kind": "Basic",
        "properties": {
            "virtualMachines": [{"id": vm, "ports": [{"number": 22, **rule}, {"number": 3389, **rule}]}]
        },
    }


def policy_path(vm: str) -> str:
    group = vm.partition("/providers/")[0]
    return f"{group}/providers/Microsoft.Security/locations/westeurope/jitNetworkAccessPolicies/default"


def names(simulator: RunningSimulator, vm: str) -> dict[str, list[int]]:
    policy = simulator.arm("GET", policy_path(vm))
    return {
        entry["id"].rpartition("/")[2]: [port["number"] for port in entry["ports"]]
        for entry in policy["properties"]["virtualMachines"]
    }


COVER: Json = {"jitfleet.azure.jit_policy": {"ports": ["winrm_https"]}}
DESKTOPS = {name for name in IDS if name.startswith("vdi-")}


def test_the_next_run_repairs_what_a_single_vms_put_took_out(
    playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    vm = IDS["vdi-win-01"]
    playbooks.play([COVER])
    simulator.arm("PUT", policy_path(vm), one_vm_body(vm))
    assert names(simulator, vm) == {"vdi-win-01": [22, 3389]}, "the PUT took all others out"

    run = playbooks.play([COVER])

    assert run.returncode == 0, run.output
    assert run.last.result["summary"]["added"] == 5
    assert run.last.result["summary"]["updated"] == 1
    assert names(simulator, vm) == {name: [5986] for name in DESKTOPS} | {"vdi-win-01": [22, 3389, 5986]}


def test_a_single_vms_put_during_the_quiet_window_is_repaired_by_the_same_run(
    playbooks: Playbooks, simulator: RunningSimulator
) -> None:
    vm = IDS["vdi-win-01"]

    def foreign() -> None:
        wait_for(lambda: any("PUT" in write for write in simulator.writes()))
        simulator.arm("PUT", policy_path(vm), one_vm_body(vm))

    other = threading.Thread(target=foreign)
    other.start()
    run = playbooks.play(
        [{"jitfleet.azure.jit_policy": {"ports": ["winrm_https"], "write_budget": 2, "quiet_window": 3}}]
    )
    other.join()

    assert run.returncode == 0, run.output
    assert run.last.result["summary"]["added"] == 6
    assert names(simulator, vm).keys() == DESKTOPS
    assert names(simulator, vm)["vdi-win-01"] == [22, 3389, 5986]
    assert "took the change of" in run.output
    assert "it was made again" in run.output
