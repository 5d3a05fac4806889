# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of policies and requests: states move by themselves."""

from __future__ import annotations

from typing import Any

import pytest
from cloud import Cloud, rule, wish
from demo_fleet import WORKPLACE
from jit_story import OTHER, VM, covered, jit_rules, opened, policy


def test_put_answers_updating_without_requests() -> None:
    """[rec: SetResourceGroupLevelResource.2022]"""
    reply = policy(Cloud(provisioning="2s")).put(covered())
    assert reply.status == 200
    properties = reply.body["properties"]
    assert properties["provisioningState"] == "Updating"
    assert properties["requests"] == []
    assert properties["appendMode"] is False


def test_updating_lasts_for_the_provisioning_time() -> None:
    cloud = Cloud(provisioning="2s")
    client = policy(cloud)
    client.put(covered())
    cloud.advance(1.9)
    assert client.properties()["provisioningState"] == "Updating"
    cloud.advance(0.2)
    assert client.properties()["provisioningState"] == "Succeeded"


def test_updating_grows_with_vms_if_asked() -> None:
    cloud = Cloud(provisioning="2s", provisioning_per_vm="1s")
    client = policy(cloud)
    client.put(covered(), covered(vm=OTHER))
    cloud.advance(3.9)
    assert client.properties()["provisioningState"] == "Updating"
    cloud.advance(0.2)
    assert client.properties()["provisioningState"] == "Succeeded"


def test_put_replaces_the_whole_vm_list() -> None:
    """[docs][issue: azure-docs 36343]"""
    client = policy(Cloud())
    client.put(covered())
    client.put(covered(vm=OTHER))
    assert [entry["id"] for entry in client.properties()["virtualMachines"]] == [OTHER]


def test_grants_survive_an_identical_put_but_are_hidden_for_a_second() -> None:
    """[rec: GetSubscriptionScope.2023]"""
    cloud = Cloud(provisioning="3s")
    client = opened(cloud)
    client.put(covered())
    assert client.properties()["requests"] == []
    cloud.advance(1)
    assert client.states() == [(3389, "Initiated", "UserRequested")]


def test_initiate_is_initiating_then_initiated_then_expired() -> None:
    """[rec: StartResourceGroupLevelResource.2022]"""
    cloud = Cloud(provisioning="2s")
    client = policy(cloud)
    client.put(covered())
    cloud.advance(2)
    reply = client.initiate({"id": VM, "ports": [wish(3389)]})
    assert reply.status == 202
    assert "Location" not in reply.headers
    assert reply.body["virtualMachines"][0]["ports"][0]["status"] == "Initiating"
    cloud.advance(1.9)
    assert client.states() == [(3389, "Initiating", "UserRequested")]
    cloud.advance(0.2)
    assert client.states() == [(3389, "Initiated", "UserRequested")]
    cloud.advance(3596)
    assert client.states() == [(3389, "Initiated", "UserRequested")]
    cloud.advance(3)
    assert client.states() == [(3389, "Revoked", "Expired")]


def test_removal_from_the_policy_revokes() -> None:
    """[inf, from the history in test_security_jit_policy.2021]"""
    cloud = Cloud(provisioning="2s")
    client = opened(cloud)
    client.put(covered(vm=OTHER))
    cloud.advance(2)
    assert client.states() == [(3389, "Revoked", "UserManuallyRevoked")]
    assert [item["access"] for item in jit_rules(cloud)] == ["Deny"]


def test_a_vm_that_comes_back_before_the_policy_has_settled_keeps_its_grants() -> None:
    cloud = Cloud(provisioning="2s")
    client = opened(cloud)
    client.put(covered(vm=OTHER))
    client.put(covered())
    cloud.advance(2)
    assert client.states() == [(3389, "Initiated", "UserRequested")]


def test_overlapping_grants_add_up() -> None:
    """[rec: test_security_jit_policy.2021]"""
    cloud = Cloud()
    client = opened(cloud)
    client.initiate({"id": VM, "ports": [wish(3389, duration="PT2H")]})
    cloud.advance(3600)
    assert [status for _, status, _ in client.states()] == ["Revoked", "Initiated"]
    assert [item["access"] for item in jit_rules(cloud)] == ["Allow", "Deny"]


@pytest.mark.parametrize(("revokes", "status"), [(False, "Initiated"), (True, "Revoked")])
def test_an_edit_of_ports_revokes_or_not(revokes: bool, status: str) -> None:
    """Unknown in Azure: both are possible [inf]."""
    cloud = Cloud(port_edit_revokes=revokes)
    client = opened(cloud)
    client.put(covered(rule(3389), rule(5986)))
    cloud.advance(5)
    assert client.states()[0][1] == status


@pytest.mark.parametrize(("supersedes", "first"), [(False, "Initiated"), (True, "Revoked")])
def test_a_later_request_supersedes_or_not(supersedes: bool, first: str) -> None:
    """Unknown in Azure for shorter ones: both are possible [spec: NewerRequestInitiated][inf]."""
    cloud = Cloud(newer_request_supersedes=supersedes)
    client = opened(cloud)
    client.initiate({"id": VM, "ports": [wish(3389, duration="PT5M")]})
    cloud.advance(5)
    assert [status for _, status, _ in client.states()] == [first, "Initiated"]
    if supersedes:
        assert client.states()[0][2] == "NewerRequestInitiated"


def test_a_new_policy_is_hidden_for_a_while_if_asked() -> None:
    """[issue: azapi 697]"""
    cloud = Cloud(hidden_after_create="5s")
    client = policy(cloud)
    assert client.put(covered()).status == 200
    reply = client.get()
    assert (reply.status, reply.body["error"]["code"]) == (404, "PolicyNotFound")
    assert client.initiate({"id": VM, "ports": [wish(3389)]}).status == 404
    cloud.advance(5)
    assert client.get().status == 200


def test_the_source_is_the_caller_when_omitted() -> None:
    """[spec]"""
    client = policy(Cloud())
    client.put(covered())
    reply = client.initiate({"id": VM, "ports": [wish(3389, source=None)]})
    assert reply.body["virtualMachines"][0]["ports"][0]["allowedSourceAddressPrefix"] == "127.0.0.1"


def test_plural_sources_are_taken_and_shown() -> None:
    """[issue: azure-rest-api-specs 32158]"""
    cloud = Cloud()
    client = policy(cloud)
    client.put(covered())
    cloud.advance(0)
    reply = client.initiate({"id": VM, "ports": [wish(3389, source=["192.0.2.1", "198.51.100.0/24"])]})
    port = reply.body["virtualMachines"][0]["ports"][0]
    assert port["allowedSourceAddressPrefixes"] == ["192.0.2.1", "198.51.100.0/24"]
    assert "allowedSourceAddressPrefix" not in port
    cloud.advance(0)
    assert jit_rules(cloud)[0]["sourceAddressPrefixes"] == ["192.0.2.1", "198.51.100.0/24"]


def test_times_have_seven_decimals_and_agree() -> None:
    """[rec: the 202's start equals the list's to the digit]"""
    cloud = Cloud()
    client = policy(cloud)
    client.put(covered())
    reply = client.initiate({"id": VM, "ports": [wish(3389)]}, justification="patching")
    assert reply.body["startTimeUtc"] == "2026-01-05T08:00:00.1234567Z"
    assert reply.body["virtualMachines"][0]["ports"][0]["endTimeUtc"] == "2026-01-05T09:00:00.1234567Z"
    cloud.advance(2)
    (listed,) = client.properties()["requests"]
    assert listed["startTimeUtc"] == reply.body["startTimeUtc"]
    assert listed["justification"] == "patching"
    assert listed["requestor"] == ""


@pytest.mark.parametrize("unordered", [True, False])
def test_requests_come_in_no_order(unordered: bool) -> None:
    """[rec: test_security_jit_policy.2021]"""
    cloud = Cloud(unordered_requests=unordered)
    client = policy(cloud)
    client.put(covered())
    for _ in range(8):
        cloud.advance(60)
        client.initiate({"id": VM, "ports": [wish(3389)]})
    starts = [request["startTimeUtc"] for request in client.properties()["requests"]]
    assert (starts != sorted(starts)) is unordered
    assert starts == [request["startTimeUtc"] for request in client.properties()["requests"]], (
        "but in the same one"
    )


def test_unknown_fields_of_an_entry_are_kept() -> None:
    client = policy(Cloud())
    client.put(covered() | {"publicIpAddress": "192.0.2.9", "novelty": {"a": 1}})
    (entry,) = client.properties()["virtualMachines"]
    assert entry["publicIpAddress"] == "192.0.2.9"
    assert entry["novelty"] == {"a": 1}


def test_wide_lists_tell_of_their_backends(cloud_lists: dict[str, Any]) -> None:
    """[rec: GetSubscriptionScope.2023, GetResourceGroupScope.2019]; regional lists are answered by one."""
    assert {name: "x-ms-original-request-ids" in headers for name, headers in cloud_lists.items()} == {
        "subscription": True,
        "group": True,
        "region": False,
        "group and region": False,
    }


@pytest.fixture
def cloud_lists() -> dict[str, Any]:
    """Return the headers of the four lists."""
    cloud = Cloud()
    subscription, group = f"/subscriptions/{WORKPLACE}", f"/subscriptions/{WORKPLACE}/resourceGroups/rg-vdi"
    region = "/locations/westeurope"
    paths = {
        "subscription": (subscription, ""),
        "group": (group, ""),
        "region": (subscription, region),
        "group and region": (group, region),
    }
    return {
        name: cloud.call(
            "GET", f"{scope}/providers/Microsoft.Security{part}/jitNetworkAccessPolicies?api-version=2020-01-01"
        ).headers
        for name, (scope, part) in paths.items()
    }


def test_the_requestor_can_be_told() -> None:
    """Empty in all recordings made by automation [rec]; whether always is unknown [inf]."""
    client = policy(Cloud(requestor="operator"))
    client.put(covered())
    reply = client.initiate({"id": VM, "ports": [wish(3389)]})
    assert reply.body["requestor"] == "operator"


def test_as_many_backends_as_told() -> None:
    cloud = Cloud(fan_out=5)
    path = (
        f"/subscriptions/{WORKPLACE}/providers/Microsoft.Security/jitNetworkAccessPolicies?api-version=2020-01-01"
    )
    assert len(cloud.call("GET", path).headers["x-ms-original-request-ids"]) == 5
