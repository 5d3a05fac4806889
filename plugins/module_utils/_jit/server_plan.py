# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Defender for Servers on a subscription: what Azure shows of it, and what to send to change it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .policies import Json

FULL_PLAN = "P2"
_TIERS = {"standard": "Standard", "free": "Free"}
# What only Azure sets [spec].
_READ_ONLY = frozenset(
    {
        "freeTrialRemainingTime",
        "enablementTime",
        "resourcesCoverageStatus",
        "inherited",
        "inheritedFrom",
        "deprecated",
        "replacedBy",
    }
)
_COVERAGES = {"fullycovered": "fully", "partiallycovered": "partially", "notcovered": "not"}


@dataclass(frozen=True, slots=True)
class PlanWish:
    """The plan to have; `sub_plan` None leaves a plan that is on as it is, and turns the full one on."""

    tier: str
    sub_plan: str | None = None


@dataclass(frozen=True, slots=True)
class ServerPlan:
    """The plan as Azure's document says it; words compare without case."""

    properties: Mapping[str, Any]

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> ServerPlan:
        properties = document.get("properties")
        return cls(properties if isinstance(properties, Mapping) else {})

    @property
    def tier(self) -> str:
        return str(self.properties.get("pricingTier") or "free").lower()

    @property
    def sub_plan(self) -> str | None:
        """The plan's size; Standard without one is the full plan [spec], as the one from before there were two."""
        if self.tier != "standard":
            return None
        return str(self.properties.get("subPlan") or FULL_PLAN).upper()

    @property
    def includes_jit(self) -> bool:
        return self.sub_plan == FULL_PLAN

    @property
    def coverage(self) -> str | None:
        """How much of the subscription has the plan (`fully`, `partially`, `not`); None where it isn't said."""
        shown = str(self.properties.get("resourcesCoverageStatus") or "")
        return _COVERAGES.get(shown.lower(), shown.lower()) or None

    @property
    def is_enforced(self) -> bool | None:
        """Tell whether resources can't have plans of their own; None where Azure doesn't say."""
        return _truth(self.properties.get("enforce"))

    def meets(self, wish: PlanWish) -> bool:
        return self.tier == wish.tier and wish.sub_plan in (None, self.sub_plan)


def target_of(plan: ServerPlan, wish: PlanWish) -> PlanWish:
    """Say which plan there is once the wish is fulfilled."""
    if plan.meets(wish):
        return PlanWish(plan.tier, plan.sub_plan)
    return PlanWish(wish.tier, (wish.sub_plan or FULL_PLAN) if wish.tier == "standard" else None)


def body_of(plan: ServerPlan, target: PlanWish) -> Json:
    """Write what to send: everything that is there, known or not, with another tier and size.

    Extensions go along only from one plan that is on to another that isn't smaller: the free tier takes none
    in a request [issue: terraform-provider-azurerm], and the smaller plan lacks some of the larger one's [docs].
    """
    changed = {"pricingTier", "subPlan", "extensions"}
    kept = {name: value for name, value in plan.properties.items() if name not in _READ_ONLY | changed}
    body: Json = {**kept, "pricingTier": _TIERS[target.tier]}
    if target.sub_plan:
        body["subPlan"] = target.sub_plan
    extensions = plan.properties.get("extensions")
    if isinstance(extensions, list) and plan.sub_plan and target.sub_plan and target.sub_plan >= plan.sub_plan:
        body["extensions"] = [_without_status(extension) for extension in extensions]
    return {"properties": body}


def _without_status(extension: Any) -> Any:
    if not isinstance(extension, Mapping):
        return extension
    return {name: value for name, value in extension.items() if name != "operationStatus"}


def describe_plan(subscription_id: str, plan: ServerPlan) -> Json:
    """Say what a subscription has."""
    properties = plan.properties
    return {
        "subscription_id": subscription_id,
        "tier": plan.tier,
        "sub_plan": plan.sub_plan,
        "includes_jit": plan.includes_jit,
        "coverage": plan.coverage,
        "enforced": plan.is_enforced,
        "enabled_since": properties.get("enablementTime"),
        "free_trial_remaining": properties.get("freeTrialRemainingTime"),
        "extensions": [
            {"name": str(extension.get("name") or ""), "enabled": _truth(extension.get("isEnabled"))}
            for extension in properties.get("extensions") or ()
            if isinstance(extension, Mapping)
        ],
    }


def _truth(value: Any) -> bool | None:
    """Read a truth, which this API writes as a text [rec]."""
    return {"true": True, "false": False}.get(str(value).lower())
