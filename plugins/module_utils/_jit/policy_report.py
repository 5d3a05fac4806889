# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say what policies hold, as data for people and playbooks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime

from .grants import Grant, live_grants
from .ids import VmId
from .policies import Coverage, Json, Policy
from .ports import PortRule
from .sources import ANY
from .times import write_moment


def describe_policy(policy: Policy, now: datetime, vms: Collection[VmId] = ()) -> Json:
    """Write a policy with its VMs, or those of them that are asked for."""
    windows: dict[VmId, list[Grant]] = defaultdict(list)
    for grant in live_grants(policy.requests, now):
        windows[grant.vm].append(grant)
    coverages = [coverage for coverage in policy.coverages() if not vms or coverage.vm in vms]
    return {
        "id": str(policy.id),
        "name": policy.id.name,
        "subscription_id": policy.id.subscription_id,
        "resource_group": policy.id.resource_group,
        "location": policy.id.location,
        "provisioning_state": policy.properties.get("provisioningState"),
        "vms": [_describe_vm(coverage, windows.get(coverage.vm, ()), now) for coverage in coverages],
    }


def describe_rule(rule: PortRule) -> Json:
    """Write a port as the option `ports` of jit_policy takes it."""
    return {
        "port": rule.number,
        "protocol": rule.protocol_name,
        "sources": ["any" if source == ANY else source for source in sorted(rule.sources)],
        "max_duration": rule.longest,
    }


def _describe_vm(coverage: Coverage, windows: Iterable[Grant], now: datetime) -> Json:
    written: Json = {
        "id": str(coverage.vm),
        "name": coverage.vm.name,
        "ports": [describe_rule(rule) for rule in coverage.rules],
        "open": [describe_open_window(grant, now) for grant in windows],
    }
    if coverage.public_ip:
        written["public_ip_address"] = coverage.public_ip
    return written


def describe_open_window(grant: Grant, now: datetime) -> Json:
    """Write a running window, with what is left of it in seconds."""
    return {
        "port": grant.port,
        "sources": list(grant.sources),
        "state": grant.status.lower(),
        "end_time": write_moment(grant.end),
        "remaining_seconds": int((grant.end - now).total_seconds()),
        "requestor": grant.requestor,
        "justification": grant.justification,
    }
