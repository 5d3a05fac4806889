# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A policy of the demonstration fleet, as stories about just-in-time access begin."""

from __future__ import annotations

from typing import Any

from cloud import Cloud, JitPolicyClient, rule, wish
from demo_fleet import IDS, WORKPLACE

VM = IDS["vdi-win-01"]
OTHER = IDS["vdi-win-02"]


def policy(cloud: Cloud) -> JitPolicyClient:
    return JitPolicyClient(cloud, WORKPLACE, "rg-vdi", "westeurope")


def covered(*ports: dict[str, Any], vm: str = VM) -> dict[str, Any]:
    return {"id": vm, "ports": list(ports) or [rule(3389)]}


def jit_rules(cloud: Cloud, group: str = "nsg-vdi") -> list[dict[str, Any]]:
    """Return what just-in-time access wrote into a security group, by priority."""
    nsg = cloud.world.group(WORKPLACE, "rg-vdi").nsgs[group]
    written = [rule for rule in nsg.rules.values() if "JITRule" in rule.name]
    return sorted(
        ({"name": item.name, **item.properties} for item in written), key=lambda item: int(item["priority"])
    )


def opened(cloud: Cloud, **end: str) -> JitPolicyClient:
    """Return a policy with one open grant."""
    client = policy(cloud)
    client.put(covered())
    cloud.advance(5)
    assert client.initiate({"id": VM, "ports": [wish(3389, **end)]}).status == 202
    cloud.advance(5)
    assert client.states()[-1] == (3389, "Initiated", "UserRequested")
    return client
