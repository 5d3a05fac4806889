# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One token for a whole process: asked for once, renewed before it ends, and kept in memory alone."""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .._jit.errors import AzureUnreachable, SignInFailed
from .._jit.sign_in import NEEDS, SignIn, Way
from . import sdk
from .clouds import Cloud
from .credentials import authority_of, credential_for
from .way_out import with_advice

# Seconds. A token is renewed this long before its end, one of a shorter life when half of it is over.
EARLY = 300.0
# After a failed renewal of a token that is still good.
PAUSE = 30.0
_LONGEST_QUOTE = 1500
# Azure's word for a token that is fine, but of another tenant: a new one would be no better.
_WRONG_TENANT = b"InvalidAuthenticationTokenTenant"
# Where public clouds are asked for what an authority is; clouds of one's own needn't know it.
_DISCOVERY = "login.microsoftonline.com"
_NO_DISCOVERY = "In a cloud of your own say disable_instance_discovery: true (AZURE_DISABLE_INSTANCE_DISCOVERY)"
_HINTS = {
    Way.AZ: "Run `az login`, or give client_id, tenant and secret",
    Way.MANAGED_IDENTITY: "auth_source: msi needs a machine in Azure that has an identity, and client_id (or "
    "AZURE_CLIENT_ID) for a user-assigned one alone",
    Way.CHAIN: "auth_source: default reads the SDK's own variables AZURE_TENANT_ID, AZURE_CLIENT_ID and "
    "AZURE_CLIENT_SECRET",
    Way.PASSWORD: "Check ad_user, password and tenant; accounts with multi-factor authentication can't sign in "
    "this way, a service principal can",
}


@dataclass(frozen=True, slots=True)
class _Held:
    """A token; moments are in seconds since the epoch. `is_second` marks the answer to a refusal."""

    text: str
    expires: float
    renewal: float
    is_second: bool = False


class Tokens:
    """Gives the token of a sign-in for one cloud. Safe to use from several threads.

    `make` makes the SDK's credential; `now` gives the seconds since the epoch.
    """

    def __init__(
        self, sign_in: SignIn, cloud: Cloud, now: Callable[[], float], make: Callable[[], Any] | None = None
    ) -> None:
        self._sign_in, self._cloud, self._now = sign_in, cloud, now
        self._make = make or (lambda: credential_for(sign_in, cloud))
        self._credential = self._make()
        self._lock = threading.Lock()
        self._held: _Held | None = None

    def current(self) -> str:
        """Give a token that is good for a while, asking for one where there is none."""
        held, now = self._held, self._now()
        if held is not None and now < held.expires:
            # While one thread renews a token, the others go on with it as long as it is good.
            if now < held.renewal or not self._lock.acquire(blocking=False):
                return held.text
        else:
            self._lock.acquire()
        try:
            if self._held is None or self._held.renewal <= self._now():
                self._held = self._renewed()
            return self._held.text
        finally:
            self._lock.release()

    def instead_of(self, refused: str, claims: str | None) -> str | None:
        """Give another token than one that Azure refused; None where that can't be expected to help."""
        with self._lock:
            held = self._held
            if held is not None and held.text != refused:
                return held.text  # another thread was quicker
            if claims is None:
                if held is None or held.is_second:
                    return None
                # The credential would give the same token again, out of its own cache.
                self._credential = self._make()
            self._held = self._asked(claims, is_second=True)
            return self._held.text if self._held.text != refused else None

    def _renewed(self) -> _Held:
        held = self._held
        try:
            return self._asked()
        except (SignInFailed, AzureUnreachable):
            now = self._now()
            if held is None or held.expires <= now:
                raise
            return _Held(held.text, held.expires, min(now + PAUSE, held.expires), held.is_second)

    def _asked(self, claims: str | None = None, *, is_second: bool = False) -> _Held:
        asked = self._now()
        options = {"claims": claims} if claims else {}
        try:
            token = self._credential.get_token_info(self._cloud.scope, options=options)
        except (sdk.exceptions.AzureError, LookupError, OSError, TypeError, ValueError) as error:
            # azure-identity wraps failures of the network into its own.
            lost = _is_of_network(error) or (self._sign_in.way in NEEDS and _is_of_network(error.__cause__))
            problem: SignInFailed | AzureUnreachable = (
                AzureUnreachable(self._unreachable(error)) if lost else SignInFailed(self._failure(error))
            )
        else:
            life = token.expires_on - asked
            renewal = float(token.refresh_on or token.expires_on - min(EARLY, life / 2))
            return _Held(token.token, float(token.expires_on), renewal, is_second)
        # Raised out here: the SDK's error may quote what must not be shown.
        raise problem

    def _unreachable(self, error: Any) -> str:
        place = urlsplit(authority_of(self._sign_in, self._cloud)[0]).netloc
        if self._sign_in.way is Way.MANAGED_IDENTITY:
            place = f"the service of managed identities ({_HINTS[Way.MANAGED_IDENTITY]})"
        said = self._quoted(error)
        hint = f". {_NO_DISCOVERY}" if _DISCOVERY in said and _DISCOVERY not in place else ""
        return f"{self._sign_in.describe()} can't sign in: {place} can't be reached: {with_advice(said)}{hint}"

    def _failure(self, error: Any) -> str:
        sign_in = self._sign_in
        hint = _HINTS.get(sign_in.way) or sign_in.advice
        before = f". Looked before at: {'; '.join(sign_in.looked_at)}" if sign_in.looked_at else ""
        return f"{sign_in.describe()} can't sign in: {self._quoted(error)}. {hint}{before}"

    def _quoted(self, error: Any) -> str:
        text = str(getattr(error, "message", None) or error)
        if self._sign_in.way is not Way.CHAIN:  # its reasons are one for each line
            lines = text.strip().splitlines()
            # az warns before it says what went wrong.
            text = next((line for line in lines if not line.startswith("WARNING")), "".join(lines[:1]))
        words = " ".join(text.split()) or "no further explanation"
        return self._sign_in.masked(words)[:_LONGEST_QUOTE].rstrip(" .:")


class Authentication:
    """A policy of the SDK's pipeline: it signs requests, and once more where a token was refused."""

    next: Any  # set by the pipeline

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    def send(self, request: Any) -> Any:
        if urlsplit(request.http_request.url).scheme.lower() != "https":
            raise SignInFailed("a token is sent over https alone")
        token = self._tokens.current()
        response = self._send(request, token)
        answer = response.http_response
        if answer.status_code != 401 or _WRONG_TENANT in answer.content:
            return response
        another = self._tokens.instead_of(token, demanded_claims(answer.headers.get("WWW-Authenticate")))
        return response if another is None else self._send(request, another)

    def _send(self, request: Any, token: str) -> Any:
        request.http_request.headers["Authorization"] = f"Bearer {token}"
        return self.next.send(request)


def _is_of_network(error: BaseException | None) -> bool:
    return isinstance(error, (sdk.exceptions.ServiceRequestError, sdk.exceptions.ServiceResponseError, OSError))


def demanded_claims(challenge: str | None) -> str | None:
    """Read what a new token has to say, where Azure revoked one before its end [docs: CAE]."""
    if not challenge or 'error="insufficient_claims"' not in challenge:
        return None
    found = re.search(r'claims="([A-Za-z0-9_+/=-]+)"', challenge)
    if found is None:
        return None
    try:
        encoded = found[1].rstrip("=").replace("+", "-").replace("/", "_")
        return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    except ValueError:
        return None
