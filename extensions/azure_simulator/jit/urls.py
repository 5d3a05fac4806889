# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths of just-in-time policies: the eight operations of the API description [spec]."""

from __future__ import annotations

from ..routing import Route
from . import reads, writes

_SUBSCRIPTION = "/subscriptions/{subscription_id}"
_GROUP = f"{_SUBSCRIPTION}/resourceGroups/{{group_name}}"
_POLICIES = "jitNetworkAccessPolicies"
_REGION = "providers/Microsoft.Security/locations/{location}"
_POLICY = f"{_GROUP}/{_REGION}/{_POLICIES}/{{policy_name}}"

ROUTES = [
    Route("GET", f"{_SUBSCRIPTION}/providers/Microsoft.Security/{_POLICIES}", reads.list_all),
    Route("GET", f"{_SUBSCRIPTION}/{_REGION}/{_POLICIES}", reads.list_by_region),
    Route("GET", f"{_GROUP}/providers/Microsoft.Security/{_POLICIES}", reads.list_by_group),
    Route("GET", f"{_GROUP}/{_REGION}/{_POLICIES}", reads.list_by_group_and_region),
    Route("GET", _POLICY, reads.get),
    Route("PUT", _POLICY, writes.put),
    Route("DELETE", _POLICY, writes.delete),
    Route("POST", f"{_POLICY}/initiate", writes.initiate),
]
