# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of addresses, of one family, that can be joined, cut and compared exactly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, summarize_address_range
from itertools import chain

from .sources import network_of


@dataclass(frozen=True, slots=True)
class Addresses:
    """Addresses of IP `version` 4 or 6, as ranges in order that neither touch nor overlap."""

    version: int
    ranges: tuple[tuple[int, int], ...] = ()

    @classmethod
    def named(cls, version: int, prefixes: Iterable[str]) -> Addresses:
        """Collect the addresses of prefixes; words and prefixes of the other family name none."""
        networks = (network_of(prefix) for prefix in prefixes)
        found = [network for network in networks if network is not None and network.version == version]
        return cls(version, _joined((int(net.network_address), int(net.broadcast_address)) for net in found))

    def __bool__(self) -> bool:
        return bool(self.ranges)

    def __or__(self, other: Addresses) -> Addresses:
        return Addresses(self.version, _joined(chain(self.ranges, other.ranges)))

    def __and__(self, other: Addresses) -> Addresses:
        shared = (
            (max(first, low), min(last, high))
            for first, last in self.ranges
            for low, high in other.ranges
            if low <= last and first <= high
        )
        return Addresses(self.version, tuple(shared))

    def __sub__(self, other: Addresses) -> Addresses:
        ranges = self.ranges
        for taken in other.ranges:
            ranges = tuple(piece for held in ranges for piece in _cut(held, taken))
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


def _joined(ranges: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    joined: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return tuple(joined)


def _cut(held: tuple[int, int], taken: tuple[int, int]) -> Iterator[tuple[int, int]]:
    (first, last), (low, high) = held, taken
    if first <= min(last, low - 1):
        yield first, min(last, low - 1)
    if max(first, high + 1) <= last:
        yield max(first, high + 1), last


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
