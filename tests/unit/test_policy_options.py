# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What policies shall hold, as options say it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import InvalidOption, InvalidOptions
from ansible_collections.jitfleet.azure.plugins.module_utils._options import read_origin, read_ports
from ansible_collections.jitfleet.azure.plugins.module_utils._policy_options import (
    read_numbers,
    read_policy_name,
    read_rules,
)
from samples import rule


@pytest.mark.parametrize("raw", [[], ()])
@pytest.mark.parametrize("reader", [read_rules, read_numbers, read_ports])
def test_a_list_that_came_out_empty_is_never_the_widest_choice(reader: Any, raw: Any) -> None:
    with pytest.raises(InvalidOption, match=r"vms\[3\]\.ports of host a: the list is empty"):
        reader("vms[3].ports of host a", raw)


def test_no_sources_are_not_any_source() -> None:
    with pytest.raises((InvalidOption, InvalidOptions), match=r"ports\[1\]\.sources: the list is empty"):
        read_rules("ports", [22, {"port": 443, "sources": []}])
    with pytest.raises(InvalidOption, match="sources: the list is empty"):
        read_origin("sources", [], allow_any=True)


def test_what_is_not_given_is_left_to_the_defaults() -> None:
    assert read_rules("ports", None) == ()
    assert read_numbers("ports", None) == frozenset()
    assert read_ports("ports", None) == ()
    assert read_origin("sources", None, allow_any=False).own_address
    assert read_rules("ports", [{"port": 22, "sources": None, "max_duration": None}]) == (rule(22),)


@pytest.mark.parametrize(
    ("spelling", "minutes"), [("90 min", 90), ("1.5 hours", 90), ("PT1.5H", 90), ("P0DT3H", 180), ("1 day", 1440)]
)
def test_maximums_may_be_written_as_people_do(spelling: str, minutes: int) -> None:
    (read,) = read_rules("ports", [{"port": 22, "max_duration": spelling}])
    assert read.max_duration == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("raw", "words"), [(0, "say its unit"), ("", "not a duration"), (3, "3m or 3h"), ("P1W", "1 day")]
)
def test_other_maximums_are_refused(raw: Any, words: str) -> None:
    with pytest.raises((InvalidOption, InvalidOptions), match=rf"ports\[0\]\.max_duration.*{words}"):
        read_rules("ports", [{"port": 22, "max_duration": raw}])


@pytest.mark.parametrize("spelling", ["any", "*", "internet", "0.0.0.0/0", "203.0.113.7/0"])
def test_everybody_is_written_as_the_portal_does(spelling: str) -> None:
    (read,) = read_rules("ports", [{"port": 22, "sources": [spelling]}])
    assert read.sources == {"*"}


@pytest.mark.parametrize("name", ["default", "team-1", "a_b", "v1.2", ".hidden"])
def test_policies_are_named_by_letters_digits_and_some_signs(name: str) -> None:
    assert read_policy_name({"policy_name": name}) == name


@pytest.mark.parametrize(
    "name", ["", ".", "..", "...", "größe", 'a"b', "a;b", "a b", "a/b", "a\n", "a%2fb", "../x"]
)
def test_what_would_change_the_path_is_no_name(name: str) -> None:
    with pytest.raises(InvalidOption, match="is no name of a policy"):
        read_policy_name({"policy_name": name})
