# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which priorities just-in-time rules get beside the rules of others: unique in each direction [docs]."""

from __future__ import annotations

import pytest
from cloud import Cloud, JitPolicyClient, rule
from demo_fleet import IDS, WORKPLACE

NSG = f"/subscriptions/{WORKPLACE}/resourceGroups/rg-vdi/providers/Microsoft.Network/networkSecurityGroups/nsg-vdi"


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


def put(cloud: Cloud, priority: int, direction: str = "Inbound") -> None:
    properties = {
        "protocol": "Tcp",
        "access": "Allow",
        "direction": direction,
        "priority": priority,
        "sourceAddressPrefix": "*",
        "sourcePortRange": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRange": "443",
    }
    reply = cloud.call("PUT", f"{NSG}/securityRules/https?api-version=2024-05-01", {"properties": properties})
    assert reply.status in (200, 201), reply.body
    cloud.advance(1)


def cover(cloud: Cloud) -> int:
    """Cover a desktop and return the priority of its deny rule."""
    policy = JitPolicyClient(cloud, WORKPLACE, "rg-vdi", "westeurope")
    assert policy.put({"id": IDS["vdi-win-01"], "ports": [rule(3389)]}).status == 200
    cloud.advance(1)
    rules = cloud.get(NSG)["properties"]["securityRules"]
    (deny,) = (item for item in rules if item["name"].startswith("MicrosoftDefenderForCloud"))
    return int(deny["properties"]["priority"])


def test_a_taken_priority_is_left_alone(cloud: Cloud) -> None:
    put(cloud, 4096)
    assert cover(cloud) == 4095


def test_a_replaced_rule_gives_its_priority_free(cloud: Cloud) -> None:
    put(cloud, 4096)
    put(cloud, 4000)
    assert cover(cloud) == 4096


def test_a_deleted_rule_gives_its_priority_free(cloud: Cloud) -> None:
    put(cloud, 4096)
    assert cloud.call("DELETE", f"{NSG}/securityRules/HTTPS?api-version=2024-05-01").status == 202
    cloud.advance(1)
    assert cover(cloud) == 4096


def test_outbound_rules_take_none(cloud: Cloud) -> None:
    put(cloud, 4096, "Outbound")
    assert cover(cloud) == 4096
