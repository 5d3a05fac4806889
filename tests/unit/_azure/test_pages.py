# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages of lists, read item by item."""

from __future__ import annotations

import json
import tracemalloc
from collections import deque
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.pages import Items, read_items
from hypothesis import given
from hypothesis import strategies as st

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(SCALARS, lambda parts: st.lists(parts) | st.dictionaries(st.text(), parts), max_leaves=10)
PAGES = st.fixed_dictionaries({"value": st.lists(VALUES)}, optional={"nextLink": SCALARS, 'odd"\n': VALUES})


def read(items: Items) -> tuple[list[Any], dict[str, Any]]:
    """Read a page whole: what is in the list, and what else it says."""
    found = []
    while True:
        try:
            found.append(next(items))
        except StopIteration as end:
            return found, end.value


@given(PAGES, st.sampled_from([None, 1]), st.booleans(), st.randoms())
def test_a_page_is_read_as_json_reads_it(
    page: dict[str, Any], indent: int | None, escaped: bool, order: Any
) -> None:
    members = list(page.items())
    order.shuffle(members)
    text = json.dumps(dict(members), indent=indent, ensure_ascii=escaped)
    found, rest = read(read_items(text.encode("utf-8", "surrogatepass")))
    assert found == page["value"]
    assert rest == {name: value for name, value in page.items() if name != "value"}


@given(PAGES, st.data())
def test_a_page_that_was_cut_short_is_no_page(page: dict[str, Any], data: st.DataObject) -> None:
    content = json.dumps(page).encode()
    cut = content[: data.draw(st.integers(0, len(content) - 1))]
    with pytest.raises(ValueError):  # noqa: PT011
        read(read_items(cut))


@pytest.mark.parametrize(
    "text",
    [
        "[1]",
        "null",
        '"value"',
        '{"value": [1,]}',
        '{"value": [1 2]}',
        '{"value": [1]} {}',
        '{"value": [1],}',
        '{"value" [1]}',
        "{1: [1]}",
        "{[1]: 1}",
        '{"a": 1 "value": []}',
        "<html>",
    ],
)
def test_what_is_no_object_is_no_page(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        read(read_items(text.encode()))


@pytest.mark.parametrize("text", ["{}", '{"value": []}', '{"value": null}', ' {\n"value" : [ ] }\n'])
def test_a_page_may_be_empty(text: str) -> None:
    assert read(read_items(text.encode()))[0] == []


def test_a_page_takes_little_more_room_than_its_text() -> None:
    item = {"id": "x", "ports": [{"number": number} for number in range(200)]}
    content = json.dumps({"value": [item] * 500}).encode()
    tracemalloc.start()
    try:
        deque(read_items(content), maxlen=0)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1.5 * len(content)
