# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Managed identities: tokens without a secret, in the shapes of a VM's metadata service and of App Service."""

from __future__ import annotations

from hmac import compare_digest

from ..exchange import Call, Json, Reply
from ..moments import TICKS_PER_SECOND
from ..world import World
from .models import Principal
from .responses import is_known_audience

# Only these are served without TLS, as on a real VM.
PATHS = ("/metadata/identity/", "/msi/token")


def from_metadata_service(world: World, call: Call) -> Reply:
    """Answer as a VM's metadata service: numbers are texts (measured with real clients)."""
    if call.headers.get("metadata", "").lower() != "true":
        return _refuse("invalid_request", "Required metadata header not specified")
    if not call.api_version:
        return _refuse("invalid_request", "Required query variable 'api-version' is missing")
    principal = _identity(world, call)
    if principal is None:
        return _refuse("invalid_request", "Identity not found")
    resource = call.query.get("resource", "")
    if not is_known_audience(resource, _api(world)):
        return _refuse("invalid_resource", f"AADSTS500011: The resource principal named {resource} was not found.")
    return Reply(body=_token(world, principal, resource) | {"ext_expires_in": _lifetime(world)})


def from_app_service(world: World, call: Call) -> Reply:
    """Answer as App Service does to who knows its header."""
    given = call.headers.get("x-identity-header", "")
    if not compare_digest(given.encode(), world.tokens.identity_header.encode()):
        return Reply(401, {"statusCode": 401, "message": "The identity header is missing or wrong."})
    principal = _identity(world, call)
    resource = call.query.get("resource", "")
    if principal is None or not is_known_audience(resource, _api(world)):
        return Reply(400, {"statusCode": 400, "message": "No User Assigned or Delegated Managed Identity found."})
    shown = _token(world, principal, resource)
    return Reply(body={name: shown[name] for name in shown if name not in ("expires_in", "not_before")})


def _identity(world: World, call: Call) -> Principal | None:
    """Return the identity asked for; the one that the environment names when none is."""
    client_id = call.query.get("client_id")
    if client_id is None:
        return next(iter(world.principals.values()))
    return world.principals.get(client_id.lower())


def _api(world: World) -> str:
    """Return the address of the API, which is another than this call's."""
    return world.base_url


def _lifetime(world: World) -> str:
    """Return the tokens' lifetime in seconds."""
    return str(world.behaviour.token_lifetime // TICKS_PER_SECOND)


def _token(world: World, principal: Principal, resource: str) -> Json:
    """Write a token."""
    lifetime = world.behaviour.token_lifetime
    now = world.clock.wall()
    return {
        "access_token": world.tokens.issue(principal, resource, lifetime),
        "client_id": principal.client_id,
        "expires_in": _lifetime(world),
        "expires_on": str((now + lifetime) // TICKS_PER_SECOND),
        "not_before": str(now // TICKS_PER_SECOND),
        "resource": resource,
        "token_type": "Bearer",
    }


def _refuse(error: str, description: str) -> Reply:
    """Refuse in the metadata service's shape."""
    return Reply(400, {"error": error, "error_description": description})
