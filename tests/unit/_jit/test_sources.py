# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Address prefixes, judged against the addresses themselves."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.sources import (
    admits_everybody,
    covers,
    is_address,
    is_ipv6,
    is_unlimited,
    is_wider_than,
    normal,
    one_word,
)
from hypothesis import given
from hypothesis import strategies as st

# Sixteen addresses, and all prefixes that lie among them or hold them all: small enough to count.
BASE = int(IPv4Address("10.0.0.0"))
ADDRESSES = range(BASE, BASE + 16)
LENGTHS = st.integers(min_value=28, max_value=32)
FOURTH = st.integers(min_value=0, max_value=15)


def members(prefix: str) -> set[int]:
    """List the addresses of a small IPv4 prefix by counting, without the library's notion of networks."""
    address, _, length = prefix.partition("/")
    size = 2 ** (32 - int(length or 32))
    first = int(IPv4Address(address)) // size * size
    return {number for number in ADDRESSES if first <= number < first + size}


@st.composite
def small_prefixes(draw: st.DrawFn) -> str:
    """Draw a prefix among the sixteen addresses, also with host bits set."""
    length = draw(LENGTHS)
    address = f"10.0.0.{draw(FOURTH)}"
    return address if length == 32 and draw(st.booleans()) else f"{address}/{length}"


@given(outer=small_prefixes(), inner=small_prefixes())
def test_a_prefix_covers_another_when_it_has_all_its_addresses(outer: str, inner: str) -> None:
    assert covers(outer, inner) is (members(inner) <= members(outer))


@given(small_prefixes())
def test_the_normal_form_names_the_same_addresses(prefix: str) -> None:
    assert members(normal(prefix)) == members(prefix)


@given(one=small_prefixes(), other=small_prefixes())
def test_the_normal_form_is_the_same_for_the_same_addresses_and_only_then(one: str, other: str) -> None:
    assert (normal(one) == normal(other)) is (members(one) == members(other))


@given(st.one_of(small_prefixes(), st.text(max_size=12), st.ip_addresses().map(str)))
def test_the_normal_form_stays_as_it_is(text: str) -> None:
    assert normal(normal(text)) == normal(text)


@given(address=st.ip_addresses(v=6), length=st.integers(min_value=0, max_value=128), other=st.ip_addresses(v=6))
def test_ipv6_prefixes_cover_the_addresses_that_begin_alike(
    address: IPv6Address, length: int, other: IPv6Address
) -> None:
    begins_alike = int(address) >> (128 - length) == int(other) >> (128 - length)
    assert covers(f"{address}/{length}", str(other)) is begins_alike


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("203.0.113.7/32", "203.0.113.7"),
        (" 203.0.113.7 ", "203.0.113.7"),
        ("203.0.113.7/24", "203.0.113.0/24"),
        ("203.0.113.0/255.255.255.0", "203.0.113.0/24"),
        ("2001:DB8::0001/128", "2001:db8::1"),
        ("2001:0db8:0000::/32", "2001:db8::/32"),
        ("*", "*"),
        ("VirtualNetwork", "VirtualNetwork"),
        ("", ""),
    ],
)
def test_prefixes_have_one_normal_form(text: str, form: str) -> None:
    assert normal(text) == form


@pytest.mark.parametrize("word", ["*", "any", "Any", "0.0.0.0/0", "203.0.113.7/0", "Internet", " internet "])
def test_everybody_has_several_names(word: str) -> None:
    assert admits_everybody(word)
    assert covers(word, "203.0.113.7")
    assert covers(word, "198.51.100.0/24")
    assert covers(word, "*")


@pytest.mark.parametrize("text", ["203.0.113.7", "10.0.0.0/8", "VirtualNetwork", "", "0.0.0.0", "0.0.0.0/1"])
def test_nothing_else_admits_everybody(text: str) -> None:
    assert not admits_everybody(text)
    assert not covers(text, "*")


@pytest.mark.parametrize(
    ("text", "unlimited"),
    [
        ("*", True),
        ("internet", True),
        ("203.0.113.7/0", True),
        ("::/0", True),
        ("2001:db8::/0", True),
        ("10.0.0.0/1", False),
        ("::/1", False),
        ("", False),
        ("VirtualNetwork", False),
    ],
)
def test_a_prefix_without_a_length_leaves_nobody_of_its_family_out(text: str, unlimited: bool) -> None:
    assert is_unlimited(text) is unlimited


def test_all_of_ipv4_holds_nothing_of_ipv6() -> None:
    assert not covers("0.0.0.0/0", "2001:db8::1")
    assert not covers("::/0", "203.0.113.7")
    assert covers("*", "2001:db8::1")


@given(outer=st.ip_addresses(v=4), inner=st.ip_addresses(v=6), length=st.integers(min_value=0, max_value=32))
def test_no_address_of_one_family_lies_in_the_other(outer: IPv4Address, inner: IPv6Address, length: int) -> None:
    assert not covers(f"{outer}/{length}", str(inner))
    assert not covers(f"{inner}/{length}", str(outer))


@pytest.mark.parametrize(
    ("outer", "inner", "expected"),
    [
        ("VirtualNetwork", "virtualnetwork", True),
        ("VirtualNetwork", "AzureLoadBalancer", False),
        ("VirtualNetwork", "10.0.0.4", False),
        ("10.0.0.0/8", "VirtualNetwork", False),
        ("not an address", "not an address", True),
    ],
)
def test_words_cover_only_themselves(outer: str, inner: str, expected: bool) -> None:
    assert covers(outer, inner) is expected


@given(st.text(max_size=20))
def test_any_text_can_be_asked_about(text: str) -> None:
    assert covers(text, text)
    assert covers("*", text)


@pytest.mark.parametrize(
    ("text", "single"),
    [
        ("203.0.113.7", True),
        ("203.0.113.7/32", True),
        ("203.0.113.6/31", False),
        ("0.0.0.0/0", False),
        ("2001:db8::7", True),
        ("2001:db8::7/127", False),
        ("*", False),
        ("Internet", False),
        ("", False),
    ],
)
def test_only_a_prefix_of_one_address_is_an_address(text: str, single: bool) -> None:
    assert is_address(text) is single


@pytest.mark.parametrize("word", ["*", "any", "Internet", "0.0.0.0/0"])
def test_everybody_is_written_in_one_word(word: str) -> None:
    assert one_word(word) == "*"


@pytest.mark.parametrize("text", ["203.0.113.7", "203.0.113.0/24", "::/0", "VirtualNetwork", ""])
def test_others_keep_their_word(text: str) -> None:
    assert one_word(text) == text


@pytest.mark.parametrize(
    ("text", "length", "wider"),
    [
        ("10.0.0.0/8", 16, True),
        ("10.0.0.0/15", 16, True),
        ("10.0.0.0/16", 16, False),
        ("10.0.0.0/17", 16, False),
        ("10.0.0.4", 32, False),
        ("10.0.0.4/31", 32, True),
        ("0.0.0.0/0", 0, False),
        ("2001:db8::/63", 16, True),
        ("2001:db8::/64", 16, False),
        ("2001:db8::/65", 16, False),
        ("2001:db8::/127", 32, True),
        ("2001:db8::7", 32, False),
        ("*", 16, False),
        ("VirtualNetwork", 32, False),
    ],
)
def test_a_prefix_is_wider_than_a_length_of_its_family(text: str, length: int, wider: bool) -> None:
    assert is_wider_than(text, length) is wider


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2001:db8::7", True), ("::/0", True), ("203.0.113.7", False), ("*", False), ("Internet", False)],
)
def test_only_addresses_and_prefixes_of_ipv6_are_ipv6(text: str, expected: bool) -> None:
    assert is_ipv6(text) is expected
