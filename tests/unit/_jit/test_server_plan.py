# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Defender for Servers: what a document says, and what is sent to change it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.server_plan import (
    PlanWish,
    ServerPlan,
    body_of,
    describe_plan,
    target_of,
)
from hypothesis import given
from hypothesis import strategies as st

FREE = ServerPlan({"pricingTier": "Free", "freeTrialRemainingTime": "P30D"})
P1 = ServerPlan({"pricingTier": "Standard", "subPlan": "P1"})
P2 = ServerPlan({"pricingTier": "Standard", "subPlan": "P2"})
OLD = ServerPlan({"pricingTier": "Standard"})
SCANNING = {
    "name": "AgentlessVmScanning",
    "isEnabled": "True",
    "additionalExtensionProperties": {"ExclusionTags": "[]"},
}
FULL = ServerPlan(
    {
        "pricingTier": "Standard",
        "subPlan": "P2",
        "freeTrialRemainingTime": "PT0S",
        "enablementTime": "2023-03-01T12:42:42.1921106Z",
        "enforce": "True",
        "resourcesCoverageStatus": "PartiallyCovered",
        "somethingNew": {"from": "Azure"},
        "extensions": [{**SCANNING, "operationStatus": {"code": "Succeeded"}, "alsoNew": 1}],
    }
)

PLANS = [FREE, P1, P2, OLD, FULL]
WISHES = [PlanWish("free"), PlanWish("standard"), PlanWish("standard", "P1"), PlanWish("standard", "P2")]


@pytest.mark.parametrize(
    ("plan", "tier", "sub_plan", "includes_jit"),
    [
        (FREE, "free", None, False),
        (P1, "standard", "P1", False),
        (P2, "standard", "P2", True),
        (OLD, "standard", "P2", True),
        (ServerPlan({"pricingTier": "STANDARD", "subPlan": "p2"}), "standard", "P2", True),
        (ServerPlan({"pricingTier": "Free", "subPlan": "P2"}), "free", None, False),
        (ServerPlan({"pricingTier": "Standard", "subPlan": None}), "standard", "P2", True),
        (ServerPlan.read({}), "free", None, False),
    ],
)
def test_a_plan_is_read(plan: ServerPlan, tier: str, sub_plan: str | None, includes_jit: bool) -> None:
    assert (plan.tier, plan.sub_plan, plan.includes_jit) == (tier, sub_plan, includes_jit)


@pytest.mark.parametrize(
    ("plan", "wish", "target"),
    [
        (FREE, PlanWish("standard"), PlanWish("standard", "P2")),
        (FREE, PlanWish("standard", "P1"), PlanWish("standard", "P1")),
        (FREE, PlanWish("free"), PlanWish("free")),
        (P1, PlanWish("standard"), PlanWish("standard", "P1")),
        (P1, PlanWish("standard", "P2"), PlanWish("standard", "P2")),
        (P1, PlanWish("free"), PlanWish("free")),
        (OLD, PlanWish("standard", "P2"), PlanWish("standard", "P2")),
        (OLD, PlanWish("standard", "P1"), PlanWish("standard", "P1")),
    ],
)
def test_a_wish_without_a_size_leaves_a_plan_that_is_on_and_turns_the_full_one_on(
    plan: ServerPlan, wish: PlanWish, target: PlanWish
) -> None:
    assert target_of(plan, wish) == target


@given(st.sampled_from(PLANS), st.sampled_from(WISHES))
def test_what_is_sent_brings_about_the_wish(plan: ServerPlan, wish: PlanWish) -> None:
    after = ServerPlan.read(body_of(plan, target_of(plan, wish)))
    assert after.meets(wish)
    assert target_of(after, wish) == target_of(plan, wish)


@given(st.dictionaries(st.text(min_size=1), st.integers() | st.text() | st.none()), st.sampled_from(WISHES))
def test_what_is_unknown_is_sent_back(unknown: dict[str, Any], wish: PlanWish) -> None:
    prefixed = {f"x{name}": value for name, value in unknown.items()}
    sent = body_of(ServerPlan({**FULL.properties, **prefixed}), wish)["properties"]
    assert {name: value for name, value in sent.items() if name in prefixed} == prefixed
    assert sent["enforce"] == "True"
    assert sent["somethingNew"] == {"from": "Azure"}


def test_what_only_azure_sets_is_not_sent() -> None:
    sent = body_of(FULL, PlanWish("standard", "P2"))["properties"]
    assert sent == {
        "pricingTier": "Standard",
        "subPlan": "P2",
        "enforce": "True",
        "somethingNew": {"from": "Azure"},
        "extensions": [{**SCANNING, "alsoNew": 1}],
    }


def test_an_extension_of_an_unknown_shape_is_sent_back() -> None:
    sent = body_of(ServerPlan({**FULL.properties, "extensions": ["NewKind"]}), PlanWish("standard", "P2"))
    assert sent["properties"]["extensions"] == ["NewKind"]


@pytest.mark.parametrize("target", [PlanWish("free"), PlanWish("standard", "P1")])
def test_extensions_of_the_full_plan_are_not_sent_to_a_smaller_one(target: PlanWish) -> None:
    sent = body_of(FULL, target)["properties"]
    assert "extensions" not in sent
    assert ("subPlan" in sent) == (target.tier == "standard")


def test_a_plan_is_described() -> None:
    told = describe_plan("sub", FULL)
    assert told == {
        "subscription_id": "sub",
        "tier": "standard",
        "sub_plan": "P2",
        "includes_jit": True,
        "coverage": "partially",
        "enforced": True,
        "enabled_since": "2023-03-01T12:42:42.1921106Z",
        "free_trial_remaining": "PT0S",
        "extensions": [{"name": "AgentlessVmScanning", "enabled": True}],
    }
    untold = describe_plan("sub", FREE)
    assert (untold["coverage"], untold["enforced"], untold["enabled_since"], untold["extensions"]) == (
        None,
        None,
        None,
        [],
    )
