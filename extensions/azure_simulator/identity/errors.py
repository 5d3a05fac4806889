# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors in Entra ID's shape, and ARM's refusals of tokens."""

from __future__ import annotations

import uuid

from ..errors import ArmError
from ..exchange import Call, Reply
from ..moments import TICKS_PER_SECOND, format_utc
from ..world import World


class EntraError(Exception):
    """A refusal by the identity provider; clients show its description to the user as it is."""

    def __init__(self, status: int, error: str, code: int, message: str) -> None:
        """Keep HTTP status, OAuth error, and AADSTS number with its message."""
        super().__init__(message)
        self.status, self.error, self.code, self.message = status, error, code, message

    def reply(self, world: World) -> Reply:
        """Return the answer."""
        whole = world.clock.wall() // TICKS_PER_SECOND * TICKS_PER_SECOND
        timestamp = format_utc(whole).replace("T", " ")
        trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
        description = (
            f"AADSTS{self.code}: {self.message} "
            f"Trace ID: {trace} Correlation ID: {correlation} Timestamp: {timestamp}"
        )
        return Reply(
            self.status,
            {
                "error": self.error,
                "error_description": description,
                "error_codes": [self.code],
                "timestamp": timestamp,
                "trace_id": trace,
                "correlation_id": correlation,
                "error_uri": f"https://login.microsoftonline.com/error?code={self.code}",
            },
        )


def wrong_secret(client_id: str) -> EntraError:
    """Say that the secret is wrong."""
    return EntraError(
        401,
        "invalid_client",
        7000215,
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
        f"not the client secret ID, for a secret added to app '{client_id}'.",
    )


def wrong_password() -> EntraError:
    """Say that name and password don't fit."""
    return EntraError(
        400, "invalid_grant", 50126, "Error validating credentials due to invalid username or password."
    )


def unknown_user(domain: str) -> EntraError:
    """Say that the tenant has no such user."""
    return EntraError(
        400,
        "invalid_grant",
        50034,
        f"The user account does not exist in the {domain} directory. To sign into this application, the account "
        "must be added to the directory.",
    )


def malformed_assertion() -> EntraError:
    """Say that the assertion can't be read."""
    return EntraError(
        401,
        "invalid_client",
        50027,
        "JWT token is invalid or malformed.",
    )


def expired_assertion() -> EntraError:
    """Say that the assertion's time is over, or not yet come."""
    return EntraError(
        401,
        "invalid_client",
        700024,
        "Client assertion is not within its valid time range.",
    )


def unknown_certificate(client_id: str) -> EntraError:
    """Say that the certificate isn't registered."""
    return EntraError(
        401,
        "invalid_client",
        700027,
        "The certificate with identifier used to sign the client assertion is not registered on application. "
        "[Reason - The key was not found., Please visit the Azure Portal to see configured keys for "
        f"'{client_id}'.]",
    )


def wrong_assertion_audience(audience: str) -> EntraError:
    """Say that the assertion is for another endpoint or about another application."""
    return EntraError(
        401,
        "invalid_client",
        700023,
        f"Client assertion audience claim does not match Realm issuer. Audience: '{audience}'.",
    )


def no_federated_identity(subject: str) -> EntraError:
    """Say that nobody registered who speaks there."""
    return EntraError(
        401,
        "invalid_client",
        700213,
        f"No matching federated identity record found for presented assertion subject '{subject}'. Check your "
        "federated identity credential Subject, Audience and Issuer against the presented assertion.",
    )


def unknown_application(client_id: str, tenant: str) -> EntraError:
    """Say that the tenant has no such application."""
    return EntraError(
        400,
        "unauthorized_client",
        700016,
        f"Application with identifier '{client_id}' was not found in the directory '{tenant}'. This can happen if "
        "the application has not been installed by the administrator of the tenant or consented to by any user in "
        "the tenant. You may have sent your authentication request to the wrong tenant.",
    )


def tenant_not_found(tenant: str) -> EntraError:
    """Say that there is no such tenant."""
    return EntraError(
        400,
        "invalid_tenant",
        90002,
        f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the "
        "correct cloud. Check with your subscription administrator, this may happen if there are no active "
        "subscriptions for the tenant.",
    )


def missing_parameter(name: str) -> EntraError:
    """Say that the form lacks a field."""
    return EntraError(
        400,
        "invalid_request",
        900144,
        f"The request body must contain the following parameter: '{name}'.",
    )


def unsupported_grant(grant: str) -> EntraError:
    """Say that the grant isn't known."""
    return EntraError(
        400,
        "unsupported_grant_type",
        70003,
        f"The app requested an unsupported grant type '{grant}'.",
    )


def resource_not_found(audience: str, tenant: str) -> EntraError:
    """Say that no such resource can be signed in to."""
    return EntraError(
        400,
        "invalid_resource",
        500011,
        f"The resource principal named {audience} was not found in the tenant named {tenant}. This can happen if "
        "the application has not been installed by the administrator of the tenant or consented to by any user in "
        "the tenant. You might have sent your authentication request to the wrong tenant.",
    )


def _challenge(tenant_id: str, base_url: str, description: str) -> dict[str, str]:
    """Return the header that tells a client where to get a token."""
    return {
        "WWW-Authenticate": f'Bearer authorization_uri="{base_url}/{tenant_id}", error="invalid_token", '
        f'error_description="{description}"'
    }


def missing_token(tenant_id: str, base_url: str) -> ArmError:
    """Say that there is no token."""
    return ArmError(
        401,
        "AuthenticationFailed",
        "Authentication failed. The 'Authorization' header is missing.",
        headers=_challenge(
            tenant_id, base_url, "The authentication failed because of missing 'Authorization' header."
        ),
    )


def invalid_token(tenant_id: str, base_url: str) -> ArmError:
    """Say that the token isn't one of ours."""
    message = "The access token is invalid."
    return ArmError(401, "InvalidAuthenticationToken", message, headers=_challenge(tenant_id, base_url, message))


def expired_token(tenant_id: str, base_url: str, expired: int, now: int) -> ArmError:
    """Say that the token's time is over."""
    message = (
        f"The access token expiry UTC time '{format_utc(expired)}' is earlier than current UTC time "
        f"'{format_utc(now)}'."
    )
    return ArmError(401, "ExpiredAuthenticationToken", message, headers=_challenge(tenant_id, base_url, message))


def authorization_failed(call: Call, scope: str) -> ArmError:
    """Say which permission is missing where [docs]."""
    assert call.principal is not None
    return ArmError(
        403,
        "AuthorizationFailed",
        f"The client '{call.principal.client_id}' with object id '{call.principal.object_id}' does not have "
        f"authorization to perform action '{call.action}' over scope '{scope}' or the scope is invalid. If access "
        "was recently granted, please refresh your credentials.",
    )


def foreign_token(tenant_id: str, base_url: str, audience: str) -> ArmError:
    """Say that the token is for another audience."""
    message = (
        f"The access token has been obtained for wrong audience or resource '{audience}'. It should exactly match "
        f"with one of the allowed audiences '{base_url}/','https://management.azure.com/'."
    )
    return ArmError(
        401, "InvalidAuthenticationTokenAudience", message, headers=_challenge(tenant_id, base_url, message)
    )
