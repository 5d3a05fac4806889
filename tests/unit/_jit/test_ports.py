# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Port rules, between Azure's JSON and values."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ports import (
    PortRule,
    default_ports,
    read_rule,
    read_sources,
    write_rule,
    write_sources,
)
from drawn import RULES, clash, spelled
from hypothesis import given
from hypothesis import strategies as st
from samples import rule


@given(RULES)
def test_a_rule_survives_writing_and_reading(wished: PortRule) -> None:
    assert read_rule(write_rule(wished)) == wished


@given(st.data())
def test_a_rule_is_read_in_each_spelling(data: st.DataObject) -> None:
    wished = data.draw(RULES)
    assert read_rule(data.draw(spelled(wished))) == wished


@given(data=st.data(), new=RULES)
def test_a_rule_written_over_another_keeps_its_unknown_fields(data: st.DataObject, new: PortRule) -> None:
    known = data.draw(spelled(data.draw(RULES)))
    wire = write_rule(new, known)
    ours = {
        "number",
        "protocol",
        "maxRequestAccessDuration",
        "allowedSourceAddressPrefix",
        "allowedSourceAddressPrefixes",
    }
    assert read_rule(wire) == new
    assert {k: v for k, v in wire.items() if k not in ours} == {k: v for k, v in known.items() if k not in ours}


def test_writing_over_a_rule_leaves_what_was_read_alone() -> None:
    known = {"number": 22, "allowedSourceAddressPrefix": "*"}
    write_rule(rule(3389), known)
    assert known == {"number": 22, "allowedSourceAddressPrefix": "*"}


def test_one_source_is_written_in_the_singular_and_several_in_the_plural() -> None:
    assert write_sources(["10.0.0.0/8"]) == {"allowedSourceAddressPrefix": "10.0.0.0/8"}
    assert write_sources(["203.0.113.7", "10.0.0.0/8"]) == {
        "allowedSourceAddressPrefixes": ["10.0.0.0/8", "203.0.113.7"]
    }


@pytest.mark.parametrize(
    ("wire", "sources"),
    [
        ({"allowedSourceAddressPrefix": "*"}, {"*"}),
        ({"allowedSourceAddressPrefix": "*", "allowedSourceAddressPrefixes": None}, {"*"}),
        ({"allowedSourceAddressPrefix": "*", "allowedSourceAddressPrefixes": []}, {"*"}),
        ({"allowedSourceAddressPrefix": None, "allowedSourceAddressPrefixes": ["10.0.0.1/32"]}, {"10.0.0.1"}),
        ({"allowedSourceAddressPrefixes": ["10.0.0.1", "10.0.0.2"]}, {"10.0.0.1", "10.0.0.2"}),
        ({"allowedSourceAddressPrefix": "10.0.0.1", "allowedSourceAddressPrefixes": ["10.0.0.2"]}, {"10.0.0.2"}),
        ({}, set()),
        ({"allowedSourceAddressPrefix": ""}, set()),
    ],
)
def test_prefixes_are_read_in_the_singular_and_the_plural(wire: dict[str, Any], sources: set[str]) -> None:
    assert set(read_sources(wire)) == sources


@pytest.mark.parametrize(
    ("odd", "expected"),
    [
        ({}, PortRule(0, "*", frozenset(), timedelta(0), "")),
        ({"number": None, "protocol": None}, PortRule(0, "*", frozenset(), timedelta(0), "")),
        ({"number": "22", "protocol": "tcp"}, PortRule(22, "TCP", frozenset(), timedelta(0), "")),
        ({"number": "22-25"}, PortRule(0, "*", frozenset(), timedelta(0), "")),
        ({"number": [22]}, PortRule(0, "*", frozenset(), timedelta(0), "")),
        ({"number": 22, "maxRequestAccessDuration": "long"}, PortRule(22, "*", frozenset(), timedelta(0), "long")),
    ],
)
def test_an_odd_rule_is_read_as_what_restricts_most(odd: dict[str, Any], expected: PortRule) -> None:
    assert read_rule(odd) == expected


def test_a_maximum_that_can_not_be_read_is_not_taken_for_none_at_all() -> None:
    odd = read_rule({"number": 22, "allowedSourceAddressPrefix": "*", "maxRequestAccessDuration": "long"})
    assert odd.describe() == "from any source, at most 'long', which can't be read"
    assert odd.longest == "long"
    assert odd != read_rule({"number": 22, "allowedSourceAddressPrefix": "*", "maxRequestAccessDuration": "PT0S"})


@pytest.mark.parametrize("text", ["P0Y0M0DT3H0M0S", "PT2.5H", "PT3H0.5S", "P1D"])
def test_maximums_in_each_form_of_the_standard_are_read(text: str) -> None:
    assert read_rule({"number": 22, "maxRequestAccessDuration": text}).unread is None


@pytest.mark.parametrize("spelling", ["*", "0.0.0.0/0", "203.0.113.7/0", "Internet", "any"])
def test_rules_that_allow_the_same_are_equal_and_keep_their_text(spelling: str) -> None:
    held = read_rule({"number": 22, "allowedSourceAddressPrefix": spelling, "maxRequestAccessDuration": "PT3H"})
    assert held == rule(22)
    assert hash(held) == hash(rule(22))
    assert held.describe() == rule(22).describe()
    assert write_rule(held)["allowedSourceAddressPrefix"] == ("0.0.0.0/0" if spelling.endswith("/0") else spelling)


@given(one=RULES, other=RULES)
def test_rules_concern_one_port_when_some_packet_would_match_both(one: PortRule, other: PortRule) -> None:
    assert one.concerns_same_port_as(other) is clash(one, other)


def test_a_rule_allows_what_lies_in_one_of_its_prefixes() -> None:
    allowing = rule(sources=("10.0.0.0/8", "203.0.113.7"))
    assert allowing.allows_source("10.255.0.0/16")
    assert allowing.allows_source("203.0.113.7")
    assert not allowing.allows_source("203.0.113.8")
    assert not allowing.allows_source("*")


@pytest.mark.parametrize(
    ("written", "label", "description"),
    [
        (rule(3389, "*", 3), "3389/any", "from any source, at most 3h"),
        (rule(22, "TCP", 1.5, ("10.0.0.0/8",)), "22/tcp", "from 10.0.0.0/8, at most 1h30m"),
        (rule(53, "UDP", 24, ("b.b", "a.a")), "53/udp", "from a.a, b.b, at most 24h"),
    ],
)
def test_a_rule_describes_itself(written: PortRule, label: str, description: str) -> None:
    assert written.label == label
    assert written.describe() == description


@pytest.mark.parametrize(
    ("os_type", "number"), [("Windows", 3389), ("windows", 3389), ("Linux", 22), ("linux", 22), ("", 22)]
)
def test_the_default_is_the_operating_systems_port_for_anybody_for_three_hours(os_type: str, number: int) -> None:
    assert default_ports(os_type) == (PortRule(number, "*", frozenset({"*"}), timedelta(hours=3)),)
