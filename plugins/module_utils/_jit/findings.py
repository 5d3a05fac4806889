# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What in policies is worth a second look."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from .policies import Json
from .sources import is_unlimited
from .times import human_duration, read_duration

ANY_SOURCE = "any_source"
LONG_MAXIMUM = "long_maximum"


@dataclass(frozen=True, slots=True)
class Limits:
    """Maximums above `longest` are worth a look."""

    longest: timedelta

    @property
    def text(self) -> str:
        return human_duration(self.longest)


def describe_policies(policies: Iterable[Mapping[str, Any]], limits: Limits) -> list[Json]:
    """Say what policies hold, the VMs of the same finding together."""
    return [
        {
            "id": policy["id"],
            "name": policy["name"],
            "subscription_id": policy["subscription_id"],
            "resource_group": policy["resource_group"],
            "location": policy["location"],
            "provisioning_state": policy.get("provisioning_state"),
            "vms": [vm["id"] for vm in policy["vms"]],
            "ports": sorted({rule["port"] for vm in policy["vms"] for rule in vm["ports"]}),
            "findings": _findings(policy["vms"], limits),
        }
        for policy in policies
    ]


def _findings(vms: Iterable[Mapping[str, Any]], limits: Limits) -> list[Json]:
    found: dict[tuple[str, int, str], list[str]] = defaultdict(list)
    for vm in vms:
        for rule in vm["ports"]:
            # The maximum stands in the key, so that VMs with different ones are told apart.
            if any(is_unlimited(source) for source in rule["sources"]):
                found[ANY_SOURCE, rule["port"], ""].append(vm["id"])
            if is_long(str(rule["max_duration"]), limits.longest):
                found[LONG_MAXIMUM, rule["port"], str(rule["max_duration"])].append(vm["id"])
    return [
        {"kind": kind, "port": port, "max_duration": longest or None, "vms": ids}
        for (kind, port, longest), ids in sorted(found.items())
    ]


def is_long(maximum: str, longest: timedelta) -> bool:
    """Tell whether a maximum is above the limit; one that can't be read allows nothing."""
    duration = read_duration(maximum)
    return duration is not None and duration > longest
