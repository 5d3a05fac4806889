# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One token for all threads, renewed before its end, replaced when refused, and no secret in any failure."""

from __future__ import annotations

import base64
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.clouds import Cloud
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.tokens import (
    Authentication,
    Tokens,
    demanded_claims,
)
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import AzureUnreachable, SignInFailed
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.sign_in import SignIn, Way
from azure.core.credentials import AccessTokenInfo
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from azure.core.rest import HttpRequest

CLOUD = Cloud("Stack", "https://arm.local", "https://login.local", "https://arm.local")
SECRET = "s3cr3t-v4lue"
SIGN_IN = SignIn(Way.SECRET, "the options", tenant="t", client_id="app", secret=SECRET)


@dataclass
class Identity:
    """An identity service in memory; its credentials keep a token in a cache of their own, as the SDK's do."""

    life: float = 3600
    now: float = 1_000_000
    renewal: float | None = None
    error: Exception | None = None
    asked: list[str | None] = field(default_factory=list)
    before_answer: Callable[[], object] = lambda: None

    def credential(self) -> Any:
        cached: list[AccessTokenInfo] = []

        def get_token_info(scope: str, *, options: dict[str, Any]) -> AccessTokenInfo:
            assert scope == "https://arm.local/.default"
            claims = options.get("claims")
            if cached and claims is None and self.now < (cached[0].refresh_on or cached[0].expires_on - 300):
                return cached[0]
            self.before_answer()
            if self.error is not None:
                raise self.error
            self.asked.append(claims)
            refresh_on = int(self.now + self.renewal) if self.renewal else None
            token = AccessTokenInfo(f"token-{len(self.asked)}", int(self.now + self.life), refresh_on=refresh_on)
            cached[:] = [token]
            return token

        return SimpleNamespace(get_token_info=get_token_info)

    def tokens(self, sign_in: SignIn = SIGN_IN) -> Tokens:
        return Tokens(sign_in, CLOUD, lambda: self.now, self.credential)


def test_many_threads_ask_for_one_token() -> None:
    identity = Identity()
    tokens = identity.tokens()
    together = threading.Barrier(16)

    def take() -> str:
        together.wait()
        return tokens.current()

    with ThreadPoolExecutor(16) as pool:
        taken = {future.result() for future in [pool.submit(take) for _ in range(16)]}

    assert taken == {"token-1"}
    assert len(identity.asked) == 1


@pytest.mark.parametrize(
    ("life", "renewal", "kept", "renewed"),
    [
        (3600, None, 3299, 3300),
        (600, None, 299, 300),
        (60, None, 29, 30),
        (86400, 43200, 43199, 43200),
    ],
)
def test_a_token_is_renewed_before_its_end_and_not_earlier(
    life: float, renewal: float | None, kept: float, renewed: float
) -> None:
    identity = Identity(life=life, renewal=renewal)
    tokens = identity.tokens()
    start = identity.now
    shown = []
    for moment in (0, kept, renewed):
        identity.now = start + moment
        shown.append(tokens.current())
    assert shown == ["token-1", "token-1", "token-2"]


def test_while_one_thread_renews_the_others_go_on_with_what_is_good() -> None:
    identity = Identity()
    tokens = identity.tokens()
    first = tokens.current()
    identity.now += 3400
    meanwhile: list[str] = []

    # Within the renewal, on a thread that would wait for ever if it had to wait for it.
    def another_thread() -> None:
        with ThreadPoolExecutor(1) as pool:
            meanwhile.append(pool.submit(tokens.current).result(timeout=60))

    identity.before_answer = another_thread

    renewed = tokens.current()

    assert meanwhile == [first]
    assert renewed != first
    assert len(identity.asked) == 2


def test_a_renewal_that_fails_is_tried_again_later_as_long_as_the_token_is_good() -> None:
    identity = Identity()
    tokens = identity.tokens()
    first = tokens.current()
    identity.now += 3400
    failures: list[None] = []
    identity.before_answer = lambda: failures.append(None)
    identity.error = ServiceRequestError("no route")

    assert [tokens.current() for _ in range(5)] == [first] * 5
    assert len(failures) == 1
    identity.now += 31
    assert tokens.current() == first
    assert len(failures) == 2
    identity.now += 300
    with pytest.raises(AzureUnreachable):
        tokens.current()


def test_threads_that_are_refused_together_replace_the_token_once() -> None:
    identity = Identity()
    tokens = identity.tokens()
    refused = tokens.current()
    with ThreadPoolExecutor(8) as pool:
        others = list(pool.map(lambda _: tokens.instead_of(refused, None), range(8)))
    assert set(others) == {"token-2"}
    assert len(identity.asked) == 2


def test_a_replacement_that_is_refused_as_well_is_the_last() -> None:
    identity = Identity()
    tokens = identity.tokens()
    second = tokens.instead_of(tokens.current(), None)
    assert second == "token-2"
    assert tokens.instead_of(second, None) is None
    assert len(identity.asked) == 2


def test_demanded_claims_are_handed_on() -> None:
    identity = Identity()
    tokens = identity.tokens()
    refused = tokens.current()
    assert tokens.instead_of(refused, '{"access_token":{}}') == "token-2"
    assert identity.asked == [None, '{"access_token":{}}']
    assert tokens.current() == "token-2"


CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1"}}}'
ENCODED = base64.urlsafe_b64encode(CLAIMS.encode()).decode()


@pytest.mark.parametrize(
    ("header", "claims"),
    [
        (f'Bearer realm="", error="insufficient_claims", claims="{ENCODED}"', CLAIMS),
        (f'Bearer claims="{ENCODED.rstrip("=")}", error="insufficient_claims"', CLAIMS),
        (f'Bearer error="invalid_token", claims="{ENCODED}"', None),
        ('Bearer error="insufficient_claims"', None),
        ('Bearer error="insufficient_claims", claims="_w=="', None),
        ('Bearer error="insufficient_claims", claims="A"', None),
        (None, None),
    ],
)
def test_claims_are_read_from_a_challenge(header: str | None, claims: str | None) -> None:
    assert demanded_claims(header) == claims


class Service:
    """What answers behind the policy."""

    def __init__(self, *answers: tuple[int, dict[str, str], bytes]) -> None:
        self._answers = list(answers)
        self.tokens: list[str] = []

    def send(self, request: Any) -> Any:
        self.tokens.append(request.http_request.headers["Authorization"])
        status, headers, content = self._answers.pop(0)
        return SimpleNamespace(http_response=SimpleNamespace(status_code=status, headers=headers, content=content))


def ask(identity: Identity, *answers: tuple[int, dict[str, str], bytes]) -> tuple[int, list[str]]:
    policy, service = Authentication(identity.tokens()), Service(*answers)
    policy.next = service
    request = SimpleNamespace(http_request=HttpRequest("GET", "https://arm.local/x"))
    status: int = policy.send(request).http_response.status_code
    return status, [token.removeprefix("Bearer ") for token in service.tokens]


Answer = tuple[int, dict[str, str], bytes]
EXPIRED: Answer = (
    401,
    {"WWW-Authenticate": 'Bearer error="invalid_token"'},
    b'{"error":{"code":"ExpiredAuthenticationToken"}}',
)
FOREIGN: Answer = (401, {}, b'{"error":{"code":"InvalidAuthenticationTokenTenant"}}')
FINE: Answer = (200, {}, b"{}")


def test_a_refused_request_is_sent_once_more_with_another_token() -> None:
    assert ask(Identity(), EXPIRED, FINE) == (200, ["token-1", "token-2"])
    assert ask(Identity(), EXPIRED, EXPIRED) == (401, ["token-1", "token-2"])
    assert ask(Identity(), (403, {}, b""), FINE) == (403, ["token-1"])


def test_a_token_of_the_wrong_tenant_is_not_replaced() -> None:
    assert ask(Identity(), FOREIGN) == (401, ["token-1"])


def test_no_token_goes_over_plain_http() -> None:
    policy = Authentication(Identity().tokens())
    with pytest.raises(SignInFailed, match="https"):
        policy.send(SimpleNamespace(http_request=HttpRequest("GET", "http://arm.local/x")))


def wrapped(error: Exception, text: str = "Authentication failed: no route") -> Exception:
    """Wrap a failure as azure-identity does."""
    try:
        raise ClientAuthenticationError(text) from error
    except ClientAuthenticationError as outer:
        return outer


@pytest.mark.parametrize(
    ("sign_in", "error", "kind", "words"),
    [
        (
            SIGN_IN,
            ClientAuthenticationError(f"AADSTS7000215: Invalid client secret {SECRET}\nTrace ID: 1"),
            SignInFailed,
            ["service principal app of tenant t", "the options", "AADSTS7000215", "***", "secret (AZURE_SECRET)"],
        ),
        (SIGN_IN, ServiceRequestError(f"no route {SECRET}"), AzureUnreachable, ["login.local", "no route ***"]),
        (SIGN_IN, wrapped(ServiceRequestError("no route")), AzureUnreachable, ["login.local can't be reached"]),
        (
            SIGN_IN,
            ServiceRequestError("certificate verify failed: unable to get local issuer certificate"),
            AzureUnreachable,
            ["issuer certificate. Name", "REQUESTS_CA_BUNDLE"],
        ),
        (SIGN_IN, OSError(f"no bundle {SECRET}"), AzureUnreachable, ["no bundle ***"]),
        (
            SIGN_IN,
            wrapped(ServiceRequestError("x"), "Failed to resolve 'login.microsoftonline.com'"),
            AzureUnreachable,
            ["disable_instance_discovery: true"],
        ),
        (
            SIGN_IN,
            ServiceRequestError(f"Failed to parse: http://user:{SECRET[:4]}@proxy"),
            AzureUnreachable,
            ["http://***@proxy"],
        ),
        (
            SignIn(Way.AZ, "auto"),
            ClientAuthenticationError("WARNING: assuming this\nERROR: AADSTS90002: no such tenant\nmore"),
            SignInFailed,
            ["can't sign in: ERROR: AADSTS90002: no such tenant. Run `az login`"],
        ),
        (
            SignIn(Way.AZ, "auto"),
            wrapped(FileNotFoundError("az"), "az is gone"),
            SignInFailed,
            ["az is gone. Run"],
        ),
        (SignIn(Way.AZ, "auto"), ClientAuthenticationError("WARNING: alone"), SignInFailed, ["WARNING: alone"]),
        (SIGN_IN, ValueError(f"odd {SECRET}"), SignInFailed, ["odd ***"]),
        (SIGN_IN, KeyError("expires_in"), SignInFailed, ["expires_in"]),
        (
            SignIn(Way.AZ, "auto", looked_at=("the options", "the environment")),
            ClientAuthenticationError("Please run 'az login' to set up an account"),
            SignInFailed,
            ["az login", "Looked before at: the options; the environment"],
        ),
        (
            SignIn(Way.MANAGED_IDENTITY, "x"),
            ServiceRequestError("no route"),
            AzureUnreachable,
            ["machine in Azure"],
        ),
        (
            SignIn(Way.CHAIN, "x"),
            ClientAuthenticationError("failed\nAttempted:\n\tEnvironmentCredential: not set"),
            SignInFailed,
            ["EnvironmentCredential: not set", "AZURE_CLIENT_SECRET"],
        ),
        (
            SignIn(Way.PASSWORD, "x", ad_user="u@example", password=SECRET),
            ClientAuthenticationError("AADSTS50076: multi-factor"),
            SignInFailed,
            ["user u@example", "multi-factor authentication"],
        ),
    ],
)
def test_a_failure_says_who_by_what_and_what_to_do_but_no_secret(
    sign_in: SignIn, error: Exception, kind: type[Exception], words: list[str]
) -> None:
    tokens = Identity(error=error).tokens(sign_in)
    with pytest.raises(kind) as caught:
        tokens.current()
    assert [word for word in words if word not in str(caught.value)] == []
    assert SECRET not in "".join(traceback.format_exception(caught.value))
