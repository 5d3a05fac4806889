# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing in to Azure."""

from __future__ import annotations

from dataclasses import dataclass, field

from .._jit.errors import SignInFailed
from . import sdk
from .clouds import Cloud


@dataclass(frozen=True, slots=True)
class SignIn:
    """Who signs in, as the options or the environment give it; an empty value counts as none."""

    tenant: str | None = None
    client_id: str | None = None
    secret: str | None = field(default=None, repr=False)
    disable_instance_discovery: bool = False


def credential_for(sign_in: SignIn, cloud: Cloud) -> sdk.TokenCredential:
    """Make the credential of a service principal."""
    missing = [
        f"{option} (or {variables})"
        for option, variables, value in (
            ("tenant", "AZURE_TENANT, AZURE_TENANT_ID", sign_in.tenant),
            ("client_id", "AZURE_CLIENT_ID", sign_in.client_id),
            ("secret", "AZURE_SECRET, AZURE_CLIENT_SECRET", sign_in.secret),
        )
        if not value
    ]
    if missing:
        raise SignInFailed(
            "no complete credential: a service principal needs tenant, client_id and secret; "
            f"missing: {', '.join(missing)}. Set the options or the environment variables named"
        )
    try:
        return sdk.ClientSecretCredential(
            tenant_id=str(sign_in.tenant),
            client_id=str(sign_in.client_id),
            client_secret=str(sign_in.secret),
            authority=cloud.authority,
            disable_instance_discovery=sign_in.disable_instance_discovery,
        )
    except ValueError as error:
        # azure-identity checks the form of tenant and authority
        raise SignInFailed(f"the credential can't be used: {error}") from error
