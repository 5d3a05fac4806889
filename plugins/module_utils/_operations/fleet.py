# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the policies of several subscriptions say about a set of VMs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from .._jit.errors import AzureError, AzureRefused
from .._jit.grants import is_live_request
from .._jit.ids import PolicyId, VmId
from .._jit.policies import Coverage, Policy
from .parallel import each
from .seams import JitApi, Keep, Warn

# From here on one list of the subscription is cheaper than a reading of each policy, and keeps the read rate
# far from Azure's limit of 25 a second.
MANY_POLICIES = 4
# How many groups are looked at more closely for VMs that no list shows; a whole fleet of such VMs is not covered.
LOOKED_GROUPS = 20


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


def read_known(
    jit: JitApi,
    vms: Sequence[VmId],
    *,
    beside: Iterable[str] = (),
    most_groups: int | None = LOOKED_GROUPS,
    warn: Warn = lambda text: None,
) -> Known:
    """Find the policies that hold the VMs, by one list for each subscription, and those of subscriptions `beside`.

    Of VMs that no list shows, up to `most_groups` groups' own lists are asked as well: the subscription's list has
    been seen to miss policies [issue]. A credential that sees some groups only is refused the whole subscription's
    list; there the groups are asked in any case.
    """
    wanted = frozenset(vms)
    subscriptions = {vm.subscription_id.lower(): vm.subscription_id for vm in vms}
    others = {name.lower(): name for name in beside if name.lower() not in subscriptions}
    policies: dict[PolicyId, Policy] = {}
    holdings: Holdings = {}
    lists, shut = _list_all(list(subscriptions.values()), list(others.values()), jit, warn)
    _index(policies, holdings, wanted, lists)
    missed = list({vm.group_key: vm for vm in vms if vm not in holdings}.values())
    refused = [vm for vm in missed if vm.subscription_id.lower() in shut]
    asked = [*refused, *[vm for vm in missed if vm.subscription_id.lower() not in shut][:most_groups]]
    groups = each(lambda vm: jit.list_policies(vm.subscription_id, vm.resource_group, keep=is_live_request), asked)
    _index(policies, holdings, wanted - set(holdings), groups)
    return Known(policies, holdings)


def _list_all(
    needed: Sequence[str], others: Sequence[str], jit: JitApi, warn: Warn
) -> tuple[list[list[Policy]], set[str]]:
    """List subscriptions' policies, and name those whose list is forbidden; all that nobody sees are one error."""
    answers = each(lambda name: _try_list(name, jit), [*needed, *others])
    refused = {name: a for name, a in zip([*needed, *others], answers, strict=True) if isinstance(a, AzureRefused)}
    failed = [(name, refused[name]) for name in needed if name in refused and refused[name].status != 403]
    for _name, error in failed:
        if error.status != 404:
            raise error
    if failed:
        # Most often misspelt, or another tenant's.
        names = ", ".join(name for name, _error in failed)
        raise AzureError(
            f"subscription {names} of the VMs doesn't exist, or the credential may not see it: correct the VMs' "
            f"ids, or grant the credential the role Reader there. {failed[0][1].headline}"
        ) from failed[0][1]
    for name in others:
        if name in refused:
            warn(f"deleted VMs stay in the policies of subscription {name}, which can't be read: {refused[name]}")
    listed = [answer for answer in answers if not isinstance(answer, AzureRefused)]
    return listed, {name.lower() for name in refused}


def _try_list(subscription_id: str, jit: JitApi) -> list[Policy] | AzureRefused:
    try:
        return jit.list_policies(subscription_id, keep=is_live_request)
    except AzureRefused as error:
        return error


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
    """What was seen of policies: None for one that doesn't exist; of one that can't be read now only why.

    `single_reads` is how many were read one by one, in the subscription with the most of them.
    """

    found: Mapping[PolicyId, Policy | None]
    unread: Mapping[PolicyId, AzureError]
    single_reads: int


def read_policies(policy_ids: Iterable[PolicyId], jit: JitApi) -> Mapping[PolicyId, Policy | None]:
    """Read policies, by list where many of one subscription are wanted."""
    return look_at(policy_ids, jit).found


def look_at(
    policy_ids: Iterable[PolicyId],
    jit: JitApi,
    keep: Keep = is_live_request,
    *,
    gone: Collection[PolicyId] = (),
    most_missed: int | None = None,
) -> Look:
    """Read policies, by list where many of one subscription are wanted, and count the readings.

    Those that a list doesn't show are read one by one, the first `most_missed` of them; of those in `gone` the
    list's word is enough. What a busy Azure doesn't list isn't read one by one either.
    """
    subscriptions: dict[str, list[PolicyId]] = defaultdict(list)
    for policy_id in policy_ids:
        subscriptions[policy_id.subscription_id.lower()].append(policy_id)
    many = {name: ids for name, ids in subscriptions.items() if len(ids) >= MANY_POLICIES}
    few = [policy_id for name, ids in subscriptions.items() if name not in many for policy_id in ids]
    found: dict[PolicyId, Policy | None] = {}
    unread: dict[PolicyId, AzureError] = {}
    missed: list[PolicyId] = []
    for ids, listed in zip(many.values(), each(lambda ids: _list(ids, jit, keep), many.values()), strict=True):
        if isinstance(listed, AzureError):
            unread.update(dict.fromkeys(ids, listed))
        else:
            shown = {policy.id: policy for policy in listed}
            found.update({key: shown.get(key) for key in ids if key in shown or key in gone})
            missed += [key for key in ids if key not in found]
    alone = [*few, *missed[:most_missed]]
    for policy_id, single in zip(alone, each(lambda policy_id: _find(policy_id, jit), alone), strict=True):
        if isinstance(single, AzureError):
            unread[policy_id] = single
        else:
            found[policy_id] = single
    singles = Counter(policy_id.subscription_id.lower() for policy_id in alone)
    return Look(found, unread, max(singles.values(), default=0))


def _list(policy_ids: Sequence[PolicyId], jit: JitApi, keep: Keep) -> list[Policy] | AzureError:
    """List the policies of some policies' subscription; none where that is forbidden."""
    try:
        return jit.list_policies(policy_ids[0].subscription_id, keep=keep)
    except AzureRefused as error:
        return [] if error.status in (403, 404) else error
    except AzureError as error:
        return error


def _find(policy_id: PolicyId, jit: JitApi) -> Policy | AzureError | None:
    try:
        return jit.find_policy(policy_id)
    except AzureError as error:
        return error
