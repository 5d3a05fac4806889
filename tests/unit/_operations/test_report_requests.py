# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is open in a simulated cloud whose policies are being written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.history import Search
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.read_fleet import Scope
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.report_requests import report_requests
from closing_scene import Scene, make_scene
from cloud import rule
from deeds import ReportServices
from samples import SUBSCRIPTION


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return make_scene(tmp_path)


def report(scene: Scene) -> dict[str, Any]:
    services, now = ReportServices(scene), scene.clock.now()
    return report_requests(Scope((SUBSCRIPTION,)), Search(), services, now, scene.warnings.append)


def test_a_policy_that_is_being_written_is_named_for_it_shows_no_windows(scene: Scene) -> None:
    scene.open("vm-2", 22)
    scene.settle()
    scene.cloud.control("PATCH", "behaviour", {"provisioning": "10s"})
    scene.policy.put({"id": str(scene.vm("vm-2")), "ports": [rule(22)]})

    assert report(scene)["summary"]["vms_open"] == 0
    (warning,) = scene.warnings
    assert "just being written" in warning
    assert "/jitNetworkAccessPolicies/default" in warning
    assert "again" in warning


def test_once_it_is_written_its_windows_are_told_and_nothing_else(scene: Scene) -> None:
    scene.open("vm-2", 22)
    scene.settle()
    scene.cloud.control("PATCH", "behaviour", {"provisioning": "10s"})
    scene.policy.put({"id": str(scene.vm("vm-2")), "ports": [rule(22)]})
    scene.settle()

    assert report(scene)["summary"]["vms_open"] == 1
    assert scene.warnings == []
