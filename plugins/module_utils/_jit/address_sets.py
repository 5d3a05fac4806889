# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of addresses, of one family, that can be joined, cut and compared exactly."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, summarize_address_range
from itertools import chain
from typing import TypeAlias

from .sources import is_unlimited, network_of

Range: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Addresses:
    """Addresses of IP `version` 4 or 6, as ranges in order that neither touch nor overlap."""

    version: int
    ranges: tuple[Range, ...] = ()

    @classmethod
    def named(cls, version: int, prefixes: Iterable[str]) -> Addresses:
        """Collect the addresses of prefixes; words and prefixes of the other family name none."""
        return _named(version, tuple(prefixes))

    @classmethod
    def of_all(cls, version: int, parts: Iterable[Addresses]) -> Addresses:
        return cls(version, _joined(chain.from_iterable(part.ranges for part in parts)))

    def __bool__(self) -> bool:
        return bool(self.ranges)

    def __or__(self, other: Addresses) -> Addresses:
        return Addresses.of_all(self.version, (self, other))

    def __and__(self, other: Addresses) -> Addresses:
        if other is self:
            return self
        few, many = sorted((self.ranges, other.ranges), key=len)
        shared = (
            (max(first, low), min(last, high))
            for low, high in few
            for first, last in many[slice(*_overlap(many, low, high))]
        )
        return Addresses(self.version, tuple(shared))

    def __sub__(self, other: Addresses) -> Addresses:
        ranges = () if other is self else self.ranges
        for low, high in other.ranges:
            start, stop = _overlap(ranges, low, high)
            pieces = tuple(piece for held in ranges[start:stop] for piece in _cut(held, low, high))
            ranges = ranges[:start] + pieces + ranges[stop:]
        return Addresses(self.version, ranges)

    @property
    def count(self) -> int:
        return sum(last - first + 1 for first, last in self.ranges)

    def prefixes(self) -> Iterator[str]:
        """Write the addresses as few prefixes as possible, a single address without its length."""
        kind = IPv4Address if self.version == 4 else IPv6Address
        for first, last in self.ranges:
            for network in summarize_address_range(kind(first), kind(last)):
                yield str(network.network_address if network.num_addresses == 1 else network)


# A fleet has thousands of rules and few different sources.
@lru_cache(maxsize=16384)
def _named(version: int, prefixes: tuple[str, ...]) -> Addresses:
    found = [network for prefix in prefixes if (network := network_of(prefix)) and network.version == version]
    return Addresses(version, _joined((int(net.network_address), int(net.broadcast_address)) for net in found))


def _joined(ranges: Iterable[Range]) -> tuple[Range, ...]:
    joined: list[Range] = []
    for first, last in sorted(ranges):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return tuple(joined)


def _overlap(ranges: tuple[Range, ...], low: int, high: int) -> tuple[int, int]:
    """Find where the ranges with addresses from `low` to `high` start and stop, by halving: they may be many."""
    start = bisect_left(ranges, low, key=lambda held: held[1])
    return start, max(start, bisect_right(ranges, high, key=lambda held: held[0]))


def _cut(held: Range, low: int, high: int) -> Iterator[Range]:
    first, last = held
    if first < low:
        yield first, low - 1
    if high < last:
        yield high + 1, last


# Azure's probes of a load balancer come from here, and nothing else does [docs].
PROBES = {version: Addresses.named(version, ["168.63.129.16", "fe80::1234:5678:9abc"]) for version in (4, 6)}
# What a virtual network, its peers and what hangs on their gateways may use; the space of IPv6 is any that is not
# global [docs]. An organization that uses public addresses inside has to say so.
PRIVATE = {
    4: Addresses.named(4, ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"]),
    6: Addresses.named(6, ["::/0"]) - Addresses.named(6, ["2000::/3", "::/8", "fe80::/10", "ff00::/8"]),
}
# What a packet from the internet may have as its source. Networks for documentation count: examples use them.
PUBLIC = {
    4: Addresses.named(4, ["0.0.0.0/0"])
    - Addresses.named(4, ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3"])
    - PRIVATE[4]
    - PROBES[4],
    6: Addresses.named(6, ["2000::/3"]),
}


def whole_internet(prefixes: Collection[str]) -> int | None:
    """Give the version of IP of which prefixes leave out no address of the internet, as two halves do.

    None where some address is left out; 4 for a word such as `*`, which stands for both versions.
    """
    by_word = 4 if any(map(is_unlimited, prefixes)) else None
    return next((ip for ip, internet in PUBLIC.items() if not internet - Addresses.named(ip, prefixes)), by_word)
