# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Effective rules: which caller reaches which port."""

from __future__ import annotations

from typing import Any

import pytest
from azure_simulator.network.rules import RuleMatch, Traffic, admits, is_within, read_port_range, read_rule
from hypothesis import given
from hypothesis import strategies as st

NETWORK = ("10.0.0.0/16",)


def rule(priority: int, access: str = "Allow", **changes: Any) -> RuleMatch:
    """Return a rule that matches everything unless told otherwise."""
    properties: dict[str, Any] = {
        "priority": priority,
        "access": access,
        "direction": "Inbound",
        "protocol": "*",
        "sourceAddressPrefix": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRange": "*",
    }
    return read_rule(properties | changes)


def passes(*layers: list[RuleMatch], source: str = "198.51.100.7", port: int = 22) -> bool:
    return admits(
        [sorted(layer, key=lambda item: item.priority) for layer in layers],
        Traffic(source, "10.0.1.4", port, NETWORK),
    )


def test_nothing_guards_nothing() -> None:
    assert passes()


def test_an_empty_group_admits_the_virtual_network_alone() -> None:
    """[docs] 65000 AllowVnetInBound, 65500 DenyAllInBound."""
    assert not passes([])
    assert passes([], source="10.0.9.9")
    assert passes([], source="168.63.129.16")


def test_the_lowest_number_decides() -> None:
    assert not passes([rule(200), rule(100, "Deny")])
    assert passes([rule(100), rule(200, "Deny")])


def test_both_layers_must_admit() -> None:
    assert not passes([rule(100)], [])
    assert not passes([], [rule(100)])
    assert passes([rule(100)], [rule(100)])


@pytest.mark.parametrize(
    ("changes", "admitted"),
    [
        ({"destinationPortRange": "22"}, True),
        ({"destinationPortRange": "22-22"}, True),
        ({"destinationPortRange": "23-30"}, False),
        ({"destinationPortRange": "", "destinationPortRanges": ["80", "20-25"]}, True),
        ({"destinationPortRanges": [], "destinationPortRange": "22"}, True),
        ({"protocol": "Tcp"}, True),
        ({"protocol": "TCP"}, True),
        ({"protocol": "Udp"}, False),
        ({"sourceAddressPrefix": "198.51.100.7"}, True),
        ({"sourceAddressPrefix": "198.51.100.0/24"}, True),
        ({"sourceAddressPrefix": "198.51.101.0/24"}, False),
        ({"sourceAddressPrefix": None, "sourceAddressPrefixes": ["192.0.2.1", "198.51.100.7/32"]}, True),
        ({"sourceAddressPrefix": "Internet"}, True),
        ({"sourceAddressPrefix": "0.0.0.0/0"}, True),
        ({"sourceAddressPrefix": "VirtualNetwork"}, False),
        ({"sourceAddressPrefix": "AzureCloud.WestEurope"}, False),
        ({"destinationAddressPrefix": "10.0.1.4"}, True),
        ({"destinationAddressPrefix": "10.0.1.5"}, False),
        ({"destinationAddressPrefix": "VirtualNetwork"}, True),
    ],
)
def test_what_a_rule_matches(changes: dict[str, Any], admitted: bool) -> None:
    assert passes([rule(100, **changes)]) is admitted


def test_an_older_allow_above_the_deny_stays_open() -> None:
    """[issue: azure-docs 122814]"""
    assert passes([rule(4096, "Deny"), rule(310)])


def test_the_internet_is_what_is_not_the_network() -> None:
    tag = [rule(100, sourceAddressPrefix="Internet")]
    assert passes(tag, source="127.0.0.1")
    assert not passes([*tag, rule(101, "Deny")], source="10.0.3.3")


@pytest.mark.parametrize("text", ["x", "70000", "5-3", "-1", "1-2-3", ""])
def test_port_ranges_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_port_range(text)


@given(st.ip_addresses(v=4), st.integers(0, 32), st.integers(0, 32))
def test_a_network_lies_within_the_wider_ones_around_it(address: Any, longer: int, shorter: int) -> None:
    inner, outer = max(longer, shorter), min(longer, shorter)
    assert is_within(f"{address}/{inner}", f"{address}/{outer}")
    assert is_within(f"{address}/{outer}", f"{address}/{inner}") is (inner == outer)
