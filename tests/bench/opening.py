# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What opening a large fleet costs, side by side with a bare script: `python tests/bench/opening.py [--vms N]`.

Every VM has a history of requests that ended, because a policy shows them all whenever it is read.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from running_simulator import RunningSimulator, running_simulator  # noqa: E402

BIN = Path(sys.executable).parent
MODULE = "ansible_collections.jitfleet.azure.plugins.modules.jit_request"
OPEN: dict[str, Any] = {"sources": ["203.0.113.7"], "duration": "1h", "justification": "bench"}
HOUR = 3600
# A process begins with the most memory that the process had which started it, and this one holds all policies: so
# a small one starts the command.
MEASURE = """\
import os, sys
process = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, 2, 1)])
_process, status, used = os.wait4(process, 0)
print(os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU of a command and its children and wall time in seconds, memory of the largest process in MB."""

    cpu: float
    wall: float
    memory: float

    def __str__(self) -> str:
        return f"CPU {self.cpu:6.2f} s  wall {self.wall:6.2f} s  memory {self.memory:4.0f} MB"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vms", type=int, default=10_000)
    parser.add_argument("--subscriptions", type=int, default=2)
    parser.add_argument("--groups", type=int, default=200)
    parser.add_argument("--history", type=int, default=10, help="past requests of each VM")
    parser.add_argument("--provisioning", default="3s")
    given = parser.parse_args()
    fleet = f"vms={given.vms},subscriptions={given.subscriptions},groups={given.groups},regions=1,jit=all"
    say(f"fleet {fleet}, --provisioning {given.provisioning}, {given.history} past requests per VM")
    say(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, simulator on the same machine")
    options = ("--fleet", fleet, "--provisioning", given.provisioning)
    with tempfile.TemporaryDirectory() as name, running_simulator(Path(name), *options) as cloud:
        policies = read_policies(cloud)
        for _number in range(given.history):
            ask_all(cloud, policies)
            cloud.advance(2 * HOUR)
        say(f"{len(policies)} policies, {sum(map(count_vms, policies))} VMs in them")
        measure(cloud, Path(name))


def measure(cloud: RunningSimulator, folder: Path) -> None:
    inventory = write_inventory(cloud, folder)
    ansible: list[Path | str] = [BIN / "ansible-playbook", "-i", inventory]
    floor = report("play, tasks: []", cloud, [*ansible, write_play(folder, "idle", [])])
    bare = report("bare script", cloud, [sys.executable, ROOT / "tests" / "bench" / "bare_open.py"])
    cloud.advance(2 * HOUR)
    task = write_play(folder, "open", [{"jitfleet.azure.jit_request": OPEN}])
    play = report("play, jit_request", cloud, [*ansible, task])
    again = report("play, jit_request, nothing to do", cloud, [*ansible, task])
    say(f"{'task over tasks: []':34} CPU {play.cpu - floor.cpu:+.2f} s, again {again.cpu - floor.cpu:+.2f} s")
    say(f"{'task over tasks: [], to bare script':34} wall x{(play.wall - floor.wall) / bare.wall:.2f}")
    cloud.advance(2 * HOUR)
    alone: list[Path | str] = [sys.executable, "-m", MODULE, write_arguments(cloud, folder)]
    module = report("module by itself", cloud, alone)
    say(f"{'module to bare script':34} wall x{module.wall / bare.wall:.2f}, CPU x{module.cpu / bare.cpu:.2f}")


def report(title: str, cloud: RunningSimulator, command: list[Path | str]) -> Cost:
    cloud.forget()
    started = time.monotonic()
    with tempfile.TemporaryFile() as output:
        measured = subprocess.run(
            [sys.executable, "-c", MEASURE, *command],
            env=cloud.environment,
            check=True,
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
        )
        wall = time.monotonic() - started
        code, cpu, memory = measured.stdout.split()
        output.seek(0)
        assert code == "0", output.read()[-2000:].decode()
    cost = Cost(float(cpu), wall, float(memory))
    say(f"{title:34} {cost}  {described(cloud)}")
    return cost


def described(cloud: RunningSimulator) -> str:
    """Count what was sent, by what it is about."""
    calls = Counter(kind(request) for request in cloud.journal())
    return ", ".join(f"{count} {name}" for name, count in sorted(calls.items()))


def kind(request: Mapping[str, Any]) -> str:
    path = request["path"].lower().rstrip("/")
    if path.endswith("/jitnetworkaccesspolicies"):
        return "pages of policies"
    return f"{request['method']} {path.rpartition('/')[2]}"


def read_policies(cloud: RunningSimulator) -> list[dict[str, Any]]:
    policies = []
    for subscription in cloud.arm("GET", "/subscriptions?api-version=2022-12-01")["value"]:
        path = f"{subscription['id']}/providers/Microsoft.Security/jitNetworkAccessPolicies?api-version=2020-01-01"
        while path:
            page = cloud.arm("GET", path)
            policies += page["value"]
            path = (page.get("nextLink") or "").removeprefix(cloud.url)
    return policies


def vm_ids(cloud: RunningSimulator) -> list[str]:
    return [vm["id"] for policy in read_policies(cloud) for vm in policy["properties"]["virtualMachines"]]


def count_vms(policy: Mapping[str, Any]) -> int:
    return len(policy["properties"]["virtualMachines"])


def ask_all(cloud: RunningSimulator, policies: list[dict[str, Any]]) -> None:
    """Have somebody ask for a port of every VM for an hour."""

    def ask(policy: Mapping[str, Any]) -> None:
        vms = [
            {"id": vm["id"], "ports": [{"number": vm["ports"][0]["number"], "duration": "PT1H"}]}
            for vm in policy["properties"]["virtualMachines"]
        ]
        body = {"virtualMachines": vms, "justification": "CHG-4711 [awx job 42 by somebody on a node] #0a1b2c3d"}
        cloud.arm("POST", f"{policy['id']}/initiate", body)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ask, policies))


def write_inventory(cloud: RunningSimulator, folder: Path) -> Path:
    """Write the hosts, with their VMs' ids and no more, as a script that prints them."""
    hosts = {vm.rpartition("/")[2]: {"azure_vm_id": vm, "ansible_host": "127.0.0.1"} for vm in vm_ids(cloud)}
    listed = {"_meta": {"hostvars": hosts}, "all": {"hosts": list(hosts)}}
    (folder / "hosts.json").write_text(json.dumps(listed))
    script = folder / "hosts"
    script.write_text(f"#!/bin/sh\ncat {folder / 'hosts.json'}\n")
    script.chmod(0o700)
    return script


def write_play(folder: Path, name: str, tasks: list[dict[str, Any]]) -> Path:
    playbook = folder / f"{name}.yml"
    playbook.write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    return playbook


def write_arguments(cloud: RunningSimulator, folder: Path) -> Path:
    """Write the module's arguments as the action plugin gives them."""
    vms = [{"id": vm, "hosts": [vm.rpartition("/")[2]]} for vm in vm_ids(cloud)]
    arguments = folder / "arguments.json"
    given = {**OPEN, "vms": vms, "requested_by": "somebody@somewhere"}
    arguments.write_text(json.dumps({"ANSIBLE_MODULE_ARGS": given}))
    return arguments


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
