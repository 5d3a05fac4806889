# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The query language: what it knows it evaluates, what it doesn't it refuses."""

from __future__ import annotations

from typing import Any

import pytest
from azure_simulator.graph.kql.errors import QueryError
from azure_simulator.graph.kql.evaluator import Table, evaluate
from azure_simulator.graph.kql.functions import ColumnType
from azure_simulator.graph.kql.parser import parse

COLUMNS: dict[str, ColumnType] = {"id": "string", "type": "string", "size": "integer", "properties": "object"}
ROWS: list[dict[str, Any]] = [
    {"id": "A", "type": "vm", "size": 3, "properties": {"os": "Linux", "nics": [{"id": "N1"}, {"id": "N2"}]}},
    {"id": "b", "type": "vm", "size": 1, "properties": {"os": "Windows", "nics": []}},
    {"id": "c", "type": "vm", "size": 2, "properties": {"os": None, "on": True, "a b": {"x.y": [10, 20]}}},
    {"id": "n1", "type": "nic", "size": 0, "properties": {"ip": "10.0.0.1"}},
    {"id": "n1", "type": "nic", "size": 7, "properties": {"ip": "10.0.0.2"}},
]


def run(query: str) -> list[dict[str, Any]]:
    """Evaluate a query over the rows above."""
    return evaluate(parse(query), {"resources": Table(COLUMNS, lambda types: iter(ROWS))}).rows


def ids(query: str) -> list[str]:
    """Return the ids that a query keeps."""
    return [row["id"] for row in run(query)]


@pytest.mark.parametrize(
    ("condition", "kept"),
    [
        ("id == 'A'", ["A"]),
        ("id == 'a'", []),
        ("id =~ 'a'", ["A"]),
        ("id != 'A'", ["b", "c", "n1", "n1"]),
        ("id !~ 'a' and type == 'vm'", ["b", "c"]),
        ("id in ('A', 'b')", ["A", "b"]),
        ("id in ('a')", []),
        ("id in~ ('a', 'C')", ["A", "c"]),
        ("id !in~ ('a', 'n1')", ["b", "c"]),
        ("properties.os has 'linux'", ["A"]),
        ("properties.os has 'lin'", []),
        ("properties.os contains 'IN'", ["A", "b"]),
        ("properties.os !contains 'lin'", ["b", "c", "n1", "n1"]),
        ("properties.os startswith 'win'", ["b"]),
        ("properties.os endswith 'X'", ["A"]),
        ("properties['os'] == \"Windows\"", ["b"]),
        ("properties.on == true", ["c"]),
        ("properties.on =~ 'true'", ["c"]),
        ("properties['a b']['x.y'][1] == 20", ["c"]),
        ("properties['a b']['x.y'][-2] == 10", ["c"]),
        ("properties.missing.deep[3] == 'x'", []),
        ("size > 1 and size <= 3", ["A", "c"]),
        ("size + 1 == 4 or size * 2 == 2", ["A", "b"]),
        ("not(type == 'vm')", ["n1", "n1"]),
        ("(type == 'vm' or size == 7) and size >= 2", ["A", "c", "n1"]),
        ("type == 'nic' or type == 'vm' and size == 1", ["b", "n1", "n1"]),
        ("isempty(properties.os) and type == 'vm'", ["c"]),
        ("isnotempty(properties.os)", ["A", "b"]),
        ("isnull(properties.on)", ["A", "b", "n1", "n1"]),
        ("isnotnull(properties.on)", ["c"]),
        ("array_length(properties.nics) == 0", ["b"]),
        ("id matches regex '^[A-Z]$'", ["A"]),
        ("size == -1 + 2", ["b"]),
    ],
)
def test_where(condition: str, kept: list[str]) -> None:
    assert ids(f"resources | where {condition}") == kept


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("tolower(id)", "a"),
        ("toupper('ä')", "Ä"),
        ("tostring(properties.nics)", '[{"id":"N1"},{"id":"N2"}]'),
        ("tostring(properties.missing)", ""),
        ("tostring(true)", "true"),
        ("strcat(id, '-', size)", "A-3"),
        ("coalesce(properties.missing, properties.os)", "Linux"),
        ("coalesce(tostring(properties.missing), 'none')", "none"),
        ("iff(size > 2, 'big', 'small')", "big"),
        ("case(size > 5, 'l', size > 2, 'm', 's')", "m"),
        ("toint('42')", 42),
        ("toint('x')", None),
        ("tobool('TRUE')", True),
        ("extract('L(.)n', 1, tostring(properties.os))", "i"),
        ("extract('nothing', 0, id)", ""),
        ("split('a/b/c', '/')", ["a", "b", "c"]),
        ("split('a/b/c', '/')[2]", "c"),
        ("tostring(split('a/b/c', '/', 1)[0])", "b"),
        ("parse_json('{\"a\": [1]}').a[0]", 1),
        ("todynamic('[1,2]')[1]", 2),
        ("strlen('four')", 4),
        ("substring('abcdef', 1, 3)", "bcd"),
        ("dynamic(['x', 1])[0]", "x"),
        (r"'tab\there'", "tab\there"),
        (r"@'c:\temp'", r"c:\temp"),
        ("7 / 2", 3),
        ("7 / 2.0", 3.5),
        ("1 / 0", None),
    ],
)
def test_expressions(expression: str, value: Any) -> None:
    assert run(f"resources | take 1 | project x = {expression}") == [{"x": value}]


def test_columns_are_named_after_their_expressions() -> None:
    """[spec: ResourcesPropertiesQuery; docs]"""
    (row,) = run("resources | take 1 | project id, properties.os, tostring(properties.nics[0].id), strcat(id, id)")
    assert list(row) == ["id", "properties_os", "properties_nics_0_id", "Column4"]


def test_a_query_without_a_table_is_about_resources() -> None:
    """[rec: test_resources_basic_query]"""
    assert run("project id, size | limit 2") == [{"id": "A", "size": 3}, {"id": "b", "size": 1}]


def test_extend_replaces_and_adds() -> None:
    (row,) = run("resources | take 1 | extend size = size + 1, twice = size * 2 | project size, twice")
    assert row == {"size": 4, "twice": 6}


def test_project_away() -> None:
    assert run("resources | take 1 | project-away properties, type") == [{"id": "A", "size": 3}]


def test_mv_expand_keeps_rows_without_elements() -> None:
    rows = run(
        "resources | where type == 'vm' | mv-expand nic = properties.nics | project id, nicId = tostring(nic.id)"
    )
    assert [(row["id"], row["nicId"]) for row in rows] == [("A", "N1"), ("A", "N2"), ("b", ""), ("c", "")]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("kind=leftouter", [("A", "10.0.0.1"), ("A", "10.0.0.2"), ("A", ""), ("b", ""), ("c", "")]),
        ("kind=inner", [("A", "10.0.0.1"), ("A", "10.0.0.2")]),
        ("", [("A", "10.0.0.1"), ("A", "10.0.0.2")]),
    ],
)
def test_join(kind: str, expected: list[tuple[str, str]]) -> None:
    rows = run(
        "resources | where type == 'vm' | mv-expand nic = properties.nics "
        "| extend nicId = tolower(tostring(nic.id)) "
        f"| join {kind} (resources | where type == 'nic' "
        "| project nicId = tolower(id), ip = tostring(properties.ip)) on nicId "
        "| project id, ip, nicId, nicId1"
    )
    assert [(row["id"], row["ip"]) for row in rows] == expected


def test_join_on_columns_of_different_names() -> None:
    rows = run(
        "resources | where type == 'vm' | join kind=inner (resources | project other = id, n = size) "
        "on $left.id == $right.other | project id, n | order by n asc"
    )
    assert rows == [{"id": "b", "n": 1}, {"id": "c", "n": 2}, {"id": "A", "n": 3}]


def test_summarize() -> None:
    rows = run("resources | summarize count(), total = sum(size), names = make_list(id), make_set(type) by type")
    assert rows == [
        {"type": "vm", "count_": 3, "total": 6, "names": ["A", "b", "c"], "set_type": ["vm"]},
        {"type": "nic", "count_": 2, "total": 7, "names": ["n1", "n1"], "set_type": ["nic"]},
    ]
    assert run("resources | where id == 'none' | summarize count(), take_any(id), max(size)") == [
        {"count_": 0, "take_any_id": None, "max_size": None}
    ]
    assert run("resources | summarize dcount(id), countif(size > 1), min(size), avg(size)") == [
        {"dcount_id": 4, "countif_": 3, "min_size": 0, "avg_size": 2.6}
    ]


def test_order_is_descending_by_default_with_nulls_last() -> None:
    """[docs]"""
    assert ids("resources | where type == 'vm' | order by size") == ["A", "c", "b"]
    assert ids("resources | where type == 'vm' | sort by size asc") == ["b", "c", "A"]
    assert ids("resources | order by type asc, size desc") == ["n1", "n1", "A", "c", "b"]
    assert ids("resources | where type == 'vm' | extend o = properties.on | order by o desc") == ["c", "A", "b"]
    assert ids("resources | where type == 'vm' | extend o = properties.on | order by o asc") == ["A", "b", "c"]
    assert ids("resources | where type == 'vm' | extend o = properties.on | order by o asc nulls last")[0] == "c"
    assert ids("resources | top 1 by size") == ["n1"]


def test_count_and_distinct() -> None:
    assert run("resources | count") == [{"Count": 5}]
    assert run("resources | distinct type") == [{"type": "vm"}, {"type": "nic"}]


def test_comments_and_lines() -> None:
    assert ids("resources // all of them\n| where id == 'b' // one\n") == ["b"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("resources | where nosuch == 1", "InvalidColumnNames"),
        ("resources | project-away nosuch", "InvalidColumnNames"),
        ("resources | join (resources) on nosuch", "InvalidColumnNames"),
        ("nosuch | take 1", "InvalidTableName"),
        ("resources | extend x = frobnicate(id)", "UnknownFunction"),
        ("resources | summarize frobnicate(id)", "UnknownFunction"),
        ("resources | extend x = tolower()", "InvalidArguments"),
        ("resources | extend x = tolower(id, id)", "InvalidArguments"),
        ("resources | union resources", "UnsupportedQuery"),
        ("resources | join kind=rightanti (resources) on id", "UnsupportedQuery"),
        ("resources | frobnicate", "ParserFailure"),
        ("resources | where", "ParserFailure"),
        ("resources | where id ==", "ParserFailure"),
        ("resources | where (id == 'a'", "ParserFailure"),
        ("resources | take many", "ParserFailure"),
        ("resources | where id == 'open", "ParserFailure"),
        ("resources where id == 'a'", "ParserFailure"),
        ("resources | where id § 1", "ParserFailure"),
        ("resources | extend x = 'it''s'", "ParserFailure"),
        ("resources | where id matches regex '('", "InvalidArguments"),
    ],
)
def test_what_is_not_known_is_refused(query: str, code: str) -> None:
    with pytest.raises(QueryError) as caught:
        run(query)
    assert caught.value.detail["code"] == code


def test_parser_failures_point_at_the_token() -> None:
    """[rec: test_resources_malformed_query]"""
    with pytest.raises(QueryError) as caught:
        parse("project id, location | where where")
    detail = caught.value.detail
    assert (detail["line"], detail["characterPositionInLine"], detail["token"]) == (1, 34, "<EOF>")
    with pytest.raises(QueryError) as caught:
        parse("resources\n| where id ==\n  | take 1")
    detail = caught.value.detail
    assert (detail["line"], detail["characterPositionInLine"], detail["token"]) == (3, 2, "|")


def test_leading_conditions_narrow_the_scan() -> None:
    seen: list[frozenset[str] | None] = []

    def scan(types: frozenset[str] | None) -> list[dict[str, Any]]:
        seen.append(types)
        return ROWS

    tables = {"resources": Table(COLUMNS, scan)}
    for query in (
        "resources | where type =~ 'VM'",
        "resources | where size > 1 and type in~ ('VM', 'nic')",
        "resources | where size > 1 | where type == 'vm'",
        "resources | where type == 'vm' or size > 1",
        "resources | extend type = 'vm' | where type == 'nic'",
        "resources | where type != 'vm'",
    ):
        evaluate(parse(query), tables)
    narrow = frozenset({"vm"})
    assert seen == [narrow, frozenset({"vm", "nic"}), narrow, None, None, None]
