# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write policies that others write too, where the service has no conditional write.

A PUT replaces a policy's whole VM list, and nothing ties it to the reading that it was made from. What makes it
safe all the same, as long as every writer keeps to it:

- **Budget.** From the start of the reading to the PUT's reply at most `budget` goes by. The PUT isn't repeated by
  itself; every further try is a new reading, a new merge, a new PUT.
- **Quiet window.** Success is claimed only when the policy held our wish, was in effect, and kept the very same VM
  list for `quiet` (at least `budget`), looked at every half second.

Then nobody's claimed wish is lost. Say a list with our wish was quiet from *a* to *b*, with *b* - *a* of at least
`budget`. A PUT that commits after *b* was made from a reading at most `budget` before, so after *a*, when our wish
was in; and its writer merges only his own wish. A PUT that commits before *b* would have changed the list, or was
made from one with our wish in it. What is left open: two commits between two looks that restore the very same
list, and writers who keep a reading for longer (a portal page, a template). The latter are met by the next run.

Only our own wish is ever put back, never somebody else's VM: its absence may be what another task was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from .._jit.edits import Edit, apply, is_in_effect, reading
from .._jit.errors import AzureError, AzureRefused, AzureUnreachable, ReplyLost
from .._jit.ids import PolicyId
from .._jit.policies import Json, Policy, body_of
from .fleet import look_at
from .parallel import each
from .seams import Clock, JitApi
from .waiting import Deadline

LOOK_EVERY = 0.5
# How many policies that a list doesn't show are read one by one in one look, far below Azure's 25 reads a second.
MOST_MISSED = 10
# Looks further apart than this (writes of other policies came between) don't make one window.
LONGEST_GAP = timedelta(seconds=2)
# How often a policy is written before we stop, because others keep taking our wish out.
TRIES = 8
# So long a PUT was seen to take [rec], so that one whose answer was lost may still come into being.
LONGEST_PUT = timedelta(seconds=10)
# So long a new policy may be unknown after its first PUT: some seconds were seen [issue].
APPEARS_WITHIN = timedelta(seconds=30)
# What Azure says when it has no time for a write; nothing happened then. A lock says 409 as well, and stays.
_BUSY = (409, 429)
_LOCKED = "ScopeLocked"
LONGEST_BUSY_PAUSE = 10.0
# Random, so that two of our controllers don't meet again and again.
LONGEST_PAUSE = 2.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How a write is made safe; `quiet` is at least `budget`. Without `wait` nothing is looked at afterwards."""

    budget: timedelta
    quiet: timedelta
    timeout: timedelta
    wait: bool = True


@dataclass(frozen=True, slots=True)
class Written:
    """What became of one policy.

    `verified` says that the quiet window was seen, `changed` that the policy held at some time what we sent, also
    where it ended in an error. `is_open` says of an error that Azure may yet come to hold it, or keep it. `notes`
    are for the user.
    """

    verified: bool
    changed: bool
    error: str | None = None
    notes: tuple[str, ...] = ()
    is_open: bool = False


@dataclass(slots=True)
class _Job:
    """One policy on its way: written or to be written, and what its looks saw.

    `may_vanish` says that a policy that doesn't exist is as wished.
    """

    policy_id: PolicyId
    edit: Edit
    due: datetime
    may_vanish: bool
    to_write: bool = True
    tries: int = 0
    turned_away: int = 0
    reply_lost: bool = False
    was_taken: bool = False
    was_sent: bool = False
    changed: bool = False
    undone: int = 0
    is_new: bool = False
    is_settled: bool = False
    over_budget: float = 0.0
    trouble: str = ""
    seen: Sequence[Json] | None = None
    quiet_from: datetime | None = None
    looked_at: datetime | None = None
    in_effect: bool = False
    result: Written | None = None

    @property
    def notes(self) -> Iterable[str]:
        if self.over_budget:
            yield (
                f"writing {self.policy_id} took {self.over_budget:.1f} s, longer than write_budget: what another "
                "writer changed meanwhile may be lost"
            )
        if self.undone:
            times = "once" if self.undone == 1 else f"{self.undone} times"
            yield f"another writer took the change of {self.policy_id} out {times}; it was made again"

    def has_been_quiet(self, now: datetime, quiet: timedelta) -> bool:
        return self.quiet_from is not None and now - self.quiet_from >= quiet

    def end(self, *, verified: bool = False, error: str | None = None, is_open: bool = False) -> None:
        self.result = Written(verified, self.changed, error, tuple(self.notes), is_open)

    def forget_looks(self) -> None:
        self.seen, self.quiet_from, self.looked_at, self.in_effect = None, None, None, False


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes policies; `draw` gives random numbers from 0 to 1."""

    jit: JitApi
    clock: Clock
    draw: Callable[[], float]
    patience: Patience
    progress: Callable[[int, int], None] = field(default=lambda done, of: None)

    def write(self, edits: Mapping[PolicyId, Edit]) -> dict[PolicyId, Written]:
        """Bring all policies to hold their edits; each has one writer, and all are looked at together."""
        deadline = Deadline(self.clock, self.patience.timeout)
        jobs = [
            _Job(policy_id, edit, self.clock.now(), is_in_effect((), edit)) for policy_id, edit in edits.items()
        ]
        while pending := [job for job in jobs if job.result is None]:
            self.progress(len(jobs) - len(pending), len(jobs))
            started = self.clock.now()
            each(self._write, [job for job in pending if job.to_write and job.due <= started])
            self._look([job for job in pending if job.result is None and not job.to_write])
            if deadline.has_passed:
                self._give_up([job for job in pending if job.result is None])
            elif any(job.result is None for job in pending):
                elapsed = (self.clock.now() - started).total_seconds()
                deadline.pause(max(0.0, LOOK_EVERY - elapsed))
        return {job.policy_id: job.result for job in jobs if job.result is not None}

    def _write(self, job: _Job) -> None:
        """Read, merge and write once. Whatever comes of it, the looks that follow decide."""
        job.to_write, job.reply_lost, job.was_taken = False, False, False
        job.tries += 1
        job.forget_looks()
        started = self.clock.now()
        try:
            started, policy = self._fresh(job.policy_id)
            sent = self._put(job, policy)
        except (ReplyLost, AzureUnreachable) as error:
            job.reply_lost = isinstance(error, ReplyLost)
            job.was_sent = job.was_sent or job.reply_lost
            job.trouble = str(error)
        except AzureRefused as error:
            self._refused(job, error)
        except AzureError as error:
            job.end(error=str(error))
        else:
            job.was_taken = sent
            job.was_sent = job.was_sent or sent
            job.changed = job.changed or sent
            took = (self.clock.now() - started).total_seconds()
            if sent and took > self.patience.budget.total_seconds():
                job.over_budget = max(job.over_budget, took)
            if not self.patience.wait and job.result is None:
                job.end()

    def _fresh(self, policy_id: PolicyId) -> tuple[datetime, Policy | None]:
        """Read the policy, again if the reading itself was slow and so may be old."""
        for _try in range(3):
            started = self.clock.now()
            policy = self.jit.find_policy(policy_id)
            if self.clock.now() - started <= self.patience.budget / 2:
                break
        return started, policy

    def _put(self, job: _Job, policy: Policy | None) -> bool:
        """Send what is needed, and tell whether anything was: another writer may have wished the same."""
        entries = policy.entries if policy else []
        job.is_new = policy is None
        if is_in_effect(entries, job.edit):
            return False
        wanted = apply(entries, job.edit)
        if wanted:
            self.jit.put_policy(job.policy_id, body_of(policy, wanted))
        else:
            self.jit.delete_policy(job.policy_id)
        return True

    def _refused(self, job: _Job, error: AzureRefused) -> None:
        job.trouble = str(error)
        if error.left_outcome_open:
            job.reply_lost = job.was_sent = True
        elif error.status in _BUSY and error.code != _LOCKED:
            self._wait_out(job, error.retry_after)
        else:
            job.end(error=f"{error}{_hint(error)}")

    def _wait_out(self, job: _Job, retry_after: float | None) -> None:
        """Plan the same try again. Nobody took our wish out, so nothing but time limits how often."""
        job.tries -= 1
        job.turned_away += 1
        growing = min(2.0**job.turned_away / 2, LONGEST_BUSY_PAUSE) * (0.5 + self.draw() / 2)
        job.to_write = True
        job.due = self.clock.now() + timedelta(seconds=retry_after or growing)

    def _again(self, job: _Job, pause: float) -> None:
        """Plan another try, unless there were enough."""
        if job.tries >= TRIES:
            trouble = job.trouble or "another writer keeps replacing the policy"
            job.end(error=f"{job.policy_id} did not keep the change in {TRIES} tries: {trouble}")
            return
        job.to_write = True
        job.due = self.clock.now() + timedelta(seconds=pause)

    def _look(self, jobs: Sequence[_Job]) -> None:
        """Read the policies and judge each by what it showed so far."""
        if not jobs:
            return
        started = self.clock.now()
        longest_unseen = sorted(jobs, key=lambda job: job.looked_at or job.due)
        # Of a policy that was deleted a list's word is enough on the way, but not at the end: lists have been seen
        # to miss policies [issue].
        vanishing = [job for job in longest_unseen if job.may_vanish]
        ending = [job for job in vanishing if job.has_been_quiet(started, self.patience.quiet)]
        gone = {job.policy_id for job in vanishing} - {job.policy_id for job in ending[:MOST_MISSED]}
        found = look_at([j.policy_id for j in longest_unseen], self.jit, gone=gone, most_missed=MOST_MISSED).found
        finished = self.clock.now()
        for job in jobs:
            if job.policy_id in found:
                policy = found[job.policy_id]
                is_hearsay = policy is None and job.policy_id in gone
                self._judge(job, policy, started, finished, is_hearsay=is_hearsay)

    def _judge(
        self, job: _Job, policy: Policy | None, started: datetime, finished: datetime, *, is_hearsay: bool
    ) -> None:
        entries = policy.entries if policy else []
        unwatched = job.looked_at is not None and started - job.looked_at > LONGEST_GAP
        if job.seen is None or unwatched or (entries != job.seen and reading(entries) != reading(job.seen)):
            # What was seen was true some time during the look: to be sure, the window opens at its end.
            job.quiet_from = finished
            job.in_effect = is_in_effect(entries, job.edit)
        job.seen, job.looked_at = entries, finished
        job.changed = job.changed or (job.in_effect and job.was_sent)
        job.is_new = job.is_new and policy is None
        job.is_settled = policy is None or policy.is_settled
        quiet_for = started - (job.quiet_from or started)
        if policy is not None and policy.failed and job.in_effect:
            job.end(error=f"Azure reports that it failed to put {job.policy_id} into effect")
        elif job.in_effect and job.is_settled and quiet_for >= self.patience.quiet:
            if not is_hearsay:
                job.end(verified=True)
        elif not job.in_effect and job.is_settled and quiet_for >= self._grace(job):
            if job.was_taken:
                job.undone += 1
                job.trouble = "another writer took the change out again"
            self._again(job, LONGEST_PAUSE * self.draw())

    def _grace(self, job: _Job) -> timedelta:
        """Tell how long a change that isn't there may still appear."""
        if job.reply_lost:
            return LONGEST_PUT
        return APPEARS_WITHIN if job.is_new and job.was_taken else timedelta(0)

    def _give_up(self, jobs: Iterable[_Job]) -> None:
        seconds = int(self.patience.timeout.total_seconds())
        for job in jobs:
            problem = "was not seen with the change in it"
            if job.in_effect:
                problem = "did not keep still" if job.is_settled else "was not seen in effect"
            error = f"{job.policy_id} {problem} within {seconds} s. {job.trouble}".rstrip()
            job.end(error=error, is_open=job.was_sent)


def _hint(error: AzureRefused) -> str:
    if error.code == "LinkedAuthorizationFailed":
        return " (the policy names a VM that the credential may not write, or that was deleted)"
    return ""
