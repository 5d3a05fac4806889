# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network security groups and their inbound rules, read from what Azure Resource Manager answers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .rule_terms import (
    ACCESS,
    EVERY_PORT,
    Span,
    choice_of,
    listed,
    priority_of,
    properties_of,
    read_terms,
    spans_of,
    text_of,
    texts_of,
)
from .sources import ANY, normal

_FIRST_DEFAULT = 65000
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
    wire = properties_of(document)
    # An empty group says so [rec]. A mere reference to a group has no list at all, and says nothing.
    own = list(_inbound(listed(wire.get("securityRules", "absent"))))
    defaults = list(_inbound(listed(wire.get("defaultSecurityRules"))))
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
    wire = properties_of(document)
    terms = read_terms(wire)
    if terms is None:
        return None
    return SecurityRule(
        id=text_of(document, "id"),
        name=text_of(document, "name"),
        priority=terms.priority,
        inbound=terms.inbound,
        allows=terms.allows,
        protocol=terms.protocol,
        sources=terms.sources,
        source_ports=terms.source_ports,
        destinations=terms.destinations,
        destination_ports=terms.destination_ports,
        source_groups=terms.source_groups,
        destination_groups=terms.destination_groups,
        description=text_of(wire, "description"),
        provisioning_state=text_of(wire, "provisioningState"),
    )


def _inbound(documents: Iterable[Any]) -> Iterator[SecurityRule | UnreadRule]:
    """Read the inbound rules of a list; what should be a list or a rule and is none can't be understood."""
    for entry in documents:
        document = entry if isinstance(entry, Mapping) else {}
        if choice_of(properties_of(document), "direction", {"outbound": True}):
            continue
        yield read_rule(document) or _read_remains(document)


def _read_remains(document: Mapping[str, Any]) -> UnreadRule:
    wire = properties_of(document)
    return UnreadRule(
        id=text_of(document, "id"),
        name=text_of(document, "name"),
        priority=priority_of(wire) or 0,
        allows=choice_of(wire, "access", ACCESS),
        destination_ports=spans_of(texts_of(wire, "destinationPortRange", "s")) or EVERY_PORT,
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
