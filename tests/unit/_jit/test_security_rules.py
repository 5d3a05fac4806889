# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading security groups, in all the ways in which they are written."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.rule_terms import EVERY_PORT, Span, spans_of
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.security_rules import (
    SecurityGroup,
    SecurityRule,
    UnreadRule,
    read_group,
    read_rule,
)
from hypothesis import given
from hypothesis import strategies as st
from security_rules import DENY_NAME, GRANT_NAME, GROUP_ID, wire_group, wire_rule

HEX = "0123456789abcdef0123456789abcdef"
ASG = "/subscriptions/S/resourceGroups/G/providers/Microsoft.Network/applicationSecurityGroups/Web"


def read(**changes: Any) -> SecurityRule:
    rule = read_rule(wire_rule(**changes))
    assert rule is not None
    return rule


def test_a_rule_is_read_whole() -> None:
    document = wire_rule(
        "allow-ssh",
        310,
        protocol="TCP",
        sourceAddressPrefix="203.0.113.7/32",
        destinationAddressPrefix="10.0.0.4",
        destinationPortRange="22",
        description="for the administrators",
        provisioningState="Succeeded",
        whatComesNext={"unknown": True},
    )
    assert read_rule(document) == SecurityRule(
        id=f"{GROUP_ID}/nsg/securityRules/allow-ssh",
        name="allow-ssh",
        priority=310,
        inbound=True,
        allows=True,
        protocol="tcp",
        sources=("203.0.113.7",),
        source_ports=((0, 65535),),
        destinations=("10.0.0.4",),
        destination_ports=((22, 22),),
        source_groups=(),
        destination_groups=(),
        description="for the administrators",
        provisioning_state="Succeeded",
    )


@pytest.mark.parametrize("priority", [310, "310"])
def test_a_rule_with_every_field_is_read_as_one_with_few(priority: int | str) -> None:
    plurals = ("sourceAddressPrefixes", "destinationAddressPrefixes", "sourcePortRanges", "destinationPortRanges")
    empty: dict[str, Any] = {field: [] for field in plurals}
    full = {**empty, "destinationPortRange": "22", "sourceAddressPrefixes": ["203.0.113.7"]}
    found = read(priority=priority, sourceAddressPrefix="198.51.100.9", **full)
    assert (found.priority, found.inbound, found.allows, found.protocol) == (310, True, True, "*")
    assert found.sources == ("198.51.100.9", "203.0.113.7")
    assert found.destination_ports == ((22, 22),)


@pytest.mark.parametrize(
    ("singular", "plural", "spans"),
    [
        ("22", None, ((22, 22),)),
        ("22", [], ((22, 22),)),
        ("22-22", None, ((22, 22),)),
        (22, None, ((22, 22),)),
        ("*", None, EVERY_PORT),
        ("0-65535", None, EVERY_PORT),
        (" 8080 - 8084 ", None, ((8080, 8084),)),
        (None, ["22", "3389-3390"], ((22, 22), (3389, 3390))),
        ("", ["22"], ((22, 22),)),
        (None, "22", ((22, 22),)),
        ("22", ["3389"], ((22, 22), (3389, 3389))),
    ],
)
def test_ports_come_in_several_forms(singular: Any, plural: Any, spans: tuple[tuple[int, int], ...]) -> None:
    assert read(destinationPortRange=singular, destinationPortRanges=plural).destination_ports == spans
    assert read(sourcePortRange=singular, sourcePortRanges=plural).source_ports == spans


@pytest.mark.parametrize(
    ("singular", "plural", "prefixes"),
    [
        ("*", None, ("*",)),
        ("203.0.113.0/24", [], ("203.0.113.0/24",)),
        (None, ["203.0.113.7/32", "2001:DB8::1"], ("203.0.113.7", "2001:db8::1")),
        ("", ["VirtualNetwork"], ("VirtualNetwork",)),
        ("Storage.WestEurope", None, ("Storage.WestEurope",)),
    ],
)
def test_addresses_come_in_several_forms(singular: Any, plural: Any, prefixes: tuple[str, ...]) -> None:
    assert read(sourceAddressPrefix=singular, sourceAddressPrefixes=plural).sources == prefixes
    assert read(destinationAddressPrefix=singular, destinationAddressPrefixes=plural).destinations == prefixes


def test_application_security_groups_stand_in_for_addresses() -> None:
    groups = [{"id": ASG, "location": "westeurope"}]
    source = read(sourceAddressPrefix=None, sourceApplicationSecurityGroups=groups)
    assert (source.sources, source.source_groups) == ((), (ASG.lower(),))
    destination = read(destinationAddressPrefix="", destinationApplicationSecurityGroups=groups)
    assert (destination.destinations, destination.destination_groups) == ((), (ASG.lower(),))


def test_source_ports_may_be_left_out() -> None:
    assert read(sourcePortRange=None).source_ports == EVERY_PORT


@pytest.mark.parametrize(("text", "protocol"), [("Tcp", "tcp"), ("TCP", "tcp"), ("*", "*"), ("Icmp", "icmp")])
def test_protocols_compare_without_case(text: str, protocol: str) -> None:
    assert read(protocol=text).protocol == protocol


@pytest.mark.parametrize(
    ("access", "allows"), [("Allow", True), ("allow", True), ("Deny", False), ("DENY", False)]
)
def test_access_compares_without_case(access: str, allows: bool) -> None:
    assert read(access=access).allows is allows


NOT_UNDERSTOOD: list[dict[str, Any]] = [
    {"priority": None},
    {"priority": "first"},
    {"access": None},
    {"access": "Audit"},
    {"direction": None},
    {"direction": "Sideways"},
    {"protocol": None},
    {"protocol": "Carrier pigeon"},
    {"destinationPortRange": None},
    {"destinationPortRange": "ssh"},
    {"destinationPortRange": "23-22"},
    {"destinationPortRange": "22-"},
    {"destinationPortRange": "70000"},
    {"destinationPortRange": None, "destinationPortRanges": ["22", "ssh"]},
    {"sourcePortRange": "ephemeral"},
    {"sourceAddressPrefix": None},
    {"destinationAddressPrefix": None},
    {"sourceAddressPrefix": None, "sourceApplicationSecurityGroups": [{}]},
    {"destinationAddressPrefix": None, "destinationApplicationSecurityGroups": ["web"]},
    {"sourceApplicationSecurityGroups": [{"name": "web"}]},
]


@pytest.mark.parametrize("changes", NOT_UNDERSTOOD)
def test_what_is_not_understood_is_no_rule_but_is_not_forgotten(changes: dict[str, Any]) -> None:
    document = wire_rule(**changes)
    assert read_rule(document) is None
    (unread,) = read_group(wire_group(document)).unread
    assert (unread.id, unread.name) == (document["id"], "rule")


@pytest.mark.parametrize(
    ("changes", "priority", "allows", "ports"),
    [
        ({"protocol": "?"}, 300, True, EVERY_PORT),
        ({"protocol": "?", "access": "Deny", "destinationPortRange": "22"}, 300, False, ((22, 22),)),
        ({"priority": None, "access": "?", "destinationPortRange": "?"}, 0, None, EVERY_PORT),
    ],
)
def test_of_a_rule_that_is_not_understood_the_rest_is_kept(
    changes: dict[str, Any], priority: int, allows: bool | None, ports: tuple[tuple[int, int], ...]
) -> None:
    (unread,) = read_group(wire_group(wire_rule("odd", **changes))).unread
    assert (unread.priority, unread.allows, unread.destination_ports) == (priority, allows, ports)
    assert (unread.names_port(22), unread.names_port(23)) == (True, ports == EVERY_PORT)


def test_an_outbound_rule_concerns_nobody_who_comes_in() -> None:
    outbound = [wire_rule(direction="Outbound"), wire_rule(direction="outbound", protocol="?")]
    assert read_group(wire_group(*outbound)) == read_group(wire_group())
    rule = read_rule(outbound[0])
    assert rule is not None
    assert not rule.inbound
    assert not rule.opens(22)


def test_rules_are_tried_by_priority_and_azures_own_last() -> None:
    group = read_group(wire_group(wire_rule("last", 4096), wire_rule("first", 100), wire_rule("odd", 200, "?")))
    assert [rule.name for rule in group.rules] == [
        "first",
        "last",
        "AllowVnetInBound",
        "AllowAzureLoadBalancerInBound",
        "DenyAllInBound",
    ]
    assert [rule.name for rule in group.in_order()][:3] == ["first", "odd", "last"]
    assert [rule.is_default for rule in group.rules] == [False, False, True, True, True]


def test_default_rules_that_come_with_the_group_are_taken_as_they_are() -> None:
    own = wire_rule("Renamed", 65500, "Deny")
    outbound = wire_rule("DenyAllOutBound", 65500, "Deny", direction="Outbound")
    names = [rule.name for rule in read_group(wire_group(defaults=[own, outbound])).rules]
    assert names == ["AllowVnetInBound", "AllowAzureLoadBalancerInBound", "Renamed"]


def test_a_default_rule_that_is_not_understood_is_not_replaced() -> None:
    group = read_group(wire_group(defaults=[wire_rule("DenyAllInBound", 65500, "?")]))
    assert [rule.name for rule in group.unread] == ["DenyAllInBound"]
    assert [rule.priority for rule in group.rules] == [65000, 65001]


def test_the_added_default_rules_are_those_that_azure_sends() -> None:
    vnet = {"sourceAddressPrefix": "VirtualNetwork", "destinationAddressPrefix": "VirtualNetwork"}
    sent = [
        wire_rule("AllowVnetInBound", 65000, **vnet),
        wire_rule("AllowAzureLoadBalancerInBound", 65001, sourceAddressPrefix="AzureLoadBalancer"),
        wire_rule("DenyAllInBound", 65500, "Deny"),
    ]
    read_ones, added = read_group(wire_group(defaults=sent)).rules, read_group(wire_group()).rules
    for one, other in zip(read_ones, added, strict=True):
        assert repr(one).replace("/securityRules/", "/defaultSecurityRules/") == repr(other)


@pytest.mark.parametrize(
    "document",
    [
        {"id": GROUP_ID},
        {"properties": {}},
        {"properties": []},
        {"properties": {"securityRules": "many"}},
        {"properties": {"securityRules": ["rule"]}},
    ],
)
def test_a_group_whose_rules_were_not_told_says_so(document: dict[str, Any]) -> None:
    assert read_group(document).unread == (UnreadRule("", "", 0, None, EVERY_PORT),)


def test_a_group_is_named_by_the_end_of_its_id() -> None:
    assert read_group(wire_group(name="nsg-web")).name == "nsg-web"
    assert SecurityGroup("", ()).name == ""


@pytest.mark.parametrize(
    ("name", "access", "grant", "deny"),
    [
        (GRANT_NAME, "Allow", True, False),
        (DENY_NAME, "Deny", False, True),
        (f"SecurityCenter-JITRule-12-{HEX}", "Allow", True, False),
        (f"SecurityCenter-JITRule_12_{HEX}", "Deny", False, True),
        (f"MicrosoftDefenderForCloud-JITRule--115-{HEX}", "Allow", True, False),
        (f"MicrosoftDefenderForCloud-JITRule_-115_{HEX}", "Deny", False, True),
        (f"microsoftdefenderforcloud-jitrule-12-{HEX.upper()}", "Allow", True, False),
        (f"MicrosoftDefenderForCloud-JITRule-12-{HEX}", "Deny", False, False),
        (f"MicrosoftDefenderForCloud-JITRule_12_{HEX}", "Allow", False, False),
        (f"MicrosoftDefenderForCloud-JITRule-12_{HEX}", "Allow", False, False),
        (f"MicrosoftDefenderForCloud-JITRule-12-{HEX[1:]}", "Allow", False, False),
        (f"MicrosoftDefenderForCloud-JITRule-twelve-{HEX}", "Allow", False, False),
        (f"my-MicrosoftDefenderForCloud-JITRule-12-{HEX}", "Allow", False, False),
        ("allow-ssh", "Allow", False, False),
    ],
)
def test_rules_of_just_in_time_access_are_known_by_name_and_access(
    name: str, access: str, grant: bool, deny: bool
) -> None:
    rule = read_rule(wire_rule(name, access=access))
    assert rule is not None
    assert (rule.is_jit_grant, rule.is_jit_deny) == (grant, deny)
    assert read_group(wire_group(wire_rule(name, access=access))).denies == (rule,) * deny
    outbound = read_rule(wire_rule(name, access=access, direction="Outbound"))
    assert outbound is not None
    assert not outbound.is_jit_grant
    assert not outbound.is_jit_deny


@pytest.mark.parametrize(
    ("destinations", "addresses", "expected"),
    [
        (["10.0.0.4"], ["10.0.0.4"], True),
        (["10.0.0.4/32"], {"10.0.0.4"}, True),
        (["10.0.0.4"], ["10.0.0.4", "10.0.0.5"], True),
        (["10.0.0.4", "10.0.0.5"], ["10.0.0.5", "10.0.0.4"], True),
        (["fd00::4"], ["FD00:0::4/128"], True),
        (["10.0.0.4", "10.0.0.6"], ["10.0.0.4"], False),
        (["10.0.0.0/24"], ["10.0.0.4"], False),
        (["*"], ["10.0.0.4"], False),
        (["10.0.0.4"], [], False),
    ],
)
def test_a_rule_serves_a_vm_that_is_its_only_destination(
    destinations: list[str], addresses: list[str], expected: bool
) -> None:
    rule = read(destinationAddressPrefix=None, destinationAddressPrefixes=destinations)
    assert rule.serves(addresses) is expected


def test_a_rule_for_an_application_security_group_serves_no_vm_alone() -> None:
    groups = [{"id": ASG}]
    assert not read(destinationAddressPrefix=None, destinationApplicationSecurityGroups=groups).serves(
        ["10.0.0.4"]
    )
    both = read(destinationAddressPrefix="10.0.0.4", destinationApplicationSecurityGroups=groups)
    assert not both.serves(["10.0.0.4"])


@pytest.mark.parametrize(
    ("ports", "opens"), [(["22"], True), (["22", "22-22"], True), (["22", "3389"], True), (["23"], False)]
)
def test_a_rule_opens_the_ports_that_it_names(ports: list[str], opens: bool) -> None:
    rule = read(destinationPortRange=None, destinationPortRanges=ports)
    assert (rule.names_port(22), rule.opens(22)) == (opens, opens)
    deny = read(access="Deny", destinationPortRange=None, destinationPortRanges=ports)
    assert (deny.names_port(22), deny.opens(22)) == (opens, False)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 70000) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
FIELDS = st.sampled_from(
    [
        "priority",
        "access",
        "direction",
        "protocol",
        "sourceAddressPrefix",
        "sourceAddressPrefixes",
        "sourcePortRanges",
        "destinationPortRange",
        "destinationPortRanges",
        "destinationApplicationSecurityGroups",
    ]
)


@given(changes=st.dictionaries(FIELDS, JSON, max_size=4), more=JSON)
def test_no_rule_of_any_shape_is_lost_or_breaks_the_reading(changes: dict[str, Any], more: Any) -> None:
    group = read_group(wire_group(wire_rule(**{"name": "drawn", **changes}), more))
    outbound = str(changes.get("direction")).lower() == "outbound"
    assert sum(rule.name == "drawn" for rule in group.in_order()) == (not outbound)


ALIKE: tuple[Any, ...] = (1, True, 1.0, "1", "1.0")


def prioritised(priority: Any) -> dict[str, Any]:
    return wire_rule(priority=priority)


@pytest.mark.parametrize("priority", ALIKE)
def test_a_rule_is_read_by_itself_whatever_was_read_before(priority: Any) -> None:
    """Python calls some of these equal."""
    for before in ALIKE:
        read_rule(prioritised(before))
    rule = read_rule(prioritised(priority))
    assert (rule.priority if rule else None) == (1 if str(priority) == "1" else None)


@pytest.mark.parametrize("value", [{"a": 1}, [{"a": 1}], [["*"]]])
def test_an_object_where_a_text_should_be_is_read_as_some_text(value: Any) -> None:
    assert read(sourceAddressPrefix=value).sources == (str(value[0] if isinstance(value, list) else value),)


@pytest.mark.parametrize(
    ("texts", "spans"),
    [
        (["*"], EVERY_PORT),
        (["22"], ((22, 22),)),
        (["0-65535"], EVERY_PORT),
        ([" 20 - 30 ", "443"], ((20, 30), (443, 443))),
        (["22-22"], ((22, 22),)),
        (["65535"], ((65535, 65535),)),
        # none at all where one isn't understood
        (["22", "!"], ()),
        (["!"], ()),
        (["(22)"], ()),
        (["65536"], ()),
        (["30-20"], ()),
        (["22-"], ()),
        (["-22"], ()),
        (["ssh"], ()),
        ([], ()),
    ],
)
def test_ranges_of_ports_are_read_or_not_understood(texts: list[str], spans: tuple[Span, ...]) -> None:
    assert spans_of(texts) == spans
