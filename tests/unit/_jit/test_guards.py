# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What just-in-time access's own rules achieve."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.endpoints import INTERNET, Endpoint, NoGroup
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.exposure import judge_rules
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.guards import (
    effect_of_grants,
    shadows,
    standing_deny,
)
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


@pytest.mark.parametrize(
    ("place", "effect", "stays_open"),
    [
        (endpoint(nic=group_of(jit_grant(), jit_deny())), "effective", False),
        (endpoint(nic=group_of(jit_grant("203.0.113.0/24"), jit_deny())), "effective", False),
        (endpoint(subnet=group_of(allow()), nic=group_of(jit_grant(), jit_deny())), "effective", False),
        (endpoint(nic=group_of(jit_grant(), allow())), "effective", True),
        (endpoint(nic=group_of(allow(priority=99), jit_grant(), jit_deny())), "needless", True),
        (endpoint(nic=group_of(deny(priority=99), jit_grant(), jit_deny())), "blocked", False),
        (endpoint(subnet=GUARDED, nic=group_of(jit_grant(), jit_deny())), "blocked", False),
        (endpoint(nic=group_of(jit_grant(priority=4096), jit_deny(priority=1000))), "blocked", False),
        (endpoint(nic=GUARDED), "absent", False),
        (endpoint(nic=group_of(jit_grant("198.51.100.7"), jit_deny())), "absent", False),
        (endpoint(nic=group_of(jit_grant(port=3389), jit_deny())), "absent", False),
        (endpoint(nic=group_of(jit_grant(address="10.0.0.5"), jit_deny())), "absent", False),
        (endpoint(nic=group_of(deny("AzureCloud", priority=99), jit_grant(), jit_deny())), "unknown", False),
        (endpoint(nic=group_of(jit_grant(), allow("AzureCloud", priority=110))), "effective", None),
        (endpoint(nic=group_of(jit_grant(), jit_deny()), subnet=NoGroup.UNREAD), "unknown", False),
    ],
)
def test_a_grant_is_effective_where_it_lets_its_source_in(
    place: Endpoint, effect: str, stays_open: bool | None
) -> None:
    found = effect_of_grants(place, SOMEBODY, 22)
    assert (found.effect, found.stays_open) == (effect, stays_open)


def test_the_rule_that_blocks_a_grant_is_named() -> None:
    found = effect_of_grants(endpoint(nic=group_of(deny(priority=99), jit_grant(), jit_deny())), SOMEBODY, 22)
    assert [rule.name for rule in found.grants] == [jit_grant()["name"]]
    assert found.verdict.rule is not None
    assert found.verdict.rule.name == "deny"


def test_two_grants_can_let_a_prefix_in_together() -> None:
    grants = [jit_grant("203.0.113.0/25"), jit_grant("203.0.113.128/25", priority=101)]
    found = effect_of_grants(endpoint(nic=group_of(*grants, jit_deny())), "203.0.113.0/24", 22)
    assert (found.effect, found.grants, found.stays_open) == ("effective", (), False)
    half = effect_of_grants(endpoint(nic=group_of(*grants[:1], jit_deny())), "203.0.113.0/24", 22)
    assert (half.effect, half.verdict.admitted) == ("partial", ("203.0.113.0/25",))


def test_a_public_address_is_not_what_makes_a_grant_effective() -> None:
    found = effect_of_grants(endpoint(nic=group_of(jit_grant("Internet"), jit_deny())), INTERNET, 22)
    assert found.effect == "effective"


def test_an_endpoint_can_be_judged_as_if_rules_were_deleted() -> None:
    place = endpoint(
        subnet=NoGroup.NONE, nic=group_of(jit_grant(), jit_grant("198.51.100.7", priority=101), jit_deny())
    )
    mine = effect_of_grants(place, SOMEBODY, 22).grants
    left = place.without(mine)
    assert judge_rules(left, SOMEBODY, 22).is_closed
    assert judge_rules(left, "198.51.100.7", 22).is_open
    assert place.without([]) == place
