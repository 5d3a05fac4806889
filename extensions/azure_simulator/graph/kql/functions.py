# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scalar and aggregate functions."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from .values import boolean, hashable, is_empty, real, sort_key, text, whole

ColumnType = Literal["string", "object", "integer", "number", "boolean"]


@dataclass(frozen=True, slots=True)
class Scalar:
    """A function of values; `most` None means any number of arguments."""

    call: Callable[..., Any]
    type: ColumnType
    least: int = 1
    most: int | None = 1


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A function of a column's values."""

    call: Callable[[Sequence[Any]], Any]
    type: ColumnType
    takes_argument: bool = True


def _extract(pattern: str, group: int, source: Any) -> str:
    """Return a group of the first match, or the empty text."""
    match = re.search(pattern, text(source))
    return (match.group(group) or "") if match else ""


def _pack(*values: Any) -> dict[str, Any]:
    """Make an object of keys and values that take turns."""
    return {text(key): value for key, value in zip(values[::2], values[1::2], strict=True)}


def _parse_json(value: Any) -> Any:
    """Return what a JSON text says; other texts stay as they are."""
    if type(value) is not str:
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _substring(source: Any, start: int, length: int | None = None) -> str:
    """Return a part of a text."""
    return text(source)[start:] if length is None else text(source)[start : start + length]


def _split(source: Any, delimiter: str, index: int | None = None) -> list[str]:
    """Cut a text; with an index, keep that part alone."""
    parts = text(source).split(delimiter)
    return parts if index is None else parts[index : index + 1]


SCALARS: dict[str, Scalar] = {
    "tolower": Scalar(lambda value: text(value).lower(), "string"),
    "toupper": Scalar(lambda value: text(value).upper(), "string"),
    "tostring": Scalar(text, "string"),
    "toint": Scalar(whole, "integer"),
    "tolong": Scalar(whole, "integer"),
    "todouble": Scalar(real, "number"),
    "toreal": Scalar(real, "number"),
    "tobool": Scalar(boolean, "boolean"),
    "strcat": Scalar(lambda *values: "".join(text(value) for value in values), "string", 1, None),
    "strlen": Scalar(lambda value: len(text(value)), "integer"),
    "substring": Scalar(_substring, "string", 2, 3),
    "replace_string": Scalar(lambda source, old, new: text(source).replace(text(old), text(new)), "string", 3, 3),
    "trim": Scalar(lambda pattern, source: re.sub(f"^({pattern})|({pattern})$", "", text(source)), "string", 2, 2),
    "extract": Scalar(_extract, "string", 3, 3),
    "split": Scalar(_split, "object", 2, 3),
    "parse_json": Scalar(_parse_json, "object"),
    "todynamic": Scalar(_parse_json, "object"),
    "isempty": Scalar(is_empty, "boolean"),
    "isnotempty": Scalar(lambda value: not is_empty(value), "boolean"),
    "isnull": Scalar(lambda value: value is None, "boolean"),
    "isnotnull": Scalar(lambda value: value is not None, "boolean"),
    "not": Scalar(lambda value: not value, "boolean"),
    "array_length": Scalar(lambda value: len(value) if isinstance(value, list) else None, "integer"),
    "pack_array": Scalar(lambda *values: list(values), "object", 0, None),
    # Two names of one function: the older one is what public queries use.
    "pack": Scalar(_pack, "object", 2, None),
    "bag_pack": Scalar(_pack, "object", 2, None),
}


def _mean(values: Sequence[Any]) -> float | None:
    """Return the mean of the numbers."""
    numbers = _numbers(values)
    return sum(numbers) / len(numbers) if numbers else None


def _numbers(values: Sequence[Any]) -> list[float]:
    """Return the values that are numbers."""
    return [number for number in map(real, values) if number is not None]


def _total(values: Sequence[Any]) -> int | float:
    """Return the sum; whole numbers stay whole."""
    total = float(sum(_numbers(values)))
    return int(total) if total.is_integer() else total


def _different(values: Sequence[Any]) -> list[Any]:
    """Return different values that are not null, in order."""
    return list({hashable(value): value for value in values if value is not None}.values())


def _best(values: Sequence[Any], pick: Callable[..., Any]) -> Any:
    """Return the least or greatest value."""
    present = [value for value in values if value is not None]
    return pick(present, key=sort_key) if present else None


AGGREGATES: dict[str, Aggregate] = {
    "count": Aggregate(len, "integer", takes_argument=False),
    "countif": Aggregate(lambda values: sum(1 for value in values if value), "integer"),
    "dcount": Aggregate(lambda values: len(_different(values)), "integer"),
    "sum": Aggregate(_total, "number"),
    "avg": Aggregate(_mean, "number"),
    "min": Aggregate(lambda values: _best(values, min), "object"),
    "max": Aggregate(lambda values: _best(values, max), "object"),
    "any": Aggregate(lambda values: values[0] if values else None, "object"),
    "take_any": Aggregate(lambda values: values[0] if values else None, "object"),
    "make_list": Aggregate(lambda values: [value for value in values if value is not None], "object"),
    "make_set": Aggregate(_different, "object"),
}
