# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports and what a policy allows on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import Any

from .sources import ANY, covers, normal, one_word
from .times import human_duration, iso_duration, read_duration

SERVICES: Mapping[str, int] = {"rdp": 3389, "ssh": 22, "winrm_http": 5985, "winrm_https": 5986}
PROTOCOLS: Mapping[str, str] = {"tcp": "TCP", "udp": "UDP", "any": "*"}
DEFAULT_DURATION = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class PortRule:
    """What a policy allows on one port: from where, and for how long at most.

    `protocol` is `TCP`, `UDP` or `*`; `sources` are prefixes in normal form. Rules are equal when they allow the
    same, so `allowed` has one word for everybody; a request is measured by the very text, which `sources` keeps.
    `unread` is a maximum that can't be read, and then nothing may be asked for.
    """

    number: int
    protocol: str
    sources: frozenset[str] = field(compare=False)
    max_duration: timedelta
    unread: str | None = None
    allowed: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "allowed", frozenset(map(one_word, self.sources)))

    def concerns_same_port_as(self, other: PortRule) -> bool:
        """Tell whether both can't stand beside each other: one number, protocols that overlap."""
        return self.number == other.number and (
            self.protocol == other.protocol or "*" in (self.protocol, other.protocol)
        )

    def allows_source(self, source: str) -> bool:
        return any(covers(allowed, source) for allowed in self.sources)

    @property
    def protocol_name(self) -> str:
        """Give the protocol as the options write it: `tcp`, `udp` or `any`."""
        return {"*": "any"}.get(self.protocol, self.protocol.lower())

    @property
    def longest(self) -> str:
        """Say the maximum as the options take it, or the very text of one that can't be read."""
        return human_duration(self.max_duration) if self.unread is None else self.unread

    @property
    def label(self) -> str:
        return f"{self.number}/{self.protocol_name}"

    def describe(self) -> str:
        """Say the rule as a person reads it in a diff."""
        sources = ", ".join("any source" if source == ANY else source for source in sorted(self.allowed))
        most = self.longest if self.unread is None else f"{self.unread!r}, which can't be read"
        return f"from {sources}, at most {most}"


def clashes(rule: PortRule, others: Iterable[PortRule]) -> bool:
    return any(rule.concerns_same_port_as(other) for other in others)


def default_ports(os_type: str) -> tuple[PortRule, ...]:
    """Give what the portal proposes for a VM, by its operating system: one port, any source, three hours."""
    number = SERVICES["rdp" if os_type.lower() == "windows" else "ssh"]
    return (PortRule(number, "*", frozenset({ANY}), DEFAULT_DURATION),)


def read_rule(wire: Mapping[str, Any]) -> PortRule:
    """Read a port of a policy. Absent or odd values become what restricts most, never an error.

    A policy may hold what other tools wrote, and one odd entry must not hide all others.
    """
    prefixes = tuple(map(str, _prefixes(wire)))
    longest = str(wire.get("maxRequestAccessDuration") or "")
    return _rule(read_number(wire), str(wire.get("protocol") or "*"), prefixes, longest)


# A fleet has thousands of ports and few different rules.
@lru_cache(maxsize=4096)
def _rule(number: int, protocol: str, prefixes: tuple[str, ...], longest: str) -> PortRule:
    duration = read_duration(longest)
    sources = frozenset(map(normal, prefixes))
    if duration is None:
        return PortRule(number, protocol.upper(), sources, timedelta(0), unread=longest)
    return PortRule(number, protocol.upper(), sources, duration)


def read_number(wire: Mapping[str, Any]) -> int:
    """Read the number of a policy's port or a request's; 0, which nobody asks for, where it is none."""
    text = str(wire.get("number"))
    return int(text) if text.isdecimal() else 0


def read_sources(wire: Mapping[str, Any]) -> Iterable[str]:
    """Read the prefixes of a policy's port or a request's, in the singular and the plural form."""
    return (normal(prefix) for prefix in _prefixes(wire))


def _prefixes(wire: Mapping[str, Any]) -> Iterable[str]:
    prefixes: list[str] = wire.get("allowedSourceAddressPrefixes") or []
    if not prefixes and wire.get("allowedSourceAddressPrefix"):
        return [str(wire["allowedSourceAddressPrefix"])]
    return prefixes


def write_sources(sources: Iterable[str]) -> dict[str, Any]:
    """Write prefixes as Azure takes them: the plural form only where there are several."""
    ordered = sorted(sources)
    if len(ordered) == 1:
        return {"allowedSourceAddressPrefix": ordered[0]}
    return {"allowedSourceAddressPrefixes": ordered}


def write_rule(rule: PortRule, known: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Write a policy's port over what is `known` of it, so that unknown fields survive."""
    wire = dict(known or {})
    wire.pop("allowedSourceAddressPrefix", None)
    wire.pop("allowedSourceAddressPrefixes", None)
    wire["number"] = rule.number
    wire["protocol"] = rule.protocol
    wire.update(write_sources(rule.sources))
    wire["maxRequestAccessDuration"] = iso_duration(rule.max_duration)
    return wire
