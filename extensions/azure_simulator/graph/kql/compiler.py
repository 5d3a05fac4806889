# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Expressions made into Python functions of a row, with the type of what they give."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from .errors import unknown_columns, unknown_function, wrong_arguments
from .functions import AGGREGATES, SCALARS, ColumnType
from .nodes import Among, Binary, Call, Column, Expression, Literal, Member
from .values import equal, member, real, text

Row = dict[str, Any]
Evaluate = Callable[[Row], Any]
Columns = Mapping[str, ColumnType]
Compiled = tuple[Evaluate, ColumnType]


def compile_expression(node: Expression, columns: Columns) -> Compiled:
    """Make a function of a row. Raises QueryError."""
    if isinstance(node, Literal):
        value = node.value
        return (lambda row: value), _type_of(value)
    if isinstance(node, Column):
        return _column(node.name, columns)
    if isinstance(node, Member):
        return _member(node, columns)
    if isinstance(node, Call):
        return _call(node, columns)
    if isinstance(node, Among):
        return _among(node, columns), "boolean"
    return _binary(node, columns)


def _type_of(value: Any) -> ColumnType:
    """Return the type of a literal."""
    if isinstance(value, bool):
        return "boolean"
    types: dict[type, ColumnType] = {str: "string", int: "integer", float: "number"}
    return types.get(type(value), "object")


def _column(name: str, columns: Columns) -> Compiled:
    """Read a column."""
    if name not in columns:
        raise unknown_columns([name])
    return (lambda row: row[name]), columns[name]


def _member(node: Member, columns: Columns) -> Compiled:
    """Read a path of properties in one go."""
    keys: list[str | int] = []
    base: Expression = node
    while isinstance(base, Member):
        keys.append(base.key)
        base = base.base
    start, _ = compile_expression(base, columns)
    path = tuple(reversed(keys))

    def evaluate(row: Row) -> Any:
        value = start(row)
        for key in path:
            value = value.get(key) if type(value) is dict and type(key) is str else member(value, key)
        return value

    return evaluate, "object"


def _call(node: Call, columns: Columns) -> Compiled:
    """Call a function."""
    special = _SPECIAL.get(node.name)
    if special is not None:
        return special(node, columns)
    function = SCALARS.get(node.name)
    if function is None:
        raise unknown_function(node.name)
    count = len(node.arguments)
    if count < function.least or (function.most is not None and count > function.most):
        raise wrong_arguments(node.name, _wanted(function.least, function.most))
    call = function.call
    arguments = [compile_expression(argument, columns)[0] for argument in node.arguments]
    if count == 1:
        only = arguments[0]
        return (lambda row: call(only(row))), function.type
    return (lambda row: call(*[argument(row) for argument in arguments])), function.type


def _wanted(least: int, most: int | None) -> str:
    """Say how many arguments a function takes."""
    if most is None:
        return f"at least {least} arguments"
    return f"{least} arguments" if least == most else f"{least} to {most} arguments"


def _iff(node: Call, columns: Columns) -> Compiled:
    """Choose between two values."""
    if len(node.arguments) != 3:
        raise wrong_arguments(node.name, "3 arguments")
    (condition, _), (then, kind), (other, _) = [compile_expression(part, columns) for part in node.arguments]
    return (lambda row: then(row) if condition(row) else other(row)), kind


def _case(node: Call, columns: Columns) -> Compiled:
    """Choose the value after the first condition that holds."""
    if len(node.arguments) < 3 or len(node.arguments) % 2 == 0:
        raise wrong_arguments(node.name, "pairs of condition and value, and a last value")
    parts = [compile_expression(part, columns) for part in node.arguments]
    pairs = [(parts[index][0], parts[index + 1][0]) for index in range(0, len(parts) - 1, 2)]
    last = parts[-1][0]

    def evaluate(row: Row) -> Any:
        for condition, value in pairs:
            if condition(row):
                return value(row)
        return last(row)

    return evaluate, parts[1][1]


def _coalesce(node: Call, columns: Columns) -> Compiled:
    """Return the first value that is there; texts count as missing when empty [docs]."""
    if len(node.arguments) < 2:
        raise wrong_arguments(node.name, "at least 2 arguments")
    parts = [compile_expression(part, columns) for part in node.arguments]
    missing = (None, "") if parts[0][1] == "string" else (None,)

    def evaluate(row: Row) -> Any:
        value = None
        for part, _ in parts:
            value = part(row)
            if value not in missing:
                return value
        return value

    return evaluate, parts[0][1]


_SPECIAL: dict[str, Callable[[Call, Columns], Compiled]] = {
    "iff": _iff,
    "iif": _iff,
    "case": _case,
    "coalesce": _coalesce,
}


def _among(node: Among, columns: Columns) -> Evaluate:
    """Look a value up in a list."""
    left, _ = compile_expression(node.left, columns)
    values = [compile_expression(value, columns)[0] for value in node.values]
    folded, negated = node.operator.endswith("~"), node.operator.startswith("!")

    def flat(value: Any) -> list[Any]:
        return value if isinstance(value, list) else [value]

    if all(isinstance(value, Literal) for value in node.values):
        known = {text(item) for value in values for item in flat(value({}))}
        known = {item.lower() for item in known} if folded else known
        if folded:
            return lambda row: (text(left(row)).lower() in known) is not negated
        return lambda row: (text(left(row)) in known) is not negated

    def evaluate(row: Row) -> bool:
        wanted = text(left(row))
        items = [text(item) for value in values for item in flat(value(row))]
        if folded:
            wanted, items = wanted.lower(), [item.lower() for item in items]
        return (wanted in items) is not negated

    return evaluate


def _binary(node: Binary, columns: Columns) -> Compiled:
    """Combine two operands."""
    left, left_type = compile_expression(node.left, columns)
    right, right_type = compile_expression(node.right, columns)
    if node.operator == "and":
        return (lambda row: bool(left(row) and right(row))), "boolean"
    if node.operator == "or":
        return (lambda row: bool(left(row) or right(row))), "boolean"
    if node.operator in _ARITHMETIC:
        kind: ColumnType = "integer" if (left_type, right_type) == ("integer", "integer") else "number"
        arithmetic = _ARITHMETIC[node.operator]
        return (lambda row: _calculate(arithmetic, left(row), right(row))), kind
    if node.operator == "=~" and isinstance(node.right, Literal):
        wanted = text(node.right.value).lower()
        return (lambda row: text(left(row)).lower() == wanted), "boolean"
    compare = _comparison(node.operator)
    return (lambda row: compare(left(row), right(row))), "boolean"


def _calculate(operation: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    """Calculate with numbers; anything else gives null."""
    first, second = (value if isinstance(value, int | float) else real(value) for value in (left, right))
    if first is None or second is None:
        return None
    try:
        return operation(first, second)
    except ZeroDivisionError:
        return None


_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left // right if isinstance(left, int) and isinstance(right, int) else left / right,
    "%": lambda left, right: left % right,
}


def _comparison(operator: str) -> Callable[[Any, Any], bool]:
    """Return what compares two values."""
    if operator.startswith("!") and operator not in ("!=", "!~"):
        positive = _comparison(operator[1:])
        return lambda left, right: not positive(left, right)
    return _COMPARISONS[operator]


def _has(left: Any, right: Any) -> bool:
    """Tell whether a text has a whole word, without regard to case."""
    return re.search(rf"(?<![0-9a-z]){re.escape(text(right).lower())}(?![0-9a-z])", text(left).lower()) is not None


def _matches(value: str, pattern: str) -> bool:
    """Tell whether a pattern is found in a text. Raises QueryError."""
    try:
        return re.search(pattern, value) is not None
    except re.error:
        raise wrong_arguments("matches regex", "a regular expression") from None


def _less(left: Any, right: Any, or_equal: bool = False) -> bool:
    """Compare numbers, or texts with texts; null is neither less nor more."""
    if left is None or right is None:
        return False
    if isinstance(left, str) and isinstance(right, str):
        return left <= right if or_equal else left < right
    first, second = real(left), real(right)
    if first is None or second is None:
        return False
    return first <= second if or_equal else first < second


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": equal,
    "!=": lambda left, right: not equal(left, right),
    "=~": lambda left, right: text(left).lower() == text(right).lower(),
    "!~": lambda left, right: text(left).lower() != text(right).lower(),
    "<": _less,
    "<=": lambda left, right: _less(left, right, or_equal=True),
    ">": lambda left, right: _less(right, left),
    ">=": lambda left, right: _less(right, left, or_equal=True),
    "has": _has,
    "has_cs": lambda left, right: re.search(rf"\b{re.escape(text(right))}\b", text(left)) is not None,
    "hasprefix": lambda left, right: re.search(rf"\b{re.escape(text(right))}", text(left), re.I) is not None,
    "contains": lambda left, right: text(right).lower() in text(left).lower(),
    "contains_cs": lambda left, right: text(right) in text(left),
    "startswith": lambda left, right: text(left).lower().startswith(text(right).lower()),
    "startswith_cs": lambda left, right: text(left).startswith(text(right)),
    "endswith": lambda left, right: text(left).lower().endswith(text(right).lower()),
    "endswith_cs": lambda left, right: text(left).endswith(text(right)),
    "matches": lambda left, right: _matches(text(left), text(right)),
}


def compile_aggregate(node: Call, columns: Columns) -> tuple[Callable[[list[Row]], Any], ColumnType]:
    """Make a function of a group of rows. Raises QueryError."""
    function = AGGREGATES.get(node.name)
    if function is None:
        raise unknown_function(node.name)
    call = function.call
    if not function.takes_argument:
        if node.arguments:
            raise wrong_arguments(node.name, "no argument")
        return call, function.type
    if len(node.arguments) != 1:
        raise wrong_arguments(node.name, "1 argument")
    argument, kind = compile_expression(node.arguments[0], columns)
    result = kind if node.name in ("min", "max", "any", "take_any") else function.type
    return (lambda rows: call([argument(row) for row in rows])), result
