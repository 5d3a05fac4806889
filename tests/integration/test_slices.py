# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Slices of one AWX job: processes that start at the same moment, each with its share of every policy's VMs."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from launches import Launch, lay_out, recorded_launches
from running_simulator import RunningSimulator, running_simulator

SLICES, VMS, POLICIES = 3, 1000, 10
FLEET = f"vms={VMS},subscriptions=2,groups={POLICIES},regions=1,jit=none"
# The recorded survey asked for RDP; so that policies cover it on all of the fleet, whatever the system.
KIND = "Microsoft.Compute/virtualMachines"
PORTS = {"jit_wanted_ports": ["rdp"], "jit_ports": ["3389"]}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSimulator]:
    with running_simulator(
        tmp_path_factory.mktemp("sliced"), "--fleet", FLEET, "--provisioning", "1s", "--data-plane", "off"
    ) as simulator:
        yield simulator


def vm_ids(cloud: RunningSimulator) -> dict[str, str]:
    """Give the ids of all VMs by name."""
    state = cloud.control("GET", "state")
    return {
        vm[
            "name"
        ]: f"/subscriptions/{subscription['id']}/resourceGroups/{group['name']}/providers/{KIND}/{vm['name']}"
        for subscription in state["subscriptions"]
        for group in subscription["groups"]
        for vm in group["vms"]
    }


def run_slices(cloud: RunningSimulator, folder: Path, playbook: str) -> list[str]:
    """Start all slices together, hosts dealt out in turn as AWX does it, and return what they printed."""
    launch = recorded_launches()["job_slice_1_of_3"]
    hosts = sorted(vm_ids(cloud).items())

    def run(number: int) -> subprocess.CompletedProcess[str]:
        share = {name: {"azure_vm_id": vm, "azure_os_type": "Windows"} for name, vm in hosts[number::SLICES]}
        more: dict[str, Any] = {**PORTS, **numbers(launch, number)}
        job = lay_out(launch, cloud, folder / str(number), playbook, share, **more)
        return subprocess.run(job.command, env=job.environment, capture_output=True, text=True, check=False)

    with ThreadPoolExecutor(SLICES) as pool:
        done = list(pool.map(run, range(SLICES)))
    assert [process.returncode for process in done] == [0] * SLICES, "\n".join(process.stdout for process in done)
    return [process.stdout for process in done]


def numbers(launch: Launch, number: int) -> dict[str, int]:
    """Each slice is a job of its own in the same workflow job."""
    first = int(launch.variables["awx_job_id"])
    return {f"{product}_job_id": first + number for product in ("awx", "tower")}


def test_slices_cover_all_vms_and_then_open_them(cloud: RunningSimulator, tmp_path: Path) -> None:
    wanted = {vm.lower() for vm in vm_ids(cloud).values()}
    assert len(wanted) == VMS

    run_slices(cloud, tmp_path / "cover", "enable_jit.yml")
    policies = [policy for item in cloud.control("GET", "state")["subscriptions"] for policy in item["policies"]]
    held = [entry["id"].lower() for policy in policies for entry in policy["vms"]]
    cloud.forget()
    outputs = run_slices(cloud, tmp_path / "open", "open_rdp.yml")

    assert sorted(held) == sorted(wanted), "every VM once"
    assert len(policies) == POLICIES
    posts = Counter(call for call in cloud.writes() if call.endswith("/initiate"))
    assert len(posts) == POLICIES
    assert max(posts.values()) <= SLICES
    subscriptions = cloud.control("GET", "state")["subscriptions"]
    opened = [port for item in subscriptions for policy in item["policies"] for port in opened_in(policy)]
    assert Counter(opened) == Counter((vm, 3389) for vm in wanted), outputs


def opened_in(policy: dict[str, Any]) -> list[tuple[str, int]]:
    """Name VM and port of everything that was asked for in a policy."""
    return [
        (vm["id"].lower(), port["number"])
        for request in policy["requests"]
        for vm in request["vms"]
        for port in vm["ports"]
    ]
