# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The check of bearer tokens in front of every ARM operation."""

from __future__ import annotations

import re

from ..exchange import Call
from ..world import World
from .errors import authorization_failed, expired_token, foreign_token, invalid_token, missing_token
from .models import Principal
from .responses import is_arm_audience


def authenticate(world: World, call: Call) -> Principal:
    """Return who calls. Raises ArmError."""
    tenant, base = world.tenant.id, call.base_url
    header = call.headers.get("authorization", "")
    if not header:
        raise missing_token(tenant, base)
    scheme, _, text = header.partition(" ")
    token = world.tokens.read(text.strip()) if scheme.lower() == "bearer" else None
    principal = world.principals.get(token.client_id.lower()) if token else None
    if token is None or principal is None:
        raise invalid_token(tenant, base)
    if token.expires <= world.clock.wall():
        raise expired_token(tenant, base, token.expires, world.clock.wall())
    if not is_arm_audience(token.audience, base):
        raise foreign_token(tenant, base, token.audience)
    return principal


_SCOPE = re.compile(r"(/subscriptions/[^/]+(?:/resourceGroups/[^/]+)?)(/providers/[^/]+)?(.*)", re.IGNORECASE)


def authorize(call: Call) -> None:
    """Raise ArmError unless the caller has the permission that the operation takes."""
    if not call.may(call.action, call.path):
        raise authorization_failed(call, scope_of(call.path))


def scope_of(path: str) -> str:
    """Return the resource that a path leads to; for a list, or a plain group, what contains it."""
    match = _SCOPE.match(path)
    if match is None:
        return path
    container, provider, rest = match.groups()
    parts = rest.strip("/").split("/")
    named = len(parts) // 2 * 2
    return f"{container}{provider}/{'/'.join(parts[:named])}" if provider and named else str(container)
