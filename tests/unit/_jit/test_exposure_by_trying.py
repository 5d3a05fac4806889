# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verdicts held against a slow judge, who tries every address in every world that what was read leaves possible.

The judge reads Azure's documents as they are and shares nothing with the code: one address, one answer to each
thing that can't be told (a tag's members, what an odd rule means), and then down the rules.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from ipaddress import ip_address, ip_network
from itertools import product
from typing import Any, NamedTuple

from ansible_collections.jitfleet.azure.plugins.module_utils._jit.endpoints import (
    Endpoint,
    NoGroup,
    PublicAddress,
    Unread,
)
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.exposure import Verdict, judge
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.security_rules import read_group
from hypothesis import given, settings
from hypothesis import strategies as st
from security_rules import wire_group, wire_rule

Json = dict[str, Any]
World = dict[str, bool]

OWN_GROUP, OTHER_GROUP = "/asg/own", "/asg/other"
# All addresses of the small prefixes that rules name, and one of each wider one and of the rest.
PUBLIC = [f"203.0.113.{n}" for n in range(8)] + ["203.0.113.200", "203.0.112.9", "8.8.8.8", "150.1.1.1"]
PRIVATE = [f"10.0.0.{n}" for n in range(8)] + ["10.99.0.1", "10.200.0.1", "172.16.0.1", "192.168.0.1"]
TAGS = ["TagA", "TagB", OTHER_GROUP]
DEFAULTS = [
    (65000, "VirtualNetwork", "VirtualNetwork", "Allow"),
    (65001, "AzureLoadBalancer", "*", "Allow"),
    (65500, "*", "*", "Deny"),
]


class Place(NamedTuple):
    """What hypothesis draws: two layers (documents, or why there is none) and what is around them."""

    subnet: Json | NoGroup
    nic: Json | NoGroup
    network: tuple[str, ...]
    routed: tuple[str, ...]
    routes_seen: bool
    public: PublicAddress
    balancer: bool

    def endpoint(self) -> Endpoint:
        return Endpoint(
            address="10.0.0.4",
            subnet=self.subnet if isinstance(self.subnet, NoGroup) else read_group(self.subnet),
            nic=self.nic if isinstance(self.nic, NoGroup) else read_group(self.nic),
            application_groups=frozenset({OWN_GROUP}),
            public=self.public,
            network_space=self.network,
            routed=self.routed,
            unread=frozenset(
                ({Unread.LOAD_BALANCER} if self.balancer else set())
                | (set() if self.routes_seen else {Unread.ROUTES})
            ),
        )

    def beside(self) -> list[str]:
        """Give what may be a network beside the VM's; nobody has a network of a 128th of all addresses."""
        return [prefix for prefix in self.routed if ip_network(prefix).num_addresses <= 2**24]


# --- the slow judge


def lies_in(address: str, prefix: str) -> bool:
    return ip_address(address) in ip_network(prefix, strict=False)


def listed(wire: Json, name: str, plural: str) -> list[str]:
    return [text for text in (*wire.get(plural, []), wire.get(name)) if text]


def is_source(wire: Json, address: str, world: World) -> bool:
    if any(world[group["id"]] for group in wire.get("sourceApplicationSecurityGroups", [])):
        return True
    for text in listed(wire, "sourceAddressPrefix", "sourceAddressPrefixes"):
        if text == "*" or (text[0].isdigit() and lies_in(address, text)) or world.get(text):
            return True
    return False


def is_destination(wire: Json) -> bool:
    groups = [group["id"] for group in wire.get("destinationApplicationSecurityGroups", [])]
    texts = listed(wire, "destinationAddressPrefix", "destinationAddressPrefixes")
    inside = any(text[0].isdigit() and lies_in("10.0.0.4", text) for text in texts)
    return OWN_GROUP in groups or inside or "*" in texts or "VirtualNetwork" in texts


def has_port(wire: Json, name: str, port: int) -> bool:
    for text in listed(wire, name, name + "s"):
        first, _, last = text.replace("*", "0-65535").partition("-")
        if int(first) <= port <= int(last or first):
            return True
    return False


def allows(document: Json, address: str, world: World) -> bool:
    rules = list(document["properties"]["securityRules"])
    rules += [
        wire_rule(f"default-{n}", n, access, sourceAddressPrefix=source, destinationAddressPrefix=destination)
        for n, source, destination, access in DEFAULTS
    ]
    for rule in sorted(rules, key=lambda rule: int(rule["properties"]["priority"])):
        wire, name = rule["properties"], rule["name"]
        if wire["direction"] == "Outbound" or not has_port(wire, "destinationPortRange", 22):
            continue
        if wire["protocol"] == "?" or wire["access"] == "?":
            if world[f"{name} applies"]:
                return wire["access"] == "Allow" or (wire["access"] == "?" and world[f"{name} allows"])
        elif (
            wire["protocol"].lower() in ("*", "tcp")
            and is_destination(wire)
            and is_source(wire, address, world)
            and has_port(wire, "sourcePortRange", 53 if world["from a low port"] else 50000)
        ):
            return bool(wire["access"] == "Allow")
    raise AssertionError("the last default rule takes everything")


def enters(place: Place, address: str, world: World) -> bool:
    for name, layer in (("subnet", place.subnet), ("nic", place.nic)):
        passes = world[f"{name} lets in"] if isinstance(layer, NoGroup) else allows(layer, address, world)
        if not passes and layer is not NoGroup.NONE:
            return False
    if not world["from outside"] or place.public is PublicAddress.BASIC:
        return True
    if place.public is PublicAddress.STANDARD:
        return (place.subnet, place.nic) != (NoGroup.NONE, NoGroup.NONE)
    if place.public is PublicAddress.NONE and not place.balancer:
        return False
    return world["is reached"]


def is_in(address: str, prefixes: Iterable[str]) -> bool:
    return any(lies_in(address, prefix) for prefix in prefixes)


def origins(place: Place, address: str, *, inside: bool, outside: bool) -> list[World]:
    """List where an address may be: is it in the tags, and does it come from outside of all networks?

    A route makes what lies behind it a part of the tag VirtualNetwork, and it may be the internet all the same.
    Whether the tag Internet then leaves it out is told nowhere.
    """
    at_home: World = {"VirtualNetwork": True, "Internet": False, "from outside": False}
    astray: list[World] = [
        {"VirtualNetwork": True, "Internet": word, "from outside": True} for word in (False, True)
    ]
    if inside or is_in(address, place.network):
        return [at_home]
    if address not in PUBLIC:
        elsewhere = {"VirtualNetwork": False, "Internet": False, "from outside": False}
        return [at_home] if is_in(address, place.routed) else [at_home, elsewhere]
    if is_in(address, place.beside()):
        return astray if outside else [*astray, at_home, {**at_home, "Internet": True}]
    if is_in(address, place.routed):
        return astray
    plain = {"VirtualNetwork": False, "Internet": True, "from outside": True}
    return [plain] if place.routes_seen else [plain, *astray]


def worlds(place: Place, address: str, *, inside: bool, outside: bool, tag: str | None) -> Iterator[World]:
    """List all that may be true for one address; what nobody asks about stays false."""
    documents = [layer for layer in (place.subnet, place.nic) if not isinstance(layer, NoGroup)]
    rules = [rule for document in documents for rule in document["properties"]["securityRules"]]
    text = str(rules)
    free = [name for name in TAGS if name in text and name != tag]
    free += ["from a low port"] if "'53'" in text else []
    free += ["subnet lets in"] if place.subnet is NoGroup.UNREAD else []
    free += ["nic lets in"] if place.nic is NoGroup.UNREAD else []
    free += ["is reached"] if place.public in (PublicAddress.NONE, PublicAddress.UNKNOWN) else []
    odd = [rule["name"] for rule in rules if "?" in str(rule["properties"])]
    free += [f"{name} {verb}" for name in odd for verb in ("applies", "allows")]
    places = origins(place, address, inside=inside, outside=outside)
    for origin, answers in product(places, product((False, True), repeat=len(free))):
        world = defaultdict(bool, {**origin, **dict(zip(free, answers, strict=True))})
        if tag:
            world[tag] = True
        if world["VirtualNetwork"] or not world[OTHER_GROUP]:
            yield world


def fates(
    place: Place, address: str, *, inside: bool = False, outside: bool = False, tag: str | None = None
) -> set[bool]:
    possible = worlds(place, address, inside=inside, outside=outside, tag=tag)
    return {enters(place, address, world) for world in possible}


def told(all_fates: list[set[bool]], of_those_that_exist: list[set[bool]]) -> str:
    if all(fate == {True} for fate in all_fates):
        return "open"
    if all(fate == {False} for fate in all_fates):
        return "closed"
    return "partial" if {True} in of_those_that_exist else "unknown"


# --- what is tried

SOURCES = ["*", "0.0.0.0/0", "Internet", "VirtualNetwork", "AzureLoadBalancer", "TagA", "TagB"]
SMALL = st.builds(
    "{}.{}/{}".format, st.sampled_from(["203.0.113", "10.0.0"]), st.integers(0, 7), st.integers(29, 32)
)
PREFIXES = st.sampled_from(["10.0.0.0/8", "203.0.113.0/24"]) | SMALL
NETWORKS = st.sampled_from(
    [(), ("10.0.0.0/30",), ("10.0.0.0/29", "203.0.113.0/31"), ("10.99.0.0/16", "172.16.0.0/16")]
)

ROUTES = st.sampled_from(
    [(), ("0.0.0.0/0",), ("0.0.0.0/1",), ("203.0.113.0/30",), ("10.200.0.0/16", "203.0.112.0/20"), ("8.0.0.0/7",)]
)


@st.composite
def rules(draw: st.DrawFn, name: str, priority: int, *, odd: bool, low_ports: bool) -> Json:
    wire: Json = {
        "access": draw(st.sampled_from(["Allow", "Deny"])),
        "direction": draw(st.sampled_from(["Inbound"] * 5 + ["Outbound"])),
        "protocol": draw(st.sampled_from(["*", "*", "Tcp", "TCP", "Udp"])),
        "destinationPortRange": draw(st.sampled_from(["*", "22", "22-22", "20-30", "23"])),
        "destinationAddressPrefix": draw(
            st.sampled_from(["*", "*", "10.0.0.4", "10.0.0.0/29", "10.0.0.5", "VirtualNetwork", "Internet"])
        ),
    }
    kind = draw(st.integers(0, 5))
    if kind == 0:
        wire["sourceAddressPrefix"] = None
        wire["sourceApplicationSecurityGroups"] = [{"id": OTHER_GROUP}]
    elif kind == 1:
        wire["destinationAddressPrefix"] = None
        wire["destinationApplicationSecurityGroups"] = [{"id": draw(st.sampled_from([OWN_GROUP, OTHER_GROUP]))}]
    elif kind in (2, 3):
        wire["sourceAddressPrefix"] = None
        wire["sourceAddressPrefixes"] = draw(st.lists(PREFIXES | st.sampled_from(SOURCES), min_size=1, max_size=3))
    else:
        wire["sourceAddressPrefix"] = draw(st.sampled_from(SOURCES) | PREFIXES)
    if odd and draw(st.integers(0, 3)) == 0:
        wire[draw(st.sampled_from(["protocol", "access"]))] = "?"
    if low_ports and draw(st.booleans()):
        wire["sourcePortRange"] = "53"
    return wire_rule(name, priority, **wire)


@st.composite
def layers(draw: st.DrawFn, name: str, *, low_ports: bool) -> Json | NoGroup:
    if draw(st.integers(0, 5)) == 0:
        missing: NoGroup = draw(st.sampled_from(NoGroup))
        return missing
    priorities = draw(st.lists(st.integers(100, 4096), unique=True, max_size=5))
    drawn: list[Json] = []
    for priority in priorities:
        drawn.append(draw(rules(f"{name}-{len(drawn)}", priority, odd=not drawn, low_ports=low_ports)))
    return wire_group(*drawn)


@st.composite
def places(draw: st.DrawFn, *, low_ports: bool = False) -> Place:
    return Place(
        subnet=draw(layers("subnet", low_ports=low_ports)),
        nic=draw(layers("nic", low_ports=low_ports)),
        network=draw(NETWORKS),
        routed=draw(ROUTES),
        routes_seen=draw(st.booleans()),
        public=draw(st.sampled_from([PublicAddress.STANDARD, *PublicAddress])),
        balancer=draw(st.booleans()),
    )


def admitted(verdict: Verdict, addresses: list[str]) -> list[str]:
    return [a for a in addresses if any(lies_in(a, prefix) for prefix in verdict.admitted)]


@settings(max_examples=100, deadline=None)
@given(place=places(), prefix=SMALL)
def test_a_prefix_is_judged_as_all_its_addresses_are(place: Place, prefix: str) -> None:
    verdict = judge(place.endpoint(), prefix, 22)
    asked = [address for address in PUBLIC + PRIVATE if lies_in(address, prefix)]
    found = [fates(place, address) for address in asked]
    assert verdict.state == told(found, found)
    if not verdict.is_closed:
        assert admitted(verdict, asked) == [a for a, fate in zip(asked, found, strict=True) if fate == {True}]


@settings(max_examples=100, deadline=None)
@given(place=places())
def test_the_internet_is_judged_as_its_addresses_are(place: Place) -> None:
    asked = [a for a in PUBLIC if not is_in(a, place.network)]
    found = {address: fates(place, address, outside=True) for address in asked}
    certain = [fate for address, fate in found.items() if not is_in(address, place.beside())]
    assert judge(place.endpoint(), "Internet", 22).state == told(list(found.values()), certain)


@settings(max_examples=100, deadline=None)
@given(place=places())
def test_the_network_is_judged_as_the_addresses_that_it_has_and_may_have(place: Place) -> None:
    known = [a for a in PUBLIC + PRIVATE if is_in(a, [*place.network, *place.beside()])]
    asked = [*known, *(a for a in PRIVATE if a not in known)]
    found = [fates(place, address, inside=True) for address in asked]
    assert judge(place.endpoint(), "VirtualNetwork", 22).state == told(found, found[: len(known)])


@settings(max_examples=100, deadline=None)
@given(place=places())
def test_a_service_tag_is_judged_as_any_address_that_may_have_it(place: Place) -> None:
    found = [fates(place, address, tag="TagA") for address in PUBLIC + PRIVATE]
    assert judge(place.endpoint(), "TagA", 22).state == told(found, [])


@settings(max_examples=100, deadline=None)
@given(place=places(low_ports=True), address=st.sampled_from(PUBLIC + PRIVATE))
def test_nothing_wrong_is_said_where_rules_look_at_the_port_of_the_sender(place: Place, address: str) -> None:
    found = fates(place, address)
    assert judge(place.endpoint(), address, 22).state in ("unknown", told([found], []))
