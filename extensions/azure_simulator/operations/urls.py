# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths where clients ask how an asynchronous operation goes."""

from __future__ import annotations

from ..routing import Route
from . import responses

_LOCATION = "/subscriptions/{subscription_id}/providers/{namespace}/locations/{location}"

ROUTES = [
    Route("GET", f"{_LOCATION}/operations/{{operation_id}}", responses.get_status),
    Route("GET", f"{_LOCATION}/operationResults/{{operation_id}}", responses.get_result),
]
