# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the policies of several subscriptions say about a set of VMs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .._jit.errors import AzureError, AzureRefused
from .._jit.ids import PolicyId, VmId
from .._jit.policies import Coverage, Policy
from .parallel import each
from .seams import JitApi

# From here on one list of the subscription is cheaper than a reading of each policy, and keeps the read rate
# far from Azure's limit of 25 a second.
MANY_POLICIES = 4


@dataclass(frozen=True, slots=True)
class Holding:
    """A policy that holds a VM, and its entry for it."""

    policy: Policy
    coverage: Coverage


Holdings = dict[VmId, list[Holding]]


@dataclass(frozen=True, slots=True)
class Known:
    """All policies of the VMs' subscriptions, and those among them that hold the VMs."""

    policies: Mapping[PolicyId, Policy]
    holdings: Holdings


def read_known(jit: JitApi, vms: Sequence[VmId]) -> Known:
    """Find the policies that hold the VMs, by one list for each subscription.

    For VMs that no list shows, their groups' own lists are asked as well: the subscription's list has been seen
    to miss policies [issue].
    """
    wanted = frozenset(vms)
    subscriptions = {vm.subscription_id.lower(): vm.subscription_id for vm in vms}
    policies: dict[PolicyId, Policy] = {}
    holdings: Holdings = {}
    _index(policies, holdings, wanted, each(lambda name: _list_seen(name, jit), subscriptions.values()))
    missed = {vm.group_key: vm for vm in vms if vm not in holdings}
    groups = each(lambda vm: jit.list_policies(vm.subscription_id, vm.resource_group), missed.values())
    _index(policies, holdings, wanted - set(holdings), groups)
    return Known(policies, holdings)


def _list_seen(subscription_id: str, jit: JitApi) -> list[Policy]:
    """List a subscription's policies; one that nobody sees is most often misspelt, or another tenant's.

    A credential that sees some groups only is refused the whole subscription's list; theirs are asked then.
    """
    try:
        return jit.list_policies(subscription_id)
    except AzureRefused as error:
        if error.status == 403:
            return []
        if error.status != 404:
            raise
        raise AzureError(
            f"subscription {subscription_id} of the VMs doesn't exist, or the credential may not see it: correct "
            f"the VMs' ids, or grant the credential the role Reader there. {error}"
        ) from error


def _index(
    known: dict[PolicyId, Policy], holdings: Holdings, wanted: frozenset[VmId], lists: Iterable[Iterable[Policy]]
) -> None:
    policies = (policy for policies in lists for policy in policies)
    for policy in sorted(policies, key=lambda policy: policy.id):
        known[policy.id] = policy
        for coverage in policy.coverages():
            if coverage.vm in wanted:
                holdings.setdefault(coverage.vm, []).append(Holding(policy, coverage))


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen of policies: None for one that doesn't exist, nothing for one that can't be read now.

    `single_reads` is how many were read one by one, in the subscription with the most of them.
    """

    found: Mapping[PolicyId, Policy | None]
    single_reads: int


def read_policies(policy_ids: Iterable[PolicyId], jit: JitApi) -> Mapping[PolicyId, Policy | None]:
    """Read policies, by list where many of one subscription are wanted."""
    return look_at(policy_ids, jit).found


def look_at(policy_ids: Iterable[PolicyId], jit: JitApi) -> Look:
    """Read policies, by list where many of one subscription are wanted, and count the readings."""
    subscriptions: dict[str, list[PolicyId]] = defaultdict(list)
    for policy_id in policy_ids:
        subscriptions[policy_id.subscription_id.lower()].append(policy_id)
    wanted = {policy_id for ids in subscriptions.values() for policy_id in ids}
    many = [ids[0].subscription_id for ids in subscriptions.values() if len(ids) >= MANY_POLICIES]
    found: dict[PolicyId, Policy | None] = {
        policy.id: policy
        for policies in each(lambda subscription_id: _list(subscription_id, jit), many)
        for policy in policies
        if policy.id in wanted
    }
    missed = sorted(wanted - set(found))
    for single in each(lambda policy_id: _find(policy_id, jit), missed):
        found.update(single)
    singles = Counter(policy_id.subscription_id.lower() for policy_id in missed)
    return Look(found, max(singles.values(), default=0))


def _list(subscription_id: str, jit: JitApi) -> list[Policy]:
    try:
        return jit.list_policies(subscription_id)
    except AzureError:
        return []  # the policies are then read one by one


def _find(policy_id: PolicyId, jit: JitApi) -> dict[PolicyId, Policy | None]:
    try:
        return {policy_id: jit.find_policy(policy_id)}
    except AzureError:
        return {}
