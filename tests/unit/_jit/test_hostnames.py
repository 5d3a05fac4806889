# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of inventory hosts."""

from __future__ import annotations

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.hostnames import (
    Taken,
    fit_for_ansible,
    unique_names,
)
from hypothesis import given
from hypothesis import strategies as st

IDS = st.integers(0, 400).map(lambda number: f"/subscriptions/s/vm-{number}")
NAMES = st.sampled_from(["vm", "VM", "Vm_1", "straße", "STRASSE", "localhost", "a b", "vm_3f2a", "x"])
WISHES = st.dictionaries(IDS, NAMES, max_size=12)


def test_names_that_differ_stay_as_they_are() -> None:
    wished = {"/a": "web-01", "/b": "web-02"}
    assert unique_names(wished) == wished


def test_each_of_those_with_one_name_gets_a_suffix_of_its_own() -> None:
    names = unique_names({"/a": "web", "/b": "WEB", "/c": "db"})
    assert names["/c"] == "db"
    assert names["/a"].startswith("web_")
    assert names["/b"].startswith("WEB_")
    assert names["/a"].casefold() != names["/b"].casefold()


def test_the_suffix_depends_on_the_id_alone_and_not_on_its_case() -> None:
    two = unique_names({"/a": "web", "/b": "web"})
    three = unique_names({"/c": "web", "/A": "web", "/b": "web"})
    assert three["/A"] == two["/a"]
    assert three["/b"] == two["/b"]


@pytest.mark.parametrize("name", ["localhost", "LocalHost", "127.0.0.1"])
def test_a_vm_is_never_taken_for_the_controller(name: str) -> None:
    assert unique_names({"/a": name}, Taken(("127.0.0.1", "localhost")))["/a"].startswith(f"{name}_")


def test_case_tells_names_from_those_of_groups_as_in_ansible() -> None:
    names = unique_names({"/a": "vdi", "/b": "WEB"}, Taken(groups=("vdi", "web")))
    assert names["/a"].startswith("vdi_")
    assert names["/b"] == "WEB"


def test_a_name_belongs_to_the_vm_that_has_it_already() -> None:
    taken = Taken(others={"web": "/a"})
    assert unique_names({"/A": "Web"}, taken) == {"/A": "Web"}
    assert unique_names({"/b": "Web"}, taken)["/b"].startswith("Web_")


def test_a_suffixed_name_that_is_taken_grows() -> None:
    short = unique_names({"/a": "web"}, Taken(("web",)))["/a"]
    for taken in (Taken(("web", short)), Taken(("web",), groups=(short,)), Taken(("web",), others={short: "/b"})):
        name = unique_names({"/a": "web"}, taken)["/a"]
        assert name.startswith(short)
        assert name != short


@pytest.mark.parametrize(
    ("name", "fit"),
    [
        ("web-01.example_2.com", "web-01.example_2.com"),
        ("größe", "größe"),
        ("gro\u0308\u00dfe", "größe"),
        ("वेब-1", "वेब-1"),
        ("../../etc/x", "_._.._etc_x"),
        ("/etc/x", "_etc_x"),
        ("C:\\x", "C__x"),
        (".hidden", "_hidden"),
        ("-oProxyCommand=x", "_oProxyCommand_x"),
        ("a b\tc\nd\0e", "a_b_c_d_e"),
        ("a:b,c!&*?[1]~@", "a_b_c_____1___"),
        ("a\u202eb\u200bc\ud800d", "a_b_c_d"),
        ("{{ lookup('pipe', 'id') }}", "___lookup__pipe____id_____"),
        ("\U0001f3f4", "_"),
        ("..", "_."),
    ],
)
def test_a_name_is_no_path_no_pattern_and_no_option(name: str, fit: str) -> None:
    assert fit_for_ansible(name) == fit


@given(st.text(min_size=1))
def test_a_fit_name_stays_as_it_is_and_is_never_empty(name: str) -> None:
    fit = fit_for_ansible(name)
    assert fit
    assert fit[0] not in ".-"
    assert not set(fit) & set("/\\:,;!&*?[]~@ \0\n\t{}'\"")
    assert fit_for_ansible(fit) == fit


def test_a_suffix_that_makes_somebody_elses_name_grows() -> None:
    short = unique_names({"/a": "web", "/b": "web"})["/a"]
    names = unique_names({"/a": "web", "/b": "web", "/c": short})
    assert names["/c"] == short
    assert names["/a"] != short
    assert names["/a"].startswith(short)


@given(WISHES)
def test_names_are_unique_without_case_and_begin_as_wished(wished: dict[str, str]) -> None:
    names = unique_names(wished, Taken(("localhost",)))
    assert names.keys() == wished.keys()
    assert len({name.casefold() for name in names.values()} | {"localhost"}) == len(names) + 1
    assert all(names[vm].startswith(wished[vm]) for vm in wished)


@given(WISHES, st.randoms(use_true_random=False))
def test_order_makes_no_difference(wished: dict[str, str], random: st.DataObject) -> None:
    shuffled = list(wished.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert unique_names(dict(shuffled)) == unique_names(wished)
