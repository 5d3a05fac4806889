# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the VMs of subscriptions and resource groups, for tasks that name none."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from .._jit import hosts, status
from .._jit.hosts import Variables, VmRow
from .._jit.policies import Json, Policy
from .read_fleet import FleetApi, Scope, read_fleet, subscriptions_of
from .seams import JitApi, NetworkApi, Warn


class Wanted(Protocol):
    """Says of a VM's variables whether the VM is wanted. `asks_for_jit`: also of what its policies say."""

    asks_for_jit: bool

    def wants(self, name: str, variables: Mapping[str, Any]) -> bool: ...


@dataclass(frozen=True, slots=True)
class Found:
    """The VMs of a scope, and those that the filter wants; `nothing` says where there are none, or why.

    `scope` names the subscriptions, also where all were meant.
    """

    scope: Scope
    rows: list[VmRow]
    chosen: list[VmRow]
    nothing: str = ""


def select(
    scope: Scope,
    wanted: Wanted | None,
    fleet: FleetApi,
    jit: JitApi,
    now: datetime,
    warn: Warn,
    network: NetworkApi | None = None,
) -> Found:
    """Read the VMs of the scope, and choose those that the filter wants."""
    subscriptions = subscriptions_of(scope, fleet)
    named = dataclasses.replace(scope, subscriptions=tuple(subscriptions))
    policies: list[Json] = []
    if wanted is not None and wanted.asks_for_jit:
        whole = read_fleet(named, fleet, jit, network)
        rows, policies = whole.vms, whole.policies
    else:
        rows = fleet.list_vms(subscriptions, scope.resource_groups, include_powered_off=scope.include_powered_off)
    place = _described(scope, subscriptions)
    if not rows:
        return Found(named, [], [], f"no virtual machine is in {place}, or the credential sees none there")
    for empty in _empty(scope, rows):
        warn(f"no virtual machine is in {empty}, or the credential sees none there")
    describe = _describer(policies, now)
    chosen = [row for row in rows if wanted is None or wanted.wants(row["name"], describe(row))]
    nothing = "" if chosen else f"filter: none of the {len(rows)} virtual machines in {place} is wanted by it"
    return Found(named, rows, chosen, nothing)


def _describer(policies: Iterable[Json], now: datetime) -> Callable[[VmRow], Variables]:
    """Give a VM the variables that the inventory gives it."""
    read = (policy for document in policies if (policy := Policy.read(document)))
    statuses = status.read_statuses(read, now)

    def describe(row: VmRow) -> Variables:
        jit = status.describe_status(statuses.get(key_of(row)), unguarded=hosts.is_unguarded(row))
        return {**hosts.describe(row), "azure_vm_id": row["id"], **jit}

    return describe


def key_of(row: VmRow) -> str:
    """Write a row's `VmId.key`."""
    return f"{row['subscriptionId']}/{row['resourceGroup']}/{row['name']}".lower()


def _described(scope: Scope, subscriptions: Iterable[str]) -> str:
    groups = f"resource group {', '.join(scope.resource_groups)} of " if scope.resource_groups else ""
    ids = list(subscriptions)
    return groups + (f"subscription {ids[0]}" if len(ids) == 1 else f"{len(ids)} subscriptions")


def _empty(scope: Scope, rows: Iterable[VmRow]) -> Iterable[str]:
    """Name what the task named and where nothing was: a misspelt group looks like an empty one."""
    seen = {value.lower() for row in rows for value in (row["subscriptionId"], row["resourceGroup"])}
    yield from (f"resource group {name}" for name in scope.resource_groups if name.lower() not in seen)
    yield from (f"subscription {name}" for name in scope.subscriptions if name.lower() not in seen)
