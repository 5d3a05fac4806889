# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is connected to virtual networks: peers, gateways and routes."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.networks import read_networks
from samples import SUBSCRIPTION

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-net/providers/Microsoft.Network"
SPOKE, HUB = f"{GROUP}/virtualNetworks/vnet-Spoke", f"{GROUP}/virtualNetworks/vnet-Hub"
SUBNET = f"{SPOKE}/subnets/Desktops"
TABLE = f"{GROUP}/routeTables/rt-Out"


def peering(**changes: Any) -> dict[str, Any]:
    space = {"addressPrefixes": ["10.50.0.0/16"]}
    return {
        "properties": {
            "remoteVirtualNetwork": {"id": HUB.upper()},
            "remoteVirtualNetworkAddressSpace": space,
            "remoteAddressSpace": {"addressPrefixes": ["10.51.0.0/16"]},
            "allowVirtualNetworkAccess": True,
            **changes,
        }
    }


def network(*peerings: dict[str, Any], table: str = "", more: tuple[str, ...] = ()) -> dict[str, Any]:
    own: dict[str, Any] = {"id": SUBNET.upper(), "name": "Desktops", "properties": {}}
    if table:
        own["properties"]["routeTable"] = {"id": table}
    others = [{"id": f"{SPOKE}/subnets/{name}", "name": name} for name in more]
    return {
        "id": SPOKE,
        "type": "microsoft.network/virtualnetworks",
        "properties": {"subnets": [own, *others], "virtualNetworkPeerings": list(peerings)},
    }


def table(*prefixes: str, **properties: Any) -> dict[str, Any]:
    routes = [{"properties": {"addressPrefix": prefix, "nextHopType": "VirtualAppliance"}} for prefix in prefixes]
    return {
        "id": TABLE.upper(),
        "type": "Microsoft.Network/routeTables",
        "properties": {"routes": routes, **properties},
    }


ROUTED = network(table=TABLE)
LEARNING = network(peering(useRemoteGateways=True), table=TABLE)


@pytest.mark.parametrize(
    ("resources", "prefixes", "knows_all"),
    [
        ([], (), False),
        ([network()], (), True),
        ([network(peering())], ("10.50.0.0/16",), True),
        ([network(peering(remoteVirtualNetworkAddressSpace=None))], ("10.51.0.0/16",), True),
        ([network(peering(allowVirtualNetworkAccess=False))], (), True),
        ([network(peering(useRemoteGateways=True))], ("10.50.0.0/16",), False),
        ([network(more=("GatewaySubnet",))], (), False),
        ([network(more=("RouteServerSubnet",))], (), False),
        ([network(more=("AzureBastionSubnet",))], (), True),
        ([ROUTED, table("0.0.0.0/0", "AzureCloud")], ("0.0.0.0/0", "AzureCloud"), True),
        ([ROUTED], (), False),
        ([LEARNING, table("0.0.0.0/0")], ("10.50.0.0/16", "0.0.0.0/0"), False),
        ([LEARNING, table(disableBgpRoutePropagation=True)], ("10.50.0.0/16",), True),
    ],
)
def test_what_is_routed_to_a_subnet_and_whether_that_is_all(
    resources: list[dict[str, Any]], prefixes: tuple[str, ...], knows_all: bool
) -> None:
    networks = read_networks(resources)
    assert networks.routed(SUBNET) == prefixes
    assert networks.knows_routes(SUBNET) is knows_all


def test_the_reach_of_a_subnet_is_its_network_and_its_peers() -> None:
    assert read_networks([network(peering())]).reach(SUBNET) == {SPOKE.lower(), HUB.lower()}
    assert read_networks([]).reach(SUBNET) == {SPOKE.lower()}
