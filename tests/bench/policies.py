# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What covering a large fleet costs, with Azure's limits on: `python tests/bench/policies.py [--vms N]`.

The windows of safe writing are the real ones, so that the looks at the policies are counted too.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from running_simulator import RunningSimulator, running_simulator  # noqa: E402

ANSIBLE = Path(sys.executable).parent / "ansible-playbook"
COVER: dict[str, Any] = {"jitfleet.azure.jit_policy": {"subscriptions": ["*"], "ports": ["ssh", "rdp"]}}
REMOVE: dict[str, Any] = {"jitfleet.azure.jit_policy": {"subscriptions": ["*"], "state": "absent"}}
RUNS: list[tuple[Any, ...]] = [
    ("jit_policy, first run", COVER),
    ("jit_policy, nothing to do", COVER),
    ("jit_policy --check", COVER, "--check"),
    ("jit_policy absent", REMOVE),
    ("jit_policy absent, nothing to do", REMOVE),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vms", type=int, default=5000)
    parser.add_argument("--subscriptions", type=int, default=10)
    parser.add_argument("--groups", type=int, default=100)
    parser.add_argument("--provisioning", default="1s")
    given = parser.parse_args()
    fleet = f"vms={given.vms},subscriptions={given.subscriptions},groups={given.groups},regions=1,jit=none"
    say(f"fleet {fleet}, --throttle azure, --provisioning {given.provisioning}")
    say(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, simulator on the same machine")
    options = ("--fleet", fleet, "--throttle", "azure", "--provisioning", given.provisioning)
    with tempfile.TemporaryDirectory() as name, running_simulator(Path(name), *options) as cloud:
        floor = play(cloud, Path(name), "tasks: []", [])
        for title, task, *arguments in RUNS:
            used = play(cloud, Path(name), title, [task], *arguments)
            say(f"{title + ', over tasks: []':40} CPU {used - floor:+.2f} s")


def play(cloud: RunningSimulator, folder: Path, title: str, tasks: list[dict[str, Any]], *arguments: str) -> float:
    """Run a play on localhost, print what it cost, and give the CPU seconds of it and its children."""
    playbook = folder / "play.yml"
    playbook.write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    cloud.forget()
    before, started = children_cpu(), time.monotonic()
    subprocess.run(
        [ANSIBLE, playbook, *arguments],
        env=cloud.environment,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    used, wall = children_cpu() - before, time.monotonic() - started
    say(f"{title:40} CPU {used:6.2f} s  wall {wall:6.2f} s  {described(cloud)}")
    return used


def described(cloud: RunningSimulator) -> str:
    calls = Counter(kind(request) for request in cloud.journal())
    refused = sum(1 for request in cloud.journal() if request["status"] == 429)
    return ", ".join(f"{count} {name}" for name, count in sorted(calls.items())) + f"; {refused} answered 429"


def kind(request: dict[str, Any]) -> str:
    """Name a request by what it is about."""
    path = request["path"].lower().rstrip("/")
    if "jitnetworkaccesspolicies" not in path:
        return f"{request['method']} {path.rpartition('/')[2]}"
    if not path.endswith("jitnetworkaccesspolicies"):
        return f"{request['method']} policy"
    return "lists of groups" if "/resourcegroups/" in path else "lists of subscriptions"


def children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
