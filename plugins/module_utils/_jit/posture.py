# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be told of one VM: its tab, its policies, what is open, and who gets in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from .assessment import Assessment, describe_assessment
from .effect import find_effect
from .exposure_report import Asked, Exposure, Memory, report_exposure
from .grants import Grant
from .hosts import VmRow, addresses_of, os_of
from .ids import PolicyId
from .inbound import Protocol
from .policies import Coverage, Json
from .policy_report import describe_open_window, describe_rule
from .ports import PortRule
from .server_plan import ServerPlan
from .sight import Sight
from .tabs import FIREWALL, POLICY_UPDATING, Tab


@dataclass(frozen=True, slots=True)
class Holding:
    """A policy that holds the VM."""

    policy_id: PolicyId
    coverage: Coverage


@dataclass(frozen=True, slots=True)
class Window:
    """A grant that runs, and the policy that it was asked of."""

    policy_id: PolicyId
    grant: Grant


@dataclass(frozen=True, slots=True)
class Subject:
    """All that was found out about a VM.

    `ended` are windows that ended just now, whose rules may still have been there. `rules_problem` says why
    Azure's own rules could not be had.
    """

    row: VmRow
    tab: Tab
    holdings: Sequence[Holding]
    windows: Sequence[Window]
    sight: Sight | None
    ended: Sequence[Grant] = ()
    plan: ServerPlan | None = None
    assessment: Assessment | None = None
    rules_from: str = "security_groups"
    rules_problem: str = ""


def describe(
    subject: Subject, ports: Iterable[int], sources: Sequence[str], now: datetime, memory: Memory
) -> tuple[Json, Exposure]:
    """Write what is told of a VM; `ports` are judged beside those of its policies."""
    row, tab = subject.row, subject.tab
    public, private = addresses_of(row)
    asked = _asked(subject, ports, sources)
    protocols = {port: protocol for port, protocol in asked.ports if protocol == "udp"}
    exposure = report_exposure(subject.sight, asked, memory) if subject.sight else Exposure()
    written: Json = {
        "id": row["id"],
        "name": row["name"],
        "subscription_id": row["subscriptionId"],
        "resource_group": row["resourceGroup"],
        "location": row["location"],
        "tags": row["tags"] or {},
        "os": os_of(row),
        "power_state": (row["powerState"] or "").rpartition("/")[2].lower() or "unknown",
        "public_ip": public,
        "private_ip": private,
        "dns_name": next((one["fqdn"] for one in row["interfaces"] or () if one["fqdn"]), None),
        "jit_status": tab.status,
        "reason": tab.reason,
        "detail": tab.detail,
        "notes": list(tab.notes),
        "policies": [_policy(holding) for holding in subject.holdings],
        "open": [_window(window, subject, protocols, now) for window in subject.windows],
        "exposure": exposure.entries,
        "internet_ports": exposure.reachable("internet"),
        "standing_deny": exposure.denies,
        "rules_from": subject.rules_from,
        "defender_plan": _plan(subject.plan),
        "assessment": describe_assessment(subject.assessment, tab.status, now) if subject.assessment else None,
    }
    if subject.rules_problem:
        written["rules_problem"] = subject.rules_problem
    return written, exposure


def _asked(subject: Subject, ports: Iterable[int], sources: Sequence[str]) -> Asked:
    """Judge management ports by TCP, and a policy's port by UDP, where it opens nothing else.

    What serves a port by UDP may serve it by TCP too, so a management port is judged by both then.

    Where a firewall stands in for security groups, the standing deny is one of its rules, and not looked for.
    """
    rules: dict[int, list[PortRule]] = {}
    for holding in subject.holdings:
        for rule in holding.coverage.rules:
            rules.setdefault(rule.number, []).append(rule)
    protocols: dict[int, Protocol] = {
        port: "udp" if all(rule.protocol == "UDP" for rule in held) else "tcp" for port, held in rules.items()
    }
    windows: dict[int, set[str]] = {}
    for grant in (*(window.grant for window in subject.windows), *subject.ended):
        windows.setdefault(grant.port, set()).update(grant.sources)
    managed: frozenset[tuple[int, Protocol]] = frozenset((port, "tcp") for port in ports)
    return Asked(
        ports=managed | frozenset(protocols.items()),
        covered={} if _is_behind_firewall(subject) else protocols,
        sources=tuple(sources),
        windows=windows,
        hides_windows=POLICY_UPDATING in subject.tab.notes,
    )


def _is_behind_firewall(subject: Subject) -> bool:
    has_groups = subject.sight is not None and bool(subject.sight.layout.groups)
    is_forwarded = any(holding.coverage.public_ip for holding in subject.holdings)
    return not has_groups and (is_forwarded or FIREWALL in subject.tab.notes)


def _policy(holding: Holding) -> Json:
    coverage = holding.coverage
    written: Json = {"id": str(holding.policy_id), "ports": [describe_rule(rule) for rule in coverage.rules]}
    if coverage.public_ip:
        written["public_ip_address"] = coverage.public_ip
    return written


def _window(window: Window, subject: Subject, protocols: Mapping[int, Protocol], now: datetime) -> Json:
    grant = window.grant
    return {
        **describe_open_window(grant, now),
        "policy_id": str(window.policy_id),
        **_effect(grant, subject.sight, protocols),
    }


def _effect(grant: Grant, sight: Sight | None, protocols: Mapping[int, Protocol]) -> Json:
    """Tell whether a window's rule lets its sources in; of one that is yet to begin nothing can be said."""
    if grant.is_pending:
        return {"effect": "pending"}
    if sight is None:
        return {"effect": "unknown", "effect_reason": "the VM's network could not be read"}
    effect = find_effect(sight.view, sight.layout, grant.port, grant.sources, protocols.get(grant.port, "tcp"))
    return {"effect": effect.state, "effect_reason": effect.reason} if effect.reason else {"effect": effect.state}


def _plan(plan: ServerPlan | None) -> Json | None:
    return {"tier": plan.tier, "sub_plan": plan.sub_plan} if plan else None
