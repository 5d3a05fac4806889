# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""azure.azcollection: its inventory, by lists and by batches, and its modules for any resource.

What it needs besides what the simulator hands out: nothing. By AZURE_CLOUD_ENVIRONMENT it finds the cloud among
those that ARM_CLOUD_METADATA_URL tells. It keeps them below AZURE_CONFIG_DIR, where an older run's would win: each
run needs a folder of its own there.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from demo_fleet import PRODUCTION, WORKPLACE
from installed_clients import POLICY, Client, InstalledClient, State
from jit_bodies import initiate_body, policy_body
from running_simulator import RunningSimulator

DESKTOPS = [f"vdi-{name}" for name in ("lnx-01", "lnx-02", "win-01", "win-02", "win-03", "win-04")]
RESULT = "__result__"


@pytest.fixture(scope="session")
def ansible(installed: InstalledClient, tmp_path_factory: pytest.TempPathFactory) -> Client:
    folder = tmp_path_factory.mktemp("azcollection")
    return installed(
        "ansible",
        AZURE_CONFIG_DIR=str(folder),
        HOME=str(folder),
        ANSIBLE_LOCALHOST_WARNING="false",
        ANSIBLE_DEPRECATION_WARNINGS="false",
        ANSIBLE_CALLBACK_RESULT_FORMAT="json",
    )


def inventory(ansible: Client, folder: Path, **options: object) -> dict[str, dict[str, Any]]:
    """Return the variables of each host that the inventory plugin finds."""
    source = folder / "fleet.azure_rm.yml"
    source.write_text(
        yaml.safe_dump({"plugin": "azure.azcollection.azure_rm", "plain_host_names": True, **options})
    )
    listed = ansible.run("ansible-inventory", "--inventory", source, "--list")
    found = json.loads(listed, object_hook=lambda value: value.get("__ansible_unsafe", value))
    hosts: dict[str, dict[str, Any]] = found["_meta"]["hostvars"]
    return hosts


def play(ansible: Client, folder: Path, module: str, subscription: str = WORKPLACE, **options: object) -> Any:
    """Run one task and return its result."""
    tasks = [
        {f"azure.azcollection.{module}": options, "register": "got"},
        {"ansible.builtin.copy": {"content": "{{ got | to_json }}", "dest": str(folder / RESULT)}},
    ]
    book = folder / "play.yml"
    book.write_text(
        yaml.safe_dump([{"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}])
    )
    ansible.environment["AZURE_SUBSCRIPTION_ID"] = subscription
    ansible.run("ansible-playbook", book)
    return json.loads((folder / RESULT).read_text())


def check(hosts: dict[str, dict[str, Any]]) -> None:
    assert sorted(hosts) == DESKTOPS
    desktop = hosts["vdi-win-02"]
    assert [address["ipv4_address"] for address in desktop["public_ip_address"]] == ["127.11.1.2"]
    assert desktop["private_ipv4_addresses"] == ["10.11.1.5"]
    assert desktop["powerstate"] == "running"
    assert desktop["os_profile"]["system"] == "windows"
    assert desktop["tags"] == {"role": "vdi", "owner": "finance"}


def test_inventory_by_one_request_after_another(
    ansible: Client, simulator: RunningSimulator, tmp_path: Path
) -> None:
    check(inventory(ansible, tmp_path, batch_fetch=False))
    assert not [request for request in simulator.journal() if request["path"] == "/batch"]


def test_inventory_by_batches(ansible: Client, simulator: RunningSimulator, tmp_path: Path) -> None:
    check(inventory(ansible, tmp_path))
    batches = [request["status"] for request in simulator.journal() if request["path"] == "/batch"]
    assert batches == [200, 200, 200]


@pytest.mark.parametrize("retry_after", [0, 1])
def test_inventory_by_batches_that_are_answered_later(
    ansible: Client, simulator: RunningSimulator, tmp_path: Path, retry_after: int
) -> None:
    simulator.control("PATCH", "behaviour", {"batch": "asynchronous", "batch_retry_after": retry_after})
    check(inventory(ansible, tmp_path, batch_fetch_interval=1))
    requests = [request for request in simulator.journal() if request["path"].startswith("/batch")]
    assert [request["status"] for request in requests if request["method"] == "POST"] == [202, 202, 202]
    assert [request["status"] for request in requests if request["method"] == "GET"] == [200, 200, 200]


def test_inventory_of_lists_in_pages(ansible: Client, simulator: RunningSimulator, tmp_path: Path) -> None:
    simulator.control("PATCH", "behaviour", {"page_size": 2})
    assert sorted(inventory(ansible, tmp_path)) == DESKTOPS


def test_resources_are_read_with_the_version_that_the_provider_tells(
    ansible: Client, simulator: RunningSimulator, tmp_path: Path
) -> None:
    found = play(
        ansible,
        tmp_path,
        "azure_rm_resource_info",
        PRODUCTION,
        resource_group="rg-web",
        provider="security",
        resource_type="locations",
        resource_name="westeurope",
        subresource=[{"type": "jitNetworkAccessPolicies", "name": "default"}],
    )
    (policy,) = found["response"]
    assert policy["name"] == "default"
    versions = {request["query"] for request in simulator.journal() if "jitNetwork" in request["path"]}
    assert versions == {"api-version=2015-06-01-preview"}


def test_policy_and_request_by_the_module_for_any_resource(
    ansible: Client, simulator: RunningSimulator, state: Callable[[], State], tmp_path: Path
) -> None:
    policy: dict[str, Any] = {"url": POLICY, "api_version": "2020-01-01"}
    made = play(ansible, tmp_path, "azure_rm_resource", **policy, body=policy_body())
    assert (made["changed"], made["response"]["properties"]["provisioningState"]) == (True, "Updating")
    asked = play(
        ansible,
        tmp_path,
        "azure_rm_resource",
        url=f"{POLICY}/initiate",
        api_version="2020-01-01",
        method="POST",
        body=initiate_body(),
        status_code=[202],
    )
    assert asked["response"]["virtualMachines"][0]["ports"][0]["status"] == "Initiating"
    simulator.advance(1)
    shown = play(ansible, tmp_path, "azure_rm_resource_info", **policy)
    assert shown["response"][0]["properties"]["requests"][0]["justification"] == "rehearsal"
    (held,) = state().policy()["requests"]
    assert held["virtualMachines"][0]["ports"][0]["status"] == "Initiated"
    play(ansible, tmp_path, "azure_rm_resource", **policy, state="absent")
    assert state().rules("rg-vdi", "nsg-vdi") == []
