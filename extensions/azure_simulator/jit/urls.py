# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths of just-in-time policies: the eight operations of the API description [spec]."""

from __future__ import annotations

from ..routing import Route
from . import reads, writes
from .models import KIND

_SUBSCRIPTION = "/subscriptions/{subscription_id}"
_GROUP = f"{_SUBSCRIPTION}/resourceGroups/{{group_name}}"
_POLICIES = "jitNetworkAccessPolicies"
_REGION = "providers/Microsoft.Security/locations/{location}"
_POLICY = f"{_GROUP}/{_REGION}/{_POLICIES}/{{policy_name}}"

ROUTES = [
    Route(
        "GET", f"{_SUBSCRIPTION}/providers/Microsoft.Security/{_POLICIES}", reads.list_all, action=f"{KIND}/read"
    ),
    Route("GET", f"{_SUBSCRIPTION}/{_REGION}/{_POLICIES}", reads.list_by_region, action=f"{KIND}/read"),
    Route("GET", f"{_GROUP}/providers/Microsoft.Security/{_POLICIES}", reads.list_by_group, action=f"{KIND}/read"),
    Route("GET", f"{_GROUP}/{_REGION}/{_POLICIES}", reads.list_by_group_and_region, action=f"{KIND}/read"),
    Route("GET", _POLICY, reads.get, action=f"{KIND}/read"),
    Route("PUT", _POLICY, writes.put, action=f"{KIND}/write"),
    Route("DELETE", _POLICY, writes.delete, action=f"{KIND}/delete"),
    Route("POST", f"{_POLICY}/initiate", writes.initiate, action=f"{KIND}/initiate/action"),
]
