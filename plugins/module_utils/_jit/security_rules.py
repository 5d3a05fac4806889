# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network security groups and their inbound rules, read from what Azure Resource Manager answers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from .sources import ANY, normal

Span: TypeAlias = tuple[int, int]

EVERY_PORT: tuple[Span, ...] = ((0, 65535),)
_FIRST_DEFAULT = 65000
_ACCESS = {"allow": True, "deny": False}
_PROTOCOLS = frozenset({ANY, "tcp", "udp", "icmp", "esp", "ah"})
# Names as the service writes them, before June 2023 with the older prefix; the number may be negative [issue].
_JIT_NAME = re.compile(
    r"(?:MicrosoftDefenderForCloud|SecurityCenter)-JITRule([-_])-?\d+\1[0-9a-f]{32}", re.IGNORECASE
)
_GRANT_MARK, _DENY_MARK = "-", "_"


@dataclass(frozen=True, slots=True)
class SecurityRule:
    """One rule of a security group.

    `protocol` is in lower case or `*`; addresses are in the normal form of `sources`, tags as they came; ids of
    application security groups are in lower case; spans of ports hold both their ends.
    """

    id: str
    name: str
    priority: int
    inbound: bool
    allows: bool
    protocol: str
    sources: tuple[str, ...]
    source_ports: tuple[Span, ...]
    destinations: tuple[str, ...]
    destination_ports: tuple[Span, ...]
    source_groups: tuple[str, ...] = ()
    destination_groups: tuple[str, ...] = ()
    description: str = ""
    provisioning_state: str = ""

    @property
    def is_jit_grant(self) -> bool:
        """Tell whether just-in-time access wrote it to let somebody in: by name, confirmed by its access."""
        return self.inbound and self.allows and _jit_mark(self.name) == _GRANT_MARK

    @property
    def is_jit_deny(self) -> bool:
        """Tell whether it is just-in-time access's standing deny: by name, confirmed by its access."""
        return self.inbound and not self.allows and _jit_mark(self.name) == _DENY_MARK

    @property
    def is_default(self) -> bool:
        """Tell whether Azure put it below all others; priorities of users end at 4096 [docs]."""
        return self.priority >= _FIRST_DEFAULT

    def serves(self, addresses: Collection[str]) -> bool:
        """Tell whether it is for these addresses, or some of them, and for no other destination."""
        own = {normal(address) for address in addresses}
        return bool(self.destinations) and not self.destination_groups and own.issuperset(self.destinations)

    def names_port(self, port: int) -> bool:
        return holds(self.destination_ports, port)

    def opens(self, port: int) -> bool:
        """Tell whether it lets somebody in to the port, if no rule before it says otherwise."""
        return self.inbound and self.allows and self.names_port(port)

    def opens_only(self, port: int) -> bool:
        return self.opens(port) and all(span == (port, port) for span in self.destination_ports)


@dataclass(frozen=True, slots=True)
class UnreadRule:
    """An inbound rule that could not be understood: nobody knows whom it concerns.

    `priority` is 0, before all others, and `allows` None where even that could not be read.
    """

    id: str
    name: str
    priority: int
    allows: bool | None
    destination_ports: tuple[Span, ...]

    def names_port(self, port: int) -> bool:
        return holds(self.destination_ports, port)


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """A security group's inbound rules in the order in which they are tried."""

    id: str
    rules: tuple[SecurityRule, ...]
    unread: tuple[UnreadRule, ...] = ()

    @property
    def name(self) -> str:
        return self.id.rpartition("/")[2]

    @property
    def grants(self) -> tuple[SecurityRule, ...]:
        return tuple(rule for rule in self.rules if rule.is_jit_grant)

    @property
    def denies(self) -> tuple[SecurityRule, ...]:
        return tuple(rule for rule in self.rules if rule.is_jit_deny)

    def in_order(self) -> Iterable[SecurityRule | UnreadRule]:
        """Give all rules by priority, those that could not be understood among them."""
        return sorted((*self.unread, *self.rules), key=lambda rule: rule.priority) if self.unread else self.rules


def holds(spans: Iterable[Span], port: int) -> bool:
    return any(first <= port <= last for first, last in spans)


def read_group(document: Mapping[str, Any]) -> SecurityGroup:
    """Read a security group; where it comes without Azure's default rules, they are added."""
    group_id = str(document.get("id") or "")
    wire = _properties(document)
    # An empty group says so [rec]. A mere reference to a group has no list at all, and says nothing.
    own = list(_inbound(_list(wire.get("securityRules", "absent"))))
    defaults = list(_inbound(_list(wire.get("defaultSecurityRules"))))
    seen = {rule.priority for rule in defaults}
    added = [rule for rule in _defaults(group_id) if rule.priority not in seen]
    everything = [*own, *defaults, *added]
    return SecurityGroup(
        id=group_id,
        rules=tuple(sorted((r for r in everything if isinstance(r, SecurityRule)), key=lambda r: r.priority)),
        unread=tuple(r for r in everything if isinstance(r, UnreadRule)),
    )


def read_rule(document: Mapping[str, Any]) -> SecurityRule | None:
    """Read a rule; None where a part of it that decides whom it concerns is absent or of an unknown kind."""
    wire = _properties(document)
    priority, protocol = _priority(wire), _protocol(wire)
    inbound = _choice(wire, "direction", {"inbound": True, "outbound": False})
    allows = _choice(wire, "access", _ACCESS)
    sources, destinations = (
        _texts(wire, "sourceAddressPrefix", "es"),
        _texts(wire, "destinationAddressPrefix", "es"),
    )
    source_groups = _ids(wire.get("sourceApplicationSecurityGroups"))
    destination_groups = _ids(wire.get("destinationApplicationSecurityGroups"))
    # Azure demands source ports and nearly nobody limits them, so a copy of a rule may leave them out [inf].
    source_ports = _spans(_texts(wire, "sourcePortRange", "s") or (ANY,))
    destination_ports = _spans(_texts(wire, "destinationPortRange", "s"))
    if priority is None or protocol is None or inbound is None or allows is None:
        return None
    if not source_ports or not destination_ports or not all((*source_groups, *destination_groups)):
        return None
    if not (sources or source_groups) or not (destinations or destination_groups):
        return None
    return SecurityRule(
        id=_text(document, "id"),
        name=_text(document, "name"),
        priority=priority,
        inbound=inbound,
        allows=allows,
        protocol=protocol,
        sources=tuple(map(normal, sources)),
        source_ports=source_ports,
        destinations=tuple(map(normal, destinations)),
        destination_ports=destination_ports,
        source_groups=source_groups,
        destination_groups=destination_groups,
        description=_text(wire, "description"),
        provisioning_state=_text(wire, "provisioningState"),
    )


def _inbound(documents: Iterable[Any]) -> Iterator[SecurityRule | UnreadRule]:
    """Read the inbound rules of a list; what should be a list or a rule and is none can't be understood."""
    for entry in documents:
        document = entry if isinstance(entry, Mapping) else {}
        if _choice(_properties(document), "direction", {"outbound": True}):
            continue
        yield read_rule(document) or _read_remains(document)


def _read_remains(document: Mapping[str, Any]) -> UnreadRule:
    wire = _properties(document)
    return UnreadRule(
        id=_text(document, "id"),
        name=_text(document, "name"),
        priority=_priority(wire) or 0,
        allows=_choice(wire, "access", _ACCESS),
        destination_ports=_spans(_texts(wire, "destinationPortRange", "s")) or EVERY_PORT,
    )


def _defaults(group_id: str) -> Iterator[SecurityRule]:
    """Give the inbound rules that each group has by itself [docs][rec]."""
    for priority, name, source, destination in (
        (65000, "AllowVnetInBound", "VirtualNetwork", "VirtualNetwork"),
        (65001, "AllowAzureLoadBalancerInBound", "AzureLoadBalancer", ANY),
        (65500, "DenyAllInBound", ANY, ANY),
    ):
        yield SecurityRule(
            id=f"{group_id}/defaultSecurityRules/{name}",
            name=name,
            priority=priority,
            inbound=True,
            allows=name.startswith("Allow"),
            protocol=ANY,
            sources=(source,),
            source_ports=EVERY_PORT,
            destinations=(destination,),
            destination_ports=EVERY_PORT,
        )


def _jit_mark(name: str) -> str:
    match = _JIT_NAME.fullmatch(name)
    return match[1] if match else ""


def _properties(document: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = document.get("properties")
    return properties if isinstance(properties, Mapping) else {}


def _text(wire: Mapping[str, Any], key: str) -> str:
    return str(wire.get(key) or "")


def _priority(wire: Mapping[str, Any]) -> int | None:
    text = _text(wire, "priority")
    return int(text) if text.isdecimal() else None


def _protocol(wire: Mapping[str, Any]) -> str | None:
    word = _text(wire, "protocol").lower()
    return word if word in _PROTOCOLS else None


def _choice(wire: Mapping[str, Any], key: str, words: Mapping[str, bool]) -> bool | None:
    return words.get(_text(wire, key).lower())


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _texts(wire: Mapping[str, Any], singular: str, ending: str) -> tuple[str, ...]:
    """Read a field that comes in the singular, in the plural, or as both with one of them empty [rec]."""
    values = [*_list(wire.get(singular)), *_list(wire.get(singular + ending))]
    return tuple(text for value in values if (text := str(value).strip()))


def _ids(value: Any) -> tuple[str, ...]:
    """Read references to application security groups, with an empty text for one that is none."""
    return tuple(_text(entry, "id").lower() if isinstance(entry, Mapping) else "" for entry in _list(value))


def _spans(texts: Iterable[str]) -> tuple[Span, ...]:
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
