# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Address prefixes: where a connection may come from."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TypeAlias

ANY = "*"
_ANY_WORDS = frozenset({"*", "any", "internet"})

Network: TypeAlias = "IPv4Network | IPv6Network"


@lru_cache(maxsize=65536)
def network_of(text: str) -> Network | None:
    """Read an address or a CIDR prefix; None for `*`, service tags and anything else."""
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError:
        return None


@lru_cache(maxsize=65536)
def normal(text: str) -> str:
    """Write a prefix in one way: `203.0.113.7/32` as `203.0.113.7`; what is not an address stays as it is."""
    network = network_of(text)
    if network is None:
        return text.strip()
    if network.prefixlen == network.max_prefixlen:
        return str(network.network_address)
    return str(network)


@lru_cache(maxsize=65536)
def is_address(text: str) -> bool:
    """Tell whether a text is a single address."""
    network = network_of(text)
    return network is not None and network.prefixlen == network.max_prefixlen


def is_ipv6(text: str) -> bool:
    """Tell whether a text is an address or a prefix of IPv6."""
    return isinstance(network_of(text), IPv6Network)


def admits_everybody(text: str) -> bool:
    """Tell whether a word or a prefix, however it is written, is everybody; of IPv6 alone no prefix is."""
    if text.strip().lower() in _ANY_WORDS:
        return True
    network = network_of(text)
    return isinstance(network, IPv4Network) and network.prefixlen == 0


def is_unlimited(text: str) -> bool:
    """Tell whether a word or a prefix leaves out no address, of one family at least: `any`, ::/0."""
    network = network_of(text)
    return admits_everybody(text) or (network is not None and network.prefixlen == 0)


def one_word(text: str) -> str:
    """Write all spellings of everybody in one way, to compare what is allowed; nothing is sent so."""
    return ANY if admits_everybody(text) else text


def is_wider_than(text: str, length: int) -> bool:
    """Tell whether a CIDR prefix is shorter than `length`, of IPv6 shorter than four times that."""
    network = network_of(text)
    if network is None:
        return False
    return network.prefixlen < (length if isinstance(network, IPv4Network) else 4 * length)


@lru_cache(maxsize=65536)
def covers(outer: str, inner: str) -> bool:
    """Tell whether every address of `inner` lies in `outer`."""
    outer_network, inner_network = network_of(outer), network_of(inner)
    if outer_network is None or inner_network is None:
        return admits_everybody(outer) or outer.strip().lower() == inner.strip().lower()
    if isinstance(outer_network, IPv4Network) and isinstance(inner_network, IPv4Network):
        return inner_network.subnet_of(outer_network)
    if isinstance(outer_network, IPv6Network) and isinstance(inner_network, IPv6Network):
        return inner_network.subnet_of(outer_network)
    return False
