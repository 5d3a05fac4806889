# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have Defender for Servers on subscriptions, or not; and report what they have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from .._jit.errors import AzureError, AzureRefused, ReplyLost
from .._jit.policies import Json
from .._jit.server_plan import PlanWish, ServerPlan, body_of, describe_plan, target_of
from .outcomes import count
from .parallel import each
from .read_fleet import FleetApi, Scope, subscriptions_of
from .seams import Clock, Warn

STATES = ("changed", "unchanged", "failed", "unknown")
INTERVAL = 2.0


class PlanApi(Protocol):
    """Subscriptions' plans for servers. All calls raise an `AzureError` when they fail."""

    def read_plan(self, subscription_id: str) -> ServerPlan: ...
    def put_plan(self, subscription_id: str, body: Mapping[str, Any]) -> ServerPlan: ...


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """Which plan which subscriptions shall have; `timeout` bounds the wait for each of them."""

    scope: Scope
    wish: PlanWish
    timeout: timedelta


@dataclass(frozen=True, slots=True)
class PlanOutcome:
    """What became of one subscription; `before` is None where nothing could be read, `seen` is the last look."""

    subscription_id: str
    state: str
    before: ServerPlan | None = None
    after: PlanWish | None = None
    seen: ServerPlan | None = None
    verified: bool | None = None
    error: str | None = None

    @property
    def changed(self) -> bool:
        """Tell whether the plan was changed, or may have been."""
        return self.state in ("changed", "unknown")


@dataclass(frozen=True, slots=True)
class PlanOutcomes:
    """What became of all subscriptions, in their order."""

    subscriptions: Sequence[PlanOutcome] = field(default_factory=tuple)

    @property
    def summary(self) -> dict[str, int]:
        return count((outcome.state for outcome in self.subscriptions), STATES)

    @property
    def failures(self) -> list[PlanOutcome]:
        return [outcome for outcome in self.subscriptions if outcome.error]


def set_plans(
    request: PlanRequest, fleet: FleetApi, plans: PlanApi, clock: Clock, warn: Warn, *, check_mode: bool
) -> PlanOutcomes:
    """Give each subscription the plan wished, where it has another."""
    subscriptions = subscriptions_of(request.scope, fleet)

    def set_one(subscription_id: str) -> PlanOutcome:
        try:
            plan = plans.read_plan(subscription_id)
        except AzureError as error:
            return PlanOutcome(subscription_id, "failed", error=_explained(error))
        target = target_of(plan, request.wish)
        if plan.meets(target):
            return PlanOutcome(subscription_id, "unchanged", plan, target, plan)
        if check_mode:
            return PlanOutcome(subscription_id, "changed", plan, target)
        return _Change(subscription_id, plan, target, plans, clock, clock.now() + request.timeout).make()

    outcomes = PlanOutcomes(each(set_one, subscriptions))
    for outcome in outcomes.subscriptions:
        for sentence in _advice(outcome):
            warn(sentence)
    return outcomes


def report_plans(scope: Scope, fleet: FleetApi, plans: PlanApi, warn: Warn) -> Json:
    """Say which plans the subscriptions have; of those that nobody named, one that can't be read is left out."""
    is_named = bool(scope.subscriptions)

    def report_one(subscription_id: str) -> Json | None:
        try:
            return describe_plan(subscription_id, plans.read_plan(subscription_id))
        except AzureRefused as error:
            if is_named or error.status != 403:
                raise
            warn(f"the plan of subscription {subscription_id} is left out: {_explained(error)}")
            return None

    found = [report for report in each(report_one, subscriptions_of(scope, fleet)) if report]
    words = [str(report["sub_plan"] or report["tier"]).lower() for report in found]
    return {"subscriptions": found, "summary": count(words, ("p1", "p2", "free"))}


@dataclass(frozen=True, slots=True)
class _Change:
    """One subscription's change. The write states the whole plan, so that sending it twice does what once does."""

    subscription_id: str
    before: ServerPlan
    target: PlanWish
    plans: PlanApi
    clock: Clock
    deadline: datetime

    def make(self) -> PlanOutcome:
        try:
            self._send()
        except AzureError as error:
            if not _left_open(error):
                return self._ended("failed", None, _explained(error))
            doubt = f"whether the change was made is not known: {error}"
        else:
            doubt = "Azure accepted the change"
        seen = self._wait()
        if seen is not None and seen.meets(self.target):
            return self._ended("changed", seen)
        shown = f"it shows {_words(seen.tier, seen.sub_plan)}" if seen else "what it shows can't be read"
        return self._ended(
            "unknown", seen, f"{doubt}; at the end of wait_timeout {shown}. Run the task again later"
        )

    def _send(self) -> None:
        """Send the change, again while Azure is busy."""
        body = body_of(self.before, self.target)
        while True:
            try:
                self.plans.put_plan(self.subscription_id, body)
            except AzureRefused as error:
                pause = error.retry_after or INTERVAL
                if not error.is_busy or self.clock.now() + timedelta(seconds=pause) > self.deadline:
                    raise
                self.clock.sleep(pause)
            else:
                return

    def _wait(self) -> ServerPlan | None:
        """Look until the plan is there or time is up, and give what was seen last."""
        while True:
            plan = self._look()
            is_late = self.clock.now() + timedelta(seconds=INTERVAL) > self.deadline
            if is_late or (plan is not None and plan.meets(self.target)):
                return plan
            self.clock.sleep(INTERVAL)

    def _look(self) -> ServerPlan | None:
        try:
            return self.plans.read_plan(self.subscription_id)
        except AzureError:
            return None

    def _ended(self, state: str, seen: ServerPlan | None, error: str | None = None) -> PlanOutcome:
        verified = state == "changed"
        return PlanOutcome(self.subscription_id, state, self.before, self.target, seen, verified, error)


def _left_open(error: AzureError) -> bool:
    return isinstance(error, ReplyLost) or (isinstance(error, AzureRefused) and error.left_outcome_open)


def _explained(error: AzureError) -> str:
    if isinstance(error, AzureRefused) and error.status == 403:
        verb, role = (
            ("write", "Security Admin") if error.request.startswith("PUT") else ("read", "Security Reader")
        )
        return f"{error} (it needs Microsoft.Security/pricings/{verb} on the subscription, which {role} has)"
    return str(error)


def _words(tier: str, sub_plan: str | None) -> str:
    return f"{tier} {sub_plan}" if sub_plan else tier


def _advice(outcome: PlanOutcome) -> list[str]:
    """Say what the plan doesn't do, though one may expect it to."""
    name, shown, after = outcome.subscription_id, outcome.seen or outcome.before, outcome.after
    if shown is None or after is None or outcome.error or after.tier == "free":
        return []
    sentences = []
    if after.sub_plan != "P2":
        sentences.append(
            f"subscription {name} has Plan 1 of Defender for Servers, which doesn't include just-in-time access: "
            "that takes sub_plan: P2, at Plan 2's price"
        )
    if shown.coverage == "partially":
        sentences.append(
            f"some VMs of subscription {name} have plans of their own, which its plan leaves as they are "
            "(resourcesCoverageStatus: PartiallyCovered)"
        )
    return sentences
