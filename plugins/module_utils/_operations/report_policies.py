# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read policies, to report what they hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from .._jit.errors import AzureRefused
from .._jit.ids import PolicyId, VmId
from .._jit.policies import Json, Policy
from .._jit.policy_report import describe_policy
from .parallel import each
from .read_fleet import FleetApi, Scope, subscriptions_of
from .seams import JitApi, RegionLists, Warn


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which policies to report. Empty means any; `vms` also narrows what is told of each policy."""

    scope: Scope
    regions: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    vms: frozenset[VmId] = frozenset()
    cross_check: bool = False

    def includes(self, policy: Policy) -> bool:
        return (
            (not self.regions or policy.id.location.lower() in self.regions)
            and (not self.names or policy.id.name.lower() in self.names)
            and (not self.vms or any(coverage.vm in self.vms for coverage in policy.coverages()))
        )


def report_policies(
    wanted: Wanted, fleet: FleetApi, jit: JitApi, regions: RegionLists, now: datetime, warn: Warn
) -> Json:
    """Say what the policies hold, and which of them only the regions' own lists show."""
    policies, missed = read_policies_of(wanted, fleet, jit, regions, warn)
    described = [describe_policy(policy, now, wanted.vms) for policy in policies]
    return {"policies": described, "summary": _summary(described), "missed": [str(each_id) for each_id in missed]}


def read_policies_of(
    wanted: Wanted, fleet: FleetApi, jit: JitApi, regions: RegionLists, warn: Warn
) -> tuple[list[Policy], list[PolicyId]]:
    """Read the policies by one list of each subscription, or of each group where groups are named.

    The second part are the ids of those that only a cross-check found.
    """
    places = _places(wanted.scope, subscriptions_of(wanted.scope, fleet))
    named = bool(wanted.scope.subscriptions)
    found = _index(each(lambda place: _list(place, wanted.vms, jit, None if named else warn), places))
    missed: list[PolicyId] = []
    if wanted.cross_check:
        checked = _cross_check(wanted, places, found, fleet, regions)
        missed = sorted(checked.keys() - found.keys())
        found = {**found, **checked}
    policies = [policy for _id, policy in sorted(found.items()) if wanted.includes(policy)]
    missed = [policy_id for policy_id in missed if wanted.includes(found[policy_id])]
    if missed:
        warn(f"lists left out policies that their regions' lists show: {', '.join(map(str, missed))}")
    for place in _empty(wanted, found):
        warn(f"no just-in-time policy is in {place}, or the credential sees none there")
    return policies, missed


def _empty(wanted: Wanted, found: Iterable[PolicyId]) -> Iterable[str]:
    """Name what was named and where nothing is: a misspelt group or region looks like an empty one."""
    seen = {name.lower() for policy_id in found for name in (policy_id.resource_group, policy_id.location)}
    yield from (f"resource group {name}" for name in wanted.scope.resource_groups if name.lower() not in seen)
    yield from (f"region {name}" for name in sorted(wanted.regions) if name not in seen)


@dataclass(frozen=True, slots=True)
class _Place:
    """A subscription, or a group in it."""

    subscription_id: str
    resource_group: str | None = None


def _places(scope: Scope, subscriptions: Iterable[str]) -> list[_Place]:
    groups: tuple[str | None, ...] = scope.resource_groups or (None,)
    return [_Place(subscription_id, group) for subscription_id in subscriptions for group in groups]


def _list(place: _Place, vms: Iterable[VmId], jit: JitApi, warn: Warn | None) -> list[Policy]:
    """List a place's policies; `warn` takes the refusal of one that nobody named.

    A role on resource groups alone forbids the subscription's list: for VMs those of their groups do.
    """
    try:
        return jit.list_policies(place.subscription_id, place.resource_group)
    except AzureRefused as error:
        if error.status == 403 and (groups := _groups_of(vms, place)):
            return [policy for group in groups for policy in jit.list_policies(place.subscription_id, group)]
        if warn is None or error.status != 403:
            raise
        warn(f"the policies of subscription {place.subscription_id} are left out: {error}")
        return []


def _groups_of(vms: Iterable[VmId], place: _Place) -> list[str]:
    """Name the groups of VMs in a subscription; none where the place is a group already."""
    there = [vm for vm in vms if vm.subscription_id.lower() == place.subscription_id.lower()]
    return [] if place.resource_group else sorted({vm.resource_group.lower() for vm in there})


def _cross_check(
    wanted: Wanted,
    places: Iterable[_Place],
    found: Mapping[PolicyId, Policy],
    fleet: FleetApi,
    regions: RegionLists,
) -> dict[PolicyId, Policy]:
    """Ask each region by itself: such a list comes from one backend, the wider ones have missed policies [issue].

    Regions are those in which VMs or policies are, or those that are asked for.
    """
    subscriptions = sorted({place.subscription_id for place in places})
    rows = fleet.list_vms(subscriptions, wanted.scope.resource_groups, include_powered_off=True)
    used = {(row["subscriptionId"].lower(), row["location"].lower()) for row in rows}
    used |= {(policy_id.subscription_id.lower(), policy_id.location.lower()) for policy_id in found}
    asked = [
        (place, region)
        for place in places
        for region in sorted(
            wanted.regions or {where for key, where in used if key == place.subscription_id.lower()}
        )
    ]
    return _index(
        each(lambda ask: regions.list_region(ask[0].subscription_id, ask[1], ask[0].resource_group), asked)
    )


def _index(lists: Iterable[Iterable[Policy]]) -> dict[PolicyId, Policy]:
    return {policy.id: policy for policies in lists for policy in policies}


def _summary(policies: Iterable[Json]) -> Json:
    vms = [vm for policy in policies for vm in policy["vms"]]
    return {
        "policies": len({policy["id"] for policy in policies}),
        "vms": len({vm["id"].lower() for vm in vms}),
        "open": sum(1 for vm in vms if vm["open"]),
    }
