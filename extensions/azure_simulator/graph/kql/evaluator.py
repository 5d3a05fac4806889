# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Queries evaluated over tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from .compiler import Columns, Row, compile_aggregate, compile_expression
from .errors import unknown_columns, unknown_table
from .functions import ColumnType
from .nodes import (
    Among,
    Binary,
    Column,
    Count,
    Distinct,
    Expression,
    Extend,
    Join,
    Literal,
    MvExpand,
    Named,
    OrderBy,
    Project,
    ProjectAway,
    Query,
    Stage,
    Summarize,
    Take,
    Where,
)
from .values import hashable, sort_key, text

Scan = Callable[[frozenset[str] | None], Iterable[Row]]


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its columns, and its rows, narrowed to types of resources (lower case) where that is enough."""

    columns: Columns
    scan: Scan


@dataclass(frozen=True, slots=True)
class Result:
    """Rows with their columns."""

    columns: dict[str, ColumnType]
    rows: list[Row]


def evaluate(query: Query, tables: dict[str, Table]) -> Result:
    """Evaluate a query. Raises QueryError."""
    table = tables.get(query.table)
    if table is None:
        raise unknown_table(query.table)
    rows = list(table.scan(_types(query.stages)))
    result = Result(dict(table.columns), rows)
    for stage in query.stages:
        result = _apply(stage, result, tables)
    return result


def _types(stages: tuple[Stage, ...]) -> frozenset[str] | None:
    """Return the resource types to which the leading conditions narrow the table; None means all."""
    for stage in stages:
        if not isinstance(stage, Where):
            return None
        found = _types_in(stage.condition)
        if found is not None:
            return found
    return None


def _types_in(condition: Expression) -> frozenset[str] | None:
    """Find the types that a condition requires."""
    if isinstance(condition, Binary):
        if condition.operator == "and":
            left = _types_in(condition.left)
            return left if left is not None else _types_in(condition.right)
        if condition.operator in ("==", "=~") and condition.left == Column("type"):
            return (
                frozenset({text(condition.right.value).lower()}) if isinstance(condition.right, Literal) else None
            )
    if isinstance(condition, Among) and condition.operator in ("in", "in~") and condition.left == Column("type"):
        values = [value.value for value in condition.values if isinstance(value, Literal)]
        return frozenset(text(value).lower() for value in values) if len(values) == len(condition.values) else None
    return None


def _apply(stage: Stage, result: Result, tables: dict[str, Table]) -> Result:
    """Apply one stage."""
    if isinstance(stage, Join):
        return _join(stage, result, evaluate(stage.right, tables))
    apply: Callable[[Any, Result], Result] = _STAGES[type(stage)]
    return apply(stage, result)


def _where(stage: Where, result: Result) -> Result:
    """Keep the rows for which the condition holds."""
    holds, _ = compile_expression(stage.condition, result.columns)
    return Result(result.columns, [row for row in result.rows if holds(row)])


def _project(stage: Project, result: Result) -> Result:
    """Make exactly the named columns."""
    compiled = [(name, *compile_expression(value, result.columns)) for name, value in stage.columns]
    columns = {name: kind for name, _, kind in compiled}
    return Result(columns, [{name: value(row) for name, value, _ in compiled} for row in result.rows])


def _project_away(stage: ProjectAway, result: Result) -> Result:
    """Drop columns."""
    missing = [name for name in stage.names if name not in result.columns]
    if missing:
        raise unknown_columns(missing)
    columns = {name: kind for name, kind in result.columns.items() if name not in stage.names}
    return Result(columns, [{name: row[name] for name in columns} for row in result.rows])


def _extend(stage: Extend, result: Result) -> Result:
    """Add columns; each may use those before it in the row, not in the list."""
    compiled = [(name, *compile_expression(value, result.columns)) for name, value in stage.columns]
    columns = result.columns | {name: kind for name, _, kind in compiled}
    return Result(columns, [row | {name: value(row) for name, value, _ in compiled} for row in result.rows])


def _mv_expand(stage: MvExpand, result: Result) -> Result:
    """Make a row of each element; an empty or missing list keeps its row, with null."""
    value, _ = compile_expression(stage.value, result.columns)
    rows = [row | {stage.name: item} for row in result.rows for item in _items(value(row))[: stage.limit]]
    return Result(result.columns | {stage.name: "object"}, rows)


def _items(value: Any) -> list[Any]:
    """Return what one row is expanded into."""
    if isinstance(value, list):
        return value or [None]
    if isinstance(value, dict):
        return [{name: item} for name, item in value.items()] or [None]
    return [value]


def _join(stage: Join, left: Result, right: Result) -> Result:
    """Add the columns of the right rows whose keys are equal; doubled names get a number."""
    missing = [name for name, _ in stage.on if name not in left.columns]
    missing += [name for _, name in stage.on if name not in right.columns]
    if missing:
        raise unknown_columns(missing)
    renamed = _renamed(left.columns, right.columns)
    left_keys, right_keys = [name for name, _ in stage.on], [name for _, name in stage.on]
    index: dict[Any, list[Row]] = {}
    for row in right.rows:
        index.setdefault(_key(row, right_keys), []).append({new: row[old] for old, new in renamed.items()})
    empty = {new: _nothing(right.columns[old]) for old, new in renamed.items()}
    rows = left.rows if stage.kind != "innerunique" else _unique(left.rows, left_keys)
    none = [empty] if stage.kind == "leftouter" else []
    joined = [row | other for row in rows for other in index.get(_key(row, left_keys), none)]
    return Result(left.columns | {new: right.columns[old] for old, new in renamed.items()}, joined)


def _renamed(left: Columns, right: Columns) -> dict[str, str]:
    """Return the names that the right columns get."""
    names: dict[str, str] = {}
    for name in right:
        number, new = 1, name
        while new in left or new in names.values():
            new = f"{name}{number}"
            number += 1
        names[name] = new
    return names


def _key(row: Row, names: list[str]) -> Any:
    """Return what rows are joined by."""
    return hashable(row[names[0]]) if len(names) == 1 else tuple(hashable(row[name]) for name in names)


def _nothing(kind: ColumnType) -> Any:
    """Return what stands in a column where no row matched: texts are never null."""
    return "" if kind == "string" else None


def _unique(rows: list[Row], names: list[str]) -> list[Row]:
    """Keep the first row of each key."""
    first: dict[Any, Row] = {}
    for row in rows:
        first.setdefault(_key(row, names), row)
    return list(first.values())


def _summarize(stage: Summarize, result: Result) -> Result:
    """Make one row of each group; without `by` there is one group, even when empty."""
    by = _compiled(stage.by, result.columns)
    aggregates = [(name, *compile_aggregate(call, result.columns)) for name, call in stage.aggregates]
    groups: dict[Any, tuple[Row, list[Row]]] = {}
    if not by:
        groups[()] = ({}, [])
    for row in result.rows:
        head = {name: value(row) for name, value, _ in by}
        groups.setdefault(tuple(hashable(item) for item in head.values()), (head, []))[1].append(row)
    columns = {name: kind for name, _, kind in by} | {name: kind for name, _, kind in aggregates}
    rows = [head | {name: total(members) for name, total, _ in aggregates} for head, members in groups.values()]
    return Result(columns, rows)


def _compiled(columns: tuple[Named, ...], known: Columns) -> list[tuple[str, Callable[[Row], Any], ColumnType]]:
    """Compile named columns."""
    return [(name, *compile_expression(value, known)) for name, value in columns]


def _order_by(stage: OrderBy, result: Result) -> Result:
    """Sort by the last key first, as the sort is stable."""
    rows = list(result.rows)
    for value, descending, nulls_first in reversed(stage.keys):
        evaluate_key, _ = compile_expression(value, result.columns)
        keyed = [(evaluate_key(row), row) for row in rows]
        nulls = [row for key, row in keyed if key is None]
        rest = [(sort_key(key), row) for key, row in keyed if key is not None]
        rest.sort(key=lambda pair: pair[0], reverse=descending)
        rows = [*(nulls if nulls_first else []), *(row for _, row in rest), *([] if nulls_first else nulls)]
    return Result(result.columns, rows)


def _take(stage: Take, result: Result) -> Result:
    """Keep the first rows."""
    return Result(result.columns, result.rows[: stage.count])


def _count(stage: Count, result: Result) -> Result:
    """Count the rows."""
    return Result({"Count": "integer"}, [{"Count": len(result.rows)}])


def _distinct(stage: Distinct, result: Result) -> Result:
    """Keep different rows."""
    projected = _project(Project(stage.columns), result)
    return Result(projected.columns, _unique(projected.rows, list(projected.columns)))


_STAGES: dict[type, Callable[[Any, Result], Result]] = {
    Where: _where,
    Project: _project,
    ProjectAway: _project_away,
    Extend: _extend,
    MvExpand: _mv_expand,
    Summarize: _summarize,
    OrderBy: _order_by,
    Take: _take,
    Count: _count,
    Distinct: _distinct,
}
