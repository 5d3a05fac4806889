# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing in, and what ARM says to tokens that are none."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from azure_simulator.exchange import Reply
from azure_simulator.moments import ticks
from cloud import BASE, Cloud

SUBSCRIPTIONS = "/subscriptions?api-version=2022-12-01"


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


def sign_in(cloud: Cloud, tenant: str | None = None, endpoint: str = "oauth2/v2.0/token", **changes: Any) -> Reply:
    """Ask for a token as a service principal does; a change to None leaves the field out."""
    principal = next(iter(cloud.world.principals.values()))
    form = {
        "grant_type": "client_credentials",
        "client_id": principal.client_id,
        "client_secret": principal.secret,
        "scope": f"{BASE}/.default",
        **changes,
    }
    body = urlencode({name: value for name, value in form.items() if value is not None}).encode()
    return cloud.call("POST", f"/{tenant or cloud.world.tenant.id}/{endpoint}", body, headers={})


def list_with(cloud: Cloud, authorization: str | None) -> Reply:
    headers = {} if authorization is None else {"authorization": authorization}
    return cloud.call("GET", SUBSCRIPTIONS, headers=headers)


@pytest.mark.parametrize(
    "scope",
    [f"{BASE}/.default", f"{BASE}//.default", "https://management.azure.com/.default", f"{BASE}/.default openid"],
)
def test_scopes_that_are_good_for_arm(cloud: Cloud, scope: str) -> None:
    """(measured with real clients)"""
    reply = sign_in(cloud, scope=scope)
    assert reply.status == 200
    assert reply.body["token_type"] == "Bearer"
    assert reply.body["expires_in"] == 3599
    assert list_with(cloud, f"Bearer {reply.body['access_token']}").status == 200


def test_the_older_endpoint_takes_a_resource_and_answers_in_texts(cloud: Cloud) -> None:
    reply = sign_in(cloud, endpoint="oauth2/token", scope=None, resource="https://management.core.windows.net/")
    assert reply.body["expires_in"] == "3599"
    assert list_with(cloud, f"Bearer {reply.body['access_token']}").status == 200


@pytest.mark.parametrize(
    ("changes", "status", "error", "code"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_id": "11111111-1111-1111-1111-111111111111"}, 400, "unauthorized_client", 700016),
        ({"tenant": "22222222-2222-2222-2222-222222222222"}, 400, "invalid_tenant", 90002),
        ({"client_secret": None}, 400, "invalid_request", 900144),
        ({"scope": None}, 400, "invalid_request", 900144),
        ({"grant_type": None}, 400, "invalid_request", 900144),
        ({"grant_type": "device_code"}, 400, "unsupported_grant_type", 70003),
        ({"scope": "https://elsewhere.example/.default"}, 400, "invalid_resource", 500011),
    ],
)
def test_refusals_have_entras_shape(
    cloud: Cloud, changes: dict[str, Any], status: int, error: str, code: int
) -> None:
    reply = sign_in(cloud, **changes)
    assert (reply.status, reply.body["error"], reply.body["error_codes"]) == (status, error, [code])
    assert reply.body["error_description"].startswith(f"AADSTS{code}: ")
    assert {"timestamp", "trace_id", "correlation_id", "error_uri"} <= set(reply.body)


def test_discovery_leads_to_the_token_endpoint(cloud: Cloud) -> None:
    tenant = cloud.world.tenant.id
    reply = cloud.call("GET", f"/{tenant}/v2.0/.well-known/openid-configuration", headers={})
    assert reply.body["token_endpoint"] == f"{BASE}/{tenant}/oauth2/v2.0/token"
    assert {"authorization_endpoint", "issuer"} <= set(reply.body)
    keys = cloud.call("GET", reply.body["jwks_uri"].removeprefix(BASE), headers={})
    assert (keys.status, keys.body) == (200, {"keys": []})
    assert cloud.call("GET", "/nosuch/v2.0/.well-known/openid-configuration", headers={}).status == 400


def test_metadata_is_an_object_since_2022_and_a_list_before(cloud: Cloud) -> None:
    """(measured with real clients)"""
    new = cloud.call("GET", "/metadata/endpoints?api-version=2022-09-01", headers={}).body
    (old,) = cloud.call("GET", "/metadata/endpoints?api-version=2019-05-01", headers={}).body
    assert new == old
    assert new["resourceManager"] == new["authentication"]["loginEndpoint"] == BASE
    assert new["name"] != "AzureCloud", "the public cloud's login endpoint is forced on that name"
    assert cloud.call("GET", "/metadata/endpoints", headers={}).status == 400


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (None, "AuthenticationFailed"),
        ("Bearer nonsense", "InvalidAuthenticationToken"),
        ("Basic dXNlcjpwYXNz", "InvalidAuthenticationToken"),
        ("Bearer", "InvalidAuthenticationToken"),
    ],
)
def test_calls_without_a_token_of_ours(cloud: Cloud, authorization: str | None, code: str) -> None:
    reply = list_with(cloud, authorization)
    assert (reply.status, reply.body["error"]["code"]) == (401, code)
    challenge = reply.headers["WWW-Authenticate"]
    assert isinstance(challenge, str)
    assert challenge.startswith(
        f'Bearer authorization_uri="{BASE}/{cloud.world.tenant.id}", error="invalid_token"'
    )


def test_tokens_for_others_are_foreign(cloud: Cloud) -> None:
    token = sign_in(cloud, scope="https://graph.microsoft.com/.default").body["access_token"]
    reply = list_with(cloud, f"Bearer {token}")
    assert (reply.status, reply.body["error"]["code"]) == (401, "InvalidAuthenticationTokenAudience")


def test_tokens_of_another_run_are_none(cloud: Cloud) -> None:
    reply = list_with(cloud, f"Bearer {Cloud().token}")
    assert reply.body["error"]["code"] == "InvalidAuthenticationToken"


def test_tokens_end_on_the_real_clock() -> None:
    """The clients' own clocks decide when they renew, so advancing the cloud's time ends no token."""
    cloud = Cloud(token_lifetime="10s")
    cloud.advance(3600)
    assert cloud.call("GET", SUBSCRIPTIONS).status == 200
    cloud.clock.wall_offset = ticks(9.9)
    assert cloud.call("GET", SUBSCRIPTIONS).status == 200
    cloud.clock.wall_offset = ticks(10)
    reply = cloud.call("GET", SUBSCRIPTIONS)
    assert (reply.status, reply.body["error"]["code"]) == (401, "ExpiredAuthenticationToken")


def test_a_reset_keeps_who_is_signed_in(cloud: Cloud) -> None:
    assert cloud.control("POST", "reset").status == 200
    assert cloud.call("GET", SUBSCRIPTIONS).status == 200
    assert sign_in(cloud).status == 200


def test_secrets_and_tokens_stay_out_of_the_journal(cloud: Cloud) -> None:
    principal = next(iter(cloud.world.principals.values()))
    token = sign_in(cloud).body["access_token"]
    list_with(cloud, f"Bearer {token}")
    text = str(cloud.control("GET", "journal").body)
    assert principal.client_id in text
    assert principal.secret not in text
    assert token not in text


IMDS = f"/metadata/identity/oauth2/token?api-version=2018-02-01&resource={BASE}"
APP_SERVICE = f"/msi/token?api-version=2019-08-01&resource={BASE}/"


@pytest.fixture
def managed(cloud: Cloud) -> Cloud:
    """Return a cloud that knows its own address, as managed identities are served at another."""
    cloud.world.base_url = BASE
    return cloud


def test_the_metadata_service_issues_tokens(managed: Cloud) -> None:
    """Numbers are texts (measured with real clients); a slash may follow the path."""
    for path in (IMDS, IMDS.replace("token?", "token/?")):
        body = managed.call("GET", path, headers={"metadata": "true"}).body
        assert (body["token_type"], body["resource"], body["expires_in"]) == ("Bearer", BASE, "3599")
        assert body["expires_on"].isdecimal()
        assert list_with(managed, f"Bearer {body['access_token']}").status == 200


@pytest.mark.parametrize(
    ("path", "headers", "description"),
    [
        (IMDS, {}, "Required metadata header not specified"),
        (IMDS.replace("api-version=2018-02-01&", ""), {"metadata": "true"}, "api-version"),
        (f"{IMDS}&client_id=11111111-1111-1111-1111-111111111111", {"metadata": "true"}, "Identity not found"),
        (IMDS.replace(BASE, "https://elsewhere.example"), {"metadata": "true"}, "AADSTS500011"),
    ],
)
def test_the_metadata_service_refuses(
    managed: Cloud, path: str, headers: dict[str, str], description: str
) -> None:
    reply = managed.call("GET", path, headers=headers)
    assert reply.status == 400
    assert description in reply.body["error_description"]


def test_app_service_issues_tokens_to_who_knows_the_header(managed: Cloud) -> None:
    header = {"x-identity-header": managed.world.tokens.identity_header}
    body = managed.call("GET", APP_SERVICE, headers=header).body
    assert set(body) == {"access_token", "client_id", "expires_on", "resource", "token_type"}
    assert list_with(managed, f"Bearer {body['access_token']}").status == 200
    assert managed.call("GET", APP_SERVICE, headers={}).status == 401
    assert managed.call("GET", f"{APP_SERVICE}&client_id=x", headers=header).status == 400


def test_users_sign_in_by_name_and_password(cloud: Cloud) -> None:
    upn = "user.a@contoso.onmicrosoft.com"
    made = cloud.control("POST", "principals", {"name": "User A", "upn": upn, "roles": []}).body
    assert (
        cloud.call("GET", f"/common/userrealm/{upn}?api-version=1.0", headers={}).body["account_type"] == "Managed"
    )
    form: dict[str, Any] = {
        "grant_type": "password",
        "username": upn.upper(),
        "client_id": "any",
        "client_secret": None,
    }
    body = sign_in(cloud, **form, password=made["secret"]).body
    assert {"access_token", "id_token", "client_info", "scope"} <= set(body)
    assert sign_in(cloud, **form, password="wrong").body["error_codes"] == [50126]
    assert sign_in(cloud, **{**form, "username": "x@y"}, password="wrong").body["error_codes"] == [50034]
    assert sign_in(cloud, **form).body["error_codes"] == [900144]


def test_a_user_name_is_one(cloud: Cloud) -> None:
    assert cloud.control("POST", "principals", {"name": "User A", "upn": "nobody", "roles": []}).status == 400
