# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the policies of several subscriptions say about a set of VMs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .._jit.ids import VmId
from .._jit.policies import Coverage, Policy
from .parallel import each
from .seams import JitApi


@dataclass(frozen=True, slots=True)
class Holding:
    """A policy that holds a VM, and its entry for it."""

    policy: Policy
    coverage: Coverage


Holdings = dict[VmId, list[Holding]]


def read_holdings(jit: JitApi, vms: Sequence[VmId]) -> Holdings:
    """Find the policies that hold the VMs, by one list for each subscription.

    For VMs that no list shows, their groups' own lists are asked as well: the subscription's list has been seen
    to miss policies [issue].
    """
    wanted = frozenset(vms)
    subscriptions = {vm.subscription_id.lower(): vm.subscription_id for vm in vms}
    holdings: Holdings = defaultdict(list)
    _index(holdings, wanted, each(jit.list_policies, subscriptions.values()))
    missed = {vm.group_key: vm for vm in vms if vm not in holdings}
    groups = each(lambda vm: jit.list_policies(vm.subscription_id, vm.resource_group), missed.values())
    _index(holdings, wanted - set(holdings), groups)
    return dict(holdings)


def _index(holdings: Holdings, wanted: frozenset[VmId], lists: Iterable[Iterable[Policy]]) -> None:
    policies = (policy for policies in lists for policy in policies)
    for policy in sorted(policies, key=lambda policy: policy.id):
        for coverage in policy.coverages():
            if coverage.vm in wanted:
                holdings[coverage.vm].append(Holding(policy, coverage))
