# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing in, and never saying the secret."""

from __future__ import annotations

import dataclasses
import traceback
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.clouds import Cloud
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.credentials import SignIn, credential_for
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import SignInFailed

SECRET = "s3cr3t-v4lue"
CLOUD = Cloud("Stack", "https://arm.local", "https://login.local", "https://arm.local")
FULL = SignIn(
    tenant="00000000-0000-4000-8000-0000000000aa",
    client_id="00000000-0000-4000-8000-0000000000bb",
    secret=SECRET,
    disable_instance_discovery=True,
)


@pytest.mark.parametrize("empty", [None, ""])
@pytest.mark.parametrize(
    ("option", "variables"),
    [
        ("tenant", "AZURE_TENANT, AZURE_TENANT_ID"),
        ("client_id", "AZURE_CLIENT_ID"),
        ("secret", "AZURE_SECRET, AZURE_CLIENT_SECRET"),
    ],
)
def test_the_missing_part_is_named_with_its_variables(option: str, variables: str, empty: str | None) -> None:
    parts: dict[str, Any] = {option: empty}
    with pytest.raises(SignInFailed) as caught:
        credential_for(dataclasses.replace(FULL, **parts), CLOUD)
    _needed, _, missing = str(caught.value).partition("missing: ")
    assert missing.startswith(f"{option} (or {variables}). ")


def test_all_missing_parts_are_named_at_once() -> None:
    with pytest.raises(SignInFailed) as caught:
        credential_for(SignIn(), CLOUD)
    _needed, _, missing = str(caught.value).partition("missing: ")
    assert all(f"{option} (" in missing for option in ("tenant", "client_id", "secret"))


@pytest.mark.parametrize(
    "sign_in",
    [
        dataclasses.replace(FULL, tenant=None),
        dataclasses.replace(FULL, client_id=None),
        dataclasses.replace(FULL, tenant="not a tenant!"),
    ],
)
def test_no_error_says_the_secret(sign_in: SignIn) -> None:
    with pytest.raises(SignInFailed) as caught:
        credential_for(sign_in, CLOUD)
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(caught.value.__cause__)
    assert SECRET not in shown


def test_a_sign_in_shows_everything_but_the_secret() -> None:
    assert SECRET not in repr(FULL)
    assert SECRET not in str(FULL)
    assert str(FULL.tenant) in repr(FULL)


def test_a_malformed_tenant_is_said_to_be_one() -> None:
    with pytest.raises(SignInFailed, match="tenant"):
        credential_for(dataclasses.replace(FULL, tenant="not a tenant!"), CLOUD)


def test_an_authority_that_is_not_https_is_refused() -> None:
    cloud = dataclasses.replace(CLOUD, authority="http://login.local")
    with pytest.raises(SignInFailed, match="https"):
        credential_for(FULL, cloud)


def test_a_complete_sign_in_makes_a_credential_without_asking_anybody() -> None:
    credential = credential_for(FULL, CLOUD)
    assert callable(credential.get_token)
    assert SECRET not in repr(credential)
