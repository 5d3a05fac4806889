# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who gets in, sentence by sentence as Azure describes it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.endpoints import (
    INTERNET,
    VIRTUAL_NETWORK,
    Endpoint,
    Layer,
    NoGroup,
    PublicAddress,
    Unread,
)
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.exposure import (
    Verdict,
    judge,
    judge_rules,
    judge_vm,
)
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.security_rules import (
    SecurityGroup,
    SecurityRule,
    read_group,
)
from security_rules import allow, deny, endpoint, group_of, jit_deny, jit_grant, wire_group, wire_rule

NONE, UNREAD = NoGroup.NONE, NoGroup.UNREAD
SOMEBODY = "203.0.113.7"
NEIGHBOUR = "10.0.0.9"
ASG = "/subscriptions/s/resourcegroups/g/providers/microsoft.network/applicationsecuritygroups/web"
OTHER_ASG = ASG.replace("web", "db")
EMPTY = group_of()
ODD_LAST_RULE = wire_rule("odd", 65500, "Deny", protocol="?")


def without_last_rule(*rules: dict[str, Any]) -> SecurityGroup:
    """Read a group whose last rule is not understood."""
    return read_group(wire_group(*rules, defaults=[ODD_LAST_RULE]))


def state(place: Endpoint, source: str = INTERNET, port: int = 22, **more: Any) -> str:
    return judge(place, source, port, **more).state


@pytest.mark.parametrize(
    ("subnet", "nic", "expected"),
    [
        (group_of(allow()), group_of(allow()), "open"),
        (group_of(allow()), EMPTY, "closed"),
        (EMPTY, group_of(allow()), "closed"),
        (EMPTY, EMPTY, "closed"),
        (group_of(allow()), NONE, "open"),
        (NONE, group_of(allow()), "open"),
        (EMPTY, NONE, "closed"),
        (NONE, EMPTY, "closed"),
        (group_of(allow()), UNREAD, "unknown"),
        (UNREAD, group_of(allow()), "unknown"),
        (EMPTY, UNREAD, "closed"),
        (UNREAD, EMPTY, "closed"),
        (UNREAD, UNREAD, "unknown"),
        (UNREAD, NONE, "unknown"),
    ],
)
def test_both_layers_must_allow_and_none_at_a_level_passes_there(subnet: Layer, nic: Layer, expected: str) -> None:
    assert state(endpoint(subnet=subnet, nic=nic)) == expected
    assert state(endpoint(subnet=subnet, nic=nic), SOMEBODY) == expected


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([allow(priority=200), deny(priority=300)], "open"),
        ([allow(priority=300), deny(priority=200)], "closed"),
        ([deny(priority=300), allow(priority=200)], "open"),
        ([deny(port=23, priority=100), allow(priority=200)], "open"),
        ([deny(priority=100, protocol="Udp"), allow(priority=200)], "open"),
        ([allow(priority=100, protocol="Udp")], "closed"),
        ([allow(priority=100, protocol="TCP")], "open"),
        ([allow(port="20-30")], "open"),
        ([allow(port="23-30")], "closed"),
        ([allow(direction="Outbound")], "closed"),
        ([allow(destinationAddressPrefix="10.0.0.4")], "open"),
        ([allow(destinationAddressPrefix="10.0.0.0/24")], "open"),
        ([allow(destinationAddressPrefix="10.0.0.5")], "closed"),
        ([allow(destinationAddressPrefix="198.51.100.9")], "closed"),
        ([allow(destinationAddressPrefix="VirtualNetwork")], "open"),
        ([allow(destinationAddressPrefix="Internet")], "closed"),
        ([allow(destinationAddressPrefix="AzureLoadBalancer")], "closed"),
        ([allow(destinationAddressPrefix="AzureCloud")], "unknown"),
        ([deny(destinationAddressPrefix="AzureCloud", priority=100)], "closed"),
    ],
)
def test_the_lowest_number_that_matches_wins_then_the_defaults(rules: list[dict[str, Any]], expected: str) -> None:
    assert state(endpoint(nic=group_of(*rules))) == expected


@pytest.mark.parametrize("source", ["*", "Internet", "internet", "0.0.0.0/0", "Any"])
def test_several_words_admit_the_internet(source: str) -> None:
    place = endpoint(nic=group_of(allow(source)))
    assert state(place) == "open"
    assert state(place, SOMEBODY) == "open"


def test_without_other_rules_the_network_gets_in_and_the_internet_does_not() -> None:
    place = endpoint(nic=EMPTY, network_space=("10.0.0.0/16",))
    assert state(place, INTERNET) == "closed"
    assert state(place, SOMEBODY) == "closed"
    assert state(place, VIRTUAL_NETWORK) == "open"
    assert state(place, NEIGHBOUR) == "open"
    assert judge(place, "AzureLoadBalancer", 22).state == "open"


def test_a_private_address_is_in_the_network_only_if_that_is_known() -> None:
    assert state(endpoint(nic=EMPTY), NEIGHBOUR) == "unknown"
    assert state(endpoint(nic=EMPTY, network_space=("10.1.0.0/16",)), NEIGHBOUR) == "unknown"
    assert state(endpoint(nic=EMPTY, network_space=("10.0.0.0/16",)), NEIGHBOUR) == "open"
    assert state(endpoint(nic=group_of(deny())), NEIGHBOUR) == "closed"
    assert state(endpoint(nic=group_of(allow("*"))), NEIGHBOUR) == "open"


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.1.1"])
def test_an_address_of_no_network_may_be_anywhere(address: str) -> None:
    assert state(endpoint(nic=EMPTY), address) == "unknown"
    assert state(endpoint(nic=group_of(allow("Internet"), deny())), address) == "unknown"
    assert state(endpoint(nic=group_of(allow("*"))), address) == "open"
    assert state(endpoint(nic=group_of(deny())), address) == "closed"


def test_a_public_address_can_be_declared_a_part_of_the_network() -> None:
    place = endpoint(nic=EMPTY, network_space=("203.0.113.0/28",))
    assert state(place, SOMEBODY) == "open"
    assert state(place, INTERNET) == "closed"


def test_the_internet_is_not_the_network_in_a_rule() -> None:
    place = endpoint(nic=group_of(allow("Internet"), deny("VirtualNetwork", priority=400)))
    assert state(place, INTERNET) == "open"
    assert state(place, VIRTUAL_NETWORK) == "closed"
    assert state(place, NEIGHBOUR) == "closed"


def test_an_assumption_about_an_address_holds_in_both_groups() -> None:
    """In the network, the interface refuses it; outside of it, the subnet does."""
    place = endpoint(
        subnet=group_of(allow("VirtualNetwork")), nic=group_of(deny("VirtualNetwork", priority=100), allow())
    )
    assert state(place, NEIGHBOUR) == "closed"


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([allow("AzureCloud")], "unknown"),
        ([allow("Storage.WestEurope", priority=100), allow(priority=200)], "open"),
        ([deny("AzureCloud", priority=100), allow(priority=200)], "unknown"),
        ([deny("AzureCloud", priority=100)], "closed"),
        ([deny(priority=100), allow("AzureCloud", priority=200)], "closed"),
        ([allow(priority=100), deny("AzureCloud", priority=200)], "open"),
        ([allow("AzureCloud", port=23)], "closed"),
        ([allow("AzureLoadBalancer")], "closed"),
    ],
)
def test_other_service_tags_cannot_be_told_unless_it_comes_to_the_same(
    rules: list[dict[str, Any]], expected: str
) -> None:
    place = endpoint(nic=group_of(*rules))
    assert state(place) == expected
    assert state(place, SOMEBODY) == expected


def test_a_service_tag_as_a_source_gets_in_by_its_own_name() -> None:
    assert state(endpoint(nic=group_of(allow("AzureCloud"))), "azurecloud") == "open"
    assert state(endpoint(nic=group_of(allow("GatewayManager"))), "AzureCloud") == "unknown"
    mixed = endpoint(nic=group_of(deny("203.0.113.0/24", priority=100), allow("AzureCloud")))
    verdict = judge(mixed, "AzureCloud", 22)
    assert verdict.state == "unknown"
    assert verdict.reason == "allow (300) in nsg lets in some that may be in AzureCloud, and may not"


@pytest.mark.parametrize(
    ("prefixes", "expected", "admitted"),
    [
        (["203.0.113.0/24"], "open", ("203.0.113.0/29",)),
        (["203.0.113.0/30", "203.0.113.4/30"], "open", ("203.0.113.0/29",)),
        (["203.0.113.0/30"], "partial", ("203.0.113.0/30",)),
        (["203.0.113.1", "203.0.113.6"], "partial", ("203.0.113.1", "203.0.113.6")),
        (["198.51.100.0/24"], "closed", ()),
    ],
)
def test_a_prefix_is_open_if_all_of_it_is(prefixes: list[str], expected: str, admitted: tuple[str, ...]) -> None:
    rule = allow("", sourceAddressPrefixes=prefixes)
    verdict = judge(endpoint(nic=group_of(rule)), "203.0.113.0/29", 22)
    assert (verdict.state, verdict.admitted) == (expected, admitted)


def test_a_part_that_cannot_be_told_does_not_hide_that_another_is_open_and_a_third_is_closed() -> None:
    rules = [
        allow("203.0.113.0", priority=100),
        deny("203.0.113.1", priority=110),
        deny("AzureCloud", priority=120),
        allow("203.0.113.0/29", priority=130),
    ]
    verdict = judge(endpoint(nic=group_of(*rules)), "203.0.113.0/29", 22)
    assert (verdict.state, verdict.admitted) == ("partial", ("203.0.113.0",))
    assert judge(endpoint(nic=group_of(*rules)), "203.0.113.2/31", 22).state == "unknown"


def test_a_tag_that_cannot_be_told_does_not_hide_whom_another_rule_lets_in() -> None:
    rules = [allow("0.0.0.0/1", priority=300, name="half"), allow("AzureCloud", priority=310, name="tag")]
    verdict = judge(endpoint(nic=group_of(*rules)), INTERNET, 22)
    assert (verdict.state, rule_of(verdict), verdict.is_doubtful) == ("partial", "half", True)
    assert verdict.admitted[0] == "1.0.0.0/8"
    assert verdict.reason.endswith("it can't be told what comes of tag (310) in nsg")


@pytest.mark.parametrize("tag", [("10.0.0.0/16", "0.0.0.0/0"), ("0.0.0.0/1", "128.0.0.0/1")])
def test_a_default_route_lets_the_internet_in_where_nobody_denies_it(tag: tuple[str, ...]) -> None:
    more: dict[str, Any] = {"network_space": ("10.0.0.0/16",), "routed": tag}
    verdict = judge(endpoint(nic=EMPTY, **more), INTERNET, 22)
    assert (verdict.state, rule_of(verdict)) == ("open", "AllowVnetInBound")
    assert state(endpoint(nic=EMPTY, **more), SOMEBODY) == "open"
    assert state(endpoint(nic=group_of(allow()), **more)) == "open"
    assert state(endpoint(nic=EMPTY, public=PublicAddress.NONE, **more)) == "closed"
    assert state(endpoint(nic=group_of(jit_deny()), **more)) == "closed"
    assert state(endpoint(nic=group_of(jit_grant(), jit_deny()), **more)) == "partial"
    # Whether the tag Internet still stands for them is told nowhere.
    assert state(endpoint(nic=group_of(deny("Internet")), **more)) == "unknown"
    assert state(endpoint(nic=group_of(deny()), **more), VIRTUAL_NETWORK) == "closed"


def test_a_public_prefix_that_is_routed_may_be_the_internet_or_a_network() -> None:
    routed: dict[str, Any] = {"network_space": ("10.0.0.0/16",), "routed": ("203.0.113.0/24", "10.99.0.0/16")}
    assert state(endpoint(nic=EMPTY, **routed)) == "unknown"
    assert state(endpoint(nic=EMPTY, **routed), SOMEBODY) == "open"
    assert state(endpoint(nic=EMPTY, public=PublicAddress.NONE, **routed), SOMEBODY) == "unknown"
    assert state(endpoint(nic=EMPTY, **routed), "10.99.0.1") == "open"
    assert state(endpoint(nic=EMPTY, **routed), VIRTUAL_NETWORK) == "open"


def test_routes_that_were_not_read_leave_open_whom_the_last_rules_let_in() -> None:
    unread = frozenset({Unread.ROUTES})
    verdict = judge(endpoint(nic=EMPTY, unread=unread), INTERNET, 22)
    assert (verdict.state, rule_of(verdict)) == ("unknown", "AllowVnetInBound")
    assert verdict.reason == (
        "it can't be told who is in the virtual network for AllowVnetInBound (65000) in nsg, because routes to it "
        "were not read"
    )
    assert state(endpoint(nic=EMPTY, unread=unread), SOMEBODY) == "unknown"
    assert state(endpoint(nic=EMPTY, unread=unread, public=PublicAddress.NONE)) == "closed"
    assert state(endpoint(nic=group_of(jit_deny()), unread=unread)) == "closed"
    assert state(endpoint(nic=group_of(allow("Internet")), unread=unread)) == "open"
    assert state(endpoint(nic=group_of(deny("Internet")), unread=unread)) == "unknown"


def test_a_grant_opens_a_part_of_the_internet() -> None:
    place = endpoint(nic=group_of(jit_grant(), jit_deny()))
    verdict = judge(place, INTERNET, 22)
    assert (verdict.state, verdict.admitted) == ("partial", (SOMEBODY,))
    assert [rule.is_jit_grant for rule in verdict.admitting] == [True]
    assert state(place, SOMEBODY) == "open"
    assert state(place, "203.0.113.8") == "closed"
    assert state(place, VIRTUAL_NETWORK) == "closed"


def test_private_sources_of_a_rule_do_not_concern_the_internet() -> None:
    rules = [deny("10.0.0.0/8", priority=100), deny("192.168.0.0/16", priority=110), allow()]
    assert state(endpoint(nic=group_of(*rules))) == "open"


def test_of_the_network_it_is_open_only_if_any_address_of_it_is() -> None:
    some = group_of(allow("10.0.0.0/24", priority=100), deny(priority=200))
    assert state(endpoint(nic=some), VIRTUAL_NETWORK) == "unknown"
    assert state(endpoint(nic=some, network_space=("10.0.0.0/16",)), VIRTUAL_NETWORK) == "partial"
    assert state(endpoint(nic=some, network_space=("10.0.0.0/25",)), VIRTUAL_NETWORK) == "partial"
    verdict = judge(endpoint(nic=some), VIRTUAL_NETWORK, 22)
    assert verdict.admitted == ("10.0.0.0/24",)
    assert verdict.reason == "allow (100) in nsg lets in some that may be in VirtualNetwork, and may not"
    public = group_of(allow("203.0.113.0/24", priority=100), deny(priority=200))
    assert state(endpoint(nic=public), VIRTUAL_NETWORK) == "closed"


@pytest.mark.parametrize(
    ("own", "expected"),
    [(frozenset({ASG}), "open"), (frozenset({OTHER_ASG}), "closed"), (frozenset(), "closed"), (None, "unknown")],
)
def test_an_application_security_group_is_decided_by_the_interfaces_own_list(
    own: frozenset[str] | None, expected: str
) -> None:
    rule = allow(destinationAddressPrefix=None, destinationApplicationSecurityGroups=[{"id": ASG.upper()}])
    assert state(endpoint(nic=group_of(rule), application_groups=own)) == expected


def test_members_of_a_group_as_sources_are_somewhere_in_the_network() -> None:
    rule = allow("", sourceAddressPrefix=None, sourceApplicationSecurityGroups=[{"id": ASG}])
    place = endpoint(nic=group_of(rule, deny()), network_space=("10.0.0.0/24",))
    assert state(place, INTERNET) == "closed"
    assert state(place, NEIGHBOUR) == "unknown"
    assert state(place, "10.9.9.9") == "unknown"
    assert state(endpoint(nic=group_of(rule, allow(priority=400))), NEIGHBOUR) == "open"


def test_a_member_of_a_group_is_in_the_network_in_the_next_group_too() -> None:
    member = allow("", sourceAddressPrefix=None, sourceApplicationSecurityGroups=[{"id": ASG}])
    place = endpoint(subnet=group_of(member, deny()), nic=group_of(deny("VirtualNetwork", priority=100), allow()))
    assert state(place, NEIGHBOUR) == "closed"
    same = endpoint(subnet=group_of(member, deny()), nic=group_of(member, deny()))
    assert [len(judge(same, NEIGHBOUR, 22).trail), state(same, NEIGHBOUR)] == [2, "unknown"]


def test_rules_with_source_ports_cannot_be_told() -> None:
    assert state(endpoint(nic=group_of(allow(sourcePortRange="1024-65535")))) == "unknown"
    assert state(endpoint(nic=group_of(allow(sourcePortRange="1-65535")))) == "open"
    assert state(endpoint(nic=group_of(deny(sourcePortRange="53")))) == "closed"
    both = group_of(
        allow("AzureCloud", sourcePortRange="53"), deny("AzureCloud", priority=400), allow(priority=500)
    )
    assert state(endpoint(nic=both)) == "unknown"


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([wire_rule(protocol="?"), allow(priority=400)], "open"),
        ([wire_rule(protocol="?"), deny(priority=400)], "unknown"),
        ([wire_rule(access="?"), deny(priority=400)], "unknown"),
        ([wire_rule(access="?", destinationPortRange="23"), deny(priority=400)], "closed"),
        ([wire_rule(access="Deny", protocol="?"), allow(priority=400)], "unknown"),
        ([wire_rule(access="Deny", protocol="?"), deny(priority=400)], "closed"),
        ([wire_rule(protocol="?"), deny(priority=200)], "closed"),
        ([wire_rule(protocol="?", priority=None), deny(priority=200)], "unknown"),
    ],
)
def test_a_rule_that_was_not_understood_makes_unknown_what_it_may_change(
    rules: list[dict[str, Any]], expected: str
) -> None:
    assert state(endpoint(nic=group_of(*rules))) == expected


def test_without_an_understood_last_rule_what_is_left_is_unknown() -> None:
    place = endpoint(nic=without_last_rule(allow(SOMEBODY)))
    assert state(place, SOMEBODY) == "open"
    assert state(place, "198.51.100.7") == "unknown"


@pytest.mark.parametrize(
    ("public", "groups", "unread", "internet"),
    [
        (PublicAddress.STANDARD, False, (), "closed"),
        (PublicAddress.BASIC, False, (), "open"),
        (PublicAddress.NONE, False, (), "closed"),
        (PublicAddress.UNKNOWN, False, (), "unknown"),
        (PublicAddress.STANDARD, True, (), "open"),
        (PublicAddress.BASIC, True, (), "open"),
        (PublicAddress.NONE, True, (), "closed"),
        (PublicAddress.UNKNOWN, True, (), "unknown"),
        (PublicAddress.NONE, True, (Unread.LOAD_BALANCER,), "unknown"),
        (PublicAddress.STANDARD, True, (Unread.LOAD_BALANCER,), "open"),
        (PublicAddress.NONE, True, (Unread.FIREWALL,), "unknown"),
    ],
)
def test_the_internet_needs_a_public_address(
    public: PublicAddress, groups: bool, unread: tuple[Unread, ...], internet: str
) -> None:
    nic = group_of(allow()) if groups else NONE
    place = endpoint(nic=nic, public=public, unread=frozenset(unread), network_space=("10.0.0.0/16",))
    assert state(place, INTERNET) == internet
    assert state(place, SOMEBODY) == internet
    assert state(place, VIRTUAL_NETWORK) == "open"
    assert state(place, NEIGHBOUR) == "open"
    assert judge_rules(place, INTERNET, 22).is_open


@pytest.mark.parametrize("public", PublicAddress)
@pytest.mark.parametrize("unread", [(), (Unread.LOAD_BALANCER,)])
def test_what_the_groups_refuse_no_public_address_opens(public: PublicAddress, unread: tuple[Unread, ...]) -> None:
    assert state(endpoint(nic=EMPTY, public=public, unread=frozenset(unread))) == "closed"


def test_an_unread_firewall_may_bring_the_internet_in_from_inside() -> None:
    firewall = frozenset({Unread.FIREWALL})
    assert state(endpoint(nic=EMPTY, unread=firewall)) == "unknown"
    assert state(endpoint(nic=EMPTY, unread=firewall), SOMEBODY) == "unknown"
    assert state(endpoint(nic=group_of(deny()), unread=firewall)) == "closed"
    assert state(endpoint(nic=group_of(allow()), unread=firewall)) == "open"
    inside = endpoint(nic=group_of(deny("10.0.0.9", priority=100)), unread=firewall, network_space=("10.0.0.0/8",))
    assert state(inside, "10.0.0.9") == "closed"
    assert state(endpoint(nic=EMPTY, address="", unread=firewall)) == "unknown"


def test_an_unread_firewall_may_bring_in_more_than_those_who_certainly_get_in() -> None:
    some = group_of(allow(SOMEBODY))
    verdict = judge(endpoint(nic=some, unread=frozenset({Unread.FIREWALL})), "203.0.113.0/24", 22)
    assert (verdict.state, verdict.admitted, verdict.is_doubtful) == ("partial", (SOMEBODY,), True)
    assert verdict.reason.endswith("; an Azure Firewall's rules were not read")
    assert not judge(endpoint(nic=some), "203.0.113.0/24", 22).is_doubtful
    for group in (EMPTY, UNREAD):
        unknown = judge(endpoint(nic=group, unread=frozenset({Unread.FIREWALL})), SOMEBODY, 22)
        assert (unknown.reason, unknown.is_doubtful) == ("an Azure Firewall's rules were not read", True)


def test_unread_admin_rules_make_everything_unknown() -> None:
    place = endpoint(nic=EMPTY, unread=frozenset({Unread.ADMIN_RULES}))
    verdict = judge(place, INTERNET, 22)
    assert (verdict.state, verdict.rule) == ("unknown", None)
    assert verdict.reason == "Virtual Network Manager's admin rules were not read"
    assert judge_rules(place, INTERNET, 22).is_closed


def test_an_address_that_is_not_known_cannot_be_judged() -> None:
    assert judge(endpoint(nic=EMPTY, address=""), INTERNET, 22).reason == "its private address is not known"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (INTERNET, "open"),
        ("2001:db8::7", "open"),
        ("fd00::9", "closed"),
        (VIRTUAL_NETWORK, "closed"),
        ("::/0", "partial"),
        ("*", "partial"),
        (SOMEBODY, "closed"),
        ("0.0.0.0/0", "closed"),
    ],
)
def test_ipv6_is_judged_by_the_same_rules(source: str, expected: str) -> None:
    rules = [deny("0.0.0.0/0", priority=100), deny("fc00::/6", priority=110), allow("Internet"), deny()]
    assert state(endpoint(address="fd00::4", nic=group_of(*rules)), source) == expected


def test_everybody_is_the_internet_and_the_network() -> None:
    assert state(endpoint(nic=group_of(allow())), "*") == "open"
    assert state(endpoint(nic=group_of(allow())), "0.0.0.0/0") == "open"
    assert state(endpoint(nic=group_of(deny())), "*") == "closed"
    assert state(endpoint(nic=EMPTY), "*") == "unknown"
    assert state(endpoint(nic=group_of(allow("Internet"), deny())), "*") == "partial"
    assert state(endpoint(nic=group_of(allow("Internet"), deny())), "::/0") == "closed"


def test_the_protocol_is_asked_for() -> None:
    place = endpoint(nic=group_of(allow(protocol="Tcp")))
    assert (state(place), state(place, protocol="udp")) == ("open", "closed")
    assert state(endpoint(nic=group_of(allow(protocol="Icmp")))) == "closed"


def rule_of(verdict: Verdict) -> str:
    return verdict.rule.name if verdict.rule else ""


def test_an_open_verdict_blames_the_rule_that_somebody_wrote() -> None:
    subnet, nic = group_of(allow(name="theirs"), name="nsg-subnet"), group_of(allow(name="mine"), name="nsg-nic")
    verdict = judge(endpoint(subnet=subnet, nic=nic), INTERNET, 22)
    assert verdict.reason == "let in by theirs (300) in nsg-subnet and mine (300) in nsg-nic"
    assert [(step.place, step.group) for step in verdict.trail] == [("subnet", "nsg-subnet"), ("nic", "nsg-nic")]
    assert [rule.name for rule in verdict.admitting] == ["theirs", "mine"]
    known = ("10.0.0.0/24",)
    inside = judge(endpoint(subnet=EMPTY, nic=nic, network_space=known), NEIGHBOUR, 22)
    assert rule_of(inside) == "mine"
    assert rule_of(judge(endpoint(nic=EMPTY, network_space=known), NEIGHBOUR, 22)) == "AllowVnetInBound"


@pytest.mark.parametrize(
    ("place", "rule", "reason"),
    [
        (endpoint(nic=EMPTY), "DenyAllInBound", "DenyAllInBound (65500) in nsg"),
        (endpoint(nic=group_of(deny("Internet"))), "deny", "deny (4000) in nsg"),
        (endpoint(subnet=group_of(deny()), nic=group_of(allow())), "deny", "deny (4000) in nsg"),
        (endpoint(subnet=group_of(allow()), nic=group_of(deny())), "deny", "deny (4000) in nsg"),
        (endpoint(subnet=without_last_rule(), nic=EMPTY), "DenyAllInBound", "DenyAllInBound (65500) in nsg"),
        (
            endpoint(subnet=UNREAD, nic=EMPTY),
            "DenyAllInBound",
            "DenyAllInBound (65500) in nsg",
        ),
        (
            endpoint(nic=group_of(allow()), public=PublicAddress.NONE),
            "",
            "the lack of a public address",
        ),
        (endpoint(), "", "the Standard public address, which waits for a security group"),
    ],
)
def test_a_closed_verdict_blames_who_refuses(place: Endpoint, rule: str, reason: str) -> None:
    verdict = judge(place, INTERNET, 22)
    assert (verdict.is_closed, rule_of(verdict), verdict.reason) == (True, rule, f"refused by {reason}")
    assert (verdict.admitted, verdict.admitting) == ((), ())


@pytest.mark.parametrize(
    ("place", "rule", "reason"),
    [
        (
            endpoint(nic=group_of(allow("AzureCloud"))),
            "allow",
            "allow (300) in nsg",
        ),
        (
            endpoint(nic=group_of(deny("AzureCloud", priority=100), allow())),
            "deny",
            "deny (100) in nsg",
        ),
        (
            endpoint(nic=UNREAD),
            "",
            "the security group of the interface, which could not be read",
        ),
        (
            endpoint(nic=group_of(allow()), public=PublicAddress.UNKNOWN),
            "",
            "the public address, which was not read",
        ),
        (
            endpoint(nic=group_of(wire_rule("odd", protocol="?"))),
            "odd",
            "odd (300) in nsg",
        ),
    ],
)
def test_an_unknown_verdict_names_what_is_in_doubt(place: Endpoint, rule: str, reason: str) -> None:
    verdict = judge(place, INTERNET, 22)
    assert (verdict.state, rule_of(verdict)) == ("unknown", rule)
    assert verdict.reason == f"it can't be told what comes of {reason}"


def test_a_doubt_that_changes_nothing_is_not_blamed() -> None:
    rules = [deny("Storage", priority=100), allow("AzureCloud", priority=200), deny(priority=300)]
    assert rule_of(judge(endpoint(nic=group_of(*rules)), INTERNET, 22)) == "allow"


def test_a_partial_verdict_tells_who_gets_in() -> None:
    rules = [jit_grant(f"203.0.113.{number}", priority=100 + number) for number in (1, 3, 5, 7, 9)]
    verdict = judge(endpoint(nic=group_of(*rules, jit_deny())), INTERNET, 22)
    assert verdict.reason.startswith(
        "203.0.113.1, 203.0.113.3, 203.0.113.5 and 2 more let in by MicrosoftDefender"
    )
    assert verdict.rule is not None
    assert isinstance(verdict.rule, SecurityRule)
    assert verdict.rule.is_jit_grant


OPEN = endpoint(nic=group_of(allow()), name="open")
CLOSED = endpoint(nic=EMPTY, name="closed")
PARTIAL = endpoint(nic=group_of(jit_grant(), jit_deny()), name="partial")
UNKNOWN = endpoint(nic=UNREAD, name="unknown")


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ([CLOSED, OPEN], "open"),
        ([UNKNOWN, OPEN, PARTIAL], "open"),
        ([CLOSED, CLOSED], "closed"),
        ([CLOSED, UNKNOWN], "unknown"),
        ([PARTIAL, UNKNOWN], "partial"),
        ([CLOSED, PARTIAL], "partial"),
    ],
)
def test_one_open_configuration_is_enough_and_only_all_make_a_vm_closed(
    places: list[Endpoint], expected: str
) -> None:
    verdict = judge_vm(places, INTERNET, 22)
    assert verdict.state == expected
    assert [place for place, _verdict in verdict.parts] == places
    assert verdict.blamed is not None
    place, part = verdict.blamed
    assert place.name == expected
    assert verdict.reason == part.reason


@pytest.mark.parametrize(
    ("places", "expected"),
    [([OPEN], "open"), ([PARTIAL, CLOSED], "partial"), ([CLOSED], "unknown"), ([UNKNOWN], "unknown")],
)
def test_a_vm_is_closed_only_if_all_of_it_was_seen(places: list[Endpoint], expected: str) -> None:
    verdict = judge_vm(places, INTERNET, 22, gap="not all was seen")
    assert verdict.state == expected
    assert (verdict.reason == "not all was seen") == (places == [CLOSED])


def test_a_vm_of_which_nothing_was_read_is_unknown() -> None:
    verdict = judge_vm([], INTERNET, 22)
    assert (verdict.state, verdict.reason, verdict.blamed) == ("unknown", "no IP configuration was read", None)


@pytest.mark.parametrize(
    ("place", "layer"),
    [
        (endpoint(subnet=UNREAD, nic=group_of(allow())), "subnet"),
        (endpoint(subnet=group_of(allow()), nic=UNREAD), "interface"),
    ],
)
def test_a_group_that_was_not_read_is_named_by_where_it_is(place: Endpoint, layer: str) -> None:
    reason = judge(place, SOMEBODY, 22).reason
    assert reason == (f"it can't be told what comes of the security group of the {layer}, which could not be read")


@pytest.mark.parametrize(
    ("admitted", "told"),
    [
        (["203.0.113.1"], "203.0.113.1 let in by"),
        (["203.0.113.1", "203.0.113.3", "203.0.113.5"], "203.0.113.1, 203.0.113.3, 203.0.113.5 let in by"),
        (
            ["203.0.113.1", "203.0.113.3", "203.0.113.5", "203.0.113.7"],
            "203.0.113.1, 203.0.113.3, 203.0.113.5 and 1 more let in by",
        ),
    ],
)
def test_of_many_prefixes_three_are_shown(admitted: list[str], told: str) -> None:
    rules = [allow(source, priority=300 + number) for number, source in enumerate(admitted)]
    verdict = judge(endpoint(nic=group_of(*rules)), "203.0.113.0/24", 22)
    assert verdict.state == "partial"
    assert verdict.reason.startswith(told)


def test_who_gets_in_is_blamed_on_the_first_rule_that_somebody_wrote() -> None:
    written, other = group_of(allow(name="written")), group_of(allow(name="other"))
    for subnet, nic, name in (
        (written, EMPTY, "written"),
        (EMPTY, written, "written"),
        (written, other, "written"),
    ):
        verdict = judge(endpoint(subnet=subnet, nic=nic, network_space=("10.0.0.0/16",)), NEIGHBOUR, 22)
        assert isinstance(verdict.rule, SecurityRule)
        assert (verdict.state, verdict.rule.name) == ("open", name)
    by_default = judge(endpoint(subnet=EMPTY, nic=EMPTY, network_space=("10.0.0.0/16",)), NEIGHBOUR, 22)
    assert by_default.decisive == by_default.trail[0]


def test_an_assumption_that_makes_no_difference_is_no_doubt() -> None:
    rules = allow(SOMEBODY, priority=100), deny("AzureCloud", priority=200), deny(priority=300)
    verdict = judge(endpoint(nic=group_of(*rules)), "203.0.113.0/24", 22)
    assert (verdict.state, verdict.admitted, verdict.is_doubtful) == ("partial", (SOMEBODY,), False)
    assert verdict.reason.endswith(", and nobody else")


def test_an_assumption_that_makes_a_difference_is_a_doubt_beside_who_certainly_gets_in() -> None:
    rules = allow(SOMEBODY, priority=100), allow("AzureCloud", priority=200, name="tag"), deny(priority=300)
    verdict = judge(endpoint(nic=group_of(*rules)), "203.0.113.0/24", 22)
    assert (verdict.state, verdict.admitted, verdict.is_doubtful) == ("partial", (SOMEBODY,), True)
    assert verdict.reason.endswith(", it can't be told what comes of tag (200) in nsg")


def test_who_may_be_in_the_network_and_would_be_refused_is_a_doubt() -> None:
    rules = (
        allow("172.16.0.0/12", priority=100, name="may-be-there"),
        allow("10.0.0.0/16", priority=200, name="is-there"),
    )
    place = endpoint(nic=group_of(*rules, deny(priority=300)), network_space=("10.0.0.0/16",))
    verdict = judge(place, VIRTUAL_NETWORK, 22)
    assert (verdict.state, verdict.is_doubtful) == ("partial", True)
    assert [step.rule.name for step in verdict.trail if step.rule] == ["is-there"]


def test_what_can_not_be_told_is_a_doubt() -> None:
    assert judge(endpoint(nic=UNREAD), SOMEBODY, 22).is_doubtful
    assert judge(endpoint(nic=EMPTY, unread=frozenset({Unread.ADMIN_RULES})), SOMEBODY, 22).is_doubtful
    assert judge(endpoint(nic=EMPTY, address=""), SOMEBODY, 22).is_doubtful
    assert not judge(endpoint(nic=EMPTY), SOMEBODY, 22).is_doubtful
    assert not judge(endpoint(nic=group_of(allow())), SOMEBODY, 22).is_doubtful
    elsewhere = judge(endpoint(nic=group_of(allow("172.16.0.0/12"), deny())), VIRTUAL_NETWORK, 22)
    assert (elsewhere.state, elsewhere.is_doubtful) == ("unknown", True)
