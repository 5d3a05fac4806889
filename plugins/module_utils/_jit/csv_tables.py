# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables for spreadsheets, in which nothing is a formula."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

# Spreadsheets take a cell that begins so for a formula, in quotes too; some look past leading blanks, and some
# read the full-width forms alike.
_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20|%]")
# Where the list's separator is a semicolon, Excel begins a new cell at each, whatever stands in quotes; quotes at
# its beginning are then the new cell's own, and go.
_LATER_FORMULA = re.compile(r"(;[\s\"]*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20|%])")
# What would break a line, or end the text for some reader.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# Without it Excel reads the file in the machine's old code page.
BYTE_ORDER_MARK = "\ufeff"


def write_csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """Write rows as RFC 4180 says, each value of a list after the other in one cell."""
    lines = [columns, *([_text(row.get(column)) for column in columns] for row in rows)]
    return BYTE_ORDER_MARK + "".join(",".join(map(_quoted, line)) + "\r\n" for line in lines)


def _text(value: Any) -> str:
    """Write a value as a cell; only text can be a formula, a number stays one."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, Mapping):
        return defuse("; ".join(f"{key}={part}" for key, part in value.items()))
    if isinstance(value, list | tuple):
        return defuse("; ".join(map(str, value)))
    return defuse(str(value))


def defuse(text: str) -> str:
    """Make a text a single line that no spreadsheet calculates."""
    line = _LATER_FORMULA.sub(r"\1'", _CONTROL.sub(" ", text))
    return f"'{line}" if _FORMULA.match(line) else line


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'
