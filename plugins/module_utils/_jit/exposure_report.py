# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say who gets in to a VM, and whether just-in-time access guards it, as data for people and playbooks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from .endpoints import INTERNET, VIRTUAL_NETWORK, Endpoint
from .exposure import State, VmVerdict, judge_vm
from .guards import shadows, standing_deny
from .inbound import Protocol
from .policies import Json
from .security_rules import SecurityGroup, SecurityRule, UnreadRule
from .sight import Sight

# What results call the sources that are no prefixes.
WORDS: Mapping[str, str] = {"internet": INTERNET, "virtual_network": VIRTUAL_NETWORK}
MANAGEMENT_PORTS = (22, 3389, 5985, 5986)
# From the worst to the best, as far as anybody knows.
STATES: tuple[State, ...] = ("open", "partial", "unknown", "closed")
NOT_GUARDED = frozenset({"missing", "partial", "shadowed"})

DenyState = Literal["present", "missing", "partial", "shadowed", "unknown"]
# Ports that rules can't tell apart are judged once: by endpoints, and the word for a source.
_Judged = dict[tuple[object, str, Protocol], VmVerdict]


@dataclass(frozen=True, slots=True)
class Asked:
    """What to judge of a VM: ports with their protocols, those of them that a policy covers, and sources."""

    ports: Mapping[int, Protocol]
    covered: frozenset[int]
    sources: tuple[str, ...] = tuple(WORDS)


@dataclass(frozen=True, slots=True)
class Exposure:
    """The verdicts by port and source, and what became of the standing deny."""

    entries: list[Json] = field(default_factory=list)
    denies: list[Json] = field(default_factory=list)

    def worst(self, source: str) -> str | None:
        states = {entry["state"] for entry in self.entries if entry["source"] == source}
        return next((state for state in STATES if state in states), None)

    def reachable(self, source: str) -> list[int]:
        """Give the ports to which the source, or a part of it, certainly gets in."""
        return [
            entry["port"]
            for entry in self.entries
            if entry["source"] == source and entry["state"] in ("open", "partial")
        ]


def report_exposure(sight: Sight, asked: Asked) -> Exposure:
    """Judge a VM."""
    exposure = Exposure()
    judged: _Judged = {}
    for port, protocol in sorted(asked.ports.items()):
        endpoints = sight.endpoints(port)
        alike = _rules_for(endpoints, port)
        for source in asked.sources:
            key = (alike, source, protocol)
            if key not in judged:
                judged[key] = judge_vm(endpoints, WORDS.get(source, source), port, protocol)
            exposure.entries.append(_entry(port, protocol, source, judged[key]))
        if port in asked.covered:
            exposure.denies.append(_deny(endpoints, port, protocol))
    return exposure


def describe_rule(rule: SecurityRule | UnreadRule) -> Json:
    """Name a rule with its place."""
    return {"name": rule.name, "priority": rule.priority, "security_group_id": _group_of(rule.id)}


def _rules_for(endpoints: Sequence[Endpoint], port: int) -> object:
    """Give what tells a port from others: the rules that name it, and what is unread before it."""
    return tuple((one.unread, tuple(_naming(group, port) for group in one.groups)) for one in endpoints)


def _naming(group: SecurityGroup, port: int) -> tuple[int, ...]:
    return tuple(id(rule) for rule in group.in_order() if rule.names_port(port))


def _entry(port: int, protocol: Protocol, source: str, verdict: VmVerdict) -> Json:
    """Write a verdict; of one that refuses nothing more is said, since that is most of them."""
    written: Json = {"port": port, "protocol": protocol, "source": source, "state": verdict.state}
    if verdict.state == "closed":
        return written
    written["reason"] = verdict.reason
    blamed = verdict.blamed
    if blamed is None:
        return written
    endpoint, part = blamed
    written["address"] = endpoint.address
    if rule := part.rule:
        written["rule"] = describe_rule(rule)
    if verdict.state == "partial":
        written["admitted"] = list(part.admitted)
    return written


def _deny(endpoints: Sequence[Endpoint], port: int, protocol: Protocol) -> Json:
    """Tell whether the standing deny is there and refuses."""
    undone = {rule.id.lower(): rule for one in endpoints for rule in shadows(one, port, protocol)}
    written: Json = {"port": port, "state": _presence(endpoints, port, protocol)}
    if undone:
        written["state"] = "shadowed"
        written["shadowed_by"] = [describe_rule(rule) for rule in undone.values()]
    return written


def _presence(endpoints: Iterable[Endpoint], port: int, protocol: Protocol) -> DenyState:
    """Say `partial` where some addresses have the deny: Azure doesn't say for which it writes one [inf]."""
    found = {standing_deny(endpoint, port, protocol) for endpoint in endpoints}
    if found == {"present"}:
        return "present"
    if found == {"missing"}:
        return "missing"
    return "partial" if "present" in found and "missing" in found else "unknown"


def _group_of(rule_id: str) -> str:
    """Give the id of a rule's group."""
    parts = rule_id.split("/")
    return "/".join(parts[:-2]) if len(parts) > 2 else ""
