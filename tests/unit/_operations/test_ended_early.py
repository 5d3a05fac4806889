# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A window whose rule is gone counts as closed, although Azure lists it as open."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.jit_api import ArmJitApi
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.network_api import ArmNetworkApi
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.resource_graph import ResourceGraph
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import AzureRefused
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.policies import Policy
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.status import describe_status, read_statuses
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.read_fleet import Fleet, Scope, read_fleet
from azure_simulator.network.models import SecurityRule
from closing_scene import COLLEAGUE, DESK, OTHER_DESK, Scene, make_scene
from samples import SUBSCRIPTION


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return make_scene(tmp_path)


def state(scene: Scene, name: str = "vm-both", *, source: str = DESK) -> str | None:
    return scene.ask(name, 22, source=source).vms[0].state


def statuses(scene: Scene) -> list[str]:
    return [status for _number, status, _reason in scene.policy.states()]


def test_a_closed_port_is_opened_again(scene: Scene) -> None:
    scene.open("vm-both", 22)
    running = state(scene)
    scene.close("vm-both")
    listed = statuses(scene)

    outcome = scene.ask("vm-both", 22)

    assert running == "already_open"
    assert listed == ["Initiated"], "Azure doesn't know that it was closed"
    assert outcome.vms[0].state == "opened"
    assert scene.grants("vm-both") == [("nsg-nic", 22, DESK), ("nsg-subnet", 22, DESK)]


def test_one_missing_rule_of_two_closes_the_port(scene: Scene) -> None:
    scene.open("vm-both", 22)
    (grant,) = [name for name in scene.subnet_group.rules if "-jitrule-" in name]
    scene.subnet_group.remove(grant)

    assert state(scene) == "opened"


def test_a_level_that_just_in_time_access_never_wrote_to_closes_nothing(tmp_path: Path) -> None:
    scene = make_scene(tmp_path, rules_in="nic")
    allow = _rule("allow-all", "Allow", 200, "*")
    scene.subnet_group.put(allow)
    scene.open("vm-both", 22)

    assert state(scene) == "already_open"


def test_whom_a_persons_rule_refuses_does_not_ask_again_and_again(scene: Scene) -> None:
    scene.open("vm-both", 22)
    (grant,) = [name for name in scene.subnet_group.rules if "-jitrule-" in name]
    scene.subnet_group.remove(grant)
    scene.subnet_group.put(_rule("deny-desk", "Deny", 100, DESK))

    assert state(scene) == "already_open"


def test_another_persons_window_serves_what_it_covers(scene: Scene) -> None:
    scene.open("vm-2", 22)
    scene.open("vm-2", 22, source="203.0.113.0/24", by=COLLEAGUE)
    scene.close("vm-2")

    assert state(scene, "vm-2", source=OTHER_DESK) == "already_open"


def test_where_rules_may_not_be_read_azures_word_stands(scene: Scene) -> None:
    scene.open("vm-both", 22)
    scene.close("vm-both")

    def forbid() -> None:
        raise AzureRefused("GET nsg", 403, "AuthorizationFailed", "no read")

    scene.arm.hooks.append(("networkSecurityGroups", forbid))

    assert state(scene) == "already_open"


def test_nothing_is_read_of_the_network_where_nothing_is_open(scene: Scene) -> None:
    scene.ask("vm-both", 22)

    assert not [name for name in scene.arm.sent if "Microsoft.Network" in name or "ResourceGraph" in name]


def variables(scene: Scene, name: str) -> dict[str, Any]:
    """Give a host's variables as the inventory does, also from its cache."""
    now = scene.clock.now()
    read = read_fleet(
        Scope((SUBSCRIPTION,)), ResourceGraph(scene.arm), ArmJitApi(scene.arm), ArmNetworkApi(scene.arm)
    )
    cached = Fleet.of_json(json.loads(json.dumps(read.to_json())))
    policies = [policy for document in cached.policies if (policy := Policy.read(document))]
    return describe_status(read_statuses(policies, now)[scene.vm(name).key], unguarded=False)


def test_the_inventory_looks_at_the_rules(scene: Scene) -> None:
    scene.open("vm-2", 22, 3389)
    scene.open("vm-2", 22, source=[DESK, OTHER_DESK], by=COLLEAGUE)
    scene.open("vm-3", 22)
    before = variables(scene, "vm-2")
    scene.close("vm-2", ports=(3389,))
    scene.close("vm-3")

    assert before["jit_open_ports"] == [22, 3389]
    assert variables(scene, "vm-2")["jit_open_ports"] == [22]
    assert variables(scene, "vm-3")["jit_open_ports"] == []
    assert variables(scene, "vm-3")["jit_open_until"] is None
    assert variables(scene, "vm-3")["jit_status"] == "configured"


def test_the_inventory_reads_no_rules_where_nothing_is_open(scene: Scene) -> None:
    scene.arm.sent.clear()
    assert variables(scene, "vm-2")["jit_open_ports"] == []
    assert not [name for name in scene.arm.sent if "Microsoft.Network" in name]


def _rule(name: str, access: str, priority: int, source: str) -> SecurityRule:
    return SecurityRule(
        name,
        {
            "protocol": "*",
            "access": access,
            "direction": "Inbound",
            "priority": priority,
            "sourcePortRange": "*",
            "sourceAddressPrefix": source,
            "destinationAddressPrefix": "*",
            "destinationPortRange": "*",
        },
    )
