# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Between the options that say which plan subscriptions shall have, the operations' values, and the result."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from ._jit.errors import InvalidOption
from ._jit.policies import Json
from ._jit.server_plan import PlanWish, ServerPlan
from ._operations.read_fleet import Scope
from ._operations.server_plans import PlanOutcome, PlanOutcomes, PlanRequest
from ._options import collect
from ._selection import read_scope

NAMED_FAILURES = 20


def read_plan_request(params: Mapping[str, Any]) -> PlanRequest:
    """Read which plan is wished; one that costs money has to be named."""
    scope, wish, timeout = collect((read_plan_scope, _read_wish, _read_timeout), lambda read: read(params))
    return PlanRequest(scope, wish, timeout)


def read_plan_scope(params: Mapping[str, Any]) -> Scope:
    return read_scope({**params, "resource_groups": None})


def _read_wish(params: Mapping[str, Any]) -> PlanWish:
    tier, sub_plan = params["tier"], params["sub_plan"]
    if params["state"] == "absent":
        if tier == "standard":
            raise InvalidOption(
                "tier", "standard turns the plan on, and state: absent turns it off: say one of them"
            )
        tier = "free"
    if tier is None:
        raise InvalidOption(
            "tier",
            "say standard, which turns Defender for Servers on and costs money for every server of the "
            "subscription, or free, which turns it off",
        )
    if tier == "free" and sub_plan:
        raise InvalidOption("sub_plan", "the free tier has none: leave it out, or say tier: standard")
    return PlanWish(tier, sub_plan)


def _read_timeout(params: Mapping[str, Any]) -> timedelta:
    if params["wait_timeout"] < 0:
        raise InvalidOption("wait_timeout", f"{params['wait_timeout']} is no time to wait: give 0 or more seconds")
    return timedelta(seconds=params["wait_timeout"])


def plans_result(outcomes: PlanOutcomes) -> Json:
    """Write the result: each subscription once, and the diff of those that change."""
    changing = [outcome for outcome in outcomes.subscriptions if outcome.changed]
    return {
        "changed": bool(changing),
        "subscriptions": [_subscription(outcome) for outcome in outcomes.subscriptions],
        "summary": outcomes.summary,
        "diff": {
            "before": {outcome.subscription_id: _of_plan(outcome.before) for outcome in changing},
            "after": {outcome.subscription_id: _of_plan(outcome.after) for outcome in changing},
        },
    }


def plans_failure(outcomes: PlanOutcomes) -> str:
    """Say what failed, with at most some of the subscriptions named."""
    failures = outcomes.failures
    named = "; ".join(f"{each.subscription_id}: {each.error}" for each in failures[:NAMED_FAILURES])
    more = len(failures) - NAMED_FAILURES
    rest = f"; and {more} more" if more > 0 else ""
    return f"{len(failures)} of {len(outcomes.subscriptions)} subscriptions failed. {named}{rest}"


def _subscription(outcome: PlanOutcome) -> Json:
    now = _of_plan(outcome.seen) if outcome.error else _of_plan(outcome.after)
    written: Json = {
        "subscription_id": outcome.subscription_id,
        "state": outcome.state,
        "changed": outcome.changed,
        **now,
        "before": _of_plan(outcome.before),
    }
    if outcome.verified is not None:
        written["verified"] = outcome.verified
    if outcome.error:
        written["error"] = outcome.error
    return written


def _of_plan(plan: ServerPlan | PlanWish | None) -> Json:
    return {"tier": plan.tier if plan else None, "sub_plan": plan.sub_plan if plan else None}
