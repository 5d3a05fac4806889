# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who signs in: by secret, by certificate, or by the word of another identity provider."""

from __future__ import annotations

from ..world import World
from .assertions import FEDERATED_AUDIENCE, Assertion, read_assertion
from .errors import (
    expired_assertion,
    malformed_assertion,
    missing_parameter,
    no_federated_identity,
    unknown_application,
    unknown_certificate,
    unknown_user,
    unsupported_grant,
    wrong_assertion_audience,
    wrong_password,
    wrong_secret,
)
from .models import Principal


def authenticate_form(world: World, form: dict[str, str], token_endpoint: str) -> Principal:
    """Return the application that a token request speaks for. Raises EntraError."""
    grant = form.get("grant_type")
    if grant is None:
        raise missing_parameter("grant_type")
    if grant == "password":
        return _check_password(world, form)
    if grant != "client_credentials":
        raise unsupported_grant(grant)
    if not form.get("client_id"):
        raise missing_parameter("client_id")
    if not form.get("client_secret") and not form.get("client_assertion"):
        raise missing_parameter("client_secret")
    principal = world.principals.get(form["client_id"].lower())
    if principal is None:
        raise unknown_application(form["client_id"], world.tenant.name)
    if form.get("client_assertion"):
        _check_assertion(world, principal, form, token_endpoint)
    elif not principal.knows(form["client_secret"]):
        raise wrong_secret(principal.client_id)
    return principal


def _check_password(world: World, form: dict[str, str]) -> Principal:
    """Return the user who signs in by name and password, through whatever application. Raises EntraError."""
    for name in ("client_id", "username", "password"):
        if not form.get(name):
            raise missing_parameter(name)
    username = form["username"].lower()
    user = next((item for item in world.principals.values() if (item.upn or "").lower() == username), None)
    if user is None:
        raise unknown_user(world.tenant.domain)
    if not user.knows(form["password"]):
        raise wrong_password()
    return user


def _check_assertion(world: World, principal: Principal, form: dict[str, str], token_endpoint: str) -> None:
    """Raise EntraError unless the assertion is good for the application."""
    assertion = read_assertion(form)
    if assertion is None:
        raise malformed_assertion()
    if not assertion.is_valid_at(world.clock.wall()):
        raise expired_assertion()
    if assertion.claims.get("iss") == principal.client_id:
        _check_certificate(principal, assertion, token_endpoint)
    else:
        _check_federation(principal, assertion)


def _check_certificate(principal: Principal, assertion: Assertion, token_endpoint: str) -> None:
    """Raise EntraError unless the registered certificate's owner signed, for this endpoint."""
    if principal.certificate is None or not assertion.is_signed_by(principal.certificate):
        raise unknown_certificate(principal.client_id)
    if assertion.claims.get("sub") != principal.client_id or assertion.claims.get("aud") != token_endpoint:
        raise wrong_assertion_audience(str(assertion.claims.get("aud")))


def _check_federation(principal: Principal, assertion: Assertion) -> None:
    """Raise EntraError unless a registered provider says the registered subject."""
    trust = principal.federation
    said = (assertion.claims.get("iss"), assertion.claims.get("sub"), assertion.claims.get("aud"))
    if trust is None or said != (trust.issuer, trust.subject, FEDERATED_AUDIENCE):
        raise no_federated_identity(str(assertion.claims.get("sub")))
    if not assertion.is_signed_by(trust.key):
        raise no_federated_identity(str(assertion.claims.get("sub")))
