# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Subscriptions, VMs, network resources and Defender plans, read and changed."""

from __future__ import annotations

from typing import Any

import pytest
from cloud import BASE, Cloud
from demo_fleet import IDS, PRODUCTION, WORKPLACE

NETWORK = "2023-11-01"
_GROUP = f"/subscriptions/{PRODUCTION}/resourceGroups/rg-web"
NSG = f"{_GROUP}/providers/Microsoft.Network/networkSecurityGroups/nsg-web-01"


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


def names(body: dict[str, Any]) -> list[str]:
    return [item["name"] for item in body["value"]]


def test_lists(cloud: Cloud) -> None:
    assert [item["displayName"] for item in cloud.get("/subscriptions")["value"]] == [
        "Contoso Workplace",
        "Contoso Production",
    ]
    assert cloud.get("/tenants")["value"][0]["defaultDomain"] == "contoso.onmicrosoft.com"
    assert names(cloud.get(f"/subscriptions/{PRODUCTION}/resourcegroups")) == ["rg-web", "rg-data"]
    assert names(cloud.get(f"/subscriptions/{PRODUCTION}/locations")) == ["northeurope", "westeurope"]
    compute = f"/subscriptions/{PRODUCTION}/providers/Microsoft.Compute"
    assert len(names(cloud.get(f"{compute}/virtualMachines"))) == 7
    assert names(cloud.get(f"{compute}/locations/northeurope/virtualMachines")) == ["db-01", "db-02", "batch-01"]
    group = f"/subscriptions/{PRODUCTION}/resourceGroups/RG-WEB/providers"
    assert names(cloud.get(f"{group}/Microsoft.Compute/virtualMachines"))[0] == "web-01"
    assert len(names(cloud.get(f"{group}/Microsoft.Network/networkInterfaces"))) == 4
    assert names(cloud.get(f"{group}/Microsoft.Network/virtualNetworks")) == ["vnet-web"]
    assert names(cloud.get(f"{group}/Microsoft.Network/virtualNetworks/vnet-web/subnets")) == ["web"]


def test_paths_are_found_in_any_case(cloud: Cloud) -> None:
    assert cloud.call("GET", f"{IDS['web-01'].upper()}?api-version=2024-07-01").status == 200


def test_compute_shows_the_group_in_capitals_or_not(cloud: Cloud) -> None:
    """[rec: VMTest]"""
    assert cloud.get(IDS["vdi-win-01"])["id"] == IDS["vdi-win-01"].replace("rg-vdi", "RG-VDI")
    cloud.control("PATCH", "behaviour", {"mixed_case_ids": False})
    assert cloud.get(IDS["vdi-win-01"])["id"] == IDS["vdi-win-01"]


def test_instance_views(cloud: Cloud) -> None:
    running = cloud.get(f"{IDS['vdi-lnx-01']}/instanceView")
    assert running["statuses"][1]["code"] == "PowerState/running"
    assert running["vmAgent"]["statuses"][0]["displayStatus"] == "Ready"
    stopped = cloud.get(f"{IDS['batch-01']}/instanceView")
    assert stopped["statuses"][1]["code"] == "PowerState/deallocated"
    assert "vmAgent" not in stopped
    assert "instanceView" not in cloud.get(IDS["batch-01"])["properties"]
    reply = cloud.call("GET", f"{IDS['batch-01']}?$expand=instanceView&api-version=2024-07-01")
    assert reply.body["properties"]["instanceView"] == stopped
    path = f"/subscriptions/{PRODUCTION}/providers/Microsoft.Compute/virtualMachines"
    only = cloud.call("GET", f"{path}?statusOnly=true&api-version=2024-07-01").body["value"][-1]["properties"]
    assert only["instanceView"]["statuses"] == stopped["statuses"]
    assert "storageProfile" not in only


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (f"{IDS['web-01']}x", "ResourceNotFound"),
        (IDS["web-01"].replace("rg-web", "nosuch"), "ResourceGroupNotFound"),
        (f"{NSG}x", "ResourceNotFound"),
        (f"{NSG}/securityRules/nosuch", "NotFound"),
        (f"/subscriptions/{PRODUCTION}/providers/Microsoft.Nosuch", "InvalidResourceNamespace"),
        (f"/subscriptions/{PRODUCTION}/providers/Microsoft.Compute/disks", "InvalidResourceType"),
    ],
)
def test_what_is_not_there(cloud: Cloud, path: str, code: str) -> None:
    reply = cloud.call("GET", f"{path}?api-version=2024-07-01")
    assert (reply.status, reply.body["error"]["code"]) == (404, code)


def test_starting_and_stopping_take_their_time() -> None:
    cloud = Cloud(network_operation="5s")
    reply = cloud.call("POST", f"{IDS['batch-01']}/start?api-version=2024-07-01")
    assert (reply.status, reply.body) == (202, None)
    operation = str(reply.headers["Azure-AsyncOperation"]).removeprefix(BASE)
    assert cloud.call("GET", operation).body["status"] == "InProgress"
    assert cloud.get(f"{IDS['batch-01']}/instanceView")["statuses"][1]["code"] == "PowerState/starting"
    cloud.advance(5)
    assert cloud.call("GET", operation).body["status"] == "Succeeded"
    assert cloud.get(f"{IDS['batch-01']}/instanceView")["statuses"][1]["code"] == "PowerState/running"
    assert cloud.call("POST", f"{IDS['batch-01']}/powerOff?api-version=2024-07-01").status == 202
    cloud.advance(5)
    assert cloud.get(f"{IDS['batch-01']}/instanceView")["statuses"][1]["code"] == "PowerState/stopped"


def test_rules_are_deleted_asynchronously() -> None:
    """[rec: test_network_security_groups]"""
    cloud = Cloud(network_operation="10s")
    path = f"{NSG}/securityRules/allow-https?api-version={NETWORK}"
    reply = cloud.call("DELETE", path)
    assert (reply.status, reply.body) == (202, None)
    assert {"Azure-AsyncOperation", "Location"} <= set(reply.headers)
    result = str(reply.headers["Location"]).removeprefix(BASE)
    assert cloud.call("GET", result).status == 202
    assert cloud.call("GET", path).status == 200
    cloud.advance(10)
    assert cloud.call("GET", result).status == 204
    assert cloud.call("GET", path).status == 404
    assert cloud.call("DELETE", path).status == 204


def test_one_change_of_a_security_group_at_a_time() -> None:
    """[docs]"""
    cloud = Cloud(network_operation="10s")
    assert cloud.call("DELETE", f"{NSG}/securityRules/allow-https?api-version={NETWORK}").status == 202
    reply = put_rule(cloud, "another", priority=500)
    assert (reply.status, reply.body["error"]["code"]) == (429, "AnotherOperationInProgress")
    assert "Retry-After" in reply.headers
    cloud.advance(10)
    assert put_rule(cloud, "another", priority=500).status == 201


def put_rule(cloud: Cloud, name: str, **changes: Any) -> Any:
    properties = {
        "protocol": "Tcp",
        "sourceAddressPrefix": "*",
        "sourcePortRange": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRange": "8080",
        "access": "Allow",
        "priority": 400,
        "direction": "Inbound",
        **changes,
    }
    body = {"properties": {key: value for key, value in properties.items() if value is not None}}
    return cloud.call("PUT", f"{NSG}/securityRules/{name}?api-version={NETWORK}", body)


def test_rules_are_put(cloud: Cloud) -> None:
    """201 when new, 200 when replaced; plural fields are always there [rec]."""
    reply = put_rule(cloud, "new")
    assert reply.status == 201
    assert reply.body["properties"]["provisioningState"] == "Updating"
    assert reply.body["properties"]["destinationPortRanges"] == []
    cloud.advance(0)
    assert put_rule(cloud, "NEW", destinationPortRange="8081").status == 200
    rules = cloud.get(f"{NSG}/securityRules", NETWORK)["value"]
    assert [rule["properties"]["destinationPortRange"] for rule in rules] == ["443", "8081"]
    assert cloud.get(NSG, NETWORK)["properties"]["securityRules"] == rules


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"priority": 300}, "SecurityRuleConflict"),
        ({"priority": 99}, "SecurityRuleInvalidPriority"),
        ({"priority": 4097}, "SecurityRuleInvalidPriority"),
        ({"priority": None}, "SecurityRuleParameterNotSpecified"),
        ({"access": "Maybe"}, "SecurityRuleInvalidParameter"),
        ({"protocol": "smoke"}, "SecurityRuleInvalidParameter"),
        ({"destinationPortRange": "http"}, "SecurityRuleInvalidParameter"),
    ],
)
def test_rules_that_are_refused(cloud: Cloud, changes: dict[str, Any], code: str) -> None:
    reply = put_rule(cloud, "wrong", **changes)
    assert (reply.status, reply.body["error"]["code"]) == (400, code)


def test_the_same_priority_outbound_is_no_conflict(cloud: Cloud) -> None:
    assert put_rule(cloud, "outbound", priority=300, direction="Outbound").status == 201


def test_default_rules_are_there(cloud: Cloud) -> None:
    """[rec]"""
    rules = cloud.get(f"{NSG}/defaultSecurityRules", NETWORK)["value"]
    assert [(rule["name"], rule["properties"]["priority"]) for rule in rules][:3] == [
        ("AllowVnetInBound", 65000),
        ("AllowAzureLoadBalancerInBound", 65001),
        ("DenyAllInBound", 65500),
    ]


def test_a_security_group_tells_whom_it_guards(cloud: Cloud) -> None:
    assert [nic["id"].split("/")[-1] for nic in cloud.get(NSG, NETWORK)["properties"]["networkInterfaces"]] == [
        "web-01-nic"
    ]
    group = f"/subscriptions/{WORKPLACE}/resourceGroups/rg-vdi"
    shared = f"{group}/providers/Microsoft.Network/networkSecurityGroups/nsg-vdi"
    assert [subnet["id"].split("/")[-1] for subnet in cloud.get(shared, NETWORK)["properties"]["subnets"]] == [
        "desktops"
    ]


PLAN = f"/subscriptions/{WORKPLACE}/providers/Microsoft.Security/pricings/VirtualMachines"


@pytest.mark.parametrize(
    ("body", "tier", "sub_plan"),
    [
        ({"pricingTier": "Standard"}, "Standard", "P2"),
        ({"pricingTier": "Standard", "subPlan": "P1"}, "Standard", "P1"),
        ({"pricingTier": "Free"}, "Free", None),
    ],
)
def test_plans_are_put(cloud: Cloud, body: dict[str, str], tier: str, sub_plan: str | None) -> None:
    """Standard alone becomes P2 [rec]."""
    reply = cloud.call("PUT", f"{PLAN}?api-version=2023-01-01", {"properties": body})
    assert reply.status == 200
    assert reply.body == cloud.get(PLAN, "2023-01-01")
    assert reply.body["properties"]["pricingTier"] == tier
    assert reply.body["properties"].get("subPlan") == sub_plan


def test_plans_that_are_refused(cloud: Cloud) -> None:
    scanning = [{"name": "AgentlessVmScanning", "isEnabled": "True"}]
    for properties in (
        {"pricingTier": "Gold"},
        {"pricingTier": "Standard", "subPlan": "P3"},
        {"pricingTier": "Free", "extensions": scanning},
        {},
    ):
        assert cloud.call("PUT", f"{PLAN}?api-version=2024-01-01", {"properties": properties}).status == 400
    assert cloud.call("GET", f"{PLAN}s?api-version=2024-01-01").status == 404
    assert cloud.call("GET", f"{PLAN}?api-version=2016-01-01").status == 400


def walk(cloud: Cloud, path: str) -> tuple[list[str], list[int], list[str]]:
    """Follow nextLink; return the names, the pages' lengths and the links."""
    found: list[str] = []
    sizes: list[int] = []
    links: list[str] = []
    while True:
        body = cloud.call("GET", path).body
        found += names(body)
        sizes.append(len(body["value"]))
        if not body.get("nextLink"):
            return found, sizes, links
        links.append(body["nextLink"])
        path = body["nextLink"].removeprefix(BASE)


def test_pages_are_irregular_and_complete() -> None:
    """[rec: pages of different lengths, an empty last one, three spellings of the token]"""
    cloud = Cloud("vms=50,groups=1,subscriptions=1", page_size=8, irregular_pages=True)
    subscription = next(iter(cloud.world.subscriptions))
    path = f"/subscriptions/{subscription}/providers/Microsoft.Compute/virtualMachines?api-version=2024-07-01"
    found, sizes, links = walk(cloud, path)
    assert len(found) == len(set(found)) == 50
    assert len(set(sizes)) > 2
    assert max(sizes) <= 8
    assert {link.split("?")[1].split("&")[1].split("=")[0] for link in links} == {
        "$skiptoken",
        "%24skiptoken",
        "$skipToken",
    }


def test_some_lists_end_with_an_empty_page() -> None:
    """[rec: KeyVaultTest.test_update_access_policy]"""
    lengths = set()
    for vms in range(6, 16):
        cloud = Cloud(f"vms={vms},groups=1,subscriptions=1", page_size=4, irregular_pages=True)
        subscription = next(iter(cloud.world.subscriptions))
        path = (
            f"/subscriptions/{subscription}/providers/Microsoft.Network/networkInterfaces?api-version=2024-07-01"
        )
        found, sizes, _ = walk(cloud, path)
        assert len(found) == vms
        lengths.add(sizes[-1])
    assert 0 in lengths


@pytest.mark.parametrize(("null", "end"), [(False, {}), (True, {"nextLink": None})])
def test_the_last_page_says_nothing_or_null(null: bool, end: dict[str, Any]) -> None:
    """[docs]"""
    cloud = Cloud(null_next_link=null)
    body = cloud.get(f"/subscriptions/{WORKPLACE}/providers/Microsoft.Compute/virtualMachines")
    assert body == {"value": body["value"]} | end


def test_page_tokens_before_the_beginning_are_refused() -> None:
    path = f"/subscriptions/{WORKPLACE}/providers/Microsoft.Compute/virtualMachines?api-version=2024-07-01"
    reply = Cloud().call("GET", f"{path}&$skiptoken=LTU6MA==")
    assert (reply.status, reply.body["error"]["code"]) == (400, "InvalidSkipToken")


def test_regular_pages() -> None:
    cloud = Cloud("vms=10,groups=1,subscriptions=1", page_size=4)
    subscription = next(iter(cloud.world.subscriptions))
    path = f"/subscriptions/{subscription}/providers/Microsoft.Compute/virtualMachines?api-version=2024-07-01"
    assert walk(cloud, path)[1] == [4, 4, 2]
    assert cloud.call("GET", f"{path}&$skiptoken=nonsense").body["error"]["code"] == "InvalidSkipToken"


def test_subscriptions_are_below_the_one_management_group() -> None:
    cloud = Cloud()
    group = f"/providers/Microsoft.Management/managementGroups/{cloud.world.tenant.id}"
    below = cloud.get(f"{group}/descendants")["value"]
    assert sorted(one["name"] for one in below) == [WORKPLACE, PRODUCTION]
    assert {one["type"] for one in below} == {"/subscriptions"}
    missing = cloud.call("GET", f"{group}x/descendants?api-version=2020-05-01")
    assert missing.status == 404
