# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The name under which Azure records the requests of whoever is signed in."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

# Users have one of these, service principals and managed identities none of them.
_NAMES = ("upn", "unique_name", "preferred_username")


def user_name(token: str) -> str:
    """Read a user's name from a token of his; empty for an application, and where the token tells nothing.

    Nothing hangs on it being genuine: it is our own token, and what it is good for is finding our own requests.
    """
    claims = _claims(token)
    return next((name for key in _NAMES if isinstance(name := claims.get(key), str) and name), "")


def principal(token: str) -> str:
    """Say as whom Azure knows the holder of a token: tenant and object; empty where the token tells nothing."""
    claims = _claims(token)
    return f"{claims.get('tid') or ''}/{claims['oid']}" if claims.get("oid") else ""


def _claims(token: str) -> dict[str, Any]:
    parts = token.split(".")
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (IndexError, binascii.Error, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}
