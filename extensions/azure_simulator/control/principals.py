# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applications that tests add, with roles of Azure's or of their own."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from ..errors import ArmError
from ..exchange import Json
from ..identity.assertions import read_public_key
from ..identity.models import Federation, Principal
from ..identity.roles import ROLES, Assignment, Role

_FEDERATION = ("issuer", "subject", "public_key")


def read_principal(body: Json) -> Principal:
    """Make an application from its name and roles, and how else it may sign in. Raises ArmError."""
    roles = body.get("roles")
    if not isinstance(body.get("name"), str) or not isinstance(roles, list):
        raise _invalid("'name' must be a text and 'roles' a list, such as [{'role': 'Reader', 'scope': '/'}]")
    return Principal(
        client_id=str(uuid.uuid4()),
        object_id=str(uuid.uuid4()),
        name=body["name"],
        upn=_read_upn(body.get("upn")),
        secret=secrets.token_urlsafe(24),
        assignments=tuple(_read_assignment(item) for item in roles),
        certificate=_read_key(body["certificate"]) if body.get("certificate") else None,
        federation=_read_federation(body["federation"]) if body.get("federation") else None,
    )


def _read_upn(upn: Any) -> str | None:
    """Read the name by which a user signs in. Raises ArmError."""
    if upn is not None and (not isinstance(upn, str) or "@" not in upn):
        raise _invalid("'upn' must be a text such as user@contoso.onmicrosoft.com")
    return upn


def _read_key(pem: Any) -> RSAPublicKey:
    """Read a certificate or a public key. Raises ArmError."""
    try:
        return read_public_key(str(pem))
    except ValueError as error:
        raise _invalid(f"the certificate or key is none: {error}") from None


def _read_federation(item: Any) -> Federation:
    """Read which provider may speak for the application. Raises ArmError."""
    if not isinstance(item, dict) or not all(isinstance(item.get(name), str) for name in _FEDERATION):
        raise _invalid(f"'federation' needs the texts {', '.join(_FEDERATION)}")
    return Federation(item["issuer"], item["subject"], _read_key(item["public_key"]))


def _read_assignment(item: Any) -> Assignment:
    """Read one role at a scope. Raises ArmError."""
    if not isinstance(item, dict) or not str(item.get("scope", "")).startswith("/"):
        raise _invalid("each role needs a 'scope' that starts with '/'")
    name = item.get("role")
    if name is not None:
        if not isinstance(name, str) or name not in ROLES:
            raise _invalid(f"role '{name}' is not one of {', '.join(ROLES)}")
        return Assignment(ROLES[name], item["scope"])
    return Assignment(Role("custom", _texts(item, "actions"), _texts(item, "not_actions")), item["scope"])


def _texts(item: Json, name: str) -> tuple[str, ...]:
    """Read a list of texts. Raises ArmError."""
    values = item.get(name, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise _invalid(f"'{name}' must be a list of texts")
    return tuple(values)


def show_principal(principal: Principal) -> Json:
    """Write an application without its secret."""
    return {
        "client_id": principal.client_id,
        "object_id": principal.object_id,
        "name": principal.name,
        "upn": principal.upn,
        "roles": [{"role": item.role.name, "scope": item.scope} for item in principal.assignments],
    }


def _invalid(message: str) -> ArmError:
    """Refuse an order."""
    return ArmError(400, "InvalidPrincipal", f"Principal: {message}.")
