# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wait until accepted requests are in effect: 202 only says that the service took them [issue]."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from .._jit.errors import AzureError
from .._jit.grants import Grant, read_grants
from .._jit.ids import PolicyId
from .._jit.policies import Policy
from .initiate import Accepted, Item, NotOpened, Verdict
from .parallel import each
from .seams import JitApi
from .waiting import Deadline

# From here on one list of the subscription is cheaper than a reading of each policy, and keeps the read rate
# far from Azure's limit of 25 a second.
MANY_POLICIES = 4


def await_initiated(
    waiting: Iterable[tuple[Item, Accepted]], jit: JitApi, deadline: Deadline
) -> dict[Item, Verdict]:
    """Look until every request is `Initiated` or ended, or time is up; an item with several needs all of them."""
    pending = dict.fromkeys(waiting)
    verdicts: dict[Item, Verdict] = {}
    if not pending:
        return verdicts
    for _look in deadline.looks():
        by_policy: dict[PolicyId, list[tuple[Item, Accepted]]] = defaultdict(list)
        for item, accepted in pending:
            by_policy[accepted.policy_id].append((item, accepted))
        for policy in _read(by_policy, jit):
            for request, verdict in _judge(policy, by_policy.get(policy.id, ())).items():
                del pending[request]
                _add(verdicts, request[0], verdict)
        if not pending:
            return verdicts
    seconds = int(deadline.timeout.total_seconds())
    problem = f"Azure accepted the request, but did not report it in effect within {seconds} s"
    for item, _accepted in pending:
        _add(verdicts, item, NotOpened("unknown", problem, accepted=True))
    return verdicts


def _add(verdicts: dict[Item, Verdict], item: Item, verdict: Verdict) -> None:
    if not isinstance(verdicts.get(item), NotOpened):
        verdicts[item] = verdict


def _read(policy_ids: Iterable[PolicyId], jit: JitApi) -> list[Policy]:
    """Read policies, by list where many of one subscription are wanted; what can't be read now is left out."""
    subscriptions: dict[str, list[PolicyId]] = defaultdict(list)
    for policy_id in policy_ids:
        subscriptions[policy_id.subscription_id.lower()].append(policy_id)
    many = [ids[0].subscription_id for ids in subscriptions.values() if len(ids) >= MANY_POLICIES]
    found = {policy.id: policy for policies in each(lambda s: _list(s, jit), many) for policy in policies}
    missed = [policy_id for ids in subscriptions.values() for policy_id in ids if policy_id not in found]
    single = each(lambda policy_id: _find(policy_id, jit), missed)
    return [*found.values(), *(policy for policy in single if policy is not None)]


def _list(subscription_id: str, jit: JitApi) -> list[Policy]:
    try:
        return jit.list_policies(subscription_id)
    except AzureError:
        return []  # the policies are then read one by one; looking goes on until the deadline


def _find(policy_id: PolicyId, jit: JitApi) -> Policy | None:
    try:
        return jit.find_policy(policy_id)
    except AzureError:
        return None


def _judge(policy: Policy, pending: Iterable[tuple[Item, Accepted]]) -> dict[tuple[Item, Accepted], Verdict]:
    """Find the pending ones in the policy's requests; they are told apart by the request's start."""
    mine = {(accepted.start_text, item.vm, item.port): (item, accepted) for item, accepted in pending}
    starts = {start_text for start_text, _vm, _port in mine}
    requests = [request for request in policy.requests if request.get("startTimeUtc") in starts]
    verdicts: dict[tuple[Item, Accepted], Verdict] = {}
    for grant in read_grants(requests):
        request = mine.get((grant.start_text, grant.vm, grant.port))
        if request and not grant.is_pending:
            verdicts[request] = _verdict(policy.id, grant)
    return verdicts


def _verdict(policy_id: PolicyId, grant: Grant) -> Verdict:
    if grant.is_initiated:
        return Accepted(policy_id, grant.start_text, grant.end, grant.sources)
    reason = f"{grant.status}/{grant.reason}" if grant.reason else grant.status
    return NotOpened("failed", f"Azure accepted the request and then ended it as {reason}", accepted=True)
