# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading one's own name from one's token."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.own_name import principal, user_name


def token(claims: Any) -> str:
    return f"header.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.signature"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (token({"upn": "ada@example.com", "oid": "1"}), "ada@example.com"),
        (token({"unique_name": "ada@example.com"}), "ada@example.com"),
        (token({"preferred_username": "ädä@example.com"}), "ädä@example.com"),
        (token({"upn": "", "unique_name": "ada@example.com"}), "ada@example.com"),
        (token({"upn": 7}), ""),
        (token({"appid": "1", "idtyp": "app"}), ""),
        (token(["upn"]), ""),
        ("opaque", ""),
        ("a.b.c", ""),
        ("a.\xff.c", ""),
        ("", ""),
    ],
)
def test_a_users_name_is_read_and_nothing_else_is_taken_for_one(text: str, name: str) -> None:
    assert user_name(text) == name


@pytest.mark.parametrize(
    ("text", "known_as"),
    [
        (token({"oid": "o", "tid": "t", "upn": "ada@example.com"}), "t/o"),
        (token({"oid": "o"}), "/o"),
        (token({"tid": "t", "upn": "ada@example.com"}), ""),
        (token(["oid"]), ""),
        ("opaque", ""),
    ],
)
def test_a_principal_is_known_by_tenant_and_object(text: str, known_as: str) -> None:
    assert principal(text) == known_as
