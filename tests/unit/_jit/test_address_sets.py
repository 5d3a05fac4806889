# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of addresses, held against sets of numbers."""

from __future__ import annotations

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.address_sets import (
    PRIVATE,
    PUBLIC,
    Addresses,
    whole_internet,
)
from hypothesis import given
from hypothesis import strategies as st

LENGTHS = st.integers(min_value=28, max_value=32)
PREFIXES = st.lists(st.builds("10.0.0.{}/{}".format, st.integers(0, 15), LENGTHS), max_size=4)


def members(prefixes: list[str]) -> set[int]:
    """Count the last bytes of small prefixes by hand."""
    found: set[int] = set()
    for prefix in prefixes:
        address, _, length = prefix.partition("/")
        size = 2 ** (32 - int(length or 32))
        first = int(address.rpartition(".")[2]) // size * size
        found.update(range(first, first + size))
    return found


def numbers(addresses: Addresses) -> set[int]:
    return members(list(addresses.prefixes()))


@given(one=PREFIXES, other=PREFIXES)
def test_sets_of_addresses_are_sets(one: list[str], other: list[str]) -> None:
    left, right = Addresses.named(4, one), Addresses.named(4, other)
    assert numbers(left | right) == members(one) | members(other)
    assert numbers(left & right) == members(one) & members(other)
    assert numbers(left - right) == members(one) - members(other)
    assert (left & left, left - left) == (left, Addresses(4))
    assert left.count == len(members(one))
    assert bool(left) is bool(one)
    assert (left == right) is (members(one) == members(other))


def test_words_and_the_other_family_name_nobody() -> None:
    assert not Addresses.named(4, ["*", "Internet", "fd00::/8"])
    assert not Addresses.named(6, ["10.0.0.0/8"])


def test_prefixes_are_as_few_as_possible() -> None:
    assert list(Addresses.named(4, ["10.0.0.0/31", "10.0.0.2", "10.0.0.3"]).prefixes()) == ["10.0.0.0/30"]
    assert list(Addresses.named(6, ["fd00::1", "fd00::3"]).prefixes()) == ["fd00::1", "fd00::3"]


def test_no_address_is_public_and_private() -> None:
    for version in (4, 6):
        assert not PUBLIC[version] & PRIVATE[version]
    probe = Addresses.named(4, ["168.63.129.16"])
    assert not probe & PUBLIC[4]
    assert not probe & PRIVATE[4]
    assert Addresses.named(4, ["8.8.8.8", "203.0.113.7", "100.128.0.1"]) - PUBLIC[4] == Addresses(4)
    assert Addresses.named(4, ["10.0.0.4", "172.31.0.1", "192.168.0.1", "100.64.0.1"]) - PRIVATE[4] == Addresses(4)


@pytest.mark.parametrize(
    ("prefixes", "version"),
    [
        (("*",), 4),
        (("Internet", "10.0.0.0/8"), 4),
        (("0.0.0.0/0",), 4),
        (("0.0.0.0/1", "128.0.0.0/1"), 4),
        (("::/0",), 6),
        (("2000::/4", "3000::/4"), 6),
        (("0.0.0.0/1", "2000::/4"), None),
        ((), None),
    ],
)
def test_the_whole_internet_is_known_by_its_version(prefixes: tuple[str, ...], version: int | None) -> None:
    assert whole_internet(prefixes) == version
