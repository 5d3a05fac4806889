# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A parsed query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Literal:
    """A text, number, truth value, or `dynamic(...)`."""

    value: Any


@dataclass(frozen=True, slots=True)
class Column:
    """A column."""

    name: str


@dataclass(frozen=True, slots=True)
class Member:
    """A property of a dynamic value, or an element of it."""

    base: Expression
    key: str | int


@dataclass(frozen=True, slots=True)
class Call:
    """A function call."""

    name: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Binary:
    """Two operands and the operator between them."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Among:
    """`in`, `!in`, `in~`, `!in~`."""

    operator: str
    left: Expression
    values: tuple[Expression, ...]


Expression = Literal | Column | Member | Call | Binary | Among
Named = tuple[str, Expression]


@dataclass(frozen=True, slots=True)
class Where:
    """Keep rows."""

    condition: Expression


@dataclass(frozen=True, slots=True)
class Project:
    """Make exactly these columns."""

    columns: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class ProjectAway:
    """Drop columns."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Extend:
    """Add or replace columns."""

    columns: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class MvExpand:
    """Make a row of each element, of so many at most; the default is the service's [docs]."""

    name: str
    value: Expression
    limit: int = 128


@dataclass(frozen=True, slots=True)
class Join:
    """Add the columns of matching rows; `on` pairs left and right columns."""

    kind: str
    right: Query
    on: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Summarize:
    """Make one row of each group."""

    aggregates: tuple[tuple[str, Call], ...]
    by: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class OrderBy:
    """Sort: expression, descending, nulls first."""

    keys: tuple[tuple[Expression, bool, bool], ...]


@dataclass(frozen=True, slots=True)
class Take:
    """Keep the first rows."""

    count: int


@dataclass(frozen=True, slots=True)
class Count:
    """Count the rows."""


@dataclass(frozen=True, slots=True)
class Distinct:
    """Keep different rows of these columns."""

    columns: tuple[Named, ...]


Stage = Where | Project | ProjectAway | Extend | MvExpand | Join | Summarize | OrderBy | Take | Count | Distinct


@dataclass(frozen=True, slots=True)
class Query:
    """A table and what is done with it."""

    table: str
    stages: tuple[Stage, ...]
