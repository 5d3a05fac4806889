# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The az command.

What it needs besides what the simulator hands out: nothing. By ARM_CLOUD_METADATA_URL it knows the cloud already,
REQUESTS_CA_BUNDLE makes it trust the simulator, AZURE_CORE_INSTANCE_DISCOVERY=false keeps sign-in here. With the
first variable unset the cloud is registered by name, as for Azure Stack. Extensions lie in AZURE_EXTENSION_DIR.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from demo_fleet import PRODUCTION, WORKPLACE
from installed_clients import CACHE, POLICY, Client, InstalledClient, State
from inventories import Inventories
from jit_bodies import initiate_body, policy_body
from running_simulator import RunningSimulator

from playbooks import Playbooks

QUIET = {"AZURE_CORE_COLLECT_TELEMETRY": "no", "AZURE_CORE_NO_COLOR": "yes", "AZURE_CORE_OUTPUT": "json"}


def sign_in(az: Client) -> list[dict[str, object]]:
    values = az.environment
    found: list[dict[str, object]] = az.ask(
        *("az", "login", "--service-principal", "--username", values["AZURE_CLIENT_ID"]),
        *("--password", values["AZURE_SECRET"], "--tenant", values["AZURE_TENANT"]),
    )
    return found


@pytest.fixture(scope="session")
def az(installed: InstalledClient, tmp_path_factory: pytest.TempPathFactory) -> Client:
    """Return az, signed in to a cloud that it was told of by name."""
    az = installed("az", AZURE_CONFIG_DIR=str(tmp_path_factory.mktemp("az")), **QUIET)
    az.environment["AZURE_EXTENSION_DIR"] = str(CACHE / "az-graph")
    del az.environment["ARM_CLOUD_METADATA_URL"]
    url = az.environment["AZURE_SIMULATOR_URL"]
    az.run("az", "cloud", "register", "--name", "rehearsal", "--endpoint-resource-manager", url)
    az.run("az", "cloud", "set", "--name", "rehearsal")
    subscriptions = sign_in(az)
    assert [item["id"] for item in subscriptions] == [WORKPLACE, PRODUCTION]
    assert {item["cloudName"] for item in subscriptions} == {"rehearsal"}
    return az


def rest(az: Client, method: str, path: str, *more: str) -> str:
    url = f"{az.environment['AZURE_SIMULATOR_URL']}{path}"
    return az.run("az", "rest", "--method", method, "--url", url, *more)


def test_cloud_from_its_metadata_alone(
    installed: InstalledClient, simulator: RunningSimulator, tmp_path: Path
) -> None:
    az = installed("az", AZURE_CONFIG_DIR=str(tmp_path), **QUIET)
    assert [cloud["name"] for cloud in az.ask("az", "cloud", "list")] == ["AzureSimulator"]
    assert [item["name"] for item in sign_in(az)] == ["Contoso Workplace", "Contoso Production"]


def test_vms_with_addresses_and_power(az: Client, simulator: RunningSimulator) -> None:
    vms = az.ask("az", "vm", "list", "--show-details")
    assert {vm["name"]: (vm["publicIps"], vm["privateIps"], vm["powerState"]) for vm in vms} == {
        f"vdi-{name}": (f"127.11.1.{number}", f"10.11.1.{number + 3}", "VM running")
        for number, name in enumerate(("win-01", "win-02", "win-03", "win-04", "lnx-01", "lnx-02"), 1)
    }


def test_a_vm_is_stopped(az: Client, simulator: RunningSimulator) -> None:
    vm = ("--resource-group", "rg-vdi", "--name", "vdi-lnx-01")
    az.run("az", "vm", "deallocate", *vm)
    view = az.ask("az", "vm", "get-instance-view", *vm)
    assert view["instanceView"]["statuses"][1]["code"] == "PowerState/deallocated"


def test_policies_are_listed_and_shown(az: Client, simulator: RunningSimulator) -> None:
    jit = ("az", "security", "jit-policy")
    assert az.ask(*jit, "list") == []
    production = ("--subscription", PRODUCTION)
    (policy,) = az.ask(*jit, "list", *production)
    place = ("--resource-group", "rg-web", "--location", "westeurope", "--name", "default")
    assert az.ask(*jit, "show", *place, *production) == policy
    assert policy["provisioningState"] == "Succeeded"
    assert [port["number"] for port in policy["virtualMachines"][0]["ports"]] == [22]


def test_policy_and_request_by_rest(az: Client, simulator: RunningSimulator, state: Callable[[], State]) -> None:
    policy = f"{POLICY}?api-version=2020-01-01"
    made = json.loads(rest(az, "put", policy, "--body", json.dumps(policy_body())))
    assert made["properties"]["provisioningState"] == "Updating"
    asked = f"{POLICY}/initiate?api-version=2020-01-01"
    request = json.loads(rest(az, "post", asked, "--body", json.dumps(initiate_body())))
    assert request["virtualMachines"][0]["ports"][0]["status"] == "Initiating"
    simulator.advance(1)
    shown = json.loads(rest(az, "get", policy))
    assert shown["properties"]["requests"][0]["startTimeUtc"] == request["startTimeUtc"]
    (held,) = state().policy()["requests"]
    assert held["vms"][0]["ports"][0]["status"] == "Initiated"
    accesses = {(rule["access"], rule.get("sourceAddressPrefix")) for rule in state().rules("rg-vdi", "nsg-vdi")}
    assert accesses == {("Deny", "*"), ("Allow", "198.51.100.7")}
    rest(az, "delete", policy)
    assert state().rules("rg-vdi", "nsg-vdi") == []


def test_refusals_reach_the_user(az: Client, simulator: RunningSimulator) -> None:
    with pytest.raises(AssertionError, match="PolicyNotFound"):
        rest(az, "get", f"{POLICY}?api-version=2020-01-01")


def test_rules_are_made_and_deleted(az: Client, simulator: RunningSimulator, state: Callable[[], State]) -> None:
    rule = ("az", "network", "nsg", "rule")
    place = ("--resource-group", "rg-vdi", "--nsg-name", "nsg-vdi", "--name", "https")
    made = az.ask(*rule, "create", *place, "--priority", "300", "--destination-port-ranges", "443")
    assert made["provisioningState"] == "Succeeded"
    assert [(held["name"], held["priority"]) for held in state().rules("rg-vdi", "nsg-vdi")] == [("https", 300)]
    az.run(*rule, "delete", *place)
    assert state().rules("rg-vdi", "nsg-vdi") == []


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("group list", ["rg-vdi"]),
        ("network nsg list", ["nsg-vdi"]),
        ("network vnet list", ["vnet-vdi"]),
        ("account list-locations", ["westeurope"]),
        ("resource list --resource-type Microsoft.Network/virtualNetworks", ["vnet-vdi"]),
        ("security pricing show --name VirtualMachines", "VirtualMachines"),
        ("provider show --namespace Microsoft.Security", "Microsoft.Security"),
    ],
)
def test_what_else_administrators_look_at(
    az: Client, simulator: RunningSimulator, words: str, names: object
) -> None:
    found = az.ask("az", *words.split())
    if isinstance(found, list):
        assert [item["name"] for item in found] == names
    else:
        assert names in (found.get("name"), found.get("namespace"))


def test_resource_graph(az: Client, simulator: RunningSimulator, installed: InstalledClient) -> None:
    installed("az-graph")
    query = "resources | where type =~ 'microsoft.compute/virtualmachines' | project id, name | order by name asc"
    found = az.ask("az", "graph", "query", "--graph-query", query, "--first", "5")
    assert [row["name"] for row in found["data"]] == ["batch-01", "db-01", "db-02", "jump-01", "legacy-01"]
    assert found["total_records"] == 13
    more = az.ask("az", "graph", "query", "-q", query, "--first", "5", "--skip-token", found["skip_token"])
    assert more["data"][0]["name"] == "vdi-lnx-01"


def test_the_collection_signs_in_by_its_login(az: Client, simulator: RunningSimulator, tmp_path: Path) -> None:
    """Who, in which cloud and which subscription is the default: nothing but az says it."""
    said = ("AZURE_CLIENT_ID", "AZURE_SECRET", "AZURE_TENANT", "AZURE_CLOUD_ENVIRONMENT", "AZURE_SUBSCRIPTION_ID")
    environment = {name: value for name, value in az.environment.items() if name not in said}
    playbooks = Playbooks(tmp_path, environment)
    simulator.forget()

    run = playbooks.play([{"jitfleet.azure.jit_policy_info": {}}], hosts="localhost")
    listed = Inventories(tmp_path, environment).list(auth_source="cli")

    assert run.returncode == 0, run.output
    lists = [request["path"] for request in simulator.journal() if "/jitNetworkAccess" in request["path"]]
    assert WORKPLACE in lists[0]
    assert {host["subscription_id"] for host in listed.hosts.values()} == {WORKPLACE, PRODUCTION}
