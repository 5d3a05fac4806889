# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What just-in-time access's standing deny achieves."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.endpoints import Endpoint, NoGroup
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.exposure import judge_rules
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.guards import shadows, standing_deny
from security_rules import DENY_NAME, allow, deny, endpoint, group_of, jit_deny, jit_grant, wire_rule

SOMEBODY = "203.0.113.7"
EMPTY, GUARDED = group_of(), group_of(jit_deny())
DENY_OF_UNKNOWN_KIND = wire_rule(DENY_NAME, 4096, "Deny", protocol="?")


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (endpoint(nic=GUARDED), "present"),
        (endpoint(subnet=GUARDED), "present"),
        (endpoint(subnet=EMPTY, nic=GUARDED), "present"),
        (endpoint(nic=group_of(jit_deny(3389, 22))), "present"),
        (endpoint(nic=group_of(jit_deny(3389))), "missing"),
        (endpoint(nic=group_of(jit_deny(address="10.0.0.5"))), "missing"),
        (endpoint(nic=GUARDED, address="10.0.0.5"), "missing"),
        (endpoint(nic=group_of(deny())), "missing"),
        (endpoint(nic=group_of(jit_grant())), "missing"),
        (endpoint(nic=group_of(wire_rule(DENY_NAME, 4096, "Deny", protocol="Udp"))), "missing"),
        (endpoint(nic=group_of(wire_rule(DENY_NAME, 4096, "Deny", sourceAddressPrefix=SOMEBODY))), "missing"),
        (endpoint(nic=group_of(wire_rule(DENY_NAME, 4096, "Deny", sourcePortRange="53"))), "missing"),
        (endpoint(), "missing"),
        (endpoint(nic=EMPTY, subnet=NoGroup.UNREAD), "unknown"),
        (endpoint(nic=GUARDED, subnet=NoGroup.UNREAD), "present"),
        (endpoint(nic=group_of(DENY_OF_UNKNOWN_KIND)), "unknown"),
        (endpoint(nic=group_of(wire_rule(DENY_NAME, access="?"))), "unknown"),
        (endpoint(nic=group_of(wire_rule(protocol="?"))), "missing"),
        (endpoint(nic=group_of(wire_rule(access="?", destinationPortRange="23"))), "missing"),
        (endpoint(nic=GUARDED, address=""), "unknown"),
    ],
)
def test_a_standing_deny_is_looked_for_at_both_layers(place: Endpoint, expected: str) -> None:
    assert standing_deny(place, 22) == expected


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([allow(priority=300)], ["allow"]),
        ([allow(SOMEBODY, priority=300)], ["allow"]),
        ([allow("VirtualNetwork", priority=300)], ["allow"]),
        ([allow("AzureCloud", priority=300)], ["allow"]),
        ([allow(SOMEBODY, 22, 300, "one"), allow("198.51.100.0/24", "20-30", 200, "two")], ["two", "one"]),
        ([jit_grant()], []),
        ([jit_grant(), allow(priority=300)], ["allow"]),
        ([allow(port=23, priority=300)], []),
        ([allow(destinationAddressPrefix="10.0.0.5")], []),
        ([allow(protocol="Udp")], []),
        ([deny(priority=200), allow(priority=300)], []),
        ([], []),
    ],
)
def test_a_rule_before_the_deny_undoes_it_for_those_it_lets_in(
    rules: list[dict[str, Any]], expected: list[str]
) -> None:
    place = endpoint(nic=group_of(*rules, jit_deny(priority=4000), allow(name="after", priority=4096)))
    assert [rule.name for rule in shadows(place, 22)] == expected


def test_what_another_layer_refuses_is_not_undone() -> None:
    shadowed = group_of(allow(), jit_deny())
    assert [rule.name for rule in shadows(endpoint(subnet=group_of(allow(name="way")), nic=shadowed), 22)] == [
        "allow"
    ]
    assert shadows(endpoint(subnet=GUARDED, nic=shadowed), 22) == ()
    assert [rule.name for rule in shadows(endpoint(subnet=shadowed, nic=NoGroup.UNREAD), 22)] == ["allow"]


def test_without_a_deny_nothing_is_shadowed() -> None:
    assert shadows(endpoint(nic=group_of(allow())), 22) == ()


def test_an_endpoint_can_be_judged_as_if_rules_were_deleted() -> None:
    place = endpoint(
        subnet=NoGroup.NONE, nic=group_of(jit_grant(), jit_grant("198.51.100.7", priority=101), jit_deny())
    )
    mine = judge_rules(place, SOMEBODY, 22).admitting
    left = place.without(mine)
    assert judge_rules(left, SOMEBODY, 22).is_closed
    assert judge_rules(left, "198.51.100.7", 22).is_open
    assert place.without([]) == place
