# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Principals, and tokens issued to them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import uuid
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from ..clock import Clock
from ..moments import TICKS_PER_SECOND
from .roles import OWNER, Assignment


@dataclass(frozen=True, slots=True)
class Federation:
    """Another identity provider that may speak for an application, under one subject."""

    issuer: str
    subject: str
    key: RSAPublicKey = field(hash=False)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who may sign in: an application, or, with a `upn`, a user whose password is the secret."""

    client_id: str
    object_id: str
    name: str
    secret: str = field(repr=False)
    assignments: tuple[Assignment, ...] = (Assignment(OWNER, "/"),)
    upn: str | None = None
    certificate: RSAPublicKey | None = field(default=None, hash=False)
    federation: Federation | None = None

    def may(self, action: str, scope: str) -> bool:
        """Tell whether a role at this scope or above permits an action."""
        return any(item.reaches(scope) and item.role.permits(action) for item in self.assignments)

    def sees(self, scope: str) -> bool:
        """Tell whether there is any role at, above or below a scope."""
        return any(item.reaches(scope) or item.is_within(scope) for item in self.assignments)

    def knows(self, secret: str) -> bool:
        """Tell whether `secret` is this application's."""
        return hmac.compare_digest(secret.encode(), self.secret.encode())


@dataclass(frozen=True, slots=True)
class Token:
    """What a token says; moments are in ticks on the real clock."""

    audience: str
    tenant_id: str
    client_id: str
    expires: int


class TokenIssuer:
    """Signs tokens and reads them back; forged ones read as None."""

    def __init__(self, tenant_id: str, clock: Clock) -> None:
        """Take a fresh signing key: tokens of another run are foreign."""
        self._tenant_id = tenant_id
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self.identity_header = secrets.token_urlsafe(16)
        self._known: dict[str, Token] = {}

    def issue(self, principal: Principal, audience: str, lifetime: int) -> str:
        """Return a signed token in the form of a JWT."""
        now = self._clock.wall()
        expires = now + lifetime
        claims: dict[str, Any] = {
            "aud": audience,
            "iss": f"https://sts.windows.net/{self._tenant_id}/",
            "iat": now // TICKS_PER_SECOND,
            "nbf": now // TICKS_PER_SECOND,
            "exp": expires // TICKS_PER_SECOND,
            "appid": principal.client_id,
            "appidacr": "1",
            "app_displayname": principal.name,
            "idtyp": "user" if principal.upn else "app",
            "oid": principal.object_id,
            "sub": principal.object_id,
            "tid": self._tenant_id,
            "uti": uuid.uuid4().hex,
            "ver": "1.0",
        }
        if principal.upn:
            claims |= {"upn": principal.upn, "unique_name": principal.upn}
        text = self._sign(claims)
        self._known[text] = Token(audience, self._tenant_id, principal.client_id, expires)
        return text

    def issue_identity(self, principal: Principal, client_id: str, issuer: str, lifetime: int) -> str:
        """Return the token that tells an application who the user is."""
        now = self._clock.wall() // TICKS_PER_SECOND
        return self._sign(
            {
                "aud": client_id,
                "iss": issuer,
                "iat": now,
                "nbf": now,
                "exp": now + lifetime // TICKS_PER_SECOND,
                "name": principal.name,
                "oid": principal.object_id,
                "preferred_username": principal.upn,
                "sub": principal.object_id,
                "tid": self._tenant_id,
                "ver": "2.0",
            }
        )

    def read(self, text: str) -> Token | None:
        """Return what one of our tokens says; None for any other text."""
        return self._known.get(text)

    def _sign(self, claims: dict[str, Any]) -> str:
        """Write and sign a JWT."""
        head = {"typ": "JWT", "alg": "HS256", "kid": "simulator"}
        signed = b".".join(_base64url(json.dumps(part).encode()) for part in (head, claims))
        return (signed + b"." + _base64url(hmac.new(self._key, signed, hashlib.sha256).digest())).decode()


def _base64url(data: bytes) -> bytes:
    """Encode as JWTs do."""
    return base64.urlsafe_b64encode(data).rstrip(b"=")
