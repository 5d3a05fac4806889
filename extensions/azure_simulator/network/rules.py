# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Security rules judged: does this caller reach that port? Pure, and by the effective rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

_ANYONE = frozenset({"*", "any", "0.0.0.0/0", "::/0"})
_LOAD_BALANCER = "168.63.129.16"


@dataclass(frozen=True, slots=True)
class RuleMatch:
    """A rule as the traffic meets it; protocol in lower case."""

    priority: int
    inbound: bool
    allows: bool
    protocol: str
    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    ports: tuple[tuple[int, int], ...]


# Azure's defaults, which come after every rule of the group [docs][rec].
DEFAULT_INBOUND = (
    RuleMatch(65000, True, True, "*", ("VirtualNetwork",), ("VirtualNetwork",), ((0, 65535),)),
    RuleMatch(65001, True, True, "*", ("AzureLoadBalancer",), ("*",), ((0, 65535),)),
    RuleMatch(65500, True, False, "*", ("*",), ("*",), ((0, 65535),)),
)


def read_rule(properties: dict[str, Any]) -> RuleMatch:
    """Read a rule's properties; singular and plural fields both count [rec]."""
    return RuleMatch(
        priority=int(properties["priority"]),
        inbound=str(properties["direction"]).lower() == "inbound",
        allows=str(properties["access"]).lower() == "allow",
        protocol=str(properties.get("protocol", "*")).lower(),
        sources=_both(properties, "sourceAddressPrefix", "sourceAddressPrefixes"),
        destinations=_both(properties, "destinationAddressPrefix", "destinationAddressPrefixes"),
        ports=tuple(
            read_port_range(text) for text in _both(properties, "destinationPortRange", "destinationPortRanges")
        ),
    )


def read_port_range(text: str) -> tuple[int, int]:
    """Read `*`, `22` or `22-23`. Raises ValueError."""
    if text == "*":
        return 0, 65535
    first, _, last = text.partition("-")
    low, high = int(first), int(last or first)
    if not 0 <= low <= high <= 65535:
        raise ValueError(f"'{text}' is not a port range")
    return low, high


def _both(properties: dict[str, Any], singular: str, plural: str) -> tuple[str, ...]:
    """Return the values of a field that exists in singular and plural."""
    values = [str(value) for value in properties.get(plural) or []]
    one = properties.get(singular)
    if one not in (None, ""):
        values.extend(part.strip() for part in str(one).split(","))
    return tuple(values)


@dataclass(frozen=True, slots=True)
class Traffic:
    """A TCP connection to a VM, after address translation; `network` is what VirtualNetwork means there."""

    source: str
    destination: str
    port: int
    network: tuple[str, ...]
    protocol: str = "tcp"


def admits(layers: Iterable[Sequence[RuleMatch]], traffic: Traffic) -> bool:
    """Tell whether each layer of inbound rules, sorted by priority, lets the traffic pass."""
    return all(_layer_admits(rules, traffic) for rules in layers)


def _layer_admits(rules: Sequence[RuleMatch], traffic: Traffic) -> bool:
    """Let the first rule that matches decide."""
    for rule in (*rules, *DEFAULT_INBOUND):
        if _matches(rule, traffic):
            return rule.allows
    return False


def _matches(rule: RuleMatch, traffic: Traffic) -> bool:
    """Tell whether a rule speaks about this traffic."""
    return (
        rule.protocol in ("*", traffic.protocol)
        and any(low <= traffic.port <= high for low, high in rule.ports)
        and any(_covers(prefix, traffic.source, traffic.network) for prefix in rule.sources)
        and any(_covers(prefix, traffic.destination, traffic.network) for prefix in rule.destinations)
    )


def _covers(prefix: str, address: str, network: tuple[str, ...]) -> bool:
    """Tell whether a prefix or service tag covers an address; tags that nobody here can resolve cover none."""
    tag = prefix.lower()
    if tag in _ANYONE:
        return True
    if tag == "virtualnetwork":
        return any(contains(part, address) for part in network)
    if tag == "internet":
        return not any(contains(part, address) for part in network)
    if tag == "azureloadbalancer":
        return address == _LOAD_BALANCER
    return contains(prefix, address)


def contains(prefix: str, address: str) -> bool:
    """Tell whether a CIDR or single address contains an address; anything else contains none."""
    network = parse_network(prefix)
    return network is not None and ip_address(address) in network


def is_within(inner: str, outer: str) -> bool:
    """Tell whether one CIDR or address lies inside another."""
    first, second = parse_network(inner), parse_network(outer)
    if isinstance(first, IPv4Network) and isinstance(second, IPv4Network):
        return first.subnet_of(second)
    if isinstance(first, IPv6Network) and isinstance(second, IPv6Network):
        return first.subnet_of(second)
    return False


@lru_cache(maxsize=4096)
def parse_network(prefix: str) -> IPv4Network | IPv6Network | None:
    """Read a CIDR or address; None for service tags and nonsense."""
    try:
        return ip_network(prefix, strict=False)
    except ValueError:
        return None
