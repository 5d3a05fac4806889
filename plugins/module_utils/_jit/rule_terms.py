# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom a rule of a security group concerns, read from what Azure Resource Manager answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from .sources import ANY, normal

Span: TypeAlias = tuple[int, int]

EVERY_PORT: tuple[Span, ...] = ((0, 65535),)
ACCESS = {"allow": True, "deny": False}
_DIRECTIONS = {"inbound": True, "outbound": False}
_PROTOCOLS = frozenset({ANY, "tcp", "udp", "icmp", "esp", "ah"})

# What decides whom a rule concerns.
_TEXTS = (
    "priority",
    "protocol",
    "direction",
    "access",
    "sourceAddressPrefix",
    "sourceAddressPrefixes",
    "sourcePortRange",
    "sourcePortRanges",
    "destinationAddressPrefix",
    "destinationAddressPrefixes",
    "destinationPortRange",
    "destinationPortRanges",
)
_GROUPS = ("sourceApplicationSecurityGroups", "destinationApplicationSecurityGroups")


class Terms(NamedTuple):
    """What a rule's properties say of it."""

    priority: int
    inbound: bool
    allows: bool
    protocol: str
    sources: tuple[str, ...]
    source_ports: tuple[Span, ...]
    destinations: tuple[str, ...]
    destination_ports: tuple[Span, ...]
    source_groups: tuple[str, ...]
    destination_groups: tuple[str, ...]


def read_terms(wire: Mapping[str, Any]) -> Terms | None:
    """Read a rule's properties; None where one is absent or of an unknown kind."""
    if any(wire.get(field) not in (None, []) for field in _GROUPS):
        return _terms(wire)
    values = [wire.get(field) for field in _TEXTS]
    try:
        return _known_terms(*(tuple(map(str, value)) if isinstance(value, list) else value for value in values))
    except TypeError:  # an object where a text should be
        return _terms(wire)


# `typed`, because 1 is equal to True.
@lru_cache(maxsize=4096, typed=True)
def _known_terms(*values: Any) -> Terms | None:
    """Read what thousands of rules have in common, Azure's default rules most of all, once."""
    lists = (list(value) if isinstance(value, tuple) else value for value in values)
    return _terms(dict(zip(_TEXTS, lists, strict=True)))


def _terms(wire: Mapping[str, Any]) -> Terms | None:
    priority, protocol = priority_of(wire), _protocol(wire)
    inbound = choice_of(wire, "direction", _DIRECTIONS)
    allows = choice_of(wire, "access", ACCESS)
    sources, destinations = (
        texts_of(wire, "sourceAddressPrefix", "es"),
        texts_of(wire, "destinationAddressPrefix", "es"),
    )
    source_groups = _ids(wire.get("sourceApplicationSecurityGroups"))
    destination_groups = _ids(wire.get("destinationApplicationSecurityGroups"))
    # Azure demands source ports and nearly nobody limits them, so a copy of a rule may leave them out [inf].
    source_ports = spans_of(texts_of(wire, "sourcePortRange", "s") or (ANY,))
    destination_ports = spans_of(texts_of(wire, "destinationPortRange", "s"))
    if priority is None or protocol is None or inbound is None or allows is None:
        return None
    if not source_ports or not destination_ports or not all((*source_groups, *destination_groups)):
        return None
    if not (sources or source_groups) or not (destinations or destination_groups):
        return None
    return Terms(
        priority,
        inbound,
        allows,
        protocol,
        tuple(map(normal, sources)),
        source_ports,
        tuple(map(normal, destinations)),
        destination_ports,
        source_groups,
        destination_groups,
    )


def properties_of(document: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = document.get("properties")
    return properties if isinstance(properties, Mapping) else {}


def text_of(wire: Mapping[str, Any], key: str) -> str:
    return str(wire.get(key) or "")


def priority_of(wire: Mapping[str, Any]) -> int | None:
    text = text_of(wire, "priority")
    return int(text) if text.isdecimal() else None


def _protocol(wire: Mapping[str, Any]) -> str | None:
    word = text_of(wire, "protocol").lower()
    return word if word in _PROTOCOLS else None


def choice_of(wire: Mapping[str, Any], key: str, words: Mapping[str, bool]) -> bool | None:
    return words.get(text_of(wire, key).lower())


def listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def texts_of(wire: Mapping[str, Any], singular: str, ending: str) -> tuple[str, ...]:
    """Read a field that comes in the singular, in the plural, or as both with one of them empty [rec]."""
    values = [*listed(wire.get(singular)), *listed(wire.get(singular + ending))]
    return tuple(text for value in values if (text := str(value).strip()))


def _ids(value: Any) -> tuple[str, ...]:
    """Read references to application security groups, with an empty text for one that is none."""
    return tuple(text_of(entry, "id").lower() if isinstance(entry, Mapping) else "" for entry in listed(value))


def spans_of(texts: Iterable[str]) -> tuple[Span, ...]:
    """Read ranges of ports; none at all where one of them is not understood."""
    spans = tuple(map(_span, texts))
    return tuple(span for span in spans if span) if all(spans) else ()


def _span(text: str) -> Span | None:
    if text == ANY:
        return EVERY_PORT[0]
    first, dash, last = (part.strip() for part in text.partition("-"))
    last = last if dash else first
    if not (first.isdecimal() and last.isdecimal()):
        return None
    span = (int(first), int(last))
    return span if span[0] <= span[1] <= 65535 else None
