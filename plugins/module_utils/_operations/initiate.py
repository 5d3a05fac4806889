# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Send the policies' requests, each once."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from .._jit.access import Ask
from .._jit.errors import AzureError, AzureRefused, AzureUnreachable, ReplyLost
from .._jit.grants import read_grants
from .._jit.ids import PolicyId, VmId
from .._jit.policies import Json
from .parallel import each
from .safe_write import APPEARS_WITHIN
from .seams import Clock, JitApi
from .waiting import Deadline

# Writes are slow: a second or more from acceptance to reply [rec]. So long a request whose answer was lost may
# take to show up in its policy.
SETTLE_SECONDS = 10.0
_LOOK_EVERY = 2.0
# How many requests one policy is worth when Azure refuses the first: enough to find two bad VMs among 500.
MOST_POSTS = 40
# Our own bound for the VMs of one request; Azure documents none [inf].
MOST_VMS = 1000


@dataclass(frozen=True, slots=True)
class Item:
    """One port of one VM in one policy."""

    policy_id: PolicyId
    vm: VmId
    port: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """The service took the request into a policy.

    `start_text` is the request's start as the service wrote it: its identity.
    """

    policy_id: PolicyId
    start_text: str
    end: datetime
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NotOpened:
    """The port isn't open (`failed`), or nobody here can tell (`unknown`).

    `accepted` says that Azure took the request, `grant` what it says of it where it runs all the same.
    """

    state: Literal["failed", "unknown"]
    problem: str
    accepted: bool = False
    grant: Accepted | None = None


Verdict: TypeAlias = "Accepted | NotOpened"
# Hears of a policy that it was asked for all, with what became of it.
Done = Callable[[Mapping[Item, Verdict]], None]


@dataclass(frozen=True, slots=True)
class Batch:
    """What is asked of one policy at once.

    `mark` tells several batches for one policy apart. `is_fresh` says that the policy was made a moment ago:
    it may be unknown for some seconds [issue].
    """

    policy_id: PolicyId
    asks: Mapping[VmId, tuple[Ask, ...]]
    justification: str
    mark: str = ""
    is_fresh: bool = False

    def halves(self) -> list[Batch]:
        """Split the VMs over two requests."""
        return self.parts((len(self.asks) + 1) // 2)

    def parts(self, most: int) -> list[Batch]:
        """Split the VMs over requests for at most so many."""
        vms = list(self.asks)
        return [
            dataclasses.replace(self, asks={vm: self.asks[vm] for vm in vms[start : start + most]})
            for start in range(0, len(vms), most)
        ]

    def items(self) -> Iterable[Item]:
        return (Item(self.policy_id, vm, ask.port) for vm, asks in self.asks.items() for ask in asks)

    def body(self, reference: str) -> Json:
        """Write the initiate body for all VMs."""
        vms = [{"id": str(vm), "ports": [ask.write() for ask in asks]} for vm, asks in self.asks.items()]
        return {"virtualMachines": vms, "justification": f"{self.justification} {reference}".strip()}


def send_all(
    batches: Iterable[Batch], jit: JitApi, clock: Clock, deadline: Deadline, reference: str, done: Done
) -> dict[Item, Verdict]:
    """Ask all policies at a time, and each of them for one request after the other."""
    by_policy: dict[PolicyId, list[Batch]] = {}
    for batch in batches:
        by_policy.setdefault(batch.policy_id, []).extend(batch.parts(MOST_VMS))

    def ask(parts: Sequence[Batch]) -> dict[Item, Verdict]:
        verdicts: dict[Item, Verdict] = {}
        for number, part in enumerate(parts):
            marked = dataclasses.replace(part, mark=f"-{number + 1}") if number else part
            verdicts.update(send(marked, jit, clock, deadline, reference))
        done(verdicts)
        return verdicts

    return {item: verdict for sent in each(ask, by_policy.values()) for item, verdict in sent.items()}


def send(batch: Batch, jit: JitApi, clock: Clock, deadline: Deadline, reference: str) -> dict[Item, Verdict]:
    """Ask for a policy's ports. What may have arrived is looked up and never sent a second time.

    Azure refuses a request as a whole for the sake of one VM in it. A refused request had no effect, so it is sent
    again in halves until the VMs to blame are found, within a bounded number of requests.
    """
    verdicts: dict[Item, Verdict] = {}
    parts = [batch]
    for sent in range(MOST_POSTS):
        if not parts:
            return verdicts
        part = parts.pop(0)
        verdict = _send(part, jit, clock, deadline, f"{reference}{part.mark}{f'.{sent}' if sent else ''}")
        if isinstance(verdict, AzureRefused) and len(part.asks) > 1 and _may_be_one_vms_fault(verdict):
            parts += part.halves()
        elif isinstance(verdict, AzureRefused):
            verdicts.update(_all(part, NotOpened("failed", str(verdict))))
        else:
            verdicts.update(verdict)
    for part in parts:
        problem = "refused together with other VMs, too many to find out which of them Azure minds"
        verdicts.update(_all(part, NotOpened("failed", problem)))
    return verdicts


def _may_be_one_vms_fault(error: AzureRefused) -> bool:
    return error.status in (400, 404) or error.code == "LinkedAuthorizationFailed"


def _send(
    batch: Batch, jit: JitApi, clock: Clock, deadline: Deadline, reference: str
) -> dict[Item, Verdict] | AzureRefused:
    try:
        return _read_request(batch, _post(batch, jit, clock, deadline, reference))
    except ReplyLost as error:
        return _look_up(batch, jit, clock, reference, str(error))
    except AzureRefused as error:
        return _look_up(batch, jit, clock, reference, str(error)) if error.left_outcome_open else error
    except AzureError as error:
        return _all(batch, NotOpened("failed", str(error)))


def _post(batch: Batch, jit: JitApi, clock: Clock, deadline: Deadline, reference: str) -> Mapping[str, Any]:
    """Send the request; wait and send again only where Azure says that it did not take it."""
    body = batch.body(reference)
    appears = Deadline(clock, APPEARS_WITHIN)
    for _look in deadline.looks():
        try:
            return jit.initiate(batch.policy_id, body)
        except AzureUnreachable as error:
            refusal: AzureError = error
        except AzureRefused as error:
            is_yet_unknown = error.status == 404 and batch.is_fresh and not appears.has_passed
            if not (error.is_busy or is_yet_unknown):
                raise
            refusal = error
            deadline.pause(error.retry_after or 0.0)
    raise refusal


def _look_up(batch: Batch, jit: JitApi, clock: Clock, reference: str, trouble: str) -> dict[Item, Verdict]:
    """Find a request whose answer was lost by the reference in its justification."""
    looks = int(SETTLE_SECONDS / _LOOK_EVERY)
    for _look in range(looks):
        clock.sleep(_LOOK_EVERY)
        try:
            policy = jit.find_policy(batch.policy_id)
        except AzureError as error:
            trouble = f"{trouble}; then {error}"
            continue
        for request in policy.requests if policy else ():
            if reference in str(request.get("justification") or "").split():
                return _read_request(batch, request)
    problem = (
        f"{trouble.rstrip('.')}. The request is not in the policy's list after {SETTLE_SECONDS:.0f} s; run "
        "again to find out"
    )
    return _all(batch, NotOpened("unknown", problem))


def _read_request(batch: Batch, request: Mapping[str, Any]) -> dict[Item, Verdict]:
    """Read what the service accepted; a port that it doesn't mention is not known to be accepted."""
    verdicts = _all(batch, NotOpened("unknown", "Azure's answer to the request doesn't mention this port"))
    for grant in read_grants([request]):
        item = Item(batch.policy_id, grant.vm, grant.port)
        if item in verdicts:
            verdicts[item] = Accepted(batch.policy_id, grant.start_text, grant.end, grant.sources)
    return verdicts


def _all(batch: Batch, verdict: Verdict) -> dict[Item, Verdict]:
    return dict.fromkeys(batch.items(), verdict)
