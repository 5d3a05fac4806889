# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures side by side, taken in one run on one machine: `python tests/bench [--vms N]`."""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from running_simulator import RunningSimulator, running_simulator  # noqa: E402

ANSIBLE = Path(sys.executable).parent / "ansible-playbook"
INVENTORY = Path(sys.executable).parent / "ansible-inventory"


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU of the command and its children, and wall time, in seconds; what it sent to Azure."""

    cpu: float
    wall: float
    requests: Mapping[str, int]

    def __str__(self) -> str:
        sent = ", ".join(f"{count} {name}" for name, count in self.requests.items()) or "none"
        return f"CPU {self.cpu:6.2f} s  wall {self.wall:6.2f} s  requests: {sent}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vms", type=int, default=1000)
    parser.add_argument("--subscriptions", type=int, default=2)
    parser.add_argument("--groups", type=int, default=20)
    parser.add_argument("--regions", type=int, default=2)
    given = parser.parse_args()
    fleet = ",".join(f"{name}={getattr(given, name)}" for name in ("vms", "subscriptions", "groups", "regions"))
    say(f"fleet {fleet}, {os.cpu_count()} cores, Python {sys.version.split()[0]}")
    with (
        tempfile.TemporaryDirectory() as name,
        running_simulator(Path(name), "--fleet", f"{fleet},jit=all") as cloud,
    ):
        measure(cloud, Path(name))


def measure(cloud: RunningSimulator, folder: Path) -> None:
    inventory = folder / "fleet.jit_vms.yml"
    inventory.write_text("plugin: jitfleet.azure.jit_vms\n")
    listed = subprocess.run(
        [INVENTORY, "-i", inventory, "--list"], env=cloud.environment, check=True, capture_output=True
    )
    static = folder / "static"
    (folder / "static.json").write_bytes(listed.stdout)
    static.write_text(f"#!/bin/sh\ncat {folder / 'static.json'}\n")
    static.chmod(0o700)
    idle = folder / "idle.yml"
    idle.write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": []}]))
    open_rdp = ROOT / "playbooks" / "open_rdp.yml"

    floor = report("static inventory, tasks: []", cloud, [ANSIBLE, "-i", static, idle])
    opened = report("static inventory, open_rdp.yml", cloud, [ANSIBLE, "-i", static, open_rdp])
    again = report("static inventory, open_rdp.yml again", cloud, [ANSIBLE, "-i", static, open_rdp])
    over, over_again = opened.cpu - floor.cpu, again.cpu - floor.cpu
    say(f"{'open_rdp.yml over tasks: []':40} CPU {over:+.2f} s, again {over_again:+.2f} s")
    script = report("ansible-inventory, static script", cloud, [INVENTORY, "-i", static, "--list"])
    plugin = report("ansible-inventory, jit_vms", cloud, [INVENTORY, "-i", inventory, "--list"])
    say(f"{'jit_vms over static script':40} CPU x{plugin.cpu / script.cpu:.2f}")
    report("jit_vms inventory, tasks: []", cloud, [ANSIBLE, "-i", inventory, idle])
    report("jit_vms inventory, open_rdp.yml", cloud, [ANSIBLE, "-i", inventory, open_rdp])


def report(title: str, cloud: RunningSimulator, command: list[Path | str]) -> Cost:
    cloud.forget()
    before, started = children_cpu(), time.monotonic()
    subprocess.run(
        command, env=cloud.environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    cost = Cost(children_cpu() - before, time.monotonic() - started, cloud.calls())
    say(f"{title:40} {cost}")
    return cost


def children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
