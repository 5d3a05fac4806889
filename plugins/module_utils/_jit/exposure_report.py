# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say who gets in to a VM, and whether just-in-time access guards it, as data for people and playbooks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from .endpoints import INTERNET, VIRTUAL_NETWORK, Endpoint, NoGroup
from .exposure import State, VmVerdict, judge_vm
from .guards import shadows, standing_deny
from .inbound import Protocol, Question
from .policies import Json
from .security_rules import SecurityRule, UnreadRule
from .sight import Sight
from .sources import ANY, covers

# What results call the sources that are no prefixes.
WORDS: Mapping[str, str] = {"internet": INTERNET, "virtual_network": VIRTUAL_NETWORK}
MANAGEMENT_PORTS = (22, 3389, 5985, 5986)
# From the worst to the best, as far as anybody knows.
STATES: tuple[State, ...] = ("open", "partial", "unknown", "closed")
HIDDEN = "its policy is just being written, and shown without its windows"
NOT_GUARDED = frozenset({"missing", "partial", "shadowed"})

DenyState = Literal["present", "missing", "partial", "shadowed", "unknown"]


class Memory:
    """Verdicts on VMs that rules treat alike: a fleet costs little more than its different kinds of VMs."""

    def __init__(self) -> None:
        self.closed: dict[tuple[_Likeness, str], VmVerdict] = {}
        # By the identity of rules as well, which the verdicts keep alive: these name rules.
        self.others: dict[tuple[_Likeness, tuple[int, ...], str], VmVerdict] = {}
        self.denies: dict[_Likeness, DenyState] = {}


@dataclass(frozen=True, slots=True)
class _Likeness:
    """What tells a VM and a port from others, as far as rules do: by what they do, whatever they are called."""

    protocol: Protocol
    gap: str
    places: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What to judge of a VM: ports, by one protocol or both, and sources.

    `covered` are those that a policy covers, with the protocol by which it does; `windows` are whom open windows
    let in to a port. With `hides_windows` there may be others.
    """

    ports: frozenset[tuple[int, Protocol]]
    covered: Mapping[int, Protocol]
    sources: tuple[str, ...] = tuple(WORDS)
    windows: Mapping[int, Collection[str]] = field(default_factory=dict)
    hides_windows: bool = False


@dataclass(frozen=True, slots=True)
class Exposure:
    """The verdicts by port and source, and what became of the standing deny."""

    entries: list[Json] = field(default_factory=list)
    denies: list[Json] = field(default_factory=list)

    def worst(self, source: str) -> str | None:
        """Give the worst that holds without the windows that are open."""
        states = {besides_windows(entry)["state"] for entry in self.entries if entry["source"] == source}
        return next((state for state in STATES if state in states), None)

    def reachable(self, source: str) -> list[int]:
        """Give the ports to which the source, or a part of it, certainly gets in, and by no open window."""
        reached = [
            entry["port"]
            for entry in self.entries
            if entry["source"] == source and besides_windows(entry)["state"] in ("open", "partial")
        ]
        return list(dict.fromkeys(reached))


def report_exposure(sight: Sight, asked: Asked, memory: Memory) -> Exposure:
    """Judge a VM."""
    exposure = Exposure()
    plain = sight.view.endpoints(sight.layout)
    for port, protocol in sorted(asked.ports):
        endpoints = sight.at_port(plain, port)
        windows = _rules_of_windows(sight, port, {ANY} if asked.hides_windows else asked.windows.get(port, ()))
        others = [endpoint.without(windows) for endpoint in endpoints] if windows else []
        for source in asked.sources:
            entry: Json = {"port": port, "protocol": protocol, "source": source}
            entry |= _tell(endpoints, port, protocol, source, sight.gap, memory)
            if others and entry["state"] != "closed":
                besides = _tell(others, port, protocol, source, sight.gap, memory)
                if asked.hides_windows and besides["state"] != entry["state"]:
                    besides = {"state": "unknown", "reason": HIDDEN}
                entry["besides_windows"] = besides
            exposure.entries.append(entry)
        if asked.covered.get(port) == protocol:
            alike, _rules = _likeness(endpoints, port, protocol, sight.gap)
            exposure.denies.append(_deny(endpoints, alike, port, memory))
    return exposure


def besides_windows(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give what a verdict is without the rules of windows that are open: what nobody asked for."""
    besides: Mapping[str, Any] = entry.get("besides_windows") or entry
    return besides


def describe_rule(rule: SecurityRule | UnreadRule) -> Json:
    """Name a rule with its place."""
    return {"name": rule.name, "priority": rule.priority, "security_group_id": _group_of(rule.id)}


def _likeness(
    endpoints: Sequence[Endpoint], port: int, protocol: Protocol, gap: str
) -> tuple[_Likeness, tuple[int, ...]]:
    """Find what tells a port of a VM from others, and the identity of the rules that concern it."""
    rules: list[int] = []
    places: list[object] = []
    for endpoint in endpoints:
        question = Question(endpoint, port, protocol)
        for layer in (endpoint.subnet, endpoint.nic):
            if isinstance(layer, NoGroup):
                places.append(layer)
                continue
            concerned = [rule for rule in layer.in_order() if question.may_concern(rule)]
            places.append(tuple(_mark(rule, question) for rule in concerned))
            rules += map(id, concerned)
        places.append((endpoint.version, endpoint.public, endpoint.unread, endpoint.space))
    return _Likeness(protocol, gap, tuple(places)), tuple(rules)


def _mark(rule: SecurityRule | UnreadRule, question: Question) -> object:
    """Give what a rule does to those whom it concerns; that it is for this port and protocol is known."""
    if isinstance(rule, UnreadRule):
        return rule.allows
    kind = rule.allows, rule.is_jit_deny, rule.is_jit_grant
    return kind, question.reaches(rule), rule.sources, rule.source_ports, rule.source_groups


def _rules_of_windows(sight: Sight, port: int, sources: Collection[str]) -> list[SecurityRule]:
    """Find the rules of just-in-time access that let in nobody but those whom open windows are for."""
    return [
        rule
        for rule in (sight.view.grant_rules(sight.layout) if sources else ())
        if rule.opens(port) and all(any(covers(one, own) for one in sources) for own in rule.sources)
    ]


def _tell(
    endpoints: Sequence[Endpoint], port: int, protocol: Protocol, source: str, gap: str, memory: Memory
) -> Json:
    alike, rules = _likeness(endpoints, port, protocol, gap)
    verdict = memory.closed.get((alike, source)) or memory.others.get((alike, rules, source))
    if verdict is None:
        verdict = judge_vm(endpoints, WORDS.get(source, source), port, protocol, gap)
        if verdict.state == "closed":
            memory.closed[alike, source] = verdict
        else:
            memory.others[alike, rules, source] = verdict
    return _describe(verdict, endpoints)


def _describe(verdict: VmVerdict, endpoints: Sequence[Endpoint]) -> Json:
    """Write a verdict; of one that refuses nothing more is said, since that is most of them."""
    if verdict.state == "closed":
        return {"state": verdict.state}
    written: Json = {"state": verdict.state, "reason": verdict.reason}
    place = next((index for index, (_one, part) in enumerate(verdict.parts) if part.state == verdict.state), None)
    if place is None:
        return written
    part = verdict.parts[place][1]
    written["address"] = endpoints[place].address
    if rule := part.rule:
        written["rule"] = describe_rule(rule)
    if verdict.state == "partial":
        written["admitted"] = list(part.admitted)
    return written


def _deny(endpoints: Sequence[Endpoint], alike: _Likeness, port: int, memory: Memory) -> Json:
    """Tell whether the standing deny is there and refuses."""
    known = memory.denies.get(alike)
    if known and known != "shadowed":
        return {"port": port, "state": known}
    state = _presence(endpoints, port, alike.protocol)
    if alike.gap and state == "present":
        state = "unknown"
    undone = (
        [rule for one in endpoints for rule in shadows(one, port, alike.protocol)] if state != "missing" else []
    )
    memory.denies[alike] = "shadowed" if undone else state
    if not undone:
        return {"port": port, "state": state}
    by_id = {rule.id.lower(): rule for rule in undone}
    return {"port": port, "state": "shadowed", "shadowed_by": [describe_rule(rule) for rule in by_id.values()]}


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
