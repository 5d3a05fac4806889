# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facets: how often each value of a column occurs in a query's result."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ..exchange import Json
from .kql.evaluator import Result
from .kql.values import hashable, sort_key

# How many values come unasked is a guess [inf].
_TOP = 10
_MAX_TOP = 1000
_OPTIONS = ("sortBy", "sortOrder", "$top")


def show_facets(result: Result, asked: Any) -> list[Json]:
    """Write the facets asked for, errors among them as recorded [rec]. Raises ValueError."""
    if not isinstance(asked, list) or not all(isinstance(item, dict) for item in asked):
        raise ValueError("'facets' must be a list of objects.")
    return [_facet(result, item.get("expression"), item.get("options") or {}) for item in asked]


def _facet(result: Result, expression: Any, options: Any) -> Json:
    """Write one facet. Raises ValueError."""
    if not isinstance(expression, str) or not isinstance(options, dict):
        raise ValueError("A facet needs the text 'expression', and its 'options' must be an object.")
    for name in options:
        if name not in _OPTIONS:
            raise ValueError(f"'{name}' of a facet is not supported by the simulator.")
    if expression not in result.columns:
        return _no_such_column(expression)
    counted = _counted(result, expression, options)
    rows = counted[: _top(options)]
    return {
        "expression": expression,
        "totalRecords": len(counted),
        "count": len(rows),
        "data": rows,
        "resultType": "FacetResult",
    }


def _counted(result: Result, column: str, options: Json) -> list[Json]:
    """Return each value with its number, by number downwards unless told otherwise [spec]."""
    by, order = options.get("sortBy", "count"), options.get("sortOrder", "desc")
    if by not in ("count", column) or order not in ("asc", "desc"):
        raise ValueError(f"A facet is sorted by 'count' or '{column}', 'asc' or 'desc'.")
    values = {hashable(row[column]): row[column] for row in result.rows}
    counts = Counter(hashable(row[column]) for row in result.rows)
    rows = [{column: values[key], "count": number} for key, number in counts.items()]
    return sorted(rows, key=lambda row: sort_key(row[by]), reverse=order == "desc")


def _top(options: Json) -> int:
    """Return how many values are wanted. Raises ValueError."""
    top = options.get("$top", _TOP)
    if type(top) is not int or not 1 <= top <= _MAX_TOP:
        raise ValueError(f"'$top' of a facet must be a whole number from 1 to {_MAX_TOP}.")
    return top


def _no_such_column(expression: str) -> Json:
    """Say that a facet's column doesn't exist [rec]."""
    return {
        "expression": expression,
        "errors": [
            {"code": "NoValidColumns", "message": "No valid columns in facet expression."},
            {"code": "InvalidColumnNames", "message": f"Invalid column names: [{expression}]."},
        ],
        "resultType": "FacetError",
    }
