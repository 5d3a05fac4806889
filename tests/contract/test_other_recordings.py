# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorded machines, network resources, plans and queries: ours are spelled and typed alike."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cloud import BASE, Cloud
from demo_fleet import IDS, PRODUCTION, WORKPLACE
from recorded import Exchange, differences, shape, vcr

COMPUTE = f"/subscriptions/{PRODUCTION}/providers/Microsoft.Compute"
NETWORK = f"/subscriptions/{PRODUCTION}/providers/Microsoft.Network"


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


def custodian(azure_data: Path, name: str) -> list[Exchange]:
    return list(vcr(azure_data / "recordings" / "cloud-custodian" / f"{name}.json"))


def python_sdk(azure_data: Path, name: str) -> list[Exchange]:
    (path,) = (azure_data / "recordings" / "azure-sdk-for-python").glob(f"*.{name}.yaml")
    return list(vcr(path))


@pytest.mark.parametrize(
    ("recording", "path", "needed"),
    [
        (
            "VMTest.virtual_machine",
            f"{COMPUTE}/virtualMachines",
            {"name", "id", "type", "location", "tags", "properties"},
        ),
        (
            "NetworkInterfaceTest.test_find_by_name",
            f"{NETWORK}/networkInterfaces",
            {"name", "id", "etag", "type", "location", "properties"},
        ),
        (
            "PublicIpAddressTest.test_find_by_name",
            f"{NETWORK}/publicIPAddresses",
            {"name", "id", "etag", "type", "location", "properties", "sku"},
        ),
        (
            "NetworkSecurityGroupTest.test_find_by_name",
            f"{NETWORK}/networkSecurityGroups",
            {"name", "id", "etag", "type", "location", "properties"},
        ),
    ],
)
def test_lists(cloud: Cloud, azure_data: Path, recording: str, path: str, needed: set[str]) -> None:
    recorded = custodian(azure_data, recording)[0].body["value"]
    for ours in cloud.get(path)["value"]:
        assert needed <= ours.keys()
        for item in recorded:
            assert differences(ours, item) == []


def test_interfaces_have_every_recorded_property(cloud: Cloud, azure_data: Path) -> None:
    recorded = custodian(azure_data, "NetworkInterfaceTest.test_find_by_name")[0].body["value"][-1]
    ours = cloud.get(f"{NETWORK}/networkInterfaces")["value"][0]
    assert recorded["properties"].keys() <= ours["properties"].keys()
    (configuration,) = ours["properties"]["ipConfigurations"]
    (other,) = recorded["properties"]["ipConfigurations"]
    assert shape(configuration) == shape(other)


def test_default_rules_are_the_recorded_ones(cloud: Cloud, azure_data: Path) -> None:
    recorded = custodian(azure_data, "NetworkSecurityGroupTest.test_find_by_name")[0].body["value"][0]
    ours = cloud.get(f"{NETWORK}/networkSecurityGroups")["value"][0]
    assert [(rule["name"], rule["properties"]) for rule in ours["properties"]["defaultSecurityRules"]] == [
        (rule["name"], rule["properties"]) for rule in recorded["properties"]["defaultSecurityRules"]
    ]


def test_instance_views(cloud: Cloud, azure_data: Path) -> None:
    _, expanded = custodian(azure_data, "VMTest.virtual_machine_instance")
    reply = cloud.call("GET", f"{IDS['web-01']}?$expand=instanceview&api-version=2020-12-01")
    assert differences(reply.body, expanded.body) == []
    recorded = expanded.body["properties"]["instanceView"]
    view = reply.body["properties"]["instanceView"]
    assert {
        "computerName",
        "osName",
        "osVersion",
        "vmAgent",
        "disks",
        "statuses",
        "hyperVGeneration",
    } <= view.keys()
    assert shape(view["statuses"]) == shape(recorded["statuses"])
    assert shape(view["vmAgent"]["statuses"]) == shape(recorded["vmAgent"]["statuses"])


def test_plans(cloud: Cloud, azure_data: Path) -> None:
    (listing,) = custodian(azure_data, "DefenderTest.test_azure_defender_pricing")
    ours = cloud.get(f"/subscriptions/{WORKPLACE}/providers/Microsoft.Security/pricings", "2018-06-01")["value"]
    recorded = {plan["name"]: plan for plan in listing.body["value"]}
    assert {plan["name"] for plan in ours} <= recorded.keys()
    for plan in ours:
        assert shape(plan) == shape(recorded[plan["name"]])


def test_resource_graph_rows(cloud: Cloud, azure_data: Path) -> None:
    """The same machine through ARM and through Resource Graph."""
    _, query = custodian(azure_data, "ResourceGraphSource.test_resource_graph_and_arm_sources_vm_are_equivalent")
    reply = cloud.call(
        "POST",
        "/providers/Microsoft.ResourceGraph/resources?api-version=2019-04-01",
        {"query": "where type =~ 'Microsoft.Compute/virtualMachines'", "subscriptions": [PRODUCTION]},
    )
    assert reply.body.keys() - {"$skipToken"} == query.body.keys()
    columns = {column["name"]: column["type"] for column in query.body["data"]["columns"]}
    ours = {column["name"]: column["type"] for column in reply.body["data"]["columns"]}
    assert columns.items() <= ours.items()
    recorded = dict(zip(columns, query.body["data"]["rows"][0], strict=True))
    for row in reply.body["data"]["rows"]:
        assert differences(dict(zip(ours, row, strict=True)), recorded) == []
    assert query.headers.keys() - {name.lower() for name in reply.headers} <= {"content-type", "content-length"}


@pytest.mark.parametrize("name", ["test_resources_basic_query", "test_resources_basic_query_object_array"])
def test_queries(cloud: Cloud, azure_data: Path, name: str) -> None:
    (recorded,) = python_sdk(azure_data, name)
    reply = cloud.call("POST", recorded.path, recorded.sent | {"subscriptions": [PRODUCTION]})
    assert reply.status == recorded.status
    assert reply.body.keys() == recorded.body.keys()
    assert reply.body["data"][0].keys() == recorded.body["data"][0].keys()
    for field in ("totalRecords", "count", "facets", "resultTruncated"):
        assert reply.body[field] == recorded.body[field]


def test_a_malformed_query(cloud: Cloud, azure_data: Path) -> None:
    (recorded,) = python_sdk(azure_data, "test_resources_malformed_query")
    reply = cloud.call("POST", recorded.path, recorded.sent | {"subscriptions": [PRODUCTION]})
    assert reply.status == recorded.status
    assert shape(reply.body) == shape(recorded.body)
    ours, theirs = reply.body["error"]["details"], recorded.body["error"]["details"]
    assert ours[0] == theirs[0]
    assert {**ours[1], "expectedToken": ""} == {**theirs[1], "expectedToken": ""}


def test_rules_are_written_and_deleted_as_recorded(azure_data: Path) -> None:
    """PUT 201, its operation, GET, DELETE 202, its operation."""
    cloud = Cloud(network_operation="10s")
    exchanges = python_sdk(azure_data, "test_network_security_groups")
    writes = [item for item in exchanges if "/securityRules/" in item.path and item.method != "GET"]
    put, delete = writes
    read = next(item for item in exchanges if item.method == "GET" and item.path == put.path)
    ours = f"/subscriptions/{PRODUCTION}/resourceGroups/rg-web/providers/Microsoft.Network/networkSecurityGroups"
    path = f"{ours}/nsg-web-01/securityRules/{put.path.split('/')[-1]}"

    def send(recorded: Exchange, body: Any = None) -> Any:
        reply = cloud.call(recorded.method, path, body)
        assert reply.status == recorded.status
        missing = recorded.headers.keys() - {name.lower() for name in reply.headers}
        assert missing <= {"content-type", "content-length", "transfer-encoding", "vary"}
        return reply

    reply = send(put, put.sent)
    assert differences(reply.body, put.body) == []
    assert shape(reply.body) == shape(put.body)
    assert reply.body["properties"] == put.body["properties"]
    cloud.advance(10)
    assert send(read).body["properties"] == read.body["properties"]
    operation = str(send(delete).headers["Azure-AsyncOperation"]).removeprefix(BASE)
    cloud.advance(10)
    assert cloud.call("GET", operation).body == {"status": "Succeeded"}
    assert cloud.call("GET", path).status == 404


JIT_ASSESSMENT = "805651bc-6ecd-4c73-9b55-97a19d0582d0"


def test_assessments(cloud: Cloud, azure_data: Path) -> None:
    """Covered, and without a security group: in the recorded words."""
    path = azure_data / "recordings" / "azure-powershell" / "GetAllAssessments.2020.EXCERPT-first-12-entries.json"
    recorded = [
        item for item in json.loads(path.read_text())["ResponseBody"]["value"] if item["name"] == JIT_ASSESSMENT
    ]
    listed = cloud.get(f"/subscriptions/{PRODUCTION}/providers/Microsoft.Security/assessments", "2020-01-01")[
        "value"
    ]
    ours = {item["id"].split("/")[8]: item for item in listed}
    assert len(ours) == 7
    for name, other in (("legacy-01", recorded[0]), ("jump-01", recorded[1])):
        assert shape(ours[name]) == shape(other)
        assert list(ours[name]) == list(other)
        assert ours[name]["properties"]["status"] == other["properties"]["status"]
        assert ours[name]["properties"]["displayName"] == other["properties"]["displayName"]
    assert ours["web-01"]["properties"]["status"] == {"code": "Unhealthy"}
    single = f"{IDS['jump-01']}/providers/Microsoft.Security/assessments/{JIT_ASSESSMENT}"
    assert cloud.get(single, "2020-01-01") == ours["jump-01"]


def test_assessments_through_resource_graph(cloud: Cloud) -> None:
    query = (
        f"securityresources | where type =~ 'microsoft.security/assessments' and name == '{JIT_ASSESSMENT}' "
        "| summarize n = count() by code = tostring(properties.status.code) | order by code asc"
    )
    assert cloud.query(query)["data"] == [
        {"code": "Healthy", "n": 1},
        {"code": "NotApplicable", "n": 1},
        {"code": "Unhealthy", "n": 11},
    ]


def test_without_the_plan_there_is_no_such_assessment(cloud: Cloud) -> None:
    """[inf]"""
    plan = f"/subscriptions/{PRODUCTION}/providers/Microsoft.Security/pricings/VirtualMachines"
    body = {"properties": {"pricingTier": "Standard", "subPlan": "P1"}}
    assert cloud.call("PUT", f"{plan}?api-version=2024-01-01", body).status == 200
    path = f"/subscriptions/{PRODUCTION}/providers/Microsoft.Security/assessments"
    assert cloud.get(path, "2020-01-01")["value"] == []


def test_the_plan_of_one_machine(cloud: Cloud, azure_data: Path) -> None:
    folder = azure_data / "spec" / "azure-rest-api-specs" / "pricings-2024-01-01"
    example = json.loads((folder / "GetResourcePricingByNameVirtualMachines_example.json").read_text())
    recorded = example["responses"]["200"]["body"]
    ours = cloud.get(f"{IDS['web-01']}/providers/Microsoft.Security/pricings/VirtualMachines")
    assert ours.keys() == recorded.keys()
    assert ours["properties"].keys() == recorded["properties"].keys()
    assert ours["properties"]["inheritedFrom"] == f"/subscriptions/{PRODUCTION}"


@pytest.mark.parametrize(
    ("folder", "name", "path"),
    [
        ("compute-2024-07-01", "VirtualMachine_ListBySubscription_ByLocation", f"{COMPUTE}/virtualMachines"),
        ("compute-2024-07-01", "VirtualMachine_ListAll_MinimumSet_Gen", f"{COMPUTE}/virtualMachines"),
        ("network-2023-11-01", "NetworkInterfaceListAll", f"{NETWORK}/networkInterfaces"),
        ("network-2023-11-01", "NetworkSecurityGroupListAll", f"{NETWORK}/networkSecurityGroups"),
    ],
)
def test_official_examples_are_spelled_alike(
    cloud: Cloud, azure_data: Path, folder: str, name: str, path: str
) -> None:
    file = azure_data / "spec" / "azure-rest-api-specs" / folder / f"{name}.json"
    examples = json.loads(file.read_text())["responses"]["200"]["body"]["value"]
    assert examples
    for ours in cloud.get(path)["value"]:
        for example in examples:
            assert differences(ours, example) == []


def test_facets(cloud: Cloud, azure_data: Path) -> None:
    (recorded,) = python_sdk(azure_data, "test_resources_facet_query")
    reply = cloud.call("POST", recorded.path, recorded.sent | {"subscriptions": [PRODUCTION]})
    assert reply.status == recorded.status
    assert list(reply.body) == list(recorded.body)
    (ours, no_facet), (theirs, no_facet_there) = reply.body["facets"], recorded.body["facets"]
    assert [list(ours), shape(ours)] == [list(theirs), shape(theirs)]
    assert no_facet == no_facet_there
