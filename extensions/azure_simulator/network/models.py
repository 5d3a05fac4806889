# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""State of network resources."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .rules import RuleMatch, read_rule

if TYPE_CHECKING:
    from ..compute.models import VirtualMachine
    from ..subscriptions.models import ResourceGroup

INTERFACES = "Microsoft.Network/networkInterfaces"
ADDRESSES = "Microsoft.Network/publicIPAddresses"
GROUPS = "Microsoft.Network/networkSecurityGroups"
NETWORKS = "Microsoft.Network/virtualNetworks"


@dataclass(slots=True, eq=False)
class SecurityRule:
    """A rule; `properties` are as on the wire, without `provisioningState`."""

    name: str
    properties: dict[str, Any]
    match: RuleMatch = field(init=False)

    def __post_init__(self) -> None:
        """Read the properties once."""
        self.match = read_rule(self.properties)


@dataclass(slots=True, eq=False)
class NetworkSecurityGroup:
    """A network security group; rules by lower-case name. One asynchronous change at a time, none when locked.

    `priorities` are those of the inbound rules, kept beside them because every new rule looks for a free one.
    """

    group: ResourceGroup
    name: str
    location: str
    tags: dict[str, str] = field(default_factory=dict)
    rules: dict[str, SecurityRule] = field(default_factory=dict)
    interfaces: list[NetworkInterface] = field(default_factory=list)
    subnets: list[Subnet] = field(default_factory=list)
    revision: int = 0
    busy_with: str | None = None
    locked: bool = False
    id: str = field(init=False)
    priorities: set[int] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        """Make the resource id."""
        self.id = self.group.resource_id(GROUPS, self.name)

    def put(self, rule: SecurityRule) -> None:
        """Add a rule, or replace the one of the same name."""
        self._release(rule.name)
        self.rules[rule.name.lower()] = rule
        self.revision += 1
        if rule.match.inbound:
            self.priorities.add(rule.match.priority)

    def remove(self, name: str) -> SecurityRule | None:
        """Take a rule away, if it is there."""
        self._release(name)
        self.revision += 1
        return self.rules.pop(name.lower(), None)

    def _release(self, name: str) -> None:
        """Give a rule's priority free, if the rule is there."""
        rule = self.rules.get(name.lower())
        if rule is not None and rule.match.inbound:
            self.priorities.discard(rule.match.priority)

    def inbound(self) -> list[RuleMatch]:
        """Return the inbound rules in the order in which they are asked."""
        return sorted(
            (rule.match for rule in self.rules.values() if rule.match.inbound), key=lambda match: match.priority
        )


@dataclass(slots=True, eq=False)
class Subnet:
    """A subnet with its own security group or none."""

    network: VirtualNetwork
    name: str
    prefix: str
    nsg: NetworkSecurityGroup | None = None

    @property
    def id(self) -> str:
        """Return the resource id."""
        return f"{self.network.id}/subnets/{self.name}"


@dataclass(slots=True, eq=False)
class VirtualNetwork:
    """A virtual network; subnets by lower-case name."""

    group: ResourceGroup
    name: str
    location: str
    prefixes: tuple[str, ...]
    subnets: dict[str, Subnet] = field(default_factory=dict)
    id: str = field(init=False)

    def __post_init__(self) -> None:
        """Make the resource id."""
        self.id = self.group.resource_id(NETWORKS, self.name)


@dataclass(slots=True, eq=False)
class PublicAddress:
    """A public IP address, and the interface's configuration that it belongs to."""

    group: ResourceGroup
    name: str
    location: str
    address: str
    sku: str = "Standard"
    interface: NetworkInterface | None = None
    label: str | None = None
    id: str = field(init=False)

    def __post_init__(self) -> None:
        """Make the resource id."""
        self.id = self.group.resource_id(ADDRESSES, self.name)


@dataclass(slots=True, eq=False)
class NetworkInterface:
    """A network interface with its one IP configuration.

    The ids of application security groups, of NAT rules and of backend pools are those of resources that nothing
    else here knows of.
    """

    group: ResourceGroup
    name: str
    location: str
    subnet: Subnet
    private_address: str
    public_address: PublicAddress | None = None
    nsg: NetworkSecurityGroup | None = None
    vm: VirtualMachine | None = None
    application_groups: list[str] = field(default_factory=list)
    nat_rules: list[str] = field(default_factory=list)
    backend_pools: list[str] = field(default_factory=list)
    id: str = field(init=False)

    def __post_init__(self) -> None:
        """Make the resource id."""
        self.id = self.group.resource_id(INTERFACES, self.name)

    def security_groups(self) -> Iterator[NetworkSecurityGroup]:
        """Yield the groups that inbound traffic passes, in its order: subnet, then interface."""
        if self.subnet.nsg is not None:
            yield self.subnet.nsg
        if self.nsg is not None:
            yield self.nsg
