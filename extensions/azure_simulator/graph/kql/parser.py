# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Queries read from text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from .errors import unsupported
from .expressions import STAGE_WORDS, Reader
from .nodes import (
    Call,
    Column,
    Count,
    Distinct,
    Expression,
    Extend,
    Join,
    Member,
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

# What `mv-expand ... limit` can be raised to [docs].
_LONGEST_EXPANSION = 400
_DEFAULT_TABLE = "resources"
_JOIN_KINDS = ("inner", "leftouter", "innerunique")
# Named after their argument where no name is given, as conversions are.
_TRANSPARENT = frozenset({"tostring", "tolower", "toupper", "toint", "tolong", "todouble", "toreal", "tobool"})


def parse(text: str) -> Query:
    """Read a query. Raises QueryError."""
    reader = Reader(text)
    query = _query(reader)
    reader.take_sign(";")
    if reader.token.kind != "end":
        raise reader.fail("|")
    return query


def _query(reader: Reader) -> Query:
    """Read a table, or none, and its stages; without one the table is `resources` [rec]."""
    stages: list[Stage] = []
    table = _DEFAULT_TABLE
    if reader.token.kind == "name" and reader.token.value in STAGE_WORDS:
        stages.extend(_stage(reader))
    else:
        table = reader.name().lower()
    while reader.take_sign("|"):
        stages.extend(_stage(reader))
    return Query(table, tuple(stages))


def _stage(reader: Reader) -> list[Stage]:
    """Read one stage; some stand for two."""
    if reader.token.kind != "name":
        raise reader.fail("an operator")
    word = reader.token.value
    read = _STAGES.get(word)
    if read is None:
        if word in STAGE_WORDS:
            raise unsupported(f"Operator '{word}'")
        raise reader.fail("an operator")
    reader.advance()
    return read(reader)


def _where(reader: Reader) -> list[Stage]:
    """Read `where`."""
    return [Where(reader.expression())]


def _project(reader: Reader) -> list[Stage]:
    """Read `project`."""
    return [Project(tuple(_named_list(reader)))]


def _extend(reader: Reader) -> list[Stage]:
    """Read `extend`."""
    return [Extend(tuple(_named_list(reader)))]


def _distinct(reader: Reader) -> list[Stage]:
    """Read `distinct`."""
    return [Distinct(tuple(_named_list(reader)))]


def _project_away(reader: Reader) -> list[Stage]:
    """Read `project-away`."""
    names = [reader.name()]
    while reader.take_sign(","):
        names.append(reader.name())
    return [ProjectAway(tuple(names))]


def _mv_expand(reader: Reader) -> list[Stage]:
    """Read `mv-expand`, one or several, each an expansion of what the one before made."""
    stages: list[Stage] = []
    while True:
        name, value = _named(reader, len(stages) + 1)
        if reader.take_word("to"):
            reader.expect_word("typeof")
            reader.expect_sign("(")
            kind = reader.name()
            reader.expect_sign(")")
            stages.append(MvExpand(name, value))
            if kind != "dynamic":
                stages.append(Extend(((name, Call(f"to{kind}", (Column(name),))),)))
        else:
            stages.append(MvExpand(name, value))
        if reader.take_word("limit"):
            limit = min(reader.whole_number(), _LONGEST_EXPANSION)
            return [replace(stage, limit=limit) if isinstance(stage, MvExpand) else stage for stage in stages]
        if not reader.take_sign(","):
            return stages


def _join(reader: Reader) -> list[Stage]:
    """Read `join`."""
    kind = "innerunique"
    if reader.take_word("kind"):
        reader.expect_sign("=")
        kind = reader.name()
        if kind not in _JOIN_KINDS:
            raise unsupported(f"join kind={kind}")
    reader.expect_sign("(")
    right = _query(reader)
    reader.expect_sign(")")
    reader.expect_word("on")
    pairs = [_join_pair(reader)]
    while reader.take_sign(","):
        pairs.append(_join_pair(reader))
    return [Join(kind, right, tuple(pairs))]


def _join_pair(reader: Reader) -> tuple[str, str]:
    """Read a column of both sides, or `$left.a == $right.b`."""
    if not reader.is_word("$left", "$right"):
        name = reader.name()
        return name, name
    sides: dict[str, str] = {}
    for last in (False, True):
        side = reader.advance().value
        if side not in ("$left", "$right") or side in sides:
            raise reader.fail("$left and $right")
        reader.expect_sign(".")
        sides[side] = reader.name()
        if not last:
            reader.expect_sign("==")
    return sides["$left"], sides["$right"]


def _summarize(reader: Reader) -> list[Stage]:
    """Read `summarize`."""
    aggregates: list[tuple[str, Call]] = []
    while not reader.is_word("by"):
        name, value = _named(reader, len(aggregates) + 1)
        if not isinstance(value, Call):
            raise reader.fail("an aggregate function")
        aggregates.append((name, value))
        if not reader.take_sign(","):
            break
    by = _named_list(reader) if reader.take_word("by") else []
    return [Summarize(tuple(aggregates), tuple(by))]


def _order(reader: Reader) -> list[Stage]:
    """Read `order by`."""
    reader.expect_word("by")
    return [OrderBy(tuple(_order_keys(reader)))]


def _order_keys(reader: Reader) -> list[tuple[Expression, bool, bool]]:
    """Read sort keys; Kusto's default is descending, and nulls first where ascending [docs]."""
    keys: list[tuple[Expression, bool, bool]] = []
    while True:
        value = reader.expression()
        descending = not reader.take_word("asc")
        if descending:
            reader.take_word("desc")
        nulls_first = not descending
        if reader.take_word("nulls"):
            nulls_first = reader.take_word("first")
            if not nulls_first:
                reader.expect_word("last")
        keys.append((value, descending, nulls_first))
        if not reader.take_sign(","):
            return keys


def _take(reader: Reader) -> list[Stage]:
    """Read `take`."""
    return [Take(reader.whole_number())]


def _top(reader: Reader) -> list[Stage]:
    """Read `top`."""
    count = reader.whole_number()
    reader.expect_word("by")
    return [OrderBy(tuple(_order_keys(reader))), Take(count)]


def _count(reader: Reader) -> list[Stage]:
    """Read `count`."""
    return [Count()]


def _named_list(reader: Reader) -> list[Named]:
    """Read columns, each with a name of its own or one made from its expression."""
    columns: list[Named] = []
    while True:
        columns.append(_named(reader, len(columns) + 1))
        if not reader.take_sign(","):
            return columns


def _named(reader: Reader, number: int) -> Named:
    """Read `name = expression` or an expression."""
    following = reader.peek()
    if reader.token.kind == "name" and following.kind == "sign" and following.value == "=":
        name = reader.name()
        reader.expect_sign("=")
        return name, reader.expression()
    value = reader.expression()
    return _default_name(value) or f"Column{number}", value


def _default_name(value: Expression) -> str | None:
    """Name a column after its expression as Kusto does."""
    if isinstance(value, Column):
        return value.name
    if isinstance(value, Member):
        base = _default_name(value.base)
        return f"{base}_{value.key}" if base else None
    if isinstance(value, Call):
        return _default_call_name(value)
    return None


def _default_call_name(call: Call) -> str | None:
    """Name a column after a call: conversions like their argument, aggregates by function and argument."""
    inner = _default_name(call.arguments[0]) if call.arguments else ""
    if call.name in _TRANSPARENT:
        return inner or None
    if call.name in ("count", "countif", "dcount", "sum", "min", "max", "avg", "any", "take_any"):
        return f"{call.name}_{inner or ''}"
    if call.name in ("make_list", "make_set"):
        return f"{call.name.removeprefix('make_')}_{inner or ''}"
    return None


_STAGES: dict[str, Callable[[Reader], list[Stage]]] = {
    "where": _where,
    "filter": _where,
    "project": _project,
    "project-away": _project_away,
    "extend": _extend,
    "mv-expand": _mv_expand,
    "mvexpand": _mv_expand,
    "join": _join,
    "summarize": _summarize,
    "order": _order,
    "sort": _order,
    "limit": _take,
    "take": _take,
    "top": _top,
    "count": _count,
    "distinct": _distinct,
}
