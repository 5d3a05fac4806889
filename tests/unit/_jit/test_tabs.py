# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In which of the portal's tabs a VM stands, and why."""

from __future__ import annotations

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.server_plan import ServerPlan
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.tabs import Facts, find_tab


def plan(tier: str, sub_plan: str | None = None) -> ServerPlan:
    return ServerPlan({"pricingTier": tier, "subPlan": sub_plan})


FULL, SMALL, FREE, OLD = plan("Standard", "P2"), plan("Standard", "P1"), plan("Free"), plan("Standard")


@pytest.mark.parametrize(
    ("facts", "status", "reason", "notes"),
    [
        (Facts(plan=FULL), "not_configured", None, ()),
        (Facts(plan=OLD), "not_configured", None, ()),
        (Facts(plan=FULL, is_covered=True), "configured", None, ()),
        (Facts(plan=FULL, is_guarded=False), "unsupported", "no_nsg", ()),
        (Facts(plan=SMALL), "unsupported", "defender_plan_missing", ()),
        (Facts(plan=FREE), "unsupported", "defender_plan_missing", ()),
        (Facts(plan=FREE, is_guarded=False), "unsupported", "defender_plan_missing", ("no_nsg",)),
        (Facts(plan=FULL, is_guarded=False, firewall="rules"), "not_configured", None, ("azure_firewall",)),
        (Facts(plan=FULL, is_guarded=False, firewall="manager"), "unsupported", "firewall_manager", ()),
        (Facts(plan=FULL, firewall="manager"), "not_configured", None, ()),
        (Facts(plan=FULL, is_guarded=None), "not_configured", None, ("nsg_unknown",)),
        (Facts(plan=None), "not_configured", None, ("defender_plan_unknown",)),
        (Facts(plan=FULL, is_off=True), "not_configured", None, ("powered_off",)),
        (Facts(plan=FULL, is_off=True, is_guarded=False), "unsupported", "no_nsg", ("powered_off",)),
        (Facts(plan=FULL, is_off=True, is_covered=True), "configured", None, ("powered_off",)),
        (Facts(plan=FULL, is_updating=True, is_covered=True), "configured", None, ("policy_updating",)),
        (Facts(plan=FREE, is_covered=True), "configured", None, ("defender_plan_missing",)),
        (Facts(plan=FULL, is_guarded=False, is_covered=True), "configured", None, ("no_nsg",)),
        (Facts(is_classic=True), "unsupported", "classic_vm", ()),
    ],
)
def test_tabs(facts: Facts, status: str, reason: str | None, notes: tuple[str, ...]) -> None:
    tab = find_tab(facts)
    assert (tab.status, tab.reason, tab.notes) == (status, reason, notes)
    assert (tab.detail is None) == (reason is None)


@pytest.mark.parametrize(("held", "said"), [(SMALL, "standard P1"), (FREE, "free")])
def test_the_plan_that_was_found_is_said(held: ServerPlan, said: str) -> None:
    detail = find_tab(Facts(plan=held)).detail or ""
    assert detail.endswith(f"the VM has {said}")
