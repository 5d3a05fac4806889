# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""azure.azcollection: its inventory, by lists and by batches, and its modules for any resource.

What it needs besides what the simulator hands out: nothing. By AZURE_CLOUD_ENVIRONMENT it finds the cloud among
those that ARM_CLOUD_METADATA_URL tells. It keeps them below AZURE_CONFIG_DIR, where an older run's would win: each
run needs a folder of its own there. The inventory plugin azure_kql can't be led here: it asks Azure's public cloud
whatever it is told. Its documented query is asked by the module for any resource.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from demo_fleet import PRODUCTION
from installed_clients import POLICY, Client, InstalledClient, State
from jit_bodies import initiate_body, policy_body
from running_simulator import RunningSimulator

DESKTOPS = [f"vdi-{name}" for name in ("lnx-01", "lnx-02", "win-01", "win-02", "win-03", "win-04")]


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


def play(ansible: Client, folder: Path, *tasks: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Run tasks, each a module of the collection with its options, and return their results."""
    steps: list[dict[str, Any]] = []
    for place, (module, options) in enumerate(tasks):
        result = {"content": f"{{{{ got{place} | to_json }}}}", "dest": str(folder / f"result{place}")}
        steps.append({f"azure.azcollection.{module}": options, "register": f"got{place}"})
        steps.append({"ansible.builtin.copy": result})
    book = folder / "play.yml"
    book.write_text(
        yaml.safe_dump([{"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": steps}])
    )
    ansible.run("ansible-playbook", book)
    return [json.loads((folder / f"result{place}").read_text()) for place in range(len(tasks))]


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
    check(inventory(ansible, tmp_path, include_vmss_resource_groups=["rg-vdi"], batch_fetch=False))
    assert not [request for request in simulator.journal() if request["path"] == "/batch"]


def test_inventory_by_batches(ansible: Client, simulator: RunningSimulator, tmp_path: Path) -> None:
    check(inventory(ansible, tmp_path, include_vmss_resource_groups=["*"]))
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


def test_resource_graph_answers_the_query_in_the_documentation(
    ansible: Client, simulator: RunningSimulator, tmp_path: Path
) -> None:
    name = "azure.azcollection.azure_kql"
    documentation = ansible.ask("ansible-doc", "--type", "inventory", "--json", name)
    query = next(yaml.safe_load_all(documentation[name]["examples"]))["graph_query"]
    (answer,) = play(
        ansible,
        tmp_path,
        (
            "azure_rm_resource",
            {
                "url": "/providers/Microsoft.ResourceGraph/resources",
                "api_version": "2022-10-01",
                "method": "POST",
                "body": {"query": query},
            },
        ),
    )
    rows = {row["inventory_hostname"]: row for row in answer["response"]["data"]}
    assert len(rows) == 13
    desktop = rows["vdi-win-01"]
    assert (desktop["privateIps"], desktop["publicIps"]) == (["10.11.1.4"], ["127.11.1.1"])
    assert (desktop["powerState"], desktop["subscription_name"]) == ("VM running", "Contoso Workplace")


def test_what_else_playbooks_look_at(ansible: Client, simulator: RunningSimulator, tmp_path: Path) -> None:
    group = {"resource_group": "rg-vdi"}
    wanted: dict[str, tuple[str, dict[str, Any], int]] = {
        "subscriptions": ("subscription", {}, 2),
        "resourcegroups": ("resourcegroup", {"name": "rg-vdi", "list_resources": True}, 1),
        "vms": ("virtualmachine", group, 6),
        "networkinterfaces": ("networkinterface", group, 6),
        "publicipaddresses": ("publicipaddress", group, 6),
        "securitygroups": ("securitygroup", group | {"name": "nsg-vdi"}, 1),
        "virtualnetworks": ("virtualnetwork", group, 1),
    }
    tasks = [(f"azure_rm_{module}_info", options) for module, options, _ in wanted.values()]
    results = play(ansible, tmp_path, *tasks)
    found = {field: len(result[field]) for field, result in zip(wanted, results, strict=True)}
    assert found == {field: count for field, (_, _, count) in wanted.items()}


def test_resources_are_read_with_the_version_that_the_provider_tells(
    ansible: Client, simulator: RunningSimulator, tmp_path: Path
) -> None:
    where = {
        "resource_group": "rg-web",
        "provider": "security",
        "resource_type": "locations",
        "resource_name": "westeurope",
        "subresource": [{"type": "jitNetworkAccessPolicies", "name": "default"}],
    }
    ansible = replace(ansible, environment={**ansible.environment, "AZURE_SUBSCRIPTION_ID": PRODUCTION})
    (found,) = play(ansible, tmp_path, ("azure_rm_resource_info", where))
    (policy,) = found["response"]
    assert policy["name"] == "default"
    versions = {request["query"] for request in simulator.journal() if "jitNetwork" in request["path"]}
    assert versions == {"api-version=2015-06-01-preview"}


def test_policy_and_request_by_the_module_for_any_resource(
    ansible: Client, simulator: RunningSimulator, state: Callable[[], State], tmp_path: Path
) -> None:
    policy: dict[str, Any] = {"url": POLICY, "api_version": "2020-01-01"}
    initiate = policy | {"url": f"{POLICY}/initiate", "method": "POST", "status_code": [202]}
    made, asked, shown = play(
        ansible,
        tmp_path,
        ("azure_rm_resource", policy | {"body": policy_body()}),
        ("azure_rm_resource", initiate | {"body": initiate_body()}),
        ("azure_rm_resource_info", policy),
    )
    assert (made["changed"], made["response"]["properties"]["provisioningState"]) == (True, "Updating")
    assert asked["response"]["virtualMachines"][0]["ports"][0]["status"] == "Initiating"
    assert shown["response"][0]["properties"]["requests"][0]["justification"] == "rehearsal"
    (held,) = state().policy()["requests"]
    assert held["vms"][0]["ports"][0]["status"] == "Initiated"
    play(ansible, tmp_path, ("azure_rm_resource", policy | {"state": "absent"}))
    assert state().rules("rg-vdi", "nsg-vdi") == []
