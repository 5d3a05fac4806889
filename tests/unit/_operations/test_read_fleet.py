# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a fleet: VMs and policies together, and what is missing."""

from __future__ import annotations

import json

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import AzureError, AzureRefused
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.read_fleet import Fleet, Scope, read_fleet
from fleet_rows import vm_row
from memory_fleet import MemoryFleet
from samples import GROUP, OTHER_SUBSCRIPTION, SUBSCRIPTION, policy_id

FORBIDDEN = AzureRefused("GET policies", 403, "AuthorizationFailed", "no read")
BROKEN = AzureRefused("GET policies", 500, "InternalServerError", "try later")


GONE = AzureRefused("GET policies", 404, "SubscriptionNotFound", "no such subscription")


def two_subscriptions(refusal: AzureRefused) -> MemoryFleet:
    """Make a VM in each of two subscriptions; the policies of the second are refused."""
    azure = MemoryFleet(vm_row("vm-1"), vm_row("vm-2", subscriptionId=OTHER_SUBSCRIPTION))
    azure.subscriptions = [SUBSCRIPTION, OTHER_SUBSCRIPTION]
    azure.refusals = {(OTHER_SUBSCRIPTION, None): refusal, (OTHER_SUBSCRIPTION, GROUP): refusal}
    return azure


def fleet_of(azure: MemoryFleet, scope: Scope | None = None) -> Fleet:
    return read_fleet(scope or Scope(), azure, azure)


def test_all_subscriptions_that_the_credential_sees_are_read() -> None:
    azure = MemoryFleet(vm_row(), subscriptions=(SUBSCRIPTION, OTHER_SUBSCRIPTION))
    azure.policies[OTHER_SUBSCRIPTION, GROUP] = [policy_id(subscription=OTHER_SUBSCRIPTION)]
    fleet = fleet_of(azure)
    assert fleet.vms == [vm_row()]
    assert [document["id"] for document in fleet.policies] == [str(policy_id(subscription=OTHER_SUBSCRIPTION))]
    assert ((SUBSCRIPTION, OTHER_SUBSCRIPTION), (), False) in azure.asked


def test_a_narrower_scope_is_handed_on() -> None:
    azure = MemoryFleet(subscriptions=())
    fleet_of(azure, Scope((SUBSCRIPTION,), ("rg-a",), include_powered_off=True))
    assert ((SUBSCRIPTION,), ("rg-a",), True) in azure.asked
    assert ("policies", SUBSCRIPTION, None) in azure.asked


def test_a_vm_that_two_pages_show_counts_once() -> None:
    azure = MemoryFleet(vm_row("vm-1"), vm_row("VM-1"), vm_row("vm-2"))
    assert [row["name"].lower() for row in fleet_of(azure).vms] == ["vm-1", "vm-2"]


def test_a_credential_that_sees_nothing_is_told_so() -> None:
    with pytest.raises(AzureError, match="sees no subscription: assign it a role"):
        fleet_of(MemoryFleet(subscriptions=()))


def test_where_the_subscriptions_list_is_forbidden_the_groups_of_its_vms_are_asked() -> None:
    azure = MemoryFleet(vm_row("vm-1"), vm_row("vm-2"), vm_row("vm-3", group="other"))
    azure.refusals[SUBSCRIPTION, None] = FORBIDDEN
    azure.policies[SUBSCRIPTION, GROUP] = [policy_id()]
    assert [document["id"] for document in fleet_of(azure).policies] == [str(policy_id())]
    groups = [call[2] for call in azure.asked if call[0] == "policies" and call[2]]
    assert sorted(groups) == [GROUP, "other"]


@pytest.mark.parametrize("refusal", [FORBIDDEN, BROKEN])
def test_a_refusal_where_no_vm_lies_is_no_failure(refusal: AzureRefused) -> None:
    azure = MemoryFleet(vm_row(), subscriptions=(SUBSCRIPTION, OTHER_SUBSCRIPTION))
    azure.refusals[OTHER_SUBSCRIPTION, None] = refusal
    assert len(fleet_of(azure).vms) == 1


@pytest.mark.parametrize("refusal", [FORBIDDEN, BROKEN])
def test_vms_whose_policies_cant_be_read_are_not_called_closed(refusal: AzureRefused) -> None:
    azure = MemoryFleet(vm_row())
    azure.refusals = {(SUBSCRIPTION, None): refusal, (SUBSCRIPTION, GROUP): refusal}
    with pytest.raises(AzureError, match=f"policies of subscription {SUBSCRIPTION} can't be read.*{refusal.code}"):
        fleet_of(azure)


@pytest.mark.parametrize("refusal", [FORBIDDEN, GONE])
def test_vms_whose_policies_cant_be_read_may_be_left_out_for_the_others(refusal: AzureRefused) -> None:
    azure = two_subscriptions(refusal)
    warnings: list[str] = []
    fleet = read_fleet(Scope(), azure, azure, leave_out=warnings.append)
    assert [row["name"] for row in fleet.vms] == ["vm-1"]
    (warning,) = warnings
    assert f"policies of subscription {OTHER_SUBSCRIPTION} can't be read" in warning
    assert "they are no hosts (1 VMs in all)" in warning
    assert refusal.code in warning
    assert ("role Reader" in warning) is (refusal is FORBIDDEN)


def test_what_may_pass_by_itself_leaves_out_no_vm() -> None:
    azure = two_subscriptions(BROKEN)
    with pytest.raises(AzureError, match=r"InternalServerError.*Try again later"):
        read_fleet(Scope(), azure, azure, leave_out=lambda text: None)


def test_where_none_is_left_that_is_a_failure_all_the_same() -> None:
    azure = MemoryFleet(vm_row())
    azure.refusals = {(SUBSCRIPTION, None): FORBIDDEN, (SUBSCRIPTION, GROUP): FORBIDDEN}
    with pytest.raises(AzureError, match="can't be read"):
        read_fleet(Scope(), azure, azure, leave_out=lambda text: None)


def test_a_subscription_of_another_tenant_gets_the_advice_that_helps() -> None:
    azure = MemoryFleet(vm_row())
    azure.refusals[SUBSCRIPTION, None] = AzureRefused("GET", 401, "InvalidAuthenticationTokenTenant", "another")
    with pytest.raises(AzureError, match="give that as tenant"):
        fleet_of(azure)


@pytest.mark.parametrize(
    ("status", "code"), [(404, "SubscriptionNotRegistered"), (409, "MissingSubscriptionRegistration")]
)
def test_where_defender_was_never_used_there_are_no_policies(status: int, code: str) -> None:
    azure = MemoryFleet(vm_row())
    azure.refusals[SUBSCRIPTION, None] = AzureRefused("GET policies", status, code, "not registered")
    assert fleet_of(azure) == Fleet([vm_row()], [])


def test_a_named_subscription_of_which_nothing_is_seen_is_told() -> None:
    azure, warnings = MemoryFleet(vm_row()), list[str]()
    azure.refusals[OTHER_SUBSCRIPTION, None] = AzureRefused("GET", 404, "SubscriptionNotFound", "no such")
    read_fleet(Scope((SUBSCRIPTION, OTHER_SUBSCRIPTION)), azure, azure, leave_out=warnings.append)
    (warning,) = warnings
    assert f"nothing is seen of subscription {OTHER_SUBSCRIPTION}: " in warning
    azure.subscriptions, warnings[:] = [SUBSCRIPTION, OTHER_SUBSCRIPTION], []
    read_fleet(Scope(), azure, azure, leave_out=warnings.append)
    assert warnings == []


def test_a_fleet_survives_being_stored() -> None:
    azure = MemoryFleet(vm_row())
    azure.policies[SUBSCRIPTION, GROUP] = [policy_id()]
    fleet = fleet_of(azure)
    assert Fleet.of_json(json.loads(json.dumps(fleet.to_json()))) == fleet


def test_the_subscriptions_of_management_groups_come_on_top_of_those_named() -> None:
    azure = MemoryFleet(vm_row())
    azure.management_groups["platform"] = (OTHER_SUBSCRIPTION, SUBSCRIPTION.upper())
    fleet_of(azure, Scope((SUBSCRIPTION,), management_groups=("platform",)))
    (asked,) = [call for call in azure.asked if call[-1] is False]
    assert [one.lower() for one in asked[0]] == [SUBSCRIPTION, OTHER_SUBSCRIPTION]


def test_a_management_group_without_subscriptions_is_named() -> None:
    with pytest.raises(AzureError, match="no subscription is in the management group nobody"):
        fleet_of(MemoryFleet(), Scope(management_groups=("nobody",)))
