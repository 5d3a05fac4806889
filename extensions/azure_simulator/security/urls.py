# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths of Defender plans and assessments."""

from __future__ import annotations

from ..routing import Route
from . import assessments, responses

_PRICINGS = "/subscriptions/{subscription_id}/providers/Microsoft.Security/pricings"

_VM = (
    "/subscriptions/{subscription_id}/resourceGroups/{group_name}/providers/Microsoft.Compute/"
    "virtualMachines/{vm_name}"
)

ROUTES = [
    Route("GET", _PRICINGS, responses.list_pricings, action="Microsoft.Security/pricings/read"),
    Route("GET", f"{_PRICINGS}/{{plan_name}}", responses.get_pricing, action="Microsoft.Security/pricings/read"),
    Route("PUT", f"{_PRICINGS}/{{plan_name}}", responses.put_pricing, action="Microsoft.Security/pricings/write"),
    Route(
        "GET",
        "/subscriptions/{subscription_id}/providers/Microsoft.Security/assessments",
        assessments.list_assessments,
        action="Microsoft.Security/assessments/read",
    ),
    Route(
        "GET",
        f"{_VM}/providers/Microsoft.Security/assessments/{{assessment_name}}",
        assessments.get_assessment,
        action="Microsoft.Security/assessments/read",
    ),
    Route(
        "GET",
        f"{_VM}/providers/Microsoft.Security/pricings/{{plan_name}}",
        responses.get_vm_pricing,
        action="Microsoft.Security/pricings/read",
    ),
]
