# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of the identity provider."""

from __future__ import annotations

import base64
import json
import re
from urllib.parse import parse_qsl

from ..exchange import Call, Json, Reply
from ..moments import TICKS_PER_SECOND
from ..world import World
from .credentials import authenticate_form
from .errors import (
    EntraError,
    missing_parameter,
    resource_not_found,
    tenant_not_found,
)

# Audiences of ARM in the forms that clients ask for (measured).
_ARM_AUDIENCES = re.compile(r"https://management\.(azure\.com|core\.windows\.net)/*$")
_OTHER_RESOURCES = re.compile(r"https://(graph\.microsoft\.com|graph\.windows\.net|vault\.azure\.net)/*$")


def discover(world: World, call: Call, tenant: str) -> Reply:
    """Answer the OpenID configuration of a tenant."""
    try:
        _check_tenant(world, tenant)
    except EntraError as error:
        return error.reply(world)
    base = call.base_url
    return Reply(
        body={
            "token_endpoint": f"{base}/{tenant}/oauth2/v2.0/token",
            # The JavaScript SDK takes nothing for a discovery document that lacks this one (measured).
            "jwks_uri": f"{base}/{tenant}/discovery/v2.0/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": f"{base}/{world.tenant.id}/v2.0",
            "authorization_endpoint": f"{base}/{tenant}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{base}/{tenant}/oauth2/v2.0/devicecode",
            "tenant_region_scope": "EU",
            "cloud_instance_name": call.base_url.removeprefix("https://"),
        }
    )


def list_keys(world: World, call: Call, tenant: str) -> Reply:
    """Answer no key at all: nobody but the simulator checks its tokens."""
    return Reply(body={"keys": []})


def discover_instance(world: World, call: Call) -> Reply:
    """Answer instance discovery for clients that don't switch it off."""
    host, base = call.base_url.removeprefix("https://"), f"{call.base_url}/{world.tenant.id}"
    return Reply(
        body={
            "tenant_discovery_endpoint": f"{base}/v2.0/.well-known/openid-configuration",
            "api-version": "1.1",
            "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
        }
    )


def tell_realm(world: World, call: Call, username: str) -> Reply:
    """Answer where a user's password is checked: here, for all users."""
    return Reply(
        body={
            "ver": "1.0",
            "account_type": "Managed",
            "domain_name": username.rpartition("@")[2],
            "cloud_instance_name": call.base_url.removeprefix("https://"),
            "cloud_audience_urn": "urn:federation:MicrosoftOnline",
        }
    )


def issue_token(world: World, call: Call, tenant: str) -> Reply:
    """Answer a token request as Entra ID does."""
    try:
        _check_tenant(world, tenant)
        form = dict(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True))
        principal = authenticate_form(world, form, f"{call.base_url}{call.path}")
        audience = _audience(call, form, world)
    except EntraError as error:
        return error.reply(world)
    lifetime = world.behaviour.token_lifetime
    answer: Json = {
        "token_type": "Bearer",
        "expires_in": lifetime // TICKS_PER_SECOND,
        "ext_expires_in": lifetime // TICKS_PER_SECOND,
        "access_token": world.tokens.issue(principal, audience, lifetime),
    }
    if principal.upn:
        issuer = f"{call.base_url}/{world.tenant.id}/v2.0"
        client_info = json.dumps({"uid": principal.object_id, "utid": world.tenant.id})
        answer |= {
            "scope": form.get("scope", ""),
            "id_token": world.tokens.issue_identity(principal, form["client_id"], issuer, lifetime),
            "client_info": base64.urlsafe_b64encode(client_info.encode()).decode().rstrip("="),
        }
    if "scope" not in form:
        # The older endpoint speaks in `resource`, and in texts.
        expires = (world.clock.wall() + lifetime) // TICKS_PER_SECOND
        answer |= {name: str(answer[name]) for name in ("expires_in", "ext_expires_in")}
        answer |= {"expires_on": str(expires), "resource": form.get("resource", "")}
    return Reply(body=answer)


def is_arm_audience(audience: str, base_url: str) -> bool:
    """Tell whether tokens for `audience` are good for ARM."""
    return audience.rstrip("/") == base_url or _ARM_AUDIENCES.match(audience) is not None


def is_known_audience(audience: str, base_url: str) -> bool:
    """Tell whether tokens are issued for `audience` at all."""
    return is_arm_audience(audience, base_url) or _OTHER_RESOURCES.match(audience) is not None


def _check_tenant(world: World, tenant: str) -> None:
    """Raise EntraError unless the tenant is ours; `adfs` and the shared names are."""
    ours = {world.tenant.id, world.tenant.domain, "organizations", "common", "adfs"}
    if tenant.lower() not in ours:
        raise tenant_not_found(tenant)


def _audience(call: Call, form: dict[str, str], world: World) -> str:
    """Return the audience of the token asked for. Raises EntraError."""
    scope = form.get("scope") or form.get("resource")
    if not scope:
        raise missing_parameter("scope")
    scopes = [word for word in scope.split() if word not in ("openid", "profile", "offline_access")]
    audience = scopes[0].removesuffix("/.default") if scopes else ""
    if is_known_audience(audience, call.base_url):
        return audience
    raise resource_not_found(audience, world.tenant.name)
