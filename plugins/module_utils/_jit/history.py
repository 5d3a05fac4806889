# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was asked for, what became of it, and what is open now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from .grants import Grant, read_grants
from .ids import PolicyId, VmId
from .policies import Json, Policy
from .sources import covers
from .times import read_moment, write_moment

ACTIVE = "active"
PENDING = "pending"
EXPIRED = "expired"
REVOKED = "revoked"
# Azure lists it as open, and its rule is gone: not Azure's word but ours.
CLOSED = "closed"
OTHER = "other"
STATES = (ACTIVE, PENDING, CLOSED, EXPIRED, REVOKED, OTHER)


@dataclass(frozen=True, slots=True)
class Past:
    """A grant with the policy that it is in, and its state at one moment."""

    policy_id: PolicyId
    grant: Grant
    state: str


@dataclass(frozen=True, slots=True)
class Search:
    """Which grants are wanted. Empty means any; a source is wanted if the grant admits it."""

    vms: frozenset[VmId] = frozenset()
    ports: frozenset[int] = frozenset()
    sources: tuple[str, ...] = ()
    states: frozenset[str] = frozenset()
    requestors: frozenset[str] = frozenset()
    justification: str = ""
    started_after: datetime | None = None

    def may_want(self, port: Mapping[str, Any]) -> bool:
        """Pass over a port before it is read: histories are long."""
        return not self.ports or port.get("number") in self.ports

    def wants(self, past: Past) -> bool:
        grant = past.grant
        return (
            (not self.vms or grant.vm in self.vms)
            and (not self.states or past.state in self.states)
            and (not self.requestors or grant.requestor.lower() in self.requestors)
            and self.justification.lower() in grant.justification.lower()
            and all(grant.covers(source) for source in self.sources)
            and (self.started_after is None or self._started_in_time(grant))
        )

    def _started_in_time(self, grant: Grant) -> bool:
        start = read_moment(grant.start_text)
        return start is None or self.started_after is None or start >= self.started_after


def state_of(grant: Grant, now: datetime) -> str:
    """Say what became of a grant; the service's words are open, so there may be others."""
    if grant.is_live(now):
        return PENDING if grant.is_pending else ACTIVE
    if grant.is_initiated or grant.is_pending or grant.reason.lower() == "expired":
        return EXPIRED
    return REVOKED if grant.status.lower() == "revoked" else OTHER


def search(policies: Iterable[Policy], wanted: Search, now: datetime) -> list[Past]:
    """Find the wanted grants, the newest first."""
    found = [
        past
        for policy in policies
        for grant in read_grants(policy.requests, wanted.may_want)
        if wanted.wants(past := Past(policy.id, grant, state_of(grant, now)))
    ]
    return sorted(found, key=lambda past: (past.grant.start_text, past.grant.vm, past.grant.port), reverse=True)


def told_by_rules(past: Past, ended: Mapping[Grant, frozenset[str]]) -> Past:
    """Take from a window the sources for which its rule is gone; without any left it is closed."""
    gone = ended.get(past.grant, frozenset())
    left = tuple(source for source in past.grant.sources if source not in gone)
    if not gone:
        return past
    if not left:
        return replace(past, state=CLOSED)
    return replace(past, grant=replace(past.grant, sources=left))


def describe(past: Past, now: datetime) -> Json:
    """Write a grant; `remaining_seconds` is 0 for one that ended."""
    grant = past.grant
    start = read_moment(grant.start_text)
    live = past.state in (ACTIVE, PENDING)
    return {
        "id": str(grant.vm),
        "name": grant.vm.name,
        "policy_id": str(past.policy_id),
        "port": grant.port,
        "sources": list(grant.sources),
        "state": past.state,
        "status": grant.status,
        "status_reason": grant.reason,
        "start_time": write_moment(start) if start else None,
        "end_time": write_moment(grant.end),
        "remaining_seconds": int((grant.end - now).total_seconds()) if live else 0,
        "requestor": grant.requestor,
        "justification": grant.justification,
    }


def open_now(pasts: Iterable[Past], now: datetime) -> list[Json]:
    """Merge the active grants to what is open: for each VM and port each source once, until its latest end."""
    by_vm: dict[VmId, dict[int, list[Grant]]] = defaultdict(lambda: defaultdict(list))
    for past in pasts:
        if past.state == ACTIVE:
            by_vm[past.grant.vm][past.grant.port].append(past.grant)
    return [
        {
            "id": str(vm),
            "name": vm.name,
            "ports": [window for port in sorted(ports) for window in _windows(port, ports[port], now)],
        }
        for vm, ports in sorted(by_vm.items())
    ]


def _windows(port: int, grants: Sequence[Grant], now: datetime) -> list[Json]:
    """Group a port's sources by their ends; a source within a wider one that lasts as long says nothing new."""
    ends: dict[str, datetime] = {}
    for grant in grants:
        for source in grant.sources:
            ends[source] = max(grant.end, ends.get(source, grant.end))
    needed = {
        source: end
        for source, end in ends.items()
        if not any(
            covers(wider, source) and not covers(source, wider) and last >= end for wider, last in ends.items()
        )
    }
    return [
        {
            "port": port,
            "sources": sorted(source for source, last in needed.items() if last == end),
            "end_time": write_moment(end),
            "remaining_seconds": int((end - now).total_seconds()),
        }
        for end in sorted(set(needed.values()))
    ]
