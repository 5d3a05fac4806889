# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What just-in-time access refuses, and in which words."""

from __future__ import annotations

from typing import Any

import pytest
from cloud import Cloud, JitPolicyClient, rule, wish
from demo_fleet import IDS, PRODUCTION, WORKPLACE

VM = IDS["vdi-win-01"]


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


@pytest.fixture
def policy(cloud: Cloud) -> JitPolicyClient:
    """A policy that covers one VM: 3389 from a private network for an hour, 22 from anywhere for three."""
    client = JitPolicyClient(cloud, WORKPLACE, "rg-vdi", "westeurope")
    reply = client.put({"id": VM, "ports": [rule(3389, "10.0.0.0/8", "PT1H"), rule(22)]})
    assert reply.status == 200
    return client


def ask(policy: JitPolicyClient, *ports: dict[str, Any], vm: str = VM) -> tuple[int, str]:
    """Ask for ports and return status and error code."""
    reply = policy.initiate({"id": vm, "ports": list(ports)})
    return reply.status, reply.body.get("error", {}).get("code", "")


REFUSED = (400, "InvalidInitiateInput")


@pytest.mark.parametrize("source", ["10.1.2.3", "10.0.0.0/8", "10.255.0.0/16", ["10.0.0.1", "10.0.0.2/32"]])
def test_sources_within_the_policy_are_allowed(policy: JitPolicyClient, source: str | list[str]) -> None:
    assert ask(policy, wish(3389, source))[0] == 202


@pytest.mark.parametrize("source", ["11.0.0.1", "*", "0.0.0.0/0", "10.0.0.0/7", ["10.0.0.1", "11.0.0.1"], None])
def test_sources_beyond_the_policy_are_refused(policy: JitPolicyClient, source: str | list[str] | None) -> None:
    """The caller's own address, when the source is omitted, is held against the rule too."""
    assert ask(policy, wish(3389, source)) == REFUSED


def test_the_subset_message_is_the_reported_one(policy: JitPolicyClient) -> None:
    """[issue: azure-docs 53026]"""
    reply = policy.initiate({"id": VM, "ports": [wish(3389, "11.0.0.1")]})
    assert reply.body["error"]["message"] == (
        f"The given access request is not a subset of policy '{policy.path}'. Please make sure that the access "
        "request is within the allowed policy properties."
    )


@pytest.mark.parametrize(("counts", "status"), [(True, 202), (False, 400)])
def test_one_address_inside_a_range_counts_or_not(counts: bool, status: int) -> None:
    """Disputed [issue: azure-docs 53026]."""
    client = JitPolicyClient(Cloud(single_address_in_cidr=counts), WORKPLACE, "rg-vdi", "westeurope")
    client.put({"id": VM, "ports": [rule(3389, "10.0.0.0/8")]})
    assert ask(client, wish(3389, "10.1.2.3"))[0] == status


def test_durations_up_to_the_maximum_are_allowed(policy: JitPolicyClient) -> None:
    assert ask(policy, wish(3389, "10.0.0.1", duration="PT1H"))[0] == 202
    assert ask(policy, wish(3389, "10.0.0.1", duration="PT1H1S")) == REFUSED
    assert ask(policy, wish(3389, "10.0.0.1", endTimeUtc="2026-01-05T09:00:00.1234567Z"))[0] == 202
    assert ask(policy, wish(3389, "10.0.0.1", endTimeUtc="2026-01-05T09:00:00.1234568Z")) == REFUSED


def test_an_end_in_the_past_is_refused(policy: JitPolicyClient) -> None:
    assert ask(policy, wish(22, "10.0.0.1", endTimeUtc="2026-01-05T08:00:00Z")) == REFUSED


@pytest.mark.parametrize("end", [{}, {"duration": "PT1H", "endTimeUtc": "2026-01-05T08:30:00Z"}])
def test_either_end_or_duration(policy: JitPolicyClient, end: dict[str, str]) -> None:
    """[issue: azure-rest-api-specs 43491]"""
    port = {"number": 22, "allowedSourceAddressPrefix": "10.0.0.1", **end}
    reply = policy.initiate({"id": VM, "ports": [port]})
    assert reply.status == 400
    assert reply.body["error"] == {
        "code": "InvalidInitiateInput",
        "message": "Only one of fields 'EndTimeUtc' and 'Duration' can be set.",
    }


def test_the_body_is_checked_before_the_policy_is_looked_up(cloud: Cloud) -> None:
    """[issue: azure-rest-api-specs 43491]"""
    client = JitPolicyClient(cloud, WORKPLACE, "rg-vdi", "westeurope", "nosuch")
    assert ask(client, {"number": 22}) == REFUSED
    assert ask(client, wish(22)) == (404, "PolicyNotFound")


@pytest.mark.parametrize("duration", ["1h", "PT", "P1M", "", "3600", f"PT{'9' * 400}S"])
def test_durations_are_iso_8601(policy: JitPolicyClient, duration: str) -> None:
    assert ask(policy, wish(22, duration=duration)) == REFUSED


def test_ports_and_vms_outside_the_policy_are_refused(policy: JitPolicyClient) -> None:
    assert ask(policy, wish(5985)) == REFUSED
    assert ask(policy, wish(22), vm=IDS["vdi-win-02"]) == REFUSED


@pytest.mark.parametrize("source", ["nonsense", "300.1.1.1", "10.0.0.0/33", "Internet"])
def test_sources_are_addresses(policy: JitPolicyClient, source: str) -> None:
    assert ask(policy, wish(22, source)) == REFUSED


def put(cloud: Cloud, *entries: dict[str, Any], name: str = "default") -> tuple[int, str]:
    """Put a policy and return status and error code."""
    reply = JitPolicyClient(cloud, WORKPLACE, "rg-vdi", "westeurope", name).put(*entries)
    return reply.status, reply.body.get("error", {}).get("code", "")


def test_a_deleted_vm_breaks_every_later_put(cloud: Cloud) -> None:
    """[issue: azure-docs 11987]"""
    client = JitPolicyClient(cloud, WORKPLACE, "rg-vdi", "westeurope")
    entries = [{"id": IDS[name], "ports": [rule(22)]} for name in ("vdi-win-01", "vdi-win-02")]
    assert client.put(*entries).status == 200
    assert cloud.call("DELETE", f"{VM}?api-version=2024-07-01").status == 202
    cloud.advance(0)
    assert len(client.properties()["virtualMachines"]) == 2, "it stays in the policy"
    assert put(cloud, *entries) == (404, "ResourceNotFound")
    assert put(cloud, entries[1]) == (200, "")


def test_a_vm_twice_is_refused(cloud: Cloud) -> None:
    """[issue]"""
    entry = {"id": VM, "ports": [rule(22)]}
    assert put(cloud, entry, entry | {"id": VM.upper()})[0] == 400


def test_names_have_at_most_56_characters_together(cloud: Cloud) -> None:
    """[docs]"""
    entry = {"id": VM, "ports": [rule(22)]}
    assert put(cloud, entry, name="p" * (56 - len("vdi-win-01"))) == (200, "")
    assert put(cloud, entry, name="p" * (57 - len("vdi-win-01")))[0] == 400


@pytest.mark.parametrize(
    "vm_id", ["nonsense", f"/subscriptions/{VM}", "/subscriptions/00000000-0000-0000-0000-000000000000" + VM[51:]]
)
def test_an_id_that_leads_nowhere_is_a_linked_authorization_failure(cloud: Cloud, vm_id: str) -> None:
    """[issue: azapi 177]"""
    assert put(cloud, {"id": vm_id, "ports": [rule(22)]}) == (403, "LinkedAuthorizationFailed")


def test_a_bad_protocol_is_an_opaque_error(cloud: Cloud) -> None:
    """[issue: azure-docs 52013]"""
    assert put(cloud, {"id": VM, "ports": [rule(22, protocol="tcp")]}) == (500, "InternalServerError")


@pytest.mark.parametrize(("longest", "status"), [("PT5M", 200), ("PT4M59S", 400), ("P1D", 200), ("PT24H1S", 400)])
def test_maximum_durations_lie_between_five_minutes_and_a_day(cloud: Cloud, longest: str, status: int) -> None:
    """[spec]"""
    assert put(cloud, {"id": VM, "ports": [rule(22, longest=longest)]})[0] == status


@pytest.mark.parametrize(
    ("number", "status"), [(0, 200), (65535, 200), (65536, 400), (-1, 400), ("22", 200), ("x", 400)]
)
def test_port_numbers(cloud: Cloud, number: Any, status: int) -> None:
    """[spec]; texts are taken [issue: azurerm 3661]"""
    assert put(cloud, {"id": VM, "ports": [rule(number)]})[0] == status


def test_singular_and_plural_sources_exclude_each_other(cloud: Cloud) -> None:
    """[spec]"""
    both = rule(22, ["10.0.0.1"]) | {"allowedSourceAddressPrefix": "10.0.0.2"}
    assert put(cloud, {"id": VM, "ports": [both]})[0] == 400


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/subscriptions/{sub}/resourceGroups/rg-vdi", 404, "PolicyNotFound"),
        ("/subscriptions/{sub}/resourceGroups/nosuch", 404, "ResourceGroupNotFound"),
        ("/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg-vdi", 404, "SubscriptionNotFound"),
        ("/subscriptions/nosuch/resourceGroups/rg-vdi", 400, "InvalidSubscriptionId"),
    ],
)
def test_what_is_not_there_is_named(cloud: Cloud, path: str, status: int, code: str) -> None:
    policy = "providers/Microsoft.Security/locations/westeurope/jitNetworkAccessPolicies/default"
    reply = cloud.call("GET", f"{path.format(sub=WORKPLACE)}/{policy}?api-version=2020-01-01")
    assert (reply.status, reply.body["error"]["code"]) == (status, code)


def test_api_versions(cloud: Cloud) -> None:
    path = f"/subscriptions/{PRODUCTION}/providers/Microsoft.Security/jitNetworkAccessPolicies"
    assert cloud.call("GET", path).body["error"]["code"] == "MissingApiVersionParameter"
    reply = cloud.call("GET", f"{path}?api-version=2022-01-01-preview")
    assert (reply.status, reply.body["error"]["code"]) == (400, "NoRegisteredProviderFound")
