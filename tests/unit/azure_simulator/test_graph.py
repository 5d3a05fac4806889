# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resource Graph over the demonstration fleet: scope, pages, formats, refusals."""

from __future__ import annotations

from typing import Any

import pytest
from cloud import Cloud, JitPolicyClient, rule
from demo_fleet import IDS, PRODUCTION, WORKPLACE

VMS = "resources | where type =~ 'Microsoft.Compute/virtualMachines'"
PATH = "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01"

INVENTORY = f"""{VMS}
| mv-expand nic = properties.networkProfile.networkInterfaces
| extend nicId = tolower(tostring(nic.id))
| join kind=leftouter (
    resources | where type =~ 'microsoft.network/networkinterfaces'
    | mv-expand configuration = properties.ipConfigurations
    | project nicId = tolower(id), privateIp = tostring(configuration.properties.privateIPAddress),
              publicId = tolower(tostring(configuration.properties.publicIPAddress.id))
  ) on nicId
| join kind=leftouter (
    resources | where type =~ 'microsoft.network/publicipaddresses'
    | project publicId = tolower(id), publicIp = tostring(properties.ipAddress)
  ) on publicId
| project id, name, subscriptionId, privateIp, publicIp,
          power = tostring(properties.extended.instanceView.powerState.code)
| order by name asc"""


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


def test_the_inventorys_kind_of_query(cloud: Cloud) -> None:
    answer = cloud.query(INVENTORY)
    assert (answer["totalRecords"], answer["count"], answer["resultTruncated"]) == (13, 13, "false")
    rows = {row["name"]: row for row in answer["data"]}
    assert rows["vdi-win-01"] == {
        "id": IDS["vdi-win-01"],
        "name": "vdi-win-01",
        "subscriptionId": WORKPLACE,
        "privateIp": "10.11.1.4",
        "publicIp": "127.11.1.1",
        "power": "PowerState/running",
    }
    assert rows["db-01"]["publicIp"] == ""
    assert rows["batch-01"]["power"] == "PowerState/deallocated"


def test_rows_have_the_recorded_columns_and_casing(cloud: Cloud) -> None:
    """[rec: ResourceGraphSource]"""
    (row,) = cloud.query(f"{VMS} | where name == 'web-01'")["data"]
    assert row["type"] == "microsoft.compute/virtualmachines"
    assert row["id"] == IDS["web-01"]
    assert row["resourceGroup"] == "rg-web"
    assert (row["kind"], row["managedBy"], row["plan"]) == ("", "", None)
    assert row["tags"] == {"role": "web"}


def ask(cloud: Cloud, body: dict[str, Any]) -> tuple[int, Any]:
    reply = cloud.call("POST", PATH, body)
    return reply.status, reply.body


@pytest.mark.parametrize(
    ("scope", "count"),
    [
        ({}, 13),
        ({"subscriptions": []}, 13),
        ({"subscriptions": [WORKPLACE]}, 6),
        ({"subscriptions": [PRODUCTION.upper(), "11111111-1111-1111-1111-111111111111"]}, 7),
    ],
)
def test_scopes(cloud: Cloud, scope: dict[str, Any], count: int) -> None:
    status, body = ask(cloud, {"query": VMS, **scope})
    assert (status, body["totalRecords"]) == (200, count)


def test_the_root_management_group_holds_everything(cloud: Cloud) -> None:
    assert ask(cloud, {"query": VMS, "managementGroups": [cloud.world.tenant.id]})[1]["count"] == 13
    assert ask(cloud, {"query": VMS, "managementGroups": ["nosuch"]})[0] == 400


def test_a_scope_that_holds_nothing_is_refused(cloud: Cloud) -> None:
    status, body = ask(cloud, {"query": VMS, "subscriptions": ["11111111-1111-1111-1111-111111111111"]})
    assert status == 400
    assert body["error"]["details"][0]["code"] == "NoValidSubscriptionsInQueryRequest"


def test_pages(cloud: Cloud) -> None:
    query = f"{VMS} | project id | order by id asc"
    first = cloud.query(query, _top=5)
    assert (first["totalRecords"], first["count"], first["resultTruncated"]) == (13, 5, "false")
    second = cloud.query(query, _skipToken=first["$skipToken"])
    third = cloud.query(query, _skipToken=second["$skipToken"])
    assert [second["count"], third["count"]] == [5, 3]
    assert "$skipToken" not in third
    ids = [row["id"] for page in (first, second, third) for row in page["data"]]
    assert ids == sorted(ids)
    assert len(set(ids)) == 13
    assert cloud.query(query, _top=5, _skip=10)["count"] == 3


def test_without_the_id_there_is_no_next_page(cloud: Cloud) -> None:
    """[spec: ResourcesNextPageQuery]"""
    answer = cloud.query(f"{VMS} | project name", _top=5)
    assert answer["resultTruncated"] == "true"
    assert "$skipToken" not in answer


def test_tables(cloud: Cloud) -> None:
    answer = cloud.query(f"{VMS} | summarize n = count() by location | order by n", resultFormat="table")
    assert answer["data"] == {
        "columns": [{"name": "location", "type": "string"}, {"name": "n", "type": "integer"}],
        "rows": [["westeurope", 10], ["northeurope", 3]],
    }


@pytest.mark.parametrize(
    "options",
    [{"$top": 0}, {"$top": 1001}, {"$top": "5"}, {"$skip": -1}, {"resultFormat": "xml"}, {"$skipToken": "?"}],
)
def test_options_that_are_refused(cloud: Cloud, options: dict[str, Any]) -> None:
    status, body = ask(cloud, {"query": VMS, "options": options})
    assert (status, body["error"]["details"][0]["code"]) == (400, "InvalidOptions")


def test_a_missing_query_is_refused(cloud: Cloud) -> None:
    assert ask(cloud, {"query": " "})[0] == 400
    assert ask(cloud, {})[0] == 400


def test_results_follow_the_state(cloud: Cloud) -> None:
    groups = "resources | where type =~ 'microsoft.network/networksecuritygroups' and name == 'nsg-vdi'"
    query = f"{groups} | project n = array_length(properties.securityRules)"
    assert cloud.query(query)["data"] == [{"n": 0}]
    client = JitPolicyClient(cloud, WORKPLACE, "rg-vdi", "westeurope")
    client.put({"id": IDS["vdi-win-01"], "ports": [rule(3389)]})
    cloud.advance(0)
    assert cloud.query(query)["data"] == [{"n": 1}]


def test_containers(cloud: Cloud) -> None:
    query = (
        "resourcecontainers | where type =~ 'microsoft.resources/subscriptions' | project name | order by name asc"
    )
    assert cloud.query(query)["data"] == [{"name": "Contoso Production"}, {"name": "Contoso Workplace"}]


def facets(cloud: Cloud, *asked: Any) -> Any:
    """Return the facets of a query, or the error."""
    body = {
        "query": "resources | where type has 'virtualmachines' | project name, location",
        "facets": list(asked),
    }
    reply = cloud.call("POST", "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01", body)
    return reply.body["facets"] if reply.status == 200 else reply.body["error"]["details"][0]


def test_facets_count_values(cloud: Cloud) -> None:
    (facet,) = facets(cloud, {"expression": "location"})
    assert sum(row["count"] for row in facet["data"]) == 13
    assert facet["totalRecords"] == facet["count"] == len(facet["data"])
    (first,) = facets(cloud, {"expression": "name", "options": {"sortBy": "name", "sortOrder": "asc", "$top": 1}})
    assert (first["data"], first["totalRecords"]) == ([{"name": "batch-01", "count": 1}], 13)


@pytest.mark.parametrize(
    "asked",
    [
        "location",
        {},
        {"expression": "location", "options": {"$top": 0}},
        {"expression": "location", "options": {"sortOrder": "up"}},
        {"expression": "location", "options": {"filter": "resources | take 1"}},
    ],
)
def test_facets_that_nobody_knows_are_refused(cloud: Cloud, asked: Any) -> None:
    assert facets(cloud, asked)["code"] == "InvalidOptions"
