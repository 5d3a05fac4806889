# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans of Defender for Servers as Microsoft's example and recorded answers show them."""

from __future__ import annotations

import json
from pathlib import Path

from ansible_collections.jitfleet.azure.plugins.module_utils._jit.server_plan import (
    PlanWish,
    ServerPlan,
    body_of,
    describe_plan,
)
from recorded import powershell

EXAMPLE = Path("spec/azure-rest-api-specs/pricings-2024-01-01/GetPricingByNameVirtualMachines_example.json")
# What the description marks as read-only.
READ_ONLY = {"freeTrialRemainingTime", "enablementTime", "resourcesCoverageStatus"}


def test_the_descriptions_example_is_understood(azure_data: Path) -> None:
    body = json.loads((azure_data / EXAMPLE).read_text())["responses"]["200"]["body"]
    plan = ServerPlan.read(body)

    told = describe_plan("x", plan)
    assert (told["tier"], told["sub_plan"], told["includes_jit"]) == ("standard", "P2", True)
    assert (told["coverage"], told["enforced"]) == ("partially", False)
    assert told["extensions"] == [{"name": "AgentlessVmScanning", "enabled": True}]
    sent = body_of(plan, PlanWish("standard", "P2"))["properties"]
    assert sent == {name: value for name, value in body["properties"].items() if name not in READ_ONLY}


def test_standard_alone_was_answered_by_the_full_plan(azure_data: Path) -> None:
    answers = [
        exchange
        for path in sorted((azure_data / "recordings" / "azure-powershell").glob("*.json"))
        if "EXCERPT" not in path.name
        for exchange in powershell(path)
        if exchange.method == "PUT" and "/pricings/VirtualMachines" in exchange.path
    ]
    assert len(answers) >= 5
    for answer in answers:
        assert answer.sent == {"properties": {"pricingTier": "Standard"}}
        plan = ServerPlan.read(answer.body)
        assert (plan.tier, plan.sub_plan) == ("standard", "P2")
        # What is sent to have the same once more loses no extension that was shown.
        sent = body_of(plan, PlanWish("standard", "P2"))["properties"]
        shown = answer.body["properties"].get("extensions") or []
        assert [one["name"] for one in sent.get("extensions", [])] == [one["name"] for one in shown]
