# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resource Graph's tables over the state: types in lower case, ids as created [rec]."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ..compute.models import MACHINES, VirtualMachine
from ..compute.shapes import power_status, show_guest, show_properties
from ..exchange import Json
from ..identity.models import Principal
from ..network.models import ADDRESSES, GROUPS, INTERFACES, NETWORKS
from ..network.shapes import show_address, show_interface, show_network, show_nsg
from ..security.assessments import KIND as ASSESSMENTS
from ..security.assessments import group_assessments
from ..subscriptions.models import ResourceGroup, Subscription
from ..world import World
from .kql.compiler import Row
from .kql.evaluator import Table
from .kql.functions import ColumnType

# Order and types as recorded.
COLUMNS: dict[str, ColumnType] = {
    "id": "string",
    "name": "string",
    "type": "string",
    "tenantId": "string",
    "kind": "string",
    "location": "string",
    "resourceGroup": "string",
    "subscriptionId": "string",
    "managedBy": "string",
    "sku": "object",
    "plan": "object",
    "properties": "object",
    "tags": "object",
    "identity": "object",
    "zones": "object",
    "extendedLocation": "object",
}

_GROUP_TYPE = "microsoft.resources/subscriptions/resourcegroups"
_SUBSCRIPTION_TYPE = "microsoft.resources/subscriptions"


def tables(world: World, principal: Principal, subscriptions: list[Subscription]) -> dict[str, Table]:
    """Return the tables as a caller sees them in some subscriptions."""
    return {
        "resources": Table(COLUMNS, lambda types: _resources(world, principal, subscriptions, types)),
        "securityresources": Table(COLUMNS, lambda types: _assessments(world, principal, subscriptions, types)),
        "resourcecontainers": Table(COLUMNS, lambda types: _containers(world, subscriptions)),
    }


def _resources(
    world: World, principal: Principal, subscriptions: list[Subscription], types: frozenset[str] | None
) -> Iterator[Row]:
    """Yield the resources of the wanted types that the caller may read."""
    for kind, rows in _SOURCES.items():
        if types is None or kind in types:
            for subscription in subscriptions:
                for group in subscription.groups.values():
                    if principal.may(f"{kind}/read", group.id):
                        yield from rows(world, group)


def _assessments(
    world: World, principal: Principal, subscriptions: list[Subscription], types: frozenset[str] | None
) -> Iterator[Row]:
    """Yield the assessments that the caller may read."""
    if types is None or ASSESSMENTS.lower() in types:
        for subscription in subscriptions:
            for group in subscription.groups.values():
                if principal.may(f"{ASSESSMENTS}/read", group.id):
                    for shown in group_assessments(world, group):
                        yield _row(world, group, shown | {"location": ""})


def _row(world: World, group: ResourceGroup, shown: Json) -> Row:
    """Make a row of a resource as ARM shows it."""
    return {
        "id": shown["id"],
        "name": shown["name"],
        "type": shown["type"].lower(),
        "tenantId": world.tenant.id,
        "kind": "",
        "location": shown["location"],
        "resourceGroup": group.name.lower(),
        "subscriptionId": group.subscription.id,
        "managedBy": "",
        "sku": shown.get("sku"),
        "plan": None,
        "properties": shown["properties"],
        "tags": shown.get("tags", {}),
        "identity": None,
        "zones": None,
        "extendedLocation": None,
    }


def _machines(world: World, group: ResourceGroup) -> Iterator[Row]:
    """Yield VMs; run-time state is under `extended` [docs]."""
    for vm in group.vms.values():
        properties = show_properties(vm)
        properties["extended"] = {"instanceView": _extended(vm)}
        shown: Json = {
            "id": vm.id,
            "name": vm.name,
            "type": MACHINES,
            "location": vm.location,
            "tags": vm.tags,
            "properties": properties,
        }
        yield _row(world, group, shown)


def _extended(vm: VirtualMachine) -> Json:
    """Write what Resource Graph keeps of the instance view."""
    guest = show_guest(vm) if vm.is_running else {}
    return guest | {"hyperVGeneration": "V2", "powerState": power_status(vm)}


def _interfaces(world: World, group: ResourceGroup) -> Iterable[Row]:
    """Yield network interfaces."""
    return (_row(world, group, show_interface(nic)) for nic in group.nics.values())


def _addresses(world: World, group: ResourceGroup) -> Iterable[Row]:
    """Yield public addresses."""
    return (_row(world, group, show_address(public)) for public in group.public_addresses.values())


def _nsgs(world: World, group: ResourceGroup) -> Iterable[Row]:
    """Yield security groups."""
    return (_row(world, group, show_nsg(nsg)) for nsg in group.nsgs.values())


def _networks(world: World, group: ResourceGroup) -> Iterable[Row]:
    """Yield virtual networks."""
    return (_row(world, group, show_network(network)) for network in group.networks.values())


_SOURCES: dict[str, Callable[[World, ResourceGroup], Iterable[Row]]] = {
    MACHINES.lower(): _machines,
    INTERFACES.lower(): _interfaces,
    ADDRESSES.lower(): _addresses,
    GROUPS.lower(): _nsgs,
    NETWORKS.lower(): _networks,
}


def _containers(world: World, subscriptions: list[Subscription]) -> Iterator[Row]:
    """Yield subscriptions and resource groups."""
    nothing = dict.fromkeys(COLUMNS)
    for subscription in subscriptions:
        yield nothing | {
            "id": f"/subscriptions/{subscription.id}",
            "name": subscription.name,
            "type": _SUBSCRIPTION_TYPE,
            "tenantId": world.tenant.id,
            "kind": "",
            "location": "",
            "resourceGroup": "",
            "subscriptionId": subscription.id,
            "managedBy": "",
            "properties": {"state": subscription.state},
            "tags": {},
        }
        for group in subscription.groups.values():
            shown: Json = {
                "id": group.id,
                "name": group.name,
                "type": _GROUP_TYPE,
                "location": group.location,
                "tags": group.tags,
                "properties": {"provisioningState": "Succeeded"},
            }
            yield _row(world, group, shown)
