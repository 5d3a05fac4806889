# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands around VMs: firewalls, network managers, networks with their routes, and VMs of the classic kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .networks import Networks, network_of, read_networks
from .tabs import Firewall

CLASSIC_VMS = "Microsoft.ClassicCompute/virtualMachines"
FIREWALLS = "Microsoft.Network/azureFirewalls"
MANAGERS = "Microsoft.Network/networkManagers"
_ADMIN = "securityadmin"


@dataclass(frozen=True, slots=True)
class ClassicVm:
    id: str
    name: str
    location: str
    subscription_id: str
    resource_group: str
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What was found, by ids in lower case.

    `firewalls` are by virtual network. `managed` are the subscriptions in which a Virtual Network Manager may have
    rules; with `managed_anywhere` one manages whole management groups, and which subscriptions these hold isn't
    known here. `unread` are the kinds of resources that may not be read, each with a subscription.
    """

    classic: tuple[ClassicVm, ...] = ()
    firewalls: Mapping[str, Firewall] = field(default_factory=dict, hash=False)
    managed: frozenset[str] = frozenset()
    managed_anywhere: bool = False
    networks: Networks = field(default_factory=Networks)
    unread: frozenset[tuple[str, str]] = frozenset()

    def firewall_of(self, subnets: Iterable[str]) -> Firewall:
        """Tell which firewall stands in the virtual network of some subnets."""
        found = {self.firewalls.get(network_of(subnet), "none") for subnet in subnets}
        return "manager" if "manager" in found else "rules" if "rules" in found else "none"

    def may_have_admin_rules(self, subscription_id: str) -> bool:
        wanted = subscription_id.lower()
        return self.managed_anywhere or wanted in self.managed or (MANAGERS, wanted) in self.unread

    def may_forward(self, subscription_id: str, subnets: Iterable[str]) -> bool:
        """Tell whether an Azure Firewall may lead the internet to some subnets: it stands in their reach."""
        reach = {network for subnet in subnets for network in self.networks.reach(subnet)}
        return bool(reach & self.firewalls.keys()) or (FIREWALLS, subscription_id.lower()) in self.unread


def read_surroundings(
    resources: Iterable[Mapping[str, Any]], unread: Iterable[tuple[str, str]] = ()
) -> Surroundings:
    """Read resources of all these kinds, in any order; `unread` names kinds and subscriptions."""
    resources = list(resources)
    by_kind: dict[str, list[Mapping[str, Any]]] = {kind.lower(): [] for kind in (CLASSIC_VMS, FIREWALLS, MANAGERS)}
    for resource in resources:
        by_kind.get(str(resource.get("type") or "").lower(), []).append(resource)
    firewalls: dict[str, Firewall] = {}
    for resource in by_kind[FIREWALLS.lower()]:
        properties = resource.get("properties") or {}
        kind: Firewall = "manager" if (properties.get("firewallPolicy") or {}).get("id") else "rules"
        firewalls.update(dict.fromkeys(_networks(properties), kind))
    managers = [_scopes(resource) for resource in by_kind[MANAGERS.lower()]]
    return Surroundings(
        classic=tuple(map(_classic, by_kind[CLASSIC_VMS.lower()])),
        firewalls=firewalls,
        managed=frozenset(text.rpartition("/")[2].lower() for scopes, _groups in managers for text in scopes),
        managed_anywhere=any(groups for _subscriptions, groups in managers),
        networks=read_networks(resources),
        unread=frozenset((kind, subscription_id.lower()) for kind, subscription_id in unread),
    )


def _classic(resource: Mapping[str, Any]) -> ClassicVm:
    vm_id = str(resource.get("id") or "")
    parts = vm_id.split("/")
    return ClassicVm(
        id=vm_id,
        name=str(resource.get("name") or ""),
        location=str(resource.get("location") or ""),
        subscription_id=parts[2] if len(parts) > 2 else "",
        resource_group=parts[4].lower() if len(parts) > 4 else "",
        tags=resource.get("tags") or {},
    )


def _networks(properties: Mapping[str, Any]) -> Iterable[str]:
    """Give the virtual networks of a firewall; one in a hub of a Virtual WAN shows none."""
    for configuration in properties.get("ipConfigurations") or ():
        subnet = ((configuration.get("properties") or {}).get("subnet") or {}).get("id")
        if subnet:
            yield network_of(str(subnet))


def _scopes(resource: Mapping[str, Any]) -> tuple[Sequence[str], Sequence[str]]:
    """Give the subscriptions and management groups in which a manager may have security rules."""
    properties = resource.get("properties") or {}
    accesses = [str(word).lower() for word in properties.get("networkManagerScopeAccesses") or ()]
    if accesses and _ADMIN not in accesses:
        return (), ()
    scopes = properties.get("networkManagerScopes") or {}
    return scopes.get("subscriptions") or (), scopes.get("managementGroups") or ()
