# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SDK's credential for each way to sign in. None of them asks anybody, and none keeps tokens on disk."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .._jit.errors import SignInFailed
from .._jit.sign_in import SignIn, Way
from . import sdk
from .clouds import Cloud

CONNECT_TIMEOUT = 15.0
READ_TIMEOUT = 60.0
# Seconds; `az` takes several to start on a busy machine.
AZ_TIMEOUT = 60
# The application that az itself uses, for users who name none, as azure.azcollection does [docs].
_AZ_APPLICATION = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"


def credential_for(sign_in: SignIn, cloud: Cloud) -> Any:
    """Make the credential; what can be wrong without asking Azure is found here."""
    authority, tenant = authority_of(sign_in, cloud)
    settings = {
        "authority": authority,
        "disable_instance_discovery": sign_in.disable_instance_discovery,
        "connection_verify": sign_in.validates_certificates,
        "connection_timeout": CONNECT_TIMEOUT,
        "read_timeout": READ_TIMEOUT,
    }
    try:
        return _MAKERS[sign_in.way](sign_in, tenant, settings)
    except (TypeError, ValueError) as error:
        # azure-identity checks the form of tenant and authority, cryptography that of certificates.
        problem = sign_in.masked(" ".join(str(error).split()))
    raise SignInFailed(f"{sign_in.describe()} can't be used: {problem.rstrip('.')}. {sign_in.advice}")


def authority_of(sign_in: SignIn, cloud: Cloud) -> tuple[str, str | None]:
    """Give the authority and the tenant; the SDK takes an ADFS for a tenant called `adfs` [docs]."""
    authority = (sign_in.adfs_authority_url or cloud.authority).rstrip("/")
    if authority.lower().endswith("/adfs"):
        return authority[: -len("/adfs")], "adfs"
    return authority, sign_in.tenant


def _by_secret(sign_in: SignIn, tenant: str | None, settings: Mapping[str, Any]) -> Any:
    return sdk.ClientSecretCredential(str(tenant), str(sign_in.client_id), str(sign_in.secret), **settings)


def _by_certificate(sign_in: SignIn, tenant: str | None, settings: Mapping[str, Any]) -> Any:
    content = _read("x509_certificate_path", sign_in.x509_certificate_path)
    return sdk.CertificateCredential(
        str(tenant),
        str(sign_in.client_id),
        certificate_data=content,
        password=sign_in.x509_certificate_password,
        **settings,
    )


def _by_token(sign_in: SignIn, tenant: str | None, settings: Mapping[str, Any]) -> Any:
    token = str(sign_in.oidc_token).strip()
    return sdk.ClientAssertionCredential(str(tenant), str(sign_in.client_id), lambda: token, **settings)


def _by_token_file(sign_in: SignIn, tenant: str | None, settings: Mapping[str, Any]) -> Any:
    def read() -> str:
        """Read the file each time: the platform that writes it renews it every few minutes."""
        return _read("oidc_token_file_path", sign_in.oidc_token_file_path).decode("utf-8", "replace").strip()

    read()
    return sdk.ClientAssertionCredential(str(tenant), str(sign_in.client_id), read, **settings)


def _by_password(sign_in: SignIn, tenant: str | None, settings: Mapping[str, Any]) -> Any:
    with warnings.catch_warnings():
        # The documentation says that this way is on its end.
        warnings.simplefilter("ignore", DeprecationWarning)
        return sdk.UsernamePasswordCredential(
            sign_in.client_id or _AZ_APPLICATION,
            str(sign_in.ad_user),
            str(sign_in.password),
            **({"tenant_id": tenant} if tenant else {}),
            **settings,
        )


def _by_managed_identity(sign_in: SignIn, _tenant: str | None, settings: Mapping[str, Any]) -> Any:
    # Its service is near and has timeouts of its own; where it doesn't answer, the machine isn't in Azure.
    return sdk.ManagedIdentityCredential(
        client_id=sign_in.client_id, retry_connect=1, connection_verify=settings["connection_verify"]
    )


def _by_az(sign_in: SignIn, tenant: str | None, _settings: Mapping[str, Any]) -> Any:
    return sdk.AzureCliCredential(
        tenant_id=tenant or "", subscription=sign_in.az_subscription, process_timeout=AZ_TIMEOUT
    )


def _by_chain(sign_in: SignIn, _tenant: str | None, settings: Mapping[str, Any]) -> Any:
    """Leave out what asks a person, or keeps tokens where others can read them."""
    return sdk.DefaultAzureCredential(
        exclude_interactive_browser_credential=True,
        exclude_broker_credential=True,
        exclude_visual_studio_code_credential=True,
        exclude_shared_token_cache_credential=True,
        managed_identity_client_id=sign_in.client_id,
        process_timeout=AZ_TIMEOUT,
        **settings,
    )


_MAKERS: Mapping[Way, Callable[[SignIn, str | None, Mapping[str, Any]], Any]] = {
    Way.SECRET: _by_secret,
    Way.CERTIFICATE: _by_certificate,
    Way.TOKEN: _by_token,
    Way.TOKEN_FILE: _by_token_file,
    Way.PASSWORD: _by_password,
    Way.MANAGED_IDENTITY: _by_managed_identity,
    Way.AZ: _by_az,
    Way.CHAIN: _by_chain,
}


def _read(option: str, path: str | None) -> bytes:
    file = Path(str(path)).expanduser()
    try:
        content = file.read_bytes()
    except OSError as error:
        raise SignInFailed(f"{option}: {file} can't be read: {error.strerror}") from None
    if not content.strip():
        raise SignInFailed(f"{option}: {file} is empty")
    return content
