# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The document that a report shows: VMs, requests, policies, and what to look at."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .findings import Limits, describe_policies
from .ids import VmId
from .persons import person_of
from .policies import Json
from .report_vms import describe_vm, effects_of, is_doubtful, is_reached
from .spelling import Spelling
from .status import CONFIGURED, NOT_CONFIGURED, UNSUPPORTED
from .times import write_moment

FORMAT = 1
STATUSES = (CONFIGURED, NOT_CONFIGURED, UNSUPPORTED)


@dataclass(frozen=True, slots=True)
class Source:
    """What the modules `jit_vm_info`, `jit_request_info` and `jit_policy_info` returned, as they returned it."""

    vms: Sequence[Mapping[str, Any]]
    requests: Sequence[Mapping[str, Any]] = ()
    policies: Sequence[Mapping[str, Any]] = ()
    missing: Sequence[Mapping[str, Any]] = ()
    subscriptions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class About:
    """What a report says of itself. `days` is how far back its requests reach."""

    title: str
    scope: str
    days: int
    limits: Limits


def build_document(source: Source, about: About, now: datetime) -> Json:
    """Put together what a report shows; the same data give the same document but for `generated`."""
    effects = effects_of(source.vms)
    spelling = Spelling(source.vms)
    gone = {str(entry["id"]).lower() for entry in source.missing}
    requests = [_describe_request(request, effects, gone) for request in map(spelling.of_vm, source.requests)]
    by_vm: dict[str, list[Json]] = defaultdict(list)
    for request in requests:
        by_vm[request["id"].lower()].append(request)
    vms = [{**describe_vm(vm), **_access(by_vm.get(str(vm["id"]).lower(), ()))} for vm in source.vms]
    vms.sort(key=lambda vm: (vm["name"].lower(), vm["id"].lower()))
    policies = describe_policies(map(spelling.of_policy, source.policies), about.limits)
    missing = _describe_missing(source.missing)
    used = dict.fromkeys(vm["subscription_id"] for vm in (*vms, *missing))
    return {
        "format": FORMAT,
        "generated": write_moment(now),
        "title": about.title,
        "scope": about.scope,
        "days": about.days,
        "long_maximum": about.limits.text,
        "subscriptions": {key: source.subscriptions.get(key, key) for key in used},
        "summary": _summary(vms, requests, policies, missing),
        "vms": vms,
        "requests": requests,
        "policies": policies,
        "missing_vms": missing,
    }


def open_vms(document: Mapping[str, Any], port: int) -> list[Json]:
    """Give the VMs of which a port is open."""
    ids = {
        request["id"].lower()
        for request in document["requests"]
        if request["state"] == "active" and request["port"] == port
    }
    return [vm for vm in document["vms"] if vm["id"].lower() in ids]


def _describe_request(
    request: Mapping[str, Any], effects: Mapping[tuple[str, int, str], tuple[str, str]], gone: Collection[str]
) -> Json:
    """Write a request; Azure goes on listing as open what was open on a VM that was deleted since."""
    is_gone = str(request["id"]).lower() in gone and request["state"] in ("active", "pending")
    request = {**request, "state": "closed"} if is_gone else request
    key = (str(request["id"]).lower(), request["port"], request["end_time"])
    effect, reason = effects.get(key, ("", "")) if request["state"] == "active" else ("", "")
    requestor, why = str(request.get("requestor") or ""), str(request.get("justification") or "")
    person = person_of(requestor, why)
    return {
        "id": request["id"],
        "name": request["name"],
        "port": request["port"],
        "sources": list(request.get("sources") or ()),
        "state": request["state"],
        "status_reason": request.get("status_reason") or "",
        "start_time": request.get("start_time"),
        "end_time": request.get("end_time"),
        "person": person.name,
        "person_is_stated": person.is_stated,
        "requestor": requestor,
        "justification": why,
        "policy_id": request.get("policy_id"),
        "effect": effect,
        "effect_reason": reason,
    }


def _access(requests: Iterable[Mapping[str, Any]]) -> Json:
    """Say what the portal says of a configured VM's past, from its requests, the newest first."""
    newest = sorted(requests, key=lambda request: str(request["start_time"] or ""), reverse=True)
    return {
        "approved": _count_requests(newest),
        "last_access": newest[0]["start_time"] if newest else None,
        "last_user": newest[0]["person"] if newest else "",
        "open_ports": sorted({request["port"] for request in newest if request["state"] == "active"}),
        "open_until": max((r["end_time"] for r in newest if r["state"] == "active"), default=None),
    }


def _count_requests(ports: Iterable[Mapping[str, Any]]) -> int:
    """Count requests by their ports: those of one request start together, for one person and one reason.

    A port that stands twice in it is of two requests in one second.
    """
    asked = Counter(
        (one["start_time"], one["policy_id"], one["requestor"], one["justification"], one["port"]) for one in ports
    )
    requests: Counter[tuple[Any, ...]] = Counter()
    for (*request, _port), times in asked.items():
        requests[tuple(request)] = max(requests[tuple(request)], times)
    return requests.total()


def _describe_missing(entries: Iterable[Mapping[str, Any]]) -> list[Json]:
    """Put the policies that hold a deleted VM together; each comes as an entry of its own."""
    found: dict[str, Json] = {}
    for entry in entries:
        vm_id = str(entry["id"])
        vm = VmId.find_in(vm_id)
        described = {
            "id": vm_id,
            "name": vm.name if vm else vm_id,
            "subscription_id": vm.subscription_id if vm else "",
            "resource_group": vm.resource_group if vm else "",
            "policies": [],
        }
        found.setdefault(vm_id.lower(), described)["policies"].append(entry["policy_id"])
    return [found[key] for key in sorted(found)]


def _summary(
    vms: Sequence[Json], requests: Sequence[Json], policies: Sequence[Json], missing: Sequence[Json]
) -> Json:
    statuses = Counter(vm["jit_status"] for vm in vms)
    findings = Counter(finding["kind"] for policy in policies for finding in policy["findings"])
    return {
        "vms": len(vms),
        **{status: statuses[status] for status in STATUSES},
        "open_windows": sum(request["state"] == "active" for request in requests),
        "open_vms": sum(bool(vm["open_ports"]) for vm in vms),
        "requests": len(requests),
        "people": len({request["person"] for request in requests if request["person"]}),
        "exposed_vms": sum(any(map(is_reached, vm["exposures"])) for vm in vms),
        "doubtful_vms": sum(any(map(is_doubtful, vm["exposures"])) for vm in vms),
        "unguarded_vms": sum(any(rule["state"] != "unknown" for rule in vm["closing_rules"]) for vm in vms),
        "untold_vms": sum(any(rule["state"] == "unknown" for rule in vm["closing_rules"]) for vm in vms),
        "policies": len(policies),
        "any_source": findings["any_source"],
        "long_maximum": findings["long_maximum"],
        "missing_vms": len(missing),
    }
