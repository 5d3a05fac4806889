# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong with a query."""

from __future__ import annotations

from typing import Any


class QueryError(Exception):
    """A refusal; `detail` is the entry after `InvalidQuery` in the answer's details."""

    def __init__(self, detail: dict[str, Any]) -> None:
        """Keep the detail."""
        super().__init__(detail["message"])
        self.detail = detail


class ParserFailure(QueryError):
    """The query isn't well formed; shape as recorded [rec]."""

    def __init__(self, query: str, position: int, token: str, expected: str) -> None:
        """Point at a token."""
        before = query[:position]
        super().__init__(
            {
                "code": "ParserFailure",
                "message": "ParserFailure",
                "line": before.count("\n") + 1,
                "characterPositionInLine": position - (before.rfind("\n") + 1),
                "token": token,
                "expectedToken": expected,
            }
        )


def unknown_columns(names: list[str]) -> QueryError:
    """Say that columns don't exist [rec, of facets]."""
    return QueryError({"code": "InvalidColumnNames", "message": f"Invalid column names: [{', '.join(names)}]."})


def unknown_table(name: str) -> QueryError:
    """Say that there is no such table [inf]."""
    return QueryError(
        {"code": "InvalidTableName", "message": f"Table {name} is invalid, unsupported or disallowed."}
    )


def unknown_function(name: str) -> QueryError:
    """Say that a function isn't known here [inf]."""
    return QueryError(
        {"code": "UnknownFunction", "message": f"Function {name} is unknown, unsupported or disallowed."}
    )


def unsupported(what: str) -> QueryError:
    """Say that the simulator doesn't know something that Azure may know [inf]."""
    return QueryError({"code": "UnsupportedQuery", "message": f"{what} is not supported by the simulator."})


def wrong_arguments(name: str, wanted: str) -> QueryError:
    """Say that a function was called with the wrong number of arguments [inf]."""
    return QueryError({"code": "InvalidArguments", "message": f"Function {name}: {wanted} expected."})
