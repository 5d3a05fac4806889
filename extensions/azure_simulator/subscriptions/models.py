# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""State of subscriptions and resource groups."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..errors import resource_group_not_found
from ..security.models import Pricing, default_pricings

if TYPE_CHECKING:
    from ..compute.models import VirtualMachine
    from ..network.models import NetworkInterface, NetworkSecurityGroup, PublicAddress, VirtualNetwork


@dataclass(slots=True)
class Subscription:
    """A subscription; groups by lower-case name."""

    id: str
    name: str
    tenant_id: str
    state: str = "Enabled"
    groups: dict[str, ResourceGroup] = field(default_factory=dict)
    pricings: dict[str, Pricing] = field(default_factory=default_pricings)

    def group(self, name: str) -> ResourceGroup:
        """Return a resource group. Raises ArmError."""
        found = self.groups.get(name.lower())
        if found is None:
            raise resource_group_not_found(name)
        return found

    def add_group(self, name: str, location: str, tags: dict[str, str] | None = None) -> ResourceGroup:
        """Create a resource group."""
        group = ResourceGroup(self, name, location, tags or {})
        self.groups[name.lower()] = group
        return group

    def locations(self) -> list[str]:
        """Return the locations that its groups use."""
        return sorted({group.location for group in self.groups.values()})


@dataclass(slots=True)
class ResourceGroup:
    """A resource group and its resources by lower-case name."""

    subscription: Subscription
    name: str
    location: str
    tags: dict[str, str] = field(default_factory=dict)
    vms: dict[str, VirtualMachine] = field(default_factory=dict)
    nics: dict[str, NetworkInterface] = field(default_factory=dict)
    public_addresses: dict[str, PublicAddress] = field(default_factory=dict)
    nsgs: dict[str, NetworkSecurityGroup] = field(default_factory=dict)
    networks: dict[str, VirtualNetwork] = field(default_factory=dict)
    id: str = field(init=False)

    def __post_init__(self) -> None:
        """Make the group's id as created."""
        self.id = f"/subscriptions/{self.subscription.id}/resourceGroups/{self.name}"

    def resource_id(self, kind: str, name: str) -> str:
        """Return the id of a resource of this group, such as kind `Microsoft.Compute/virtualMachines`."""
        return f"{self.id}/providers/{kind}/{name}"

    def shouted_id(self, kind: str, name: str) -> str:
        """Return that id with the group in capitals, as Compute shows it [rec]."""
        return f"/subscriptions/{self.subscription.id}/resourceGroups/{self.name.upper()}/providers/{kind}/{name}"
