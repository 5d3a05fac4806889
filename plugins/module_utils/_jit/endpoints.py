# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where connections arrive: an IP configuration of an interface, and what stands before it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeAlias

from .security_rules import SecurityGroup, SecurityRule
from .sources import network_of

INTERNET = "Internet"
VIRTUAL_NETWORK = "VirtualNetwork"


class NoGroup(Enum):
    """Why a subnet or an interface shows no security group."""

    NONE = "none is attached"
    UNREAD = "it could not be read"


Layer: TypeAlias = SecurityGroup | NoGroup


class PublicAddress(Enum):
    """How the internet reaches an IP configuration: a Standard address waits for a group that allows it [docs]."""

    NONE = "none"
    BASIC = "basic"
    STANDARD = "standard"
    UNKNOWN = "unknown"


class Unread(Enum):
    """What else decides about inbound traffic, may be there, and was not read."""

    ADMIN_RULES = "Virtual Network Manager's admin rules"
    LOAD_BALANCER = "a load balancer's rules"
    FIREWALL = "an Azure Firewall's rules"
    ROUTES = "the routes of its subnet"


@dataclass(frozen=True, slots=True)
class Space:
    """What is known of the addresses that the tag VirtualNetwork stands for; not `is_whole`, there may be more."""

    own: tuple[str, ...] = ()
    routed: tuple[str, ...] = ()
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One IP configuration of an interface, and what stands before it.

    `application_groups` are the ids of its application security groups in lower case, None where they are unknown;
    `network_space` the prefixes that its virtual network has, and `routed` all others that the tag VirtualNetwork
    is known to stand for: of peers, of what hangs on gateways, and of routes, up to 0.0.0.0/0 [docs].
    """

    address: str
    subnet: Layer
    nic: Layer
    application_groups: frozenset[str] | None = frozenset()
    public: PublicAddress = PublicAddress.UNKNOWN
    network_space: tuple[str, ...] = ()
    routed: tuple[str, ...] = ()
    unread: frozenset[Unread] = frozenset()
    name: str = ""

    @property
    def version(self) -> int | None:
        network = network_of(self.address)
        return network.version if network else None

    @property
    def space(self) -> Space:
        return Space(self.network_space, self.routed, Unread.ROUTES not in self.unread)

    @property
    def groups(self) -> tuple[SecurityGroup, ...]:
        return tuple(layer for layer in (self.subnet, self.nic) if isinstance(layer, SecurityGroup))

    def without(self, rules: Collection[SecurityRule]) -> Endpoint:
        """Give it as it were if these rules were deleted."""
        return replace(self, subnet=_without(self.subnet, rules), nic=_without(self.nic, rules))


def _without(layer: Layer, rules: Collection[SecurityRule]) -> Layer:
    if not isinstance(layer, SecurityGroup):
        return layer
    return replace(layer, rules=tuple(rule for rule in layer.rules if rule not in rules))
