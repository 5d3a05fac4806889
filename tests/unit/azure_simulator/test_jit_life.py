# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of policies and requests: states move by themselves, rules appear and vanish."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from azure_simulator.network.view import EffectiveReachability
from cloud import Cloud, JitPolicyClient, rule, wish
from demo_fleet import IDS, PRODUCTION, WORKPLACE

VM = IDS["vdi-win-01"]
OTHER = IDS["vdi-win-02"]


def policy(cloud: Cloud) -> JitPolicyClient:
    return JitPolicyClient(cloud, WORKPLACE, "rg-vdi", "westeurope")


def covered(*ports: dict[str, Any], vm: str = VM) -> dict[str, Any]:
    return {"id": vm, "ports": list(ports) or [rule(3389)]}


def jit_rules(cloud: Cloud, group: str = "nsg-vdi") -> list[dict[str, Any]]:
    """Return what just-in-time access wrote into a security group, by priority."""
    nsg = cloud.world.group(WORKPLACE, "rg-vdi").nsgs[group]
    written = [rule for rule in nsg.rules.values() if "JITRule" in rule.name]
    return sorted(
        ({"name": item.name, **item.properties} for item in written), key=lambda item: int(item["priority"])
    )


def opened(cloud: Cloud, **end: str) -> JitPolicyClient:
    """Return a policy with one open grant."""
    client = policy(cloud)
    client.put(covered())
    cloud.advance(5)
    assert client.initiate({"id": VM, "ports": [wish(3389, **end)]}).status == 202
    cloud.advance(5)
    assert client.states()[-1] == (3389, "Initiated", "UserRequested")
    return client


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


def test_the_standing_deny_appears_when_the_policy_has_settled_and_goes_with_it() -> None:
    cloud = Cloud(provisioning="2s")
    client = policy(cloud)
    client.put(covered(rule(3389), rule(5986)))
    assert jit_rules(cloud) == []
    cloud.advance(2)
    (deny,) = jit_rules(cloud)
    assert deny["name"].startswith("MicrosoftDefenderForCloud-JITRule_")
    assert (deny["access"], deny["priority"], deny["direction"]) == ("Deny", 4096, "Inbound")
    assert (deny["sourceAddressPrefix"], deny["destinationAddressPrefix"]) == ("*", "10.11.1.4")
    assert deny["destinationPortRanges"] == ["3389", "5986"]
    assert client.delete().status == 200
    assert jit_rules(cloud) == []
    assert client.delete().status == 204


def test_denies_of_several_vms_have_priorities_of_their_own() -> None:
    cloud = Cloud()
    policy(cloud).put(covered(), covered(vm=OTHER))
    cloud.advance(0)
    assert [item["priority"] for item in jit_rules(cloud)] == [4095, 4096]


def test_the_grant_rule_lasts_from_initiated_to_the_end() -> None:
    cloud = Cloud(provisioning="2s")
    client = opened(cloud)
    grant, _ = jit_rules(cloud)
    assert grant["name"].startswith("MicrosoftDefenderForCloud-JITRule-")
    assert (grant["access"], grant["priority"], grant["destinationPortRange"]) == ("Allow", 100, "3389")
    assert (grant["sourceAddressPrefix"], grant["destinationAddressPrefix"]) == ("127.0.0.1", "10.11.1.4")
    assert grant["description"] == "MDC JIT Network Access rule for policy 'default' of VM 'vdi-win-01'."
    cloud.advance(3600)
    assert [item["access"] for item in jit_rules(cloud)] == ["Deny"]
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


@pytest.mark.parametrize(("grants", "count"), [("per_port", 2), ("per_vm", 1)])
def test_one_grant_rule_for_each_port_or_for_all(grants: str, count: int) -> None:
    cloud = Cloud(grant_rules=grants)
    client = policy(cloud)
    client.put(covered(rule(3389), rule(5986)))
    cloud.advance(0)
    client.initiate({"id": VM, "ports": [wish(3389), wish(5986)]})
    cloud.advance(0)
    allows = [item for item in jit_rules(cloud) if item["access"] == "Allow"]
    assert len(allows) == count
    assert client.states() == [(3389, "Initiated", "UserRequested"), (5986, "Initiated", "UserRequested")]


@pytest.mark.parametrize(("denies", "count"), [("per_vm", 1), ("per_port", 2)])
def test_one_deny_for_a_vm_or_for_each_port(denies: str, count: int) -> None:
    """Both have been seen [docs]."""
    cloud = Cloud(deny_rules=denies)
    policy(cloud).put(covered(rule(3389), rule(5986)))
    cloud.advance(0)
    assert len(jit_rules(cloud)) == count


@pytest.mark.parametrize(("equal", "count"), [("separate", 2), ("merged", 1)])
def test_equal_grants_have_a_rule_each_or_share_one(equal: str, count: int) -> None:
    cloud = Cloud(equal_grants=equal)
    client = opened(cloud)
    client.initiate({"id": VM, "ports": [wish(3389, duration="PT2H")]})
    cloud.advance(5)
    assert [item["access"] for item in jit_rules(cloud)] == ["Allow"] * count + ["Deny"]
    cloud.advance(3600)
    assert [item["access"] for item in jit_rules(cloud)] == ["Allow", "Deny"], "the longer grant is still open"
    cloud.advance(3600)
    assert [item["access"] for item in jit_rules(cloud)] == ["Deny"]


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


def test_a_full_security_group_keeps_the_grant_initiating() -> None:
    """A request can fail after its 202 without any HTTP error [issue]; how it then looks is a guess [inf]."""
    cloud = Cloud()
    client = opened(cloud)
    cloud.control("PATCH", "behaviour", {"rules_per_nsg": len(jit_rules(cloud))})
    client.initiate({"id": VM, "ports": [wish(3389)]})
    cloud.advance(10)
    assert client.states()[1] == (3389, "Initiating", "UserRequested")
    cloud.advance(3600)
    assert client.states()[1] == (3389, "Revoked", "Expired")


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


def test_a_deleted_rule_closes_while_the_grant_stays_initiated() -> None:
    """[inf] What the service thinks of a rule that somebody deleted is unknown."""
    cloud = Cloud()
    client = opened(cloud)
    name = jit_rules(cloud)[0]["name"]
    group = f"/subscriptions/{WORKPLACE}/resourceGroups/rg-vdi"
    path = f"{group}/providers/Microsoft.Network/networkSecurityGroups/nsg-vdi"
    reply = cloud.call("DELETE", f"{path}/securityRules/{name}?api-version=2023-11-01")
    assert reply.status == 202
    cloud.advance(0)
    assert [item["access"] for item in jit_rules(cloud)] == ["Deny"]
    assert client.states() == [(3389, "Initiated", "UserRequested")]


def test_unknown_fields_of_an_entry_are_kept() -> None:
    client = policy(Cloud())
    client.put(covered() | {"publicIpAddress": "192.0.2.9", "novelty": {"a": 1}})
    (entry,) = client.properties()["virtualMachines"]
    assert entry["publicIpAddress"] == "192.0.2.9"
    assert entry["novelty"] == {"a": 1}


def test_a_deny_below_an_older_allow_leaves_the_port_open() -> None:
    """[issue: azure-docs 122814, 103634]; a deny at 1000, as seen too, doesn't help below 310."""
    for start in (4096, 1000):
        cloud = Cloud(deny_priority=start)
        client = JitPolicyClient(cloud, PRODUCTION, "rg-web", "westeurope", "web")
        assert client.put(covered(rule(22), vm=IDS["web-02"])).status == 200
        cloud.advance(0)
        rules = cloud.world.group(PRODUCTION, "rg-web").nsgs["nsg-web-02"].inbound()
        assert [(item.priority, item.allows) for item in rules] == [(300, True), (310, True), (start, False)]
        assert EffectiveReachability(cloud.world).admits("127.21.1.2", 22, "127.0.0.1")


TWO_LAYERS = """
subscriptions:
  - name: Contoso Workplace
    id: 5b1f6f0e-3c5a-4d0f-9a53-2f1e7c0d1a01
    groups:
      - name: rg-vdi
        location: westeurope
        security_groups: [{name: outer}, {name: inner LOCK}]
        networks:
          - {name: n, address_space: 10.1.0.0/16, subnets: [{name: s, prefix: 10.1.1.0/24, security_group: outer}]}
        vms: [{name: vdi-win-01, os: windows, public_ip: 127.8.0.1, security_group: inner}]
"""


def two_layers(folder: Path, lock: str = "", **behaviour: str) -> tuple[Cloud, JitPolicyClient]:
    """Return a cloud with one VM behind a security group on the subnet and one on the interface."""
    path = folder / "two.yml"
    path.write_text(TWO_LAYERS.replace(" LOCK", lock))
    cloud = Cloud(str(path), **behaviour)
    client = policy(cloud)
    client.put(covered())
    cloud.advance(0)
    client.initiate({"id": VM, "ports": [wish(3389)]})
    cloud.advance(0)
    return cloud, client


@pytest.mark.parametrize(
    ("where", "outer", "inner", "opens"), [("both", 2, 2, True), ("nic", 0, 2, False), ("subnet", 2, 0, False)]
)
def test_rules_in_one_or_both_security_groups(
    tmp_path: Path, where: str, outer: int, inner: int, opens: bool
) -> None:
    """Unknown in Azure [inf]: where it writes to one alone, the other keeps the port closed."""
    cloud, _ = two_layers(tmp_path, rules_in=where)
    assert (len(jit_rules(cloud, "outer")), len(jit_rules(cloud, "inner"))) == (outer, inner)
    assert EffectiveReachability(cloud.world).admits("127.8.0.1", 3389, "127.0.0.1") is opens


def test_a_locked_security_group_fails_silently(tmp_path: Path) -> None:
    """The 202 proves nothing [issue]; the grant stays `Initiating` and leaves no half of its rules [inf]."""
    cloud, client = two_layers(tmp_path, lock=", locked: true")
    assert client.states() == [(3389, "Initiating", "UserRequested")]
    assert jit_rules(cloud, "inner") == []
    assert [item["access"] for item in jit_rules(cloud, "outer")] == ["Deny"]
    group = f"/subscriptions/{WORKPLACE}/resourceGroups/rg-vdi"
    path = (
        f"{group}/providers/Microsoft.Network/networkSecurityGroups/inner/securityRules/x?api-version=2023-11-01"
    )
    reply = cloud.call("PUT", path, {"properties": {}})
    assert (reply.status, reply.body["error"]["code"]) == (409, "ScopeLocked")


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
