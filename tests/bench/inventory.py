# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What listing a fleet costs, beside azure.azcollection's inventory and beside a script that prints the same.

`python tests/bench/inventory.py [--vms N] [--large N]`. Without azure.azcollection, which `make clients` installs,
its part is left out.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from running_simulator import RunningSimulator, running_simulator  # noqa: E402

OWN = Path(sys.executable).parent / "ansible-inventory"
BESIDE = ROOT / ".cache" / "clients" / "ansible" / "bin" / "ansible-inventory"
OURS, THEIRS = "jitfleet.azure.jit_vms", "azure.azcollection.azure_rm"
LATENCIES = ("0ms", "100ms")


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds, and the most memory that a process of the command took, in MB; what it sent."""

    wall: float
    cpu: float
    memory: float
    requests: int

    def __str__(self) -> str:
        used = f"wall {self.wall:6.2f} s  CPU {self.cpu:6.2f} s  memory {self.memory:4.0f} MB"
        return f"{used}  {self.requests} requests"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vms", type=int, default=1000)
    parser.add_argument("--large", type=int, default=10000)
    parser.add_argument("--turns", type=int, default=3)
    given = parser.parse_args()
    say(f"{os.cpu_count()} cores, simulator on the same machine")
    for latency in LATENCIES:
        fleet = f"vms={given.vms},subscriptions=1,groups=20,regions=2,jit=all"
        with cloud_of(fleet, "--latency", latency) as (cloud, folder):
            side_by_side(cloud, folder, f"{given.vms} VMs, {latency}", given.turns)
    with cloud_of(f"vms={given.large},subscriptions=4,groups=40,regions=2,jit=all") as (cloud, folder):
        beside_a_script(cloud, folder, f"{given.large} VMs")


class cloud_of:  # noqa: N801
    """A simulator with a fleet, and a folder of its own."""

    def __init__(self, fleet: str, *options: str) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._running = running_simulator(Path(self._folder.name), "--fleet", fleet, *options)

    def __enter__(self) -> tuple[RunningSimulator, Path]:
        return self._running.__enter__(), Path(self._folder.name)

    def __exit__(self, *ending: object) -> None:
        self._running.__exit__(None, None, None)
        self._folder.cleanup()


def side_by_side(cloud: RunningSimulator, folder: Path, title: str, turns: int) -> None:
    """Take turns, each in the environment that has both."""
    if not BESIDE.exists():
        say(f"{title}: azure.azcollection isn't here: 'make clients' installs it")
        report(f"{title}, jit_vms", cloud, [OWN, "-i", source(folder, OURS), "--list"])
        return
    environment = {
        "AZURE_CONFIG_DIR": str(folder),
        "HOME": str(folder),
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache" / "tree"),
        "ANSIBLE_DEPRECATION_WARNINGS": "false",
    }
    walls: dict[str, list[float]] = defaultdict(list)
    for _ in range(turns):
        for name, plugin, options, manner in (
            ("jit_vms", OURS, {}, "synchronous"),
            ("jit_vms, azure_rm's file", OURS, {"plain_host_names": True}, "synchronous"),
            ("azure_rm", THEIRS, {"plain_host_names": True}, "synchronous"),
            ("azure_rm, 202 to /batch", THEIRS, {"plain_host_names": True}, "asynchronous"),
        ):
            cloud.control("PATCH", "behaviour", {"batch": manner})
            command: list[Path | str] = [BESIDE, "-i", source(folder, plugin, **options), "--list"]
            walls[name].append(report(f"{title}, {name}", cloud, command, environment).wall)
    middle = {name: median(times) for name, times in walls.items()}
    for name, wall in middle.items():
        say(f"{title}, {name + ', median':32} {wall:6.2f} s, {wall / middle['jit_vms']:.1f} times jit_vms")


def beside_a_script(cloud: RunningSimulator, folder: Path, title: str) -> None:
    """Compare with the least that Ansible takes to list these hosts and variables."""
    inventory = source(folder, OURS)
    printed = subprocess.run(
        [OWN, "-i", inventory, "--list"], env=cloud.environment, check=True, capture_output=True
    )
    (folder / "static.json").write_bytes(printed.stdout)
    script = folder / "static"
    script.write_text(f"#!/bin/sh\ncat {folder / 'static.json'}\n")
    script.chmod(0o700)
    # What --list takes to print comes on top; --graph shows what the inventory itself takes, as in a play.
    for what in ("--list", "--graph"):
        floor = report(f"{title}, a script that prints the same, {what}", cloud, [OWN, "-i", script, what])
        plugin = report(f"{title}, jit_vms, {what}", cloud, [OWN, "-i", inventory, what])
        say(f"{'':52} CPU x{plugin.cpu / floor.cpu:.2f}, memory x{plugin.memory / floor.memory:.2f}")


def source(folder: Path, plugin: str, **options: object) -> Path:
    path = folder / f"fleet.{plugin.rpartition('.')[2]}.yml"
    path.write_text(yaml.safe_dump({"plugin": plugin, **options}))
    return path


def report(
    title: str, cloud: RunningSimulator, command: list[Path | str], more: Mapping[str, str] | None = None
) -> Cost:
    cloud.forget()
    started = time.monotonic()
    process = subprocess.Popen(
        command, env={**cloud.environment, **(more or {})}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _pid, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{title}: {command} ended with {process.returncode}")
    cost = Cost(
        time.monotonic() - started, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, len(cloud.journal())
    )
    say(f"{title:52} {cost}")
    return cost


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
