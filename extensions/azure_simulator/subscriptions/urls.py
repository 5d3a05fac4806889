# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths of tenants, subscriptions, resource groups, locations and providers."""

from __future__ import annotations

from ..routing import Route
from . import resources, responses

_SUBSCRIPTION = "/subscriptions/{subscription_id}"

ROUTES = [
    Route("GET", "/tenants", responses.list_tenants),
    Route("GET", "/subscriptions", responses.list_subscriptions),
    Route(
        "GET", "/providers/Microsoft.Management/managementGroups/{name}/descendants", responses.list_descendants
    ),
    Route("GET", _SUBSCRIPTION, responses.get_subscription, action="Microsoft.Resources/subscriptions/read"),
    Route(
        "GET",
        f"{_SUBSCRIPTION}/locations",
        responses.list_locations,
        action="Microsoft.Resources/subscriptions/locations/read",
    ),
    Route(
        "GET",
        f"{_SUBSCRIPTION}/resourceGroups",
        responses.list_groups,
        action="Microsoft.Resources/subscriptions/resourceGroups/read",
        filtered=True,
    ),
    Route(
        "GET",
        f"{_SUBSCRIPTION}/resourceGroups/{{group_name}}",
        responses.get_group,
        action="Microsoft.Resources/subscriptions/resourceGroups/read",
    ),
    Route(
        "HEAD",
        f"{_SUBSCRIPTION}/resourceGroups/{{group_name}}",
        responses.head_group,
        action="Microsoft.Resources/subscriptions/resourceGroups/read",
    ),
    Route(
        "GET",
        f"{_SUBSCRIPTION}/resources",
        resources.list_resources,
        action="Microsoft.Resources/subscriptions/resources/read",
        filtered=True,
    ),
    Route(
        "GET",
        f"{_SUBSCRIPTION}/resourceGroups/{{group_name}}/resources",
        resources.list_group_resources,
        action="Microsoft.Resources/subscriptions/resourceGroups/resources/read",
    ),
    Route("GET", f"{_SUBSCRIPTION}/providers", responses.list_providers),
    Route("GET", f"{_SUBSCRIPTION}/providers/{{namespace}}", responses.get_provider),
    Route("POST", f"{_SUBSCRIPTION}/providers/{{namespace}}/register", responses.get_provider),
]
