# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turning Defender for Servers on and off, with everything that can happen to a write."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import (
    AzureError,
    AzureRefused,
    AzureUnreachable,
    ReplyLost,
)
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.server_plan import PlanWish, ServerPlan
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.read_fleet import Scope
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.server_plans import (
    PlanOutcome,
    PlanRequest,
    report_plans,
    set_plans,
)
from memory_azure import VirtualClock
from memory_fleet import MemoryFleet

ONE, OTHER = "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"
P2 = PlanWish("standard", "P2")
BUSY = AzureRefused("PUT x", 429, "TooManyRequests", "slow down", retry_after=7)
FORBIDDEN = AzureRefused("PUT x", 403, "AuthorizationFailed", "no right")
BROKEN = AzureRefused("PUT x", 500, "InternalServerError", "oops")


class MemoryPlans:
    """Subscriptions' plans; `lag` is how long a change isn't shown, `faults` happen to the next writes in turn."""

    def __init__(self, plans: Mapping[str, Mapping[str, Any]], clock: VirtualClock) -> None:
        self.plans: dict[str, Mapping[str, Any]] = dict(plans)
        self.clock = clock
        self.lag = timedelta(0)
        self.written: list[str] = []
        self.unreadable: dict[str, AzureError] = {}
        # an error, and whether the write took effect before it
        self.faults: list[tuple[AzureError, bool]] = []
        self.ignores_sub_plan = False
        self._old: dict[str, tuple[Any, Mapping[str, Any]]] = {}
        self._lock = threading.Lock()

    def read_plan(self, subscription_id: str) -> ServerPlan:
        if subscription_id in self.unreadable:
            raise self.unreadable[subscription_id]
        until, old = self._old.get(subscription_id, (None, {}))
        if until is not None and self.clock.now() < until:
            return ServerPlan(old)
        return ServerPlan(self.plans[subscription_id])

    def put_plan(self, subscription_id: str, body: Mapping[str, Any]) -> ServerPlan:
        with self._lock:
            self.written.append(subscription_id)
            fault, takes_effect = self.faults.pop(0) if self.faults else (None, True)
            if takes_effect:
                self._old[subscription_id] = (self.clock.now() + self.lag, self.plans[subscription_id])
                properties = dict(body["properties"])
                if self.ignores_sub_plan:
                    properties["subPlan"] = "P1"
                self.plans[subscription_id] = properties
        if fault:
            raise fault
        return ServerPlan(self.plans[subscription_id])


def make(**plans: Mapping[str, Any]) -> MemoryPlans:
    tiers = {ONE: {"pricingTier": "Free"}, OTHER: {"pricingTier": "Standard", "subPlan": "P2"}}
    return MemoryPlans({**tiers, **plans}, VirtualClock())


def run(
    plans: MemoryPlans,
    wish: PlanWish = P2,
    subscriptions: Sequence[str] = (ONE, OTHER),
    *,
    check_mode: bool = False,
    warn: Callable[[str], None] = lambda _text: None,
    timeout: int = 60,
) -> list[PlanOutcome]:
    request = PlanRequest(Scope(tuple(subscriptions)), wish, timedelta(seconds=timeout))
    outcomes = set_plans(request, MemoryFleet(), plans, plans.clock, warn, check_mode=check_mode)
    assert sum(outcomes.summary.values()) == len(outcomes.subscriptions)
    return list(outcomes.subscriptions)


def test_only_what_differs_is_written() -> None:
    plans = make()
    first, second = run(plans)
    assert (first.state, first.verified) == ("changed", True)
    assert (second.state, second.verified) == ("unchanged", None)
    assert plans.written == [ONE]
    assert [outcome.state for outcome in run(plans)] == ["unchanged", "unchanged"]


def test_check_mode_predicts_and_writes_nothing() -> None:
    plans = make()
    predicted = run(plans, check_mode=True)
    assert plans.written == []
    done = run(plans)
    assert [(each.state, each.after) for each in predicted] == [(each.state, each.after) for each in done]


def test_a_change_that_azure_shows_late_is_waited_for() -> None:
    plans = make()
    plans.lag = timedelta(seconds=30)
    (outcome,) = run(plans, subscriptions=[ONE])
    assert outcome.state == "changed"
    assert 30 <= plans.clock.slept <= 40


def test_a_change_that_azure_does_not_show_in_time_is_unknown() -> None:
    plans = make()
    plans.lag = timedelta(hours=1)
    (outcome,) = run(plans, subscriptions=[ONE])
    assert (outcome.state, outcome.changed) == ("unknown", True)
    assert "shows free" in str(outcome.error)


def test_a_size_that_azure_ignores_is_told() -> None:
    plans = make()
    plans.ignores_sub_plan = True
    (outcome,) = run(plans, subscriptions=[ONE])
    assert outcome.state == "unknown"
    assert "shows standard P1" in str(outcome.error)


@pytest.mark.parametrize("error", [ReplyLost("timeout"), BROKEN])
@pytest.mark.parametrize("takes_effect", [True, False])
def test_a_lost_answer_is_looked_up_and_nothing_is_sent_twice(error: AzureError, takes_effect: bool) -> None:
    plans = make()
    plans.faults = [(error, takes_effect)]
    (outcome,) = run(plans, subscriptions=[ONE])
    assert plans.written == [ONE]
    assert outcome.state == ("changed" if takes_effect else "unknown")
    assert (outcome.error is None) == takes_effect


@pytest.mark.parametrize("error", [FORBIDDEN, AzureUnreachable("no route")])
def test_a_refusal_fails_that_subscription_alone(error: AzureError) -> None:
    plans = make(**{OTHER: {"pricingTier": "Free"}})
    plans.faults = [(error, False)]
    states = sorted(outcome.state for outcome in run(plans))
    assert states == ["changed", "failed"]
    assert plans.clock.slept == 0


def test_a_missing_permission_is_named() -> None:
    plans = make()
    plans.faults = [(FORBIDDEN, False)]
    (outcome,) = run(plans, subscriptions=[ONE])
    assert "Microsoft.Security/pricings/write" in str(outcome.error)


def test_a_busy_service_is_asked_again_when_it_says() -> None:
    plans = make()
    plans.faults = [(BUSY, False), (BUSY, False)]
    (outcome,) = run(plans, subscriptions=[ONE])
    assert outcome.state == "changed"
    assert len(plans.written) == 3
    assert plans.clock.slept == 14


def test_a_service_that_stays_busy_is_left_at_the_end_of_the_time() -> None:
    plans = make()
    plans.faults = [(BUSY, False)] * 100
    (outcome,) = run(plans, subscriptions=[ONE])
    assert outcome.state == "failed"
    assert plans.clock.slept <= 60


def test_a_plan_that_can_not_be_read_fails_that_subscription_alone() -> None:
    plans = make()
    plans.unreadable[OTHER] = AzureRefused("GET x", 403, "AuthorizationFailed", "no right")
    first, second = run(plans)
    assert (first.state, second.state) == ("changed", "failed")
    assert "Microsoft.Security/pricings/read" in str(second.error)


@pytest.mark.parametrize(
    ("wish", "shown", "told"),
    [
        (PlanWish("standard", "P1"), {}, ["Plan 1"]),
        (PlanWish("standard"), {"pricingTier": "Standard", "subPlan": "P1"}, ["Plan 1"]),
        (P2, {"resourcesCoverageStatus": "PartiallyCovered"}, ["plans of their own"]),
        (P2, {}, []),
        (PlanWish("free"), {"resourcesCoverageStatus": "PartiallyCovered"}, []),
    ],
)
@pytest.mark.parametrize("check_mode", [True, False])
def test_what_the_plan_does_not_do_is_told(
    wish: PlanWish, shown: Mapping[str, Any], told: list[str], check_mode: bool
) -> None:
    standard = {"pricingTier": "Standard", "subPlan": "P2", **shown}
    plans = make(**{ONE: standard})
    warnings: list[str] = []
    run(plans, wish, [ONE], check_mode=check_mode, warn=warnings.append)
    assert len(warnings) == len(told)
    assert all(part in warning for part, warning in zip(told, warnings, strict=True))


def test_of_all_subscriptions_one_that_may_not_be_read_is_left_out_of_a_report() -> None:
    plans = make()
    plans.unreadable[OTHER] = AzureRefused("GET x", 403, "AuthorizationFailed", "no right")
    fleet = MemoryFleet()
    fleet.subscriptions = [ONE, OTHER]
    warnings: list[str] = []

    report = report_plans(Scope(), fleet, plans, warnings.append)

    assert [plan["subscription_id"] for plan in report["subscriptions"]] == [ONE]
    assert report["summary"] == {"p1": 0, "p2": 0, "free": 1}
    assert OTHER in warnings[0]
    with pytest.raises(AzureRefused):
        report_plans(Scope((ONE, OTHER)), fleet, plans, warnings.append)
