# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wait until accepted requests are in effect: 202 only says that the service took them [issue]."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping

from .._jit.errors import AzureError
from .._jit.grants import Grant, read_grants
from .._jit.ids import PolicyId, VmId
from .._jit.policies import Policy
from .fleet import look_at
from .initiate import Accepted, Item, NotOpened, Verdict
from .parallel import each
from .seams import JitApi, Keep, VmApi
from .waiting import Deadline

# Where policies can't be read by list. Azure takes 25 a second of one client in a subscription [docs], and others
# may use the same client.
READS_A_SECOND = 10
# Requests come into effect within seconds as a rule [rec]; after that a look at the VMs themselves is worth it, at
# so many each time.
PATIENCE_SECONDS = 30
MOST_ASKED = 20
_GONE = (
    "the VM doesn't exist, though its policy holds it: leave it out (by -l, or for good); jit_policy takes "
    "deleted VMs out of policies"
)


def await_initiated(
    waiting: Iterable[tuple[Item, Accepted]],
    jit: JitApi,
    vms: VmApi,
    deadline: Deadline,
    done: Callable[[Iterable[VmId]], None] = lambda vms: None,
) -> dict[Item, Verdict]:
    """Look until every request is `Initiated` or ended, or time is up; an item with several needs all of them.

    `done` hears of the VMs that nothing is awaited for any more. Where it takes long, some VMs may not exist: a
    policy may hold deleted ones, and Azure takes requests for what it holds [inf].
    """
    pending = dict.fromkeys(waiting)
    awaited = {item.vm for item, _accepted in pending}
    verdicts: dict[Item, Verdict] = {}
    if not pending:
        return verdicts
    unread: Mapping[PolicyId, AzureError] = {}
    asked: set[VmId] = set()
    sent = deadline.seconds_gone
    for _look in deadline.looks():
        by_policy: dict[PolicyId, list[tuple[Item, Accepted]]] = defaultdict(list)
        for item, accepted in pending:
            by_policy[accepted.policy_id].append((item, accepted))
        look = look_at(by_policy, jit, _one_of({accepted.start_text for _item, accepted in pending}))
        unread = look.unread
        for policy in filter(None, look.found.values()):
            for request, verdict in _judge(policy, by_policy[policy.id]).items():
                del pending[request]
                _add(verdicts, request[0], verdict)
        if deadline.has_passed or deadline.seconds_gone - sent >= PATIENCE_SECONDS:
            unasked = sorted({item.vm for item, _accepted in pending} - asked)[:MOST_ASKED]
            asked.update(unasked)
            gone = _gone(unasked, vms)
            for request in [request for request in pending if request[0].vm in gone]:
                del pending[request]
                _add(verdicts, request[0], NotOpened("failed", _GONE, accepted=True))
        done(awaited - {item.vm for item, _accepted in pending})
        if not pending:
            return verdicts
        if look.single_reads > READS_A_SECOND:
            deadline.pause(look.single_reads / READS_A_SECOND)
    for item, accepted in pending:
        problem = _still_pending(deadline, unread.get(accepted.policy_id))
        _add(verdicts, item, NotOpened("unknown", problem, accepted=True))
    return verdicts


def _gone(vms: Collection[VmId], api: VmApi) -> set[VmId]:
    """Ask for VMs one by one; those that can't be read aren't known to be gone."""

    def is_gone(vm: VmId) -> bool | None:
        try:
            return api.is_gone(vm)
        except AzureError:
            return None

    return {vm for vm, gone in zip(vms, each(is_gone, vms), strict=True) if gone}


def _still_pending(deadline: Deadline, unread: AzureError | None) -> str:
    seconds = int(deadline.timeout.total_seconds())
    last_look = f". The last look failed: {unread}" if unread else ""
    return (
        f"Azure accepted the request, but did not report it in effect within {seconds} s. It may be open all the "
        f"same: jit_request_info shows it, and another run leaves open what is open{last_look}"
    )


def _one_of(starts: Collection[str]) -> Keep:
    return lambda request: request.get("startTimeUtc") in starts


def _add(verdicts: dict[Item, Verdict], item: Item, verdict: Verdict) -> None:
    if not isinstance(verdicts.get(item), NotOpened):
        verdicts[item] = verdict


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
