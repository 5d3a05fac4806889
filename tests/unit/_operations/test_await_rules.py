# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting until a grant's rule is the one that decides, in a simulated cloud whose time passes by sleeping."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import AzureRefused
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.outcomes import Outcome
from azure_simulator.network.models import SecurityRule
from closing_scene import DESK, OTHER_DESK, Scene, make_scene


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return make_scene(tmp_path)


def person_rule(name: str, access: str, priority: int, source: str = "*", port: str = "*") -> SecurityRule:
    return SecurityRule(
        name,
        {
            "protocol": "*",
            "sourcePortRange": "*",
            "destinationPortRange": port,
            "sourceAddressPrefix": source,
            "destinationAddressPrefix": "*",
            "access": access,
            "priority": priority,
            "direction": "Inbound",
        },
    )


def error(outcome: Outcome) -> str:
    return str(outcome.vms[0].error)


def reads_of_groups(scene: Scene) -> int:
    return sum(count for name, count in scene.arm.sent.items() if "/networkSecurityGroups" in name)


def test_a_rule_that_is_there_and_decides_is_enough(scene: Scene) -> None:
    outcome = scene.ask("vm-both", 22, wait_for="rule")
    again = scene.ask("vm-both", 22, wait_for="rule")

    assert outcome.vms[0].state == "opened"
    assert again.vms[0].state == "already_open"
    assert not again.changed


def test_all_vms_of_a_group_cost_one_reading_a_look(scene: Scene) -> None:
    outcome = scene.ask("vm-2", 22, also=("vm-3",), wait_for="rule")

    assert outcome.summary["opened"] == 2
    assert reads_of_groups(scene) == 1


@pytest.mark.parametrize("level", ["subnet", "nic"])
def test_a_persons_deny_before_it_is_named(scene: Scene, level: str) -> None:
    groups = {group.name: group for group in scene.machine("vm-both").nics[0].security_groups()}
    groups[f"nsg-{level}"].put(person_rule("no-entry", "Deny", 100))
    before = scene.clock.slept

    outcome = scene.ask("vm-both", 22, wait_for="rule", timeout=3600)

    assert outcome.vms[0].state == "failed"
    assert f"no-entry (100) in nsg-{level}" in error(outcome)
    assert DESK in error(outcome)
    assert outcome.vms[0].changed, "Azure took the request"
    assert outcome.vms[0].ports[0].details["end_time"]
    assert 30 <= scene.clock.slept - before < 90, "it would not get better"


def test_a_deny_that_goes_away_in_time_does_no_harm(scene: Scene) -> None:
    scene.subnet_group.put(person_rule("no-entry", "Deny", 100))
    looks: list[int] = []

    def look() -> None:
        looks.append(1)
        if len(looks) == 3:
            scene.subnet_group.remove("no-entry")

    scene.arm.hooks.append(("networkSecurityGroups/nsg-subnet", look))

    outcome = scene.ask("vm-both", 22, wait_for="rule")

    assert outcome.vms[0].state == "opened"


def test_a_deny_for_others_is_no_matter(scene: Scene) -> None:
    scene.subnet_group.put(person_rule("not-you", "Deny", 100, source=OTHER_DESK))
    scene.subnet_group.put(person_rule("not-here", "Deny", 101, port="3389"))

    assert scene.ask("vm-both", 22, wait_for="rule").vms[0].state == "opened"


def forget_grants(scene: Scene) -> None:
    """Have Azure make no rules."""

    def forget() -> None:
        for name in [name for name in scene.subnet_group.rules if "-jitrule-" in name]:
            scene.subnet_group.remove(name)

    scene.arm.hooks.append(("networkSecurityGroups", forget))


def test_a_rule_that_azure_never_made_is_told(scene: Scene) -> None:
    forget_grants(scene)

    outcome = scene.ask("vm-2", 22, wait_for="rule", timeout=60)

    assert outcome.vms[0].state == "failed"
    assert "no rule of just-in-time access admits" in error(outcome)
    assert "within 60 s" in error(outcome)


def test_a_rule_that_azure_made_at_one_level_only_is_told_with_what_refuses_at_the_other(tmp_path: Path) -> None:
    scene = make_scene(tmp_path, rules_in="nic")

    outcome = scene.ask("vm-both", 22, wait_for="rule")

    assert outcome.vms[0].state == "failed"
    assert "DenyAllInBound (65500) in nsg-subnet" in error(outcome)


def test_a_port_that_is_open_by_somebody_elses_rule_alone_is_unknown(scene: Scene) -> None:
    forget_grants(scene)
    scene.subnet_group.put(person_rule("all-welcome", "Allow", 100))

    outcome = scene.ask("vm-2", 22, wait_for="rule", timeout=60)

    assert outcome.vms[0].state == "unknown"
    assert "all-welcome" in error(outcome)


def test_a_group_that_may_not_be_read_is_unknown_at_once(scene: Scene) -> None:
    def forbid() -> None:
        raise AzureRefused("GET nsg", 403, "AuthorizationFailed", "no right")

    scene.arm.hooks.append(("networkSecurityGroups", forbid))
    before = scene.clock.slept

    outcome = scene.ask("vm-both", 22, wait_for="rule", timeout=3600)

    assert outcome.vms[0].state == "unknown"
    assert "Microsoft.Network/networkSecurityGroups/read" in error(outcome)
    assert scene.clock.slept - before < 30


def test_a_group_that_can_not_be_read_for_a_while_is_read_later(scene: Scene) -> None:
    failures: list[Any] = [503, 429, 503]

    def fail() -> None:
        if failures:
            raise AzureRefused("GET nsg", failures.pop(), "Busy", "later")

    scene.arm.hooks.append(("networkSecurityGroups", fail))

    assert scene.ask("vm-2", 22, wait_for="rule").vms[0].state == "opened"
    assert not failures
