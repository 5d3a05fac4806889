# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Client assertions: a certificate's owner, or another identity provider, speaks for the application."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from ..moments import TICKS_PER_SECOND

_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
FEDERATED_AUDIENCE = "api://AzureADTokenExchange"


@dataclass(frozen=True, slots=True)
class Assertion:
    """A signed statement, taken apart but not yet believed."""

    algorithm: str
    claims: dict[str, Any]
    signed: bytes
    signature: bytes

    def is_signed_by(self, key: rsa.RSAPublicKey) -> bool:
        """Tell whether the owner of a key signed it."""
        scheme = (
            padding.PSS(padding.MGF1(hashes.SHA256()), 32) if self.algorithm == "PS256" else padding.PKCS1v15()
        )
        try:
            key.verify(self.signature, self.signed, scheme, hashes.SHA256())
        except InvalidSignature:
            return False
        return True

    def is_valid_at(self, moment: int) -> bool:
        """Tell whether a moment, in ticks, lies within its time."""
        now = moment // TICKS_PER_SECOND
        begin, end = self.claims.get("nbf", 0), self.claims.get("exp", 0)
        return isinstance(begin, int | float) and isinstance(end, int | float) and begin - 300 <= now < end


def read_assertion(form: dict[str, str]) -> Assertion | None:
    """Take the assertion of a form apart; None when it isn't one."""
    parts = form.get("client_assertion", "").split(".")
    if form.get("client_assertion_type") != _BEARER or len(parts) != 3:
        return None
    try:
        head, claims = (json.loads(_decode(part)) for part in parts[:2])
        signature = _decode(parts[2])
    except (binascii.Error, ValueError):
        return None
    if not isinstance(head, dict) or not isinstance(claims, dict) or head.get("alg") not in ("RS256", "PS256"):
        return None
    return Assertion(head["alg"], claims, f"{parts[0]}.{parts[1]}".encode(), signature)


def read_public_key(pem: str) -> rsa.RSAPublicKey:
    """Read the key of a PEM certificate or of a PEM public key. Raises ValueError."""
    if "BEGIN CERTIFICATE" in pem:
        from cryptography import x509  # needed for principals with certificates alone

        key: object = x509.load_pem_x509_certificate(pem.encode()).public_key()
    else:
        key = serialization.load_pem_public_key(pem.encode())
    if not isinstance(key, rsa.RSAPublicKey):
        raise ValueError("the key is not an RSA key")
    return key


def _decode(text: str) -> bytes:
    """Decode as JWTs do."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
