# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths where a caller asks what it may do."""

from __future__ import annotations

from ..routing import Route
from . import responses

_PERMISSIONS = "providers/Microsoft.Authorization/permissions"
_GROUP = "/subscriptions/{subscription_id}/resourceGroups/{group_name}"
_ACTION = "Microsoft.Authorization/permissions/read"

ROUTES = [
    Route("GET", f"/subscriptions/{{subscription_id}}/{_PERMISSIONS}", responses.list_permissions, action=_ACTION),
    Route("GET", f"{_GROUP}/{_PERMISSIONS}", responses.list_permissions, action=_ACTION),
    Route(
        "GET",
        f"{_GROUP}/providers/{{namespace}}/{{kind}}/{{name}}/{_PERMISSIONS}",
        responses.list_permissions,
        action=_ACTION,
    ),
]
