# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is connected to a virtual network, and so in the tag VirtualNetwork [docs]: peers, gateways, routes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

NETWORKS = "Microsoft.Network/virtualNetworks"
ROUTE_TABLES = "Microsoft.Network/routeTables"
# Subnets in which something stands that learns routes from elsewhere, be it one to everywhere.
_LEARNING = frozenset({"gatewaysubnet", "routeserversubnet"})


@dataclass(frozen=True, slots=True)
class RouteTable:
    prefixes: tuple[str, ...]
    takes_learned: bool


@dataclass(frozen=True, slots=True)
class Network:
    """A virtual network: its peers, their prefixes, and the route tables of its subnets, all ids in lower case."""

    peers: frozenset[str]
    beside: tuple[str, ...]
    learns_routes: bool
    tables: Mapping[str, str] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Networks:
    """Virtual networks and route tables that were read, by id in lower case."""

    networks: Mapping[str, Network] = field(default_factory=dict, hash=False)
    tables: Mapping[str, RouteTable] = field(default_factory=dict, hash=False)

    def reach(self, subnet: str) -> frozenset[str]:
        """Name the network of a subnet and its peers."""
        own = network_of(subnet)
        return frozenset({own}) | (self.networks[own].peers if own in self.networks else frozenset())

    def routed(self, subnet: str) -> tuple[str, ...]:
        """Give the prefixes beside the network's own that are known to be connected to a subnet."""
        network, table = self._around(subnet)
        return tuple(dict.fromkeys((*(network.beside if network else ()), *(table.prefixes if table else ()))))

    def knows_routes(self, subnet: str) -> bool:
        """Tell whether those are all: what a gateway learned is shown nowhere but in the rules in effect."""
        network, table = self._around(subnet)
        if network is None or (table is None and subnet.lower() in network.tables):
            return False
        return not network.learns_routes or (table is not None and not table.takes_learned)

    def _around(self, subnet: str) -> tuple[Network | None, RouteTable | None]:
        network = self.networks.get(network_of(subnet))
        return network, self.tables.get(network.tables.get(subnet.lower(), "")) if network else None


def network_of(subnet: str) -> str:
    """Give the id of a subnet's network in lower case."""
    return subnet.lower().partition("/subnets/")[0]


def read_networks(resources: Iterable[Mapping[str, Any]]) -> Networks:
    """Read virtual networks and route tables among other resources."""
    networks, tables = {}, {}
    for resource in resources:
        kind, key = str(resource.get("type") or "").lower(), str(resource.get("id") or "").lower()
        properties = resource.get("properties") or {}
        if kind == NETWORKS.lower():
            networks[key] = _read_network(properties)
        elif kind == ROUTE_TABLES.lower():
            prefixes = (_properties(route).get("addressPrefix") for route in properties.get("routes") or ())
            takes_learned = not properties.get("disableBgpRoutePropagation")
            tables[key] = RouteTable(tuple(str(prefix) for prefix in prefixes if prefix), takes_learned)
    return Networks(networks, tables)


def _read_network(properties: Mapping[str, Any]) -> Network:
    subnets = properties.get("subnets") or ()
    peerings = [
        peering
        for one in properties.get("virtualNetworkPeerings") or ()
        if (peering := _properties(one)).get("allowVirtualNetworkAccess") is not False
    ]
    tables = {str(one.get("id") or "").lower(): _id(_properties(one).get("routeTable")) for one in subnets}
    return Network(
        peers=frozenset(_id(one.get("remoteVirtualNetwork")) for one in peerings) - {""},
        beside=tuple(str(prefix) for one in peerings for prefix in _prefixes(one)),
        learns_routes=any(str(one.get("name") or "").lower() in _LEARNING for one in subnets)
        or any(one.get("useRemoteGateways") for one in peerings),
        tables={subnet: table for subnet, table in tables.items() if table},
    )


def _prefixes(peering: Mapping[str, Any]) -> Iterable[str]:
    """Give a peer's prefixes as they are now, or as they were when the peering was made or renewed last."""
    space = peering.get("remoteVirtualNetworkAddressSpace") or peering.get("remoteAddressSpace") or {}
    return space.get("addressPrefixes") or ()


def _properties(document: Mapping[str, Any]) -> Mapping[str, Any]:
    return document.get("properties") or {}


def _id(reference: Mapping[str, Any] | None) -> str:
    return str((reference or {}).get("id") or "").lower()
