# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A query as tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from .errors import ParserFailure

Kind = Literal["name", "text", "number", "sign", "end"]

_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*)
      | (?P<text>@?'(?:[^'\\\n]|\\.)*'|@?"(?:[^"\\\n]|\\.)*")
      | (?P<number>\d+\.\d+|\d+)
      | (?P<name>\$left|\$right|[A-Za-z_][A-Za-z0-9_]*(?:-(?:away|keep|rename|reorder|expand|apply)\b)?)
      | (?P<sign>==|!=|=~|!~|<=|>=|<>|!(?=[A-Za-z])|[|()\[\]{},.:=<>+\-*/%~])""",
    re.VERBOSE,
)
_KINDS: dict[str, Kind] = {"name": "name", "number": "number", "sign": "sign"}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


@dataclass(frozen=True, slots=True)
class Token:
    """A token; texts come without their quotes."""

    kind: Kind
    value: str
    position: int


def tokenize(query: str) -> list[Token]:
    """Cut a query into tokens, an `end` last. Raises ParserFailure."""
    tokens: list[Token] = []
    position = 0
    while position < len(query):
        match = _TOKEN.match(query, position)
        if match is None:
            raise ParserFailure(query, position, query[position], "a valid token")
        kind = match.lastgroup
        if kind == "text":
            tokens.append(Token("text", _unquote(match.group()), position))
        elif kind != "space":
            tokens.append(Token(_KINDS[kind or "sign"], match.group(), position))
        position = match.end()
    tokens.append(Token("end", "<EOF>", len(query)))
    return tokens


def _unquote(text: str) -> str:
    """Return what a quoted text stands for; `@` makes it verbatim."""
    if text.startswith("@"):
        return text[2:-1]
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match.group(1), match.group(1)), text[1:-1])
