# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Defender's second opinion, with its age."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.assessment import (
    ASSESSMENT,
    describe_assessment,
    read_assessment,
)
from samples import vm_id

NOW = datetime(2026, 5, 4, 18, tzinfo=UTC)


def document(code: str = "Healthy", name: str = ASSESSMENT, **status: Any) -> dict[str, Any]:
    return {
        "id": f"{str(vm_id()).upper()}/providers/Microsoft.Security/assessments/{name}",
        "name": name,
        "properties": {"status": {"code": code, **status}},
    }


def described(jit_status: str, **changes: Any) -> dict[str, Any]:
    found = read_assessment(document(**changes))
    assert found is not None
    assert found[0] == vm_id()
    return describe_assessment(found[1], jit_status, NOW)


@pytest.mark.parametrize(
    ("code", "jit_status", "agrees"),
    [
        ("Healthy", "configured", True),
        ("Healthy", "not_configured", False),
        ("Unhealthy", "not_configured", True),
        ("Unhealthy", "unsupported", False),
        ("NotApplicable", "unsupported", True),
        ("notapplicable", "configured", False),
        ("Pending", "configured", None),
    ],
)
def test_it_agrees_or_not(code: str, jit_status: str, agrees: bool | None) -> None:
    assert described(jit_status, code=code)["agrees"] is agrees


def test_its_age_is_told_where_azure_says_since_when() -> None:
    aged = described("configured", statusChangeDate="2026-05-04T06:00:00.1234567Z", cause="JitIsEnabled")
    assert aged["age_seconds"] == 12 * 3600 - 1
    assert aged["cause"] == "JitIsEnabled"
    assert described("configured")["age_seconds"] is None
    first = "2026-05-04T07:00:00Z"
    assert described("configured", firstEvaluationDate=first)["age_seconds"] == 11 * 3600
    both = described("configured", firstEvaluationDate=first, statusChangeDate="2026-05-04T17:00:00Z")
    assert both["age_seconds"] == 3600


@pytest.mark.parametrize(
    "other",
    [
        document(name="00000000-0000-0000-0000-000000000000"),
        {**document(), "id": "/subscriptions/s/providers/Microsoft.Security/assessments/x"},
        {**document(), "properties": {}},
        {},
    ],
)
def test_what_is_no_assessment_of_a_vm_is_passed_over(other: dict[str, Any]) -> None:
    assert read_assessment(other) is None
