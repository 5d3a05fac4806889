# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is open on VMs, and which of it shall end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from .._jit.closing import CloseWish, Whose, choose
from .._jit.grants import Grant, live_grants
from .._jit.ids import PolicyId, VmId
from .._jit.policies import Json, Policy
from .._jit.times import write_moment
from .fleet import Holdings, read_known, read_policies
from .seams import Clock, JitApi
from .waiting import Deadline

# Requests were recorded to take 2 to 8 seconds, writes of a policy up to ten [rec]. One that failed may stay so
# for ever [inf], and all others wait for their closing meanwhile.
_SETTLED_WITHIN = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class CloseRequest:
    """What a task asks for."""

    wishes: Sequence[CloseWish]
    whose: Whose
    wait_timeout: timedelta


@dataclass(frozen=True, slots=True)
class Windows:
    """A VM's running grants, those of them that shall end, and whether its policies are being changed."""

    wish: CloseWish
    policy_id: PolicyId | None
    live: tuple[Grant, ...] = ()
    ending: tuple[Grant, ...] = ()
    unsettled: bool = False

    @property
    def is_settled(self) -> bool:
        return not self.unsettled and not any(grant.is_pending for grant in self.ending)


def find_windows(
    request: CloseRequest, jit: JitApi, clock: Clock, deadline: Deadline, *, check_mode: bool
) -> list[Windows]:
    """Find what is open, and look again while Azure still works on it.

    A policy that is `Updating` shows no requests although grants run [rec], and a request that is `Initiating`
    gets its rules later: neither may be taken for closed.
    """
    known = read_known(jit, [wish.vm for wish in request.wishes])
    policies = dict(known.policies)
    windows: list[Windows] = []
    for _look in Deadline(clock, min(timedelta(seconds=deadline.seconds_left), _SETTLED_WITHIN)).looks():
        windows = _windows(request, policies, known.holdings, clock)
        waited_for = {
            policy.id
            for w in windows
            if not w.is_settled
            for policy in policies.values()
            if policy.id == w.policy_id or _mentions(policy, w)
        }
        if check_mode or not waited_for:
            break
        policies.update({key: policy for key, policy in read_policies(waited_for, jit).items() if policy})
    return windows


def _mentions(policy: Policy, windows: Windows) -> bool:
    pending = {grant.start_text for grant in windows.ending if grant.is_pending}
    return any(request.get("startTimeUtc") in pending for request in policy.requests)


def _windows(
    request: CloseRequest, policies: Mapping[PolicyId, Policy], holdings: Holdings, clock: Clock
) -> list[Windows]:
    now = clock.now()
    live: dict[VmId, list[Grant]] = defaultdict(list)
    homes: dict[VmId, PolicyId] = {}
    for policy in policies.values():
        for grant in live_grants(policy.requests, now):
            live[grant.vm].append(grant)
            homes.setdefault(grant.vm, policy.id)
    found = []
    for wish in request.wishes:
        held = [holding.policy.id for holding in holdings.get(wish.vm, ())]
        grants = tuple(live.get(wish.vm, ()))
        ending = tuple(choose(wish, grants, request.whose))
        unsettled = any(not policies[policy_id].is_settled for policy_id in held)
        home = homes.get(wish.vm) or (held[0] if held else None)
        found.append(Windows(wish, home, grants, ending, unsettled))
    return found


def describe_window(grant: Grant) -> Json:
    """Write a window as results do."""
    return {
        "sources": list(grant.sources),
        "end_time": write_moment(grant.end),
        "requestor": grant.requestor,
        "justification": grant.justification,
    }
