# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths of Defender plans."""

from __future__ import annotations

from ..routing import Route
from . import responses

_PRICINGS = "/subscriptions/{subscription_id}/providers/Microsoft.Security/pricings"

ROUTES = [
    Route("GET", _PRICINGS, responses.list_pricings, action="Microsoft.Security/pricings/read"),
    Route("GET", f"{_PRICINGS}/{{plan_name}}", responses.get_pricing, action="Microsoft.Security/pricings/read"),
    Route("PUT", f"{_PRICINGS}/{{plan_name}}", responses.put_pricing, action="Microsoft.Security/pricings/write"),
]
