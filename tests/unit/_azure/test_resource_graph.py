# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The query for VMs, and its pages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.arm import Arm
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.resource_graph import (
    ResourceGraph,
    query,
    quote,
)
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import ReplyLost
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.hosts import InterfaceRow, VmRow
from azure_simulator.graph.kql.parser import parse
from azure_simulator.graph.kql.tokens import tokenize
from fleet_rows import vm_row
from hypothesis import given
from hypothesis import strategies as st

PRINTABLE = st.text().filter(str.isprintable)


class PagedArm(Arm):
    """Answers queries with prepared pages and keeps what it was asked."""

    def __init__(self, pages: Iterable[dict[str, Any]]) -> None:
        self._pages = iter(pages)
        self.bodies: list[dict[str, Any]] = []

    def query(self, path: str, api_version: str, body: Any) -> Any:
        assert path == "/providers/Microsoft.ResourceGraph/resources"
        self.bodies.append(body)
        return next(self._pages)


def read(arm: Arm, subscriptions: Iterable[str] = ("s",)) -> list[VmRow]:
    return ResourceGraph(arm).list_vms(list(subscriptions), [], include_powered_off=False)


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        ("rg-one", "'rg-one'"),
        ("it's", r"'it\'s'"),
        ("a\\", r"'a\\'"),
        ("x') | take 1 //", r"'x\') | take 1 //'"),
        ("line\nbreak", r"'line\u000abreak'"),
        ("größe", "'größe'"),
        ("\u200b", r"'\u200b'"),
        ("\U0001f3f4\U000e0067", "'\U0001f3f4\U000e0067'"),
    ],
)
def test_a_text_is_quoted(text: str, literal: str) -> None:
    assert quote(text) == literal


@given(PRINTABLE)
def test_nothing_in_a_text_can_end_its_literal(text: str) -> None:
    token, end = tokenize(quote(text))
    assert (token.kind, token.value) == ("text", text)
    assert end.kind == "end"


@given(st.lists(st.text(), max_size=4), st.booleans())
def test_the_query_is_well_formed_whatever_groups_are_called(groups: list[str], powered_off: bool) -> None:
    parse(query([group for group in groups if group.isprintable()], include_powered_off=powered_off))


def test_groups_and_power_state_are_left_to_azure() -> None:
    assert "resourceGroup in~ ('rg-a', 'rg-b')" in query(["rg-a", "rg-b"], include_powered_off=True)
    assert "resourceGroup in~" not in query([], include_powered_off=True)
    assert "PowerState/deallocated" in query([], include_powered_off=False)
    assert "PowerState" not in query([], include_powered_off=True)


def test_the_query_asks_for_the_columns_that_rows_are_read_from() -> None:
    text = query([], include_powered_off=True, whole_interfaces=True)
    projected = text.partition("| project ")[2].partition("\n| join")[0]
    columns = {part.partition("=")[0].strip() for part in re.split(r",(?![^(]*\))", projected)}
    assert columns - {"vmKey"} | {"interfaces"} == VmRow.__annotations__.keys()
    packed = text.partition("make_list(pack(")[2].partition(") by vmKey")[0]
    assert set(re.findall(r"'(\w+)'", packed)) == InterfaceRow.__annotations__.keys()


def test_the_query_keeps_to_the_services_limits() -> None:
    text = query(["rg"], include_powered_off=False)
    assert len(re.findall(r"\| join ", text)) <= 3
    assert len(re.findall(r"\| mv-expand ", text)) <= 2
    assert text.endswith("| order by id asc")


def test_pages_are_followed_by_their_token() -> None:
    first, second, third = vm_row("a"), vm_row("b"), vm_row("c")
    arm = PagedArm(
        [
            {"data": [first], "$skipToken": "one"},
            {"data": [second], "$skipToken": "two"},
            {"data": [third], "resultTruncated": "false"},
        ]
    )
    assert read(arm) == [first, second, third]
    assert [body["options"].get("$skipToken") for body in arm.bodies] == [None, "one", "two"]
    assert {body["options"]["$top"] for body in arm.bodies} == {1000}
    assert {body["options"]["resultFormat"] for body in arm.bodies} == {"objectArray"}


def test_many_subscriptions_are_asked_for_a_thousand_at_a_time() -> None:
    arm = PagedArm([{"data": []}] * 3)
    read(arm, map(str, range(2001)))
    assert [len(body["subscriptions"]) for body in arm.bodies] == [1000, 1000, 1]


@pytest.mark.parametrize(
    ("pages", "problem"),
    [
        ([{"data": [], "resultTruncated": "true", "count": 1000}], "cut its answer short at 1000"),
        ([{"data": [], "$skipToken": "same"}] * 2, "the same page twice"),
        ([{"data": [], "totalRecords": 2500}], "gave 0 of 2500 rows"),
        ([{"data": [vm_row("a")], "count": 2}], "gave 1 of 2 rows"),
        ([{}], "answered with something that is no list of rows"),
        ([{"data": None}], "answered with something that is no list of rows"),
        ([{"data": {"columns": [], "rows": []}}], "answered with something that is no list of rows"),
        ([{"data": ["row"]}], "answered with something that is no list of rows"),
        ([{"data": [{**vm_row("a"), "id": None}]}], "a row without an id"),
    ],
)
def test_an_answer_that_would_lose_vms_is_an_error(pages: list[dict[str, Any]], problem: str) -> None:
    with pytest.raises(ReplyLost, match=problem):
        read(PagedArm(pages))


def test_vms_that_come_and_go_between_two_pages_are_no_error() -> None:
    first, second = vm_row("a"), vm_row("b")
    arm = PagedArm(
        [
            {"data": [first], "totalRecords": 2, "count": 1, "$skipToken": "one"},
            {"data": [second], "totalRecords": 3, "count": 1},
        ]
    )
    assert read(arm) == [first, second]
