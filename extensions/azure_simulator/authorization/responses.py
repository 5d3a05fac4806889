# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers about permissions."""

from __future__ import annotations

from ..exchange import Call, Json, Reply
from ..identity.roles import Role
from ..world import World


def list_permissions(world: World, call: Call, subscription_id: str, **_: str) -> Reply:
    """Answer the roles that hold at a scope, each as what it permits and what it takes away again [docs]."""
    world.subscription(subscription_id)
    scope = call.path.lower().partition("/providers/microsoft.authorization/")[0]
    assert call.principal is not None
    roles = [item.role for item in call.principal.assignments if item.reaches(scope)]
    return Reply(body={"value": [_show(role) for role in roles]})


def _show(role: Role) -> Json:
    """Write a role's permissions."""
    return {
        "actions": list(role.actions),
        "notActions": list(role.not_actions),
        "dataActions": [],
        "notDataActions": [],
    }
