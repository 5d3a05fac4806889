# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Spreadsheets: any text comes back as it went in, and none is a formula."""

from __future__ import annotations

import csv
import io

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.csv_tables import (
    BYTE_ORDER_MARK,
    defuse,
    write_csv,
)
from hypothesis import given
from hypothesis import strategies as st

FORMULAS = (
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "  =1+1",
    "\t=1",
    "\r\n=1",
    "\u00a0=1",
    "\uff1d1+1",
)


def read_back(text: str) -> list[list[str]]:
    assert text.startswith(BYTE_ORDER_MARK)
    return list(csv.reader(io.StringIO(text.removeprefix(BYTE_ORDER_MARK), newline=""), strict=True))


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_becomes_text(text: str) -> None:
    ((cell,),) = read_back(write_csv(["tag"], [{"tag": text}]))[1:]
    assert cell.startswith("'")


@pytest.mark.parametrize("value", [{"=1+1": "x"}, ["=1+1", "x"], ("@x",)])
def test_a_formula_within_a_list_becomes_text(value: object) -> None:
    assert read_back(write_csv(["tags"], [{"tags": value}]))[1][0].startswith("'")


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("a;=1+1;@x", "a;'=1+1;'@x"),
        ("a; \t+1", "a;  '+1"),
        (["a", "=1+1"], "a; '=1+1"),
        ('a;"=1+1', "a;\"'=1+1"),
        ('a; ""@x', 'a; ""\'@x'),
        ({"semi": "a;-1"}, "semi=a;'-1"),
        ("a;b=c", "a;b=c"),
    ],
)
def test_a_formula_behind_a_semicolon_becomes_text(value: object, cell: str) -> None:
    assert read_back(write_csv(["x"], [{"x": value}]))[1] == [cell]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (-5, "-5"),
        (3.5, "3.5"),
        (True, "true"),
        (None, ""),
        ("vm-01", "vm-01"),
        ({"a": "b"}, "a=b"),
        ([1, 2], "1; 2"),
    ],
)
def test_numbers_and_plain_texts_stay(value: object, cell: str) -> None:
    assert read_back(write_csv(["x"], [{"x": value}]))[1] == [cell]


def test_a_missing_value_is_an_empty_cell() -> None:
    assert read_back(write_csv(["a", "b"], [{"a": "x"}])) == [["a", "b"], ["x", ""]]


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), max_size=5))
def test_every_row_stays_one_row_of_its_cells(rows: list[list[str]]) -> None:
    read = read_back(write_csv(["a", "b"], [dict(zip("ab", row, strict=True)) for row in rows]))
    assert read[1:] == [[defuse(cell) for cell in row] for row in rows]


@given(st.text())
def test_no_cell_begins_like_a_formula_or_breaks_its_line(text: str) -> None:
    cell = defuse(text)
    assert cell.lstrip()[:1] not in ("=", "+", "-", "@")
    assert len(cell.splitlines()) <= 1


@given(
    st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126)).filter(lambda text: text[:1].isalnum())
)
def test_an_ordinary_text_is_left_alone(text: str) -> None:
    assert defuse(text) == text
