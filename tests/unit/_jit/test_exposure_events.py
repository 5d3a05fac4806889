# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports that have become reachable from the internet."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.exposure_events import (
    HoleMemory,
    compare_holes,
)
from samples import vm_id

DESK = "203.0.113.7"


def verdict(state: str, port: int = 22, source: str = "internet", **more: Any) -> dict[str, Any]:
    return {"port": port, "protocol": "tcp", "source": source, "state": state, **more}


def vm(*exposure: dict[str, Any], name: str = "vm-1") -> dict[str, Any]:
    """Write a VM as a posture report does."""
    return {"id": str(vm_id(name)), "exposure": list(exposure)}


def besides(state: str, **more: Any) -> dict[str, Any]:
    """Say what is left of a verdict without the windows that are open."""
    return {"besides_windows": {"state": state, **more}}


CLOSED, OPEN, UNKNOWN = vm(verdict("closed")), vm(verdict("open")), vm(verdict("unknown"))
PARTIAL = vm(verdict("partial", admitted=[DESK]))


@pytest.mark.parametrize(
    ("looks", "told"),
    [
        ([CLOSED, OPEN, OPEN, CLOSED, OPEN], [0, 1, 0, 0, 1]),
        ([OPEN, OPEN, CLOSED], [0, 0, 0]),
        # what can't be told now is no news, neither way
        ([CLOSED, OPEN, UNKNOWN, OPEN], [0, 1, 0, 0]),
        ([CLOSED, UNKNOWN, OPEN], [0, 0, 1]),
        ([CLOSED, PARTIAL, OPEN], [0, 1, 0]),
        # just-in-time access itself lets these in
        ([CLOSED, vm(verdict("partial", admitted=[DESK], **besides("closed")))], [0, 0]),
        ([CLOSED, vm(verdict("open", **besides("closed"))), OPEN], [0, 0, 1]),
        # but not everybody, or not all of these
        ([CLOSED, vm(verdict("open", **besides("open")))], [0, 1]),
        ([CLOSED, vm(verdict("partial", **besides("partial", admitted=["198.51.100.9"])))], [0, 1]),
        # a window over a hole that can't be told now is no news either
        ([CLOSED, OPEN, vm(verdict("open", **besides("unknown"))), OPEN], [0, 1, 0, 0]),
        # the virtual network is not the internet
        ([CLOSED, vm(verdict("open", source="virtual_network"))], [0, 0]),
    ],
)
def test_a_hole_is_told_once_when_it_appears(looks: list[dict[str, Any]], told: list[int]) -> None:
    memory, counts = HoleMemory(), []
    for report in looks:
        memory, found = compare_holes(memory, [report], emit_existing=False)
        counts.append(len(found))

    assert counts == told


def test_what_is_exposed_at_the_first_look_is_told_on_request() -> None:
    rule = {"name": "allow-ssh {{ x }}", "priority": 310, "security_group_id": "/nsg"}
    report = vm(verdict("open", reason="let in by allow-ssh", address="10.0.0.4", rule=rule))

    _memory, found = compare_holes(HoleMemory(), [report], emit_existing=True)

    assert found == [
        {
            "type": "exposure_found",
            "id": str(vm_id()),
            "name": "vm-1",
            "subscription_id": vm_id().subscription_id,
            "resource_group": vm_id().resource_group,
            "port": 22,
            "protocol": "tcp",
            "source": "internet",
            "state": "open",
            "reason": "let in by allow-ssh",
            "address": "10.0.0.4",
            "admitted": [],
            "rule": "allow-ssh { { x } }",
            "rule_priority": 310,
            "security_group_id": "/nsg",
        }
    ]


def test_what_is_told_is_what_holds_besides_the_windows() -> None:
    others = besides("partial", admitted=["198.51.100.9"], rule={"name": "allow-lab", "priority": 300})
    report = vm(verdict("open", rule={"name": "the-windows-own", "priority": 100}, **others))

    _memory, (event,) = compare_holes(HoleMemory(), [report], emit_existing=True)

    assert (event["state"], event["admitted"], event["rule"]) == ("partial", ["198.51.100.9"], "allow-lab")


def test_a_vm_that_is_gone_and_comes_back_is_news() -> None:
    memory, _found = compare_holes(HoleMemory(), [OPEN], emit_existing=False)
    memory, _found = compare_holes(memory, [], emit_existing=False)

    assert len(compare_holes(memory, [OPEN], emit_existing=False)[1]) == 1
