# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands around VMs, by one query or by lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.effective_api import ArmEffectiveRules
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.surroundings_api import ArmSurroundings
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.assessment import ASSESSMENT
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import AzureRefused, ReplyLost
from cloud import Cloud
from cloud_arm import CloudArm
from demo_fleet import PRODUCTION, WORKPLACE
from recording_arm import RecordingArm
from samples import OTHER_SUBSCRIPTION, SUBSCRIPTION, vm_id

GRAPH = "/providers/Microsoft.ResourceGraph/resources"
FORBIDDEN = AzureRefused("GET list", 403, "AuthorizationFailed", "no read")
MANAGER = {
    "id": f"/subscriptions/{OTHER_SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Network/networkManagers/m",
    "type": "microsoft.network/networkmanagers",
    "properties": {"networkManagerScopes": {"subscriptions": [f"/subscriptions/{SUBSCRIPTION}"]}},
}


def classic(subscription: str) -> dict[str, Any]:
    group = f"/subscriptions/{subscription}/resourceGroups/rg/providers"
    return {
        "id": f"{group}/Microsoft.ClassicCompute/virtualMachines/old",
        "name": "old",
        "type": "microsoft.classiccompute/virtualmachines",
    }


def test_one_query_finds_managers_wherever_they_lie_and_the_rest_in_the_scope() -> None:
    class Graph(RecordingArm):
        def query(self, path: str, api_version: str, body: Any) -> Any:
            answer = super().query(path, api_version, body)
            return answer if "networkmanagers" in body["query"] else {"data": []}

    arm = Graph({GRAPH: {"data": [MANAGER, classic(SUBSCRIPTION), classic(OTHER_SUBSCRIPTION)]}})
    found = ArmSurroundings(arm).find([SUBSCRIPTION])

    assert found.may_have_admin_rules(SUBSCRIPTION)
    assert [vm.subscription_id for vm in found.classic] == [SUBSCRIPTION]
    around, networks = arm.sent
    assert "subscriptions" not in around.body
    assert networks.body["subscriptions"] == [SUBSCRIPTION]


@pytest.mark.parametrize("status", [403, 404])
def test_lists_are_read_where_resource_graph_is_shut(status: int) -> None:
    lists = f"/subscriptions/{SUBSCRIPTION}/providers"
    arm = RecordingArm(
        {
            GRAPH: AzureRefused("POST", status, "Shut", ""),
            f"{lists}/Microsoft.ClassicCompute/virtualMachines": [classic(SUBSCRIPTION)],
            f"{lists}/Microsoft.Network/azureFirewalls": AzureRefused("GET", 404, "InvalidResourceType", ""),
            f"{lists}/Microsoft.Network/networkManagers": FORBIDDEN,
        }
    )
    warnings: list[str] = []
    found = ArmSurroundings(arm, warnings.append).find([SUBSCRIPTION])

    assert len(found.classic) == 1
    (warning,) = warnings
    assert "network managers can't be told" in warning
    assert found.may_have_admin_rules(SUBSCRIPTION)
    assert not found.may_have_admin_rules(OTHER_SUBSCRIPTION)
    assert not found.may_forward(SUBSCRIPTION, [])


def test_networks_and_firewalls_that_may_not_be_listed_are_in_doubt() -> None:
    lists = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Network"
    subnet = (
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v/subnets/s"
    )
    kinds = ("azureFirewalls", "virtualNetworks", "routeTables")
    arm = RecordingArm({f"{lists}/{kind}": FORBIDDEN for kind in kinds})
    warnings: list[str] = []
    found = ArmSurroundings(arm, warnings.append).find([SUBSCRIPTION], ask_graph=False)

    assert found.may_forward(SUBSCRIPTION, [subnet])
    assert not found.networks.knows_routes(subnet)
    assert [text.partition(" can't")[0] for text in warnings] == [
        "firewalls and network managers",
        "routes of networks",
    ]


def test_other_refusals_are_errors() -> None:
    with pytest.raises(AzureRefused):
        ArmSurroundings(RecordingArm({GRAPH: AzureRefused("POST", 429, "RateLimiting", "")})).find([SUBSCRIPTION])


@pytest.mark.parametrize("ask_graph", [True, False])
def test_assessments_are_read_by_query_and_by_list(ask_graph: bool) -> None:
    found = ArmSurroundings(CloudArm(Cloud("demo"))).assessments([PRODUCTION, WORKPLACE], ask_graph=ask_graph)
    words = {vm.name.lower(): one.status for vm, one in found.items()}
    assert len(words) == 13
    assert words["jump-01"] == "Healthy"
    assert words["legacy-01"] == "NotApplicable"


def test_other_assessments_are_passed_over() -> None:
    def written(name: str) -> dict[str, Any]:
        vm = f"{vm_id()}/providers/Microsoft.Security/assessments/{name}"
        return {"id": vm, "name": name, "properties": {"status": {"code": "Healthy"}}}

    path = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Security/assessments"
    arm = RecordingArm({path: [written("another"), written(ASSESSMENT)]})
    assert len(ArmSurroundings(arm).assessments([SUBSCRIPTION], ask_graph=False)) == 1


class Waiting(CloudArm):
    """Answers that it will answer, with whatever headers."""

    def __init__(self, cloud: Cloud, **headers: str) -> None:
        super().__init__(cloud)
        self._headers = headers

    def _exchange(self, method: str, url: str, **options: Any) -> Any:
        answer = super()._exchange(method, url, **options)
        return type(answer)(answer.status, self._headers, answer.document)


def nic(cloud: Cloud) -> str:
    return str(cloud.world.subscriptions[PRODUCTION].groups["rg-web"].vms["web-02"].nics[0].id)


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({}, "doesn't say where"),
        ({"Location": "https://elsewhere.example/operation"}, "lies outside"),
    ],
)
def test_an_answer_to_come_is_looked_for_in_this_cloud_only(headers: dict[str, str], said: str) -> None:
    cloud = Cloud("demo", network_operation="10s")
    answer = ArmEffectiveRules(Waiting(cloud, **headers)).read(nic(cloud), lambda seconds: True)
    assert isinstance(answer, ReplyLost)
    assert said in str(answer)


@pytest.mark.parametrize(("header", "pause"), [("7", 7.0), ("soon", 2.0)])
def test_azure_says_how_long_to_wait(header: str, pause: float) -> None:
    cloud = Cloud("demo", network_operation="10s")
    pauses: list[float] = []
    wait: Callable[[float], bool] = lambda seconds: pauses.append(seconds) or False  # type: ignore[func-returns-value]  # noqa: E731
    location = {"Location": f"{CloudArm(cloud)._base_url}/x", "Retry-After": header}
    ArmEffectiveRules(Waiting(cloud, **location)).read(nic(cloud), wait)
    assert pauses == [pause]


class Leading(CloudArm):
    """Says that a list goes on at another host."""

    def _page(self, url: str) -> Any:
        yield from ()
        return {"nextLink": "https://elsewhere.example/subscriptions?$skiptoken=1"}


def test_a_lists_next_page_is_looked_for_in_this_cloud_only() -> None:
    with pytest.raises(ReplyLost, match="lies outside"):
        list(Leading(Cloud("demo")).items("/subscriptions", "2022-12-01"))
