# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The OpenSSH client, and Ansible through it, get in with the key and known_hosts that a run writes."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from pathlib import Path

import pytest
from azure_simulator.dataplane import DataPlane
from azure_simulator.reachability import Endpoint

from .support import ADMIN, Rules, an_endpoint, is_open, plane_for, running

pytestmark = pytest.mark.skipif(not shutil.which("ssh"), reason="no OpenSSH client on this machine")


def options(plane: DataPlane) -> tuple[str, ...]:
    """Return what the OpenSSH client has to know of a run."""
    return (
        *("-F", "none", "-i", str(plane.client_key), "-o", f"UserKnownHostsFile={plane.known_hosts}"),
        *("-o", "GlobalKnownHostsFile=/dev/null", "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"),
        *("-o", "StrictHostKeyChecking=yes"),
    )


async def execute(*command: str, env: dict[str, str] | None = None) -> tuple[int | None, str, str]:
    """Run a client and return exit code, stdout and stderr."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=env,
    )
    stdout, stderr = await process.communicate()
    return process.returncode, stdout.decode(), stderr.decode()


async def ssh(plane: DataPlane, endpoint: Endpoint, *arguments: str) -> tuple[int | None, str, str]:
    """Run `ssh` with a VM as its target."""
    target = f"{ADMIN}@{endpoint.address}"
    return await execute("ssh", *options(plane), "-p", str(endpoint.port), target, *arguments)


def test_the_hosts_key_is_known_on_any_port_of_any_address(tmp_path: Path) -> None:
    rules = Rules()
    endpoints = [rules.allow(an_endpoint(address, "ssh")) for address in ("127.20.0.1", "127.255.1.77")]
    if os.geteuid() == 0:
        endpoints.append(rules.allow(an_endpoint("127.20.77.22", "ssh", port=22)))

    async def scenario() -> None:
        async with running(plane_for(rules, tmp_path)) as plane:
            assert plane.problems == ()
            for endpoint in endpoints:
                assert await ssh(plane, endpoint, "echo in; exit 3") == (3, "in\n", "")

    asyncio.run(scenario())


def test_another_runs_host_is_not_trusted(tmp_path: Path) -> None:
    rules = Rules()
    endpoint = rules.allow(an_endpoint(service="ssh"))

    async def scenario() -> None:
        other, this = plane_for(Rules(), tmp_path / "other"), plane_for(rules, tmp_path / "this")
        async with running(other), running(this) as plane:
            shutil.copy(other.known_hosts, plane.known_hosts)
            code, _, stderr = await ssh(plane, endpoint, "true")
            assert code == 255
            assert "Host key verification failed" in stderr

    asyncio.run(scenario())


def test_a_shared_connection_outlives_its_rule(tmp_path: Path) -> None:
    rules = Rules()
    endpoint = rules.allow(an_endpoint(service="ssh"))
    # The path of a socket is short: tmp_path may be too long for it.
    control = ("-o", f"ControlPath=/tmp/jitfleet-{os.getpid()}", "-o", "ControlPersist=60")

    async def scenario() -> None:
        async with running(plane_for(rules, tmp_path)) as plane:
            shared = ("ssh", *control, *options(plane), "-p", str(endpoint.port))
            target = f"{ADMIN}@{endpoint.address}"
            master = await asyncio.create_subprocess_exec(
                *(*shared, "-M", "-N", "-o", "PermitLocalCommand=yes", "-o", "LocalCommand=echo up", target),
                stdout=asyncio.subprocess.PIPE,
            )
            assert master.stdout
            assert await master.stdout.readline() == b"up\n"
            rules.deny(endpoint)
            await plane.refresh()
            assert not await is_open(endpoint)
            assert await execute(*shared, target, "echo still here") == (0, "still here\n", "")
            await execute(*shared, "-O", "exit", target)
            await master.wait()

    asyncio.run(scenario())


@pytest.mark.parametrize("protocol", ["-O", "-s"])
def test_files_are_copied_with_scp(tmp_path: Path, protocol: str) -> None:
    rules = Rules()
    endpoint = rules.allow(an_endpoint(service="ssh"))
    (tmp_path / "file").write_text("content", encoding="utf-8")

    async def scenario() -> None:
        async with running(plane_for(rules, tmp_path)) as plane:
            target = f"{ADMIN}@{endpoint.address}:copied"
            command = ("scp", protocol, *options(plane), "-P", str(endpoint.port))
            assert await execute(*command, str(tmp_path / "file"), target) == (0, "", "")
        copied = tmp_path / "homes" / "vm1-127.20.0.1" / "copied"
        assert copied.read_text() == "content"

    asyncio.run(scenario())


PLAYBOOK = """
- hosts: all
  gather_facts: true
  gather_subset: [min]
  tasks:
    - ansible.builtin.ping:
    - ansible.builtin.copy: {content: written, dest: ~/file}
    - ansible.builtin.command: printenv HOSTNAME
      register: name
    - ansible.builtin.assert:
        that:
          - name.stdout == "vm1"
          - ansible_facts.env.HOME == expected_home
"""


@pytest.mark.parametrize("pipelining", ["true", "false"])
def test_ansible_runs_its_tasks(tmp_path: Path, pipelining: str) -> None:
    pytest.importorskip("ansible", reason="no ansible-core beside this Python")
    rules = Rules()
    endpoint = rules.allow(an_endpoint(service="ssh"))
    home = tmp_path / "homes" / "vm1-127.20.0.1"
    environment = {
        "ANSIBLE_CONFIG": str(tmp_path / "ansible.cfg"),
        "ANSIBLE_HOME": str(tmp_path / "ansible"),
        "ANSIBLE_PIPELINING": pipelining,
        "HOME": str(tmp_path),
        "LC_ALL": "C.UTF-8",
        "PATH": os.environ["PATH"],
    }
    (tmp_path / "ansible.cfg").write_text("", encoding="utf-8")
    (tmp_path / "play.yml").write_text(PLAYBOOK, encoding="utf-8")
    (tmp_path / "hosts").write_text(
        f"vm1 ansible_host={endpoint.address} ansible_port={endpoint.port} ansible_user={ADMIN} "
        f"ansible_python_interpreter={sys.executable} expected_home={home}\n",
        encoding="utf-8",
    )

    async def scenario() -> None:
        async with running(plane_for(rules, tmp_path)) as plane:
            environment["ANSIBLE_SSH_ARGS"] = " ".join(options(plane))
            command = (sys.executable, "-m", "ansible", "playbook", "-i", str(tmp_path / "hosts"))
            code, stdout, stderr = await execute(*command, str(tmp_path / "play.yml"), env=environment)
            assert code == 0, stdout + stderr
            assert (home / "file").read_text() == "written"

    asyncio.run(scenario())
