# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Thousands of listeners, and hosts that allow less; each in a process with limits of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

EXTENSIONS = str(Path(__file__).parents[3] / "extensions")

OPEN_MANY = """
import asyncio, json, pathlib, resource, socket, sys
soft, hard, count = (int(argument) for argument in sys.argv[1:4])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
from azure_simulator.dataplane import DataPlane
from azure_simulator.reachability import Endpoint
many = [Endpoint(f"127.21.{i // 250}.{i % 250 + 1}", 4022, "tcp", f"vm{i}", "azureuser") for i in range(count)]
class Rules:
    def endpoints(self): return many
    def admits(self, address, port, source): return True
def is_open(endpoint):
    try:
        socket.create_connection((endpoint.address, endpoint.port)).close()
    except ConnectionRefusedError:
        return False
    return True
async def main():
    plane = DataPlane(Rules(), pathlib.Path(sys.argv[4]), port_offset=0)
    await plane.start()
    print(json.dumps({"open": sum(map(is_open, many)), "problems": plane.problems}))
    await plane.stop()
asyncio.run(main())
"""

OFFSET = """
import json, pathlib
from azure_simulator.dataplane import DataPlane
print(json.dumps(DataPlane(None, pathlib.Path("unused")).port_offset))
"""


def run_python(code: str, *arguments: str, prefix: tuple[str, ...] = ()) -> Any:
    """Run `code` in a process of its own and return the JSON that it prints."""
    done = subprocess.run(
        [*prefix, sys.executable, "-c", code, *arguments],
        env={**os.environ, "PYTHONPATH": EXTENSIONS},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_soft_limit_on_open_files_is_raised(tmp_path: Path) -> None:
    result = run_python(OPEN_MANY, "100", "1000", "500", str(tmp_path))
    assert result == {"open": 500, "problems": []}


def test_what_the_hard_limit_does_not_allow_is_reported_and_the_rest_is_open(tmp_path: Path) -> None:
    result = run_python(OPEN_MANY, "100", "356", "500", str(tmp_path))
    assert result["open"] == 100
    (problem,) = result["problems"]
    assert problem.startswith("127.21.0.101 port 4022 and what follows, 400 in all:")
    assert "ulimit -Hn" in problem


def test_with_privileges_ports_are_what_they_are() -> None:
    if os.geteuid() != 0:
        pytest.skip("needs the privileges of root")
    assert run_python(OFFSET) == 0


def test_without_privileges_ports_are_moved() -> None:
    start = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
    if not start.exists() or int(start.read_text()) <= 22:
        pytest.skip("this machine protects no ports, or doesn't say so")
    setpriv = shutil.which("setpriv")
    if os.geteuid() != 0:
        assert run_python(OFFSET) == 20000
    elif setpriv:
        without = (setpriv, "--bounding-set=-net_bind_service", "--inh-caps=-net_bind_service")
        assert run_python(OFFSET, prefix=without) == 20000
    else:
        pytest.skip("needs `setpriv` to give up a privilege of root")
