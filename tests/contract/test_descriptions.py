# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bodies against Microsoft's API description, and the official examples against the simulator."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from api_description import STABLE, Description
from cloud import Cloud, JitPolicyClient, rule, wish
from demo_fleet import IDS, PRODUCTION, WORKPLACE
from jsonschema import Draft4Validator

SPEC = Path("spec") / "azure-rest-api-specs"
ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
        }
    },
}


@pytest.fixture(scope="session")
def jit(azure_data: Path) -> Description:
    return Description(azure_data / STABLE / "jitNetworkAccessPolicies.json")


@pytest.fixture
def cloud() -> Cloud:
    return Cloud(provisioning="2s")


def example(azure_data: Path, name: str) -> Any:
    """Return an official example."""
    folder = azure_data / STABLE / "examples" / "JitNetworkAccessPolicies"
    return json.loads((folder / f"{name}_example.json").read_text())


def test_the_descriptions_can_refuse(jit: Description) -> None:
    bodies: list[Any] = [{}, {"properties": {}}, {"properties": {"virtualMachines": [{"id": "x"}]}}]
    for body in bodies:
        with pytest.raises(AssertionError):
            jit.check("JitNetworkAccessPolicy", body)
    port = {"number": 70000, "protocol": "*", "maxRequestAccessDuration": "PT1H"}
    with pytest.raises(AssertionError):
        jit.check("JitNetworkAccessPortRule", port)


@pytest.mark.parametrize(
    ("name", "status", "definition"),
    [
        ("CreateJitNetworkAccessPolicy", "200", "JitNetworkAccessPolicy"),
        ("GetJitNetworkAccessPolicy", "200", "JitNetworkAccessPolicy"),
        ("GetJitNetworkAccessPoliciesSubscription", "200", "JitNetworkAccessPoliciesList"),
        ("GetJitNetworkAccessPoliciesResourceGroupLocation", "200", "JitNetworkAccessPoliciesList"),
        ("InitiateJitNetworkAccessPolicy", "202", "JitNetworkAccessRequest"),
    ],
)
def test_official_examples_validate(
    azure_data: Path, jit: Description, name: str, status: str, definition: str
) -> None:
    jit.check(definition, example(azure_data, name)["responses"][status]["body"])


def moved(value: Any) -> Any:
    """Return an example's body for the demonstration fleet."""
    old = "/subscriptions/20ff7fc3-e762-44dd-bd96-b71116dcdc23/resourceGroups/myRg1"
    new = f"/subscriptions/{WORKPLACE}/resourceGroups/rg-vdi"
    return json.loads(
        json.dumps(value).replace(old, new).replace("virtualMachines/vm1", "virtualMachines/vdi-win-01")
    )


def keys(value: Any) -> Any:
    """Return the keys of a body, at every depth; lists by their first element."""
    if isinstance(value, dict):
        return {name: keys(item) for name, item in value.items()}
    return [keys(value[0])] if isinstance(value, list) and value else None


def test_the_official_examples_work(azure_data: Path, cloud: Cloud) -> None:
    """Create, get, list, initiate, delete, with the bodies of the examples."""
    create, initiate = (
        example(azure_data, name) for name in ("CreateJitNetworkAccessPolicy", "InitiateJitNetworkAccessPolicy")
    )
    client = JitPolicyClient(cloud, WORKPLACE, "rg-vdi", "westeurope")
    path = f"{client.path}?api-version=2020-01-01"
    reply = cloud.call("PUT", path, moved(create["parameters"]["body"]))
    assert reply.status == 200
    recorded = copy.deepcopy(create["responses"]["200"]["body"])
    # The description shows the requests that were sent; the service answers none of them and `appendMode` [rec].
    recorded["properties"] |= {"requests": [], "appendMode": False}
    assert keys(reply.body) == keys(recorded)
    cloud.advance(2)
    body = moved(initiate["parameters"]["body"])
    del body["virtualMachines"][0]["ports"][0]["endTimeUtc"]
    body["virtualMachines"][0]["ports"][0]["endTimeUtc"] = "2026-01-05T09:00:00.3658798Z"
    reply = cloud.call("POST", f"{client.path}/initiate?api-version=2020-01-01", body)
    assert reply.status == 202
    assert keys(reply.body) == keys(initiate["responses"]["202"]["body"])
    assert cloud.call("DELETE", path).status == 200
    assert cloud.call("DELETE", path).status == 204


def test_every_body_of_just_in_time_access_validates(cloud: Cloud, jit: Description) -> None:
    client = JitPolicyClient(cloud, WORKPLACE, "rg-vdi", "westeurope")
    entry = {"id": IDS["vdi-win-01"], "ports": [rule(3389), rule(22, ["10.0.0.0/8", "192.0.2.1"], protocol="TCP")]}
    jit.check("JitNetworkAccessPolicy", client.put(entry).body)
    for _ in range(2):
        reply = client.initiate(
            {"id": IDS["vdi-win-01"], "ports": [wish(3389, None), wish(22, ["10.1.1.1", "192.0.2.1"])]},
            justification="a reason",
        )
        jit.check("JitNetworkAccessRequest", reply.body)
        cloud.advance(2)
        jit.check("JitNetworkAccessPolicy", client.get().body)
    cloud.advance(3600)
    jit.check("JitNetworkAccessPolicy", client.get().body)
    group = f"/subscriptions/{WORKPLACE}/resourceGroups/rg-vdi/providers/Microsoft.Security"
    subscription = f"/subscriptions/{WORKPLACE}/providers/Microsoft.Security"
    for scope in (group, subscription):
        for region in ("", "/locations/westeurope"):
            body = cloud.get(f"{scope}{region}/jitNetworkAccessPolicies", "2020-01-01")
            assert len(body["value"]) == 1
            jit.check("JitNetworkAccessPoliciesList", body)


def test_pages_validate(jit: Description) -> None:
    cloud = Cloud("vms=20,groups=10,subscriptions=1,jit=all", page_size=3)
    subscription = next(iter(cloud.world.subscriptions))
    path = f"/subscriptions/{subscription}/providers/Microsoft.Security/jitNetworkAccessPolicies"
    body = cloud.get(path, "2020-01-01")
    assert "nextLink" in body
    jit.check("JitNetworkAccessPoliciesList", body)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/nosuch?api-version=1", None),
        ("GET", f"/subscriptions/{WORKPLACE}/resourceGroups/nosuch?api-version=1", None),
        ("GET", f"/subscriptions/{WORKPLACE}", None),
        ("PUT", f"{IDS['web-01']}?api-version=1", {}),
        ("POST", "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01", {"query": "x y"}),
        ("POST", "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01", b"{"),
        ("POST", "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01", b"[]"),
    ],
)
def test_errors_have_arms_shape(cloud: Cloud, method: str, path: str, body: Any) -> None:
    reply = cloud.call(method, path, body)
    assert reply.status >= 400
    Draft4Validator(ERROR).validate(reply.body)


def test_queries_validate(azure_data: Path, cloud: Cloud) -> None:
    graph = Description(azure_data / SPEC / "resourcegraph-2021-03-01" / "graph.EXCERPT.json")
    answer = cloud.query("resources | project id | order by id asc", _top=3, resultFormat="table")
    graph.check("QueryResponse", answer)
    # The description calls `data` an object; as an array of objects it is described in words only.
    listed = cloud.query("resources | project id | order by id asc", _top=3)
    assert isinstance(listed["data"], list)
    graph.check("QueryResponse", listed | {"data": {}})
    reply = cloud.call(
        "POST", "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01", {"query": "where where"}
    )
    graph.check("ErrorResponse", {"error": {**reply.body["error"], "details": reply.body["error"]["details"][:1]}})


@pytest.mark.parametrize("name", ["ResourcesBasicQuery", "ResourcesPropertiesQuery"])
def test_official_queries_work(azure_data: Path, cloud: Cloud, name: str) -> None:
    path = azure_data / SPEC / "resourcegraph-2021-03-01" / f"{name}.json"
    query = json.loads(path.read_text())["parameters"]["query"]["query"]
    recorded = json.loads(path.read_text())["responses"]["200"]["body"]
    ours = cloud.query(query)
    assert ours.keys() == recorded.keys()
    # The example is older than Kusto's own name for count().
    assert [name.removesuffix("_") for name in ours["data"][0]] == list(recorded["data"][0])


def test_plans_are_as_in_the_official_example(azure_data: Path, cloud: Cloud) -> None:
    path = azure_data / SPEC / "pricings-2024-01-01" / "GetPricingByNameVirtualMachines_example.json"
    recorded = json.loads(path.read_text())["responses"]["200"]["body"]
    ours = cloud.get(f"/subscriptions/{PRODUCTION}/providers/Microsoft.Security/pricings/VirtualMachines")
    assert ours.keys() == recorded.keys()
    assert ours["properties"].keys() == recorded["properties"].keys()
    assert {name: type(value) for name, value in ours["properties"].items()} == {
        name: type(value) for name, value in recorded["properties"].items()
    }
