# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Firewalls, network managers and classic VMs around a fleet."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.surroundings import (
    FIREWALLS,
    MANAGERS,
    read_surroundings,
)
from samples import OTHER_SUBSCRIPTION, SUBSCRIPTION

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-net/providers"
NETWORK = f"{GROUP}/Microsoft.Network/virtualNetworks/vnet-Hub"
DESKTOPS = f"{NETWORK}/subnets/desktops"


def firewall(policy: str | None = None, **changes: Any) -> dict[str, Any]:
    subnet = {"subnet": {"id": f"{NETWORK.upper()}/subnets/AzureFirewallSubnet"}}
    properties: dict[str, Any] = {"ipConfigurations": [{"properties": subnet}]}
    if policy:
        properties["firewallPolicy"] = {"id": policy}
    return {
        "id": f"{GROUP}/Microsoft.Network/azureFirewalls/fw",
        "type": "microsoft.network/azurefirewalls",
        "properties": {**properties, **changes},
    }


def manager(accesses: list[str] | None, **scopes: list[str]) -> dict[str, Any]:
    return {
        "id": f"{GROUP}/Microsoft.Network/networkManagers/avnm",
        "type": "Microsoft.Network/networkManagers",
        "properties": {"networkManagerScopeAccesses": accesses, "networkManagerScopes": scopes},
    }


@pytest.mark.parametrize(
    ("resources", "kind"),
    [
        ([], "none"),
        ([firewall()], "rules"),
        ([firewall("/policy")], "manager"),
        ([firewall(), firewall("/policy")], "manager"),
        ([firewall("/policy"), {**firewall(), "type": "microsoft.network/bastionhosts"}], "manager"),
        ([firewall(ipConfigurations=None, virtualHub={"id": "/hub"})], "none"),
        ([firewall(ipConfigurations=[{"name": "public-only", "properties": {}}, {}])], "none"),
    ],
)
def test_the_firewall_of_a_virtual_network(resources: list[dict[str, Any]], kind: str) -> None:
    around = read_surroundings(resources)
    assert around.firewall_of([DESKTOPS]) == kind
    assert around.firewall_of([DESKTOPS.replace("Hub", "spoke")]) == "none"


def test_a_firewall_may_forward_to_its_own_network_and_to_peers() -> None:
    spoke = NETWORK.replace("vnet-Hub", "spoke")
    peering = {"properties": {"remoteVirtualNetwork": {"id": NETWORK}}}
    network = {
        "id": spoke,
        "type": "microsoft.network/virtualnetworks",
        "properties": {"virtualNetworkPeerings": [peering]},
    }
    around = read_surroundings([firewall("/policy"), network])
    assert around.may_forward(SUBSCRIPTION, [DESKTOPS])
    assert around.may_forward(SUBSCRIPTION, [f"{spoke}/subnets/s"])
    assert not around.may_forward(SUBSCRIPTION, [f"{NETWORK}-other/subnets/s"])
    assert around.firewall_of([f"{spoke}/subnets/s"]) == "none"


def test_what_may_not_be_read_is_in_doubt_there() -> None:
    around = read_surroundings([], [(FIREWALLS, SUBSCRIPTION.upper()), (MANAGERS, SUBSCRIPTION)])
    assert around.may_forward(SUBSCRIPTION, [DESKTOPS])
    assert around.may_have_admin_rules(SUBSCRIPTION)
    assert not around.may_forward(OTHER_SUBSCRIPTION, [DESKTOPS])
    assert not around.may_have_admin_rules(OTHER_SUBSCRIPTION)


@pytest.mark.parametrize(
    ("resource", "here", "there"),
    [
        (manager(["SecurityAdmin"], subscriptions=[f"/subscriptions/{SUBSCRIPTION.upper()}"]), True, False),
        (manager(["Connectivity"], subscriptions=[f"/subscriptions/{SUBSCRIPTION}"]), False, False),
        (manager(None, subscriptions=[f"/subscriptions/{SUBSCRIPTION}"]), True, False),
        (manager(["Connectivity", "SecurityAdmin"], managementGroups=["/mg"]), True, True),
        (manager(["Connectivity"], managementGroups=["/mg"]), False, False),
    ],
)
def test_where_a_manager_may_have_rules(resource: dict[str, Any], here: bool, there: bool) -> None:
    around = read_surroundings([resource])
    assert around.may_have_admin_rules(SUBSCRIPTION) is here
    assert around.may_have_admin_rules(OTHER_SUBSCRIPTION) is there


def test_classic_vms_are_read() -> None:
    vm_id = (
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/Old/providers/Microsoft.ClassicCompute/virtualMachines/v"
    )
    (vm,) = read_surroundings(
        [{"id": vm_id, "name": "v", "type": "microsoft.classiccompute/virtualmachines", "location": "westeurope"}]
    ).classic
    assert (vm.name, vm.resource_group, vm.subscription_id) == ("v", "old", SUBSCRIPTION)
