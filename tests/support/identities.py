# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys, certificates and tokens by which principals of the simulator prove who they are."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID

ISSUER, SUBJECT = "https://ci.example", "repo:main"


class Identity:
    """A key of a principal's own, in the forms in which clients want it."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(65537, 2048)

    @cached_property
    def certificate(self) -> x509.Certificate:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "operator")])
        now = dt.datetime.now(dt.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(1)
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .sign(self._key, hashes.SHA256())
        )

    @property
    def public_certificate(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def public_key(self) -> str:
        key = self._key.public_key()
        return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def pem(self, password: str | None = None) -> bytes:
        private = self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, _encryption(password))
        return self.certificate.public_bytes(Encoding.PEM) + private

    def pfx(self, password: str | None = None) -> bytes:
        return pkcs12.serialize_key_and_certificates(
            b"operator", self._key, self.certificate, None, _encryption(password)
        )

    def files(self, password: str) -> list[tuple[str, bytes, str | None]]:
        """Give each form with a name for its file and the password that it takes."""
        return [
            ("plain.pem", self.pem(), None),
            ("locked.pem", self.pem(password), password),
            ("plain.pfx", self.pfx(), None),
            ("locked.pfx", self.pfx(password), password),
        ]

    def token(self, **changes: Any) -> str:
        """Make the token that another identity provider would give out, good for years."""
        claims = {"iss": ISSUER, "sub": SUBJECT, "aud": "api://AzureADTokenExchange", "exp": 4e9}
        return jwt.encode(claims | changes, self._key, algorithm="RS256")

    @property
    def trust(self) -> dict[str, str]:
        """Say, for the simulator, whose tokens are to be trusted."""
        return {"issuer": ISSUER, "subject": SUBJECT, "public_key": self.public_key}


def _encryption(password: str | None) -> KeySerializationEncryption:
    return BestAvailableEncryption(password.encode()) if password else NoEncryption()
