# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What just-in-time policies say about each VM, as inventory variables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .grants import INITIATED, INITIATING, Grant, live_grants, read_grants
from .ids import PolicyId
from .policies import Json, Policy
from .ports import PortRule, write_sources
from .times import write_moment

CONFIGURED = "configured"
NOT_CONFIGURED = "not_configured"
UNSUPPORTED = "unsupported"
# Not Azure's word but ours, for a window whose rule is gone.
ENDED_EARLY = "EndedEarly"
_RUNNING = frozenset({INITIATING, INITIATED})


@dataclass(slots=True)
class Status:
    """One VM's coverage and open windows. `policy_id` is the first, by id, of the policies that hold it."""

    policy_id: PolicyId
    rules: dict[PortRule, None] = field(default_factory=dict)
    open: list[Grant] = field(default_factory=list)


def read_statuses(policies: Iterable[Policy], now: datetime) -> dict[str, Status]:
    """Read the statuses of all VMs that policies hold, by `VmId.key`."""
    statuses: dict[str, Status] = {}
    ordered = sorted(policies, key=lambda policy: policy.id)
    for policy in ordered:
        for coverage in policy.coverages():
            status = statuses.setdefault(coverage.vm.key, Status(policy.id))
            status.rules.update(dict.fromkeys(coverage.rules))
    for policy in ordered:
        for grant in live_grants(policy.requests, now):
            if grant.is_initiated and (held := statuses.get(grant.vm.key)):
                held.open.append(grant)
    return statuses


def describe_status(status: Status | None, *, unguarded: bool) -> dict[str, Any]:
    """Write the variables of a VM; `unguarded` says that it certainly has no network security group."""
    if status is None:
        word = UNSUPPORTED if unguarded else NOT_CONFIGURED
        return {
            "jit_status": word,
            "jit_policy_id": None,
            "jit_ports": [],
            "jit_open_ports": [],
            "jit_open_until": None,
        }
    return {
        "jit_status": CONFIGURED,
        "jit_policy_id": str(status.policy_id),
        "jit_ports": [_port(rule) for rule in status.rules],
        "jit_open_ports": sorted({grant.port for grant in status.open}),
        "jit_open_until": write_moment(max(grant.end for grant in status.open)) if status.open else None,
    }


def _port(rule: PortRule) -> dict[str, Any]:
    return {
        "port": rule.number,
        "protocol": rule.protocol_name,
        "sources": sorted(rule.sources),
        "max_duration": rule.longest,
    }


def abridged(policy: Policy) -> Json:
    """Keep of a policy what statuses are read from: no ended requests, and nothing about who asked, or why."""
    requests = [
        {"startTimeUtc": request.get("startTimeUtc"), "virtualMachines": request.get("virtualMachines")}
        for request in policy.requests
        if _is_running(request)
    ]
    return {"id": str(policy.id), "properties": {"virtualMachines": policy.entries, "requests": requests}}


def without_ended(policy: Json, ended: Mapping[Grant, frozenset[str]]) -> Json:
    """Take from an abridged policy what was closed, by the sources for which each grant ended."""
    properties = policy["properties"]
    requests = [
        {
            **request,
            "virtualMachines": [
                {**entry, "ports": [_left_of(request, entry, port, ended) for port in entry.get("ports") or ()]}
                for entry in request.get("virtualMachines") or ()
            ],
        }
        for request in properties["requests"]
    ]
    return {**policy, "properties": {**properties, "requests": requests}}


def _left_of(request: Json, entry: Json, port: Json, ended: Mapping[Grant, frozenset[str]]) -> Json:
    one = {**request, "virtualMachines": [{**entry, "ports": [port]}]}
    grant = next(iter(read_grants([one])), None)
    gone = ended.get(grant) if grant else None
    if grant is None or not gone:
        return port
    left = [source for source in grant.sources if source not in gone]
    return {**port, **write_sources(left)} if left else {**port, "status": ENDED_EARLY}


def _is_running(request: Mapping[str, Any]) -> bool:
    return any(
        str(port.get("status") or "").lower() in _RUNNING
        for entry in request.get("virtualMachines") or ()
        for port in entry.get("ports") or ()
    )
