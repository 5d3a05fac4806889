# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of a VM's open windows, by what could be read of its network."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.endpoints import PublicAddress
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.exposure_report import Memory
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.grants import Grant
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.layout import Attachment, Layout
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.network_view import NetworkView
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.posture import Subject, Window, describe
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.sight import Sight
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.tabs import Tab
from fleet_rows import vm_row
from samples import NOON, grant, policy_id, vm_id
from security_rules import group_of, jit_deny, jit_grant

DESK = "203.0.113.7"
GROUP = group_of(jit_grant(), jit_deny())
INTERFACE = Attachment("nic", "10.0.0.4", GROUP.id, None, subnet_known=True, public=PublicAddress.STANDARD)
SEEN = Sight(Layout(vm_id(), (INTERFACE,), is_complete=True), NetworkView({GROUP.id.lower(): GROUP}))


def told(window: Grant, sight: Sight | None) -> dict[str, Any]:
    subject = Subject(vm_row(), Tab("configured"), (), (Window(policy_id(), window),), sight)
    document, _exposure = describe(subject, (22,), ("internet",), NOON, Memory())
    return document


@pytest.mark.parametrize(
    ("window", "sight", "effect"),
    [
        (grant(), SEEN, {"effect": "effective"}),
        (grant(), None, {"effect": "unknown", "effect_reason": "the VM's network could not be read"}),
        (grant(status="Initiating"), SEEN, {"effect": "pending"}),
        (grant(status="Initiating"), None, {"effect": "pending"}),
    ],
)
def test_a_window_is_told_with_its_effect(window: Grant, sight: Sight | None, effect: dict[str, str]) -> None:
    (opened,) = told(window, sight)["open"]
    assert {key: value for key, value in opened.items() if key.startswith("effect")} == effect
    assert (opened["port"], opened["sources"], opened["remaining_seconds"]) == (22, [DESK], 3 * 3600)


@pytest.mark.parametrize("status", ["Initiated", "Initiating"])
def test_a_window_that_is_open_or_opens_explains_who_gets_in(status: str) -> None:
    (entry,) = told(grant(status=status), SEEN)["exposure"]
    assert entry["state"] == "partial"
    assert entry["besides_windows"] == {"state": "closed"}


def test_a_window_for_somebody_else_explains_nothing() -> None:
    (entry,) = told(grant(sources=("198.51.100.7",)), SEEN)["exposure"]
    assert (entry["state"], entry["admitted"]) == ("partial", [DESK])
    assert "besides_windows" not in entry
