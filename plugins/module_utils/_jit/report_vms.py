# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A VM as reports show it, from what `jit_vm_info` says of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .exposure_report import besides_windows
from .policies import Json

# Every VM's neighbours get in unless a rule says otherwise; that alone exposes nothing.
VIRTUAL_NETWORK = "virtual_network"
_GUARDED = "present"


def describe_vm(vm: Mapping[str, Any]) -> Json:
    """Write what lasts; ages and remaining seconds are left to whoever reads the report."""
    policies = vm.get("policies") or ()
    return {
        "id": vm["id"],
        "name": vm["name"],
        "subscription_id": vm["subscription_id"],
        "resource_group": vm["resource_group"],
        "location": vm.get("location") or "",
        "os": vm.get("os") or "",
        "power_state": vm.get("power_state") or "",
        "tags": dict(vm.get("tags") or {}),
        "public_ip": vm.get("public_ip"),
        "private_ip": vm.get("private_ip"),
        "dns_name": vm.get("dns_name"),
        "jit_status": vm["jit_status"],
        "reason": vm.get("reason") or "",
        "detail": vm.get("detail") or "",
        "notes": list(vm.get("notes") or ()),
        "policies": [policy["id"] for policy in policies],
        "ports": _distinct(rule for policy in policies for rule in policy["ports"]),
        "exposures": [
            _exposure(verdict, vm.get("private_ip"))
            for verdict in vm.get("exposure") or ()
            if besides_windows(verdict)["state"] != "closed"
        ],
        "closing_rules": [_closing(deny) for deny in vm.get("standing_deny") or () if deny["state"] != _GUARDED],
        "is_judged": bool(vm.get("exposure")),
        "rules_from": vm.get("rules_from") or "",
        "defender_plan": vm.get("defender_plan"),
        "assessment": _assessment(vm.get("assessment")),
    }


def is_reached(exposure: Mapping[str, Any]) -> bool:
    """Tell whether somebody from outside certainly gets in."""
    return exposure["state"] in ("open", "partial") and exposure["from"] != VIRTUAL_NETWORK


def is_doubtful(exposure: Mapping[str, Any]) -> bool:
    return bool(exposure["state"] == "unknown" and exposure["from"] != VIRTUAL_NETWORK)


def effects_of(vms: Iterable[Mapping[str, Any]]) -> dict[tuple[str, int, str], tuple[str, str]]:
    """Give by VM, port and end whether a window's rule lets its sources in, with the reason."""
    return {
        (str(vm["id"]).lower(), window["port"], window["end_time"]): (
            window.get("effect") or "",
            window.get("effect_reason") or "",
        )
        for vm in vms
        for window in vm.get("open") or ()
    }


def _distinct(rules: Iterable[Mapping[str, Any]]) -> list[Json]:
    found: list[Json] = []
    for rule in rules:
        if dict(rule) not in found:
            found.append(dict(rule))
    return sorted(found, key=lambda rule: (rule["port"], str(rule["protocol"])))


def _exposure(verdict: Mapping[str, Any], usual_address: str | None) -> Json:
    """Write a verdict without the windows that are open, which are told of by themselves.

    Its address is there only where it is not the VM's first, since it would make all VMs differ.
    """
    found = besides_windows(verdict)
    address = found.get("address")
    return {
        "port": verdict["port"],
        "protocol": verdict.get("protocol") or "tcp",
        "from": verdict["source"],
        "state": found["state"],
        "reason": found.get("reason") or "",
        "rule": _rule(found["rule"]) if found.get("rule") else None,
        "address": address if address != usual_address else None,
    }


def _closing(deny: Mapping[str, Any]) -> Json:
    shadows = [_rule(rule) for rule in deny.get("shadowed_by") or ()]
    return {"port": deny["port"], "state": deny["state"], "shadowed_by": shadows}


def _rule(rule: Mapping[str, Any]) -> Json:
    group = str(rule.get("security_group_id") or "")
    return {"name": rule.get("name"), "priority": rule.get("priority"), "group": group.rpartition("/")[2]}


def _assessment(assessment: Mapping[str, Any] | None) -> Json | None:
    if not assessment:
        return None
    return {key: assessment.get(key) for key in ("status", "cause", "changed", "agrees")}
