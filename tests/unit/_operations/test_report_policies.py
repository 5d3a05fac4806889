# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reporting policies: which lists are read, what is told of each policy."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import AzureRefused
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ids import PolicyId
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.read_fleet import Scope
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.report_policies import (
    Wanted,
    report_policies,
)
from fleet_rows import vm_row
from memory_azure import MemoryAzure, raising, refused
from memory_fleet import MemoryFleet
from samples import HOUR, OTHER_SUBSCRIPTION, SUBSCRIPTION, entry, policy_id, port, vm_id

HERE = Scope((SUBSCRIPTION,))


@pytest.fixture
def azure() -> MemoryAzure:
    return MemoryAzure()


def report(
    azure: MemoryAzure,
    scope: Scope = HERE,
    fleet: MemoryFleet | None = None,
    warnings: list[str] | None = None,
    **wanted: Any,
) -> dict[str, Any]:
    warn = (warnings if warnings is not None else []).append
    return report_policies(Wanted(scope, **wanted), fleet or MemoryFleet(), azure, azure, azure.clock.now(), warn)


def ids(reported: dict[str, Any]) -> list[PolicyId | None]:
    return [PolicyId.find_in(policy["id"]) for policy in reported["policies"]]


def lists(azure: MemoryAzure) -> list[str]:
    return [call.target for call in azure.calls if call.verb == "list"]


def test_a_policy_is_told_with_vms_ports_and_open_windows(azure: MemoryAzure) -> None:
    vm = vm_id()
    azure.hold(
        policy_id(),
        entry(vm, port(22, "tcp", hours=1), port(3389, source="10.0.0.7/32"), publicIpAddress="198.51.100.4"),
    )
    azure.grant(policy_id(), vm, 22, justification="CHG-1", lasts=HOUR)
    azure.clock.sleep(600)
    reported = report(azure)
    assert reported["summary"] == {"policies": 1, "vms": 1, "open": 1}
    (policy,) = reported["policies"]
    assert PolicyId.find_in(policy.pop("id")) == policy_id()
    assert policy == {
        "name": "default",
        "subscription_id": SUBSCRIPTION,
        "resource_group": "Rg-Desktops",
        "location": "westeurope",
        "provisioning_state": "Succeeded",
        "vms": [
            {
                "id": str(vm),
                "name": "vm-1",
                "ports": [
                    {"port": 22, "protocol": "tcp", "sources": ["any"], "max_duration": "1h"},
                    {"port": 3389, "protocol": "any", "sources": ["10.0.0.7"], "max_duration": "3h"},
                ],
                "open": [
                    {
                        "port": 22,
                        "sources": ["203.0.113.7"],
                        "state": "initiated",
                        "end_time": "2026-03-02T13:00:00Z",
                        "remaining_seconds": 3000,
                        "requestor": "",
                        "justification": "CHG-1",
                    }
                ],
                "public_ip_address": "198.51.100.4",
            }
        ],
    }


def test_an_ended_window_is_not_open(azure: MemoryAzure) -> None:
    azure.hold(policy_id(), entry(vm_id(), port(22)))
    azure.grant(policy_id(), vm_id(), 22, lasts=HOUR)
    azure.clock.sleep(3601)
    reported = report(azure)
    assert reported["policies"][0]["vms"][0]["open"] == []
    assert reported["summary"]["open"] == 0


def test_one_list_is_read_of_each_subscription(azure: MemoryAzure) -> None:
    fleet = MemoryFleet(subscriptions=[SUBSCRIPTION, OTHER_SUBSCRIPTION])
    azure.hold(policy_id(subscription=OTHER_SUBSCRIPTION), entry(vm_id(subscription=OTHER_SUBSCRIPTION)))
    azure.hold(policy_id(), entry(vm_id()))
    assert ids(report(azure, Scope(), fleet)) == [policy_id(), policy_id(subscription=OTHER_SUBSCRIPTION)]
    assert lists(azure) == [SUBSCRIPTION, OTHER_SUBSCRIPTION]


def test_one_list_is_read_of_each_group_where_groups_are_named(azure: MemoryAzure) -> None:
    for group in ("rg-1", "rg-2", "rg-3"):
        azure.hold(policy_id(group=group), entry(vm_id(group=group)))
    reported = report(azure, Scope((SUBSCRIPTION,), ("rg-3", "rg-1")))
    assert ids(reported) == [policy_id(group="rg-1"), policy_id(group="rg-3")]
    assert lists(azure) == [f"{SUBSCRIPTION}/rg-3", f"{SUBSCRIPTION}/rg-1"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"names": frozenset({"team"})}, [policy_id("Team")]),
        ({"regions": frozenset({"northeurope"})}, [policy_id(region="northeurope")]),
        ({"vms": frozenset({vm_id("c")})}, [policy_id("Team"), policy_id(region="northeurope")]),
        ({"vms": frozenset({vm_id("c")}), "names": frozenset({"team"})}, [policy_id("Team")]),
        ({"names": frozenset({"none"})}, []),
    ],
)
def test_policies_are_chosen_by_name_region_and_vm(
    azure: MemoryAzure, wanted: dict[str, Any], expected: list[PolicyId]
) -> None:
    azure.hold(policy_id(), entry(vm_id("a")))
    azure.hold(policy_id("Team"), entry(vm_id("b")), entry(vm_id("c")))
    azure.hold(policy_id(region="northeurope"), entry(vm_id("c")))
    assert set(ids(report(azure, **wanted))) == set(expected)


def test_of_a_policy_chosen_by_vm_only_that_vm_is_told(azure: MemoryAzure) -> None:
    azure.hold(policy_id(), entry(vm_id("a")), entry(vm_id("b")))
    (policy,) = report(azure, vms=frozenset({vm_id("B")}))["policies"]
    assert [vm["name"] for vm in policy["vms"]] == ["b"]


def test_a_cross_check_finds_what_the_list_misses_and_says_so(azure: MemoryAzure) -> None:
    azure.hold(policy_id(), entry(vm_id("a")))
    hidden = azure.hold(policy_id(region="northeurope"), entry(vm_id("b")))
    azure.unlist(hidden)
    fleet = MemoryFleet(vm_row("b", location="NorthEurope"))
    warnings: list[str] = []
    assert ids(report(azure, fleet=fleet)) == [policy_id()]
    reported = report(azure, fleet=fleet, warnings=warnings, cross_check=True)
    assert ids(reported) == [hidden, policy_id()]
    assert reported["missed"] == [str(reported["policies"][0]["id"])]
    assert "northeurope" in warnings[0]
    assert lists(azure)[-2:] == [f"{SUBSCRIPTION}//northeurope", f"{SUBSCRIPTION}//westeurope"]


def test_a_cross_check_of_groups_asks_each_group_and_region(azure: MemoryAzure) -> None:
    azure.hold(policy_id(group="rg-1"), entry(vm_id("a", group="rg-1")))
    report(azure, Scope((SUBSCRIPTION,), ("rg-1",)), MemoryFleet(vm_row("b", group="rg-1")), cross_check=True)
    assert lists(azure) == [f"{SUBSCRIPTION}/rg-1", f"{SUBSCRIPTION}/rg-1/westeurope"]


def test_a_cross_check_of_one_region_asks_no_other(azure: MemoryAzure) -> None:
    azure.hold(policy_id(), entry(vm_id("a")))
    report(azure, cross_check=True, regions=frozenset({"eastus"}))
    assert lists(azure)[1:] == [f"{SUBSCRIPTION}//eastus"]


def test_a_subscription_that_was_named_must_be_readable(azure: MemoryAzure) -> None:
    azure.on("list", raising(refused(403, "AuthorizationFailed")))
    with pytest.raises(AzureRefused):
        report(azure)


def test_of_all_subscriptions_an_unreadable_one_is_left_out_with_a_warning(azure: MemoryAzure) -> None:
    fleet = MemoryFleet(subscriptions=[SUBSCRIPTION, OTHER_SUBSCRIPTION])
    azure.hold(policy_id(), entry(vm_id("a")))
    azure.hold(policy_id(subscription=OTHER_SUBSCRIPTION), entry(vm_id("b", subscription=OTHER_SUBSCRIPTION)))
    azure.on("list", raising(refused(403, "AuthorizationFailed")))
    warnings: list[str] = []
    assert len(ids(report(azure, Scope(), fleet, warnings))) == 1
    (warning,) = warnings
    assert "are left out" in warning


def test_other_refusals_are_errors_also_for_all_subscriptions(azure: MemoryAzure) -> None:
    azure.on("list", raising(refused(500, "InternalServerError")))
    with pytest.raises(AzureRefused):
        report(azure, Scope())


def test_groups_and_regions_without_a_policy_are_named(azure: MemoryAzure) -> None:
    """A misspelt one looks like an empty one."""
    azure.hold(policy_id(), entry(vm_id(), port(22)))
    warnings: list[str] = []
    scope = Scope((SUBSCRIPTION,), ("rg-desktops", "rg-typo"))
    report(azure, scope, warnings=warnings, regions=frozenset({"westeurope", "westeuropa"}))
    assert [text.split(",")[0] for text in warnings] == [
        "no just-in-time policy is in resource group rg-typo",
        "no just-in-time policy is in region westeuropa",
    ]


def test_where_a_role_is_on_groups_alone_the_groups_of_the_vms_are_listed(azure: MemoryAzure) -> None:
    azure.hold(policy_id(), entry(vm_id(), port(22)))
    azure.on("list", raising(refused(403, "AuthorizationFailed")))
    reported = report(azure, vms=frozenset({vm_id()}))
    assert ids(reported) == [policy_id()]
    assert len(lists(azure)) == 2


def test_a_refusal_by_the_groups_too_is_told(azure: MemoryAzure) -> None:
    azure.on("list", raising(refused(403, "AuthorizationFailed")), times=2)
    with pytest.raises(AzureRefused):
        report(azure, vms=frozenset({vm_id()}))
