# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Expressions read from tokens."""

from __future__ import annotations

import json

from .errors import ParserFailure
from .nodes import Among, Binary, Call, Column, Expression, Literal, Member
from .tokens import Token, tokenize

STAGE_WORDS = frozenset(
    {
        "where",
        "filter",
        "project",
        "project-away",
        "extend",
        "mv-expand",
        "mvexpand",
        "join",
        "summarize",
        "order",
        "sort",
        "limit",
        "take",
        "count",
        "distinct",
        "top",
        "union",
        "parse",
        "render",
        "project-rename",
        "project-keep",
        "project-reorder",
    }
)
_TEXT_OPERATORS = frozenset(
    {
        "has",
        "has_cs",
        "contains",
        "contains_cs",
        "startswith",
        "startswith_cs",
        "endswith",
        "endswith_cs",
        "hasprefix",
    }
)
_COMPARISONS = frozenset({"==", "!=", "=~", "!~", "<", "<=", ">", ">=", "<>"})


class Reader:
    """Walks over tokens and builds expressions."""

    def __init__(self, query: str) -> None:
        """Cut the query. Raises ParserFailure."""
        self.query = query
        self._tokens = tokenize(query)
        self._index = 0

    @property
    def token(self) -> Token:
        """Return the current token."""
        return self._tokens[self._index]

    def peek(self) -> Token:
        """Return the token after the current one."""
        return self._tokens[min(self._index + 1, len(self._tokens) - 1)]

    def advance(self) -> Token:
        """Return the current token and go on."""
        token = self.token
        if token.kind != "end":
            self._index += 1
        return token

    def fail(self, expected: str) -> ParserFailure:
        """Return an error at the current token."""
        return ParserFailure(self.query, self.token.position, self.token.value, expected)

    def is_sign(self, *values: str) -> bool:
        """Tell whether the current token is one of these signs."""
        return self.token.kind == "sign" and self.token.value in values

    def is_word(self, *values: str) -> bool:
        """Tell whether the current token is one of these words."""
        return self.token.kind == "name" and self.token.value in values

    def take_sign(self, value: str) -> bool:
        """Go past a sign if it is there."""
        if self.is_sign(value):
            self.advance()
            return True
        return False

    def take_word(self, value: str) -> bool:
        """Go past a word if it is there."""
        if self.is_word(value):
            self.advance()
            return True
        return False

    def expect_sign(self, value: str) -> None:
        """Go past a sign. Raises ParserFailure."""
        if not self.take_sign(value):
            raise self.fail(value)

    def expect_word(self, value: str) -> None:
        """Go past a word. Raises ParserFailure."""
        if not self.take_word(value):
            raise self.fail(value)

    def name(self) -> str:
        """Read a name, also a bracketed one. Raises ParserFailure."""
        if self.token.kind == "name":
            return self.advance().value
        if self.is_sign("[") and self.peek().kind == "text":
            self.advance()
            value = self.advance().value
            self.expect_sign("]")
            return value
        raise self.fail("a name")

    def whole_number(self) -> int:
        """Read a whole number. Raises ParserFailure."""
        if self.token.kind != "number" or "." in self.token.value:
            raise self.fail("a whole number")
        return int(self.advance().value)

    def expression(self) -> Expression:
        """Read an expression. Raises ParserFailure."""
        left = self._conjunction()
        while self.take_word("or"):
            left = Binary("or", left, self._conjunction())
        return left

    def _conjunction(self) -> Expression:
        """Read operands of `and`."""
        left = self._comparison()
        while self.take_word("and"):
            left = Binary("and", left, self._comparison())
        return left

    def _comparison(self) -> Expression:
        """Read a comparison, or an operand alone."""
        left = self._sum()
        if self.token.kind == "sign" and self.token.value in _COMPARISONS:
            operator = self.advance().value
            return Binary("!=" if operator == "<>" else operator, left, self._sum())
        negated = self.is_sign("!") and self.peek().kind == "name"
        word = self.peek().value if negated else self.token.value if self.token.kind == "name" else ""
        if word in _TEXT_OPERATORS:
            self._skip(1 + negated)
            return Binary(("!" if negated else "") + word, left, self._sum())
        if word == "in":
            self._skip(1 + negated)
            return self._among(left, negated)
        if word == "matches" and not negated:
            self._skip(1)
            self.expect_word("regex")
            return Binary("matches", left, self._sum())
        return left

    def _skip(self, count: int) -> None:
        """Go past some tokens."""
        for _ in range(count):
            self.advance()

    def _among(self, left: Expression, negated: bool) -> Expression:
        """Read the list after `in`."""
        operator = ("!" if negated else "") + ("in~" if self.take_sign("~") else "in")
        self.expect_sign("(")
        values = [self.expression()]
        while self.take_sign(","):
            values.append(self.expression())
        self.expect_sign(")")
        return Among(operator, left, tuple(values))

    def _sum(self) -> Expression:
        """Read operands of `+` and `-`."""
        left = self._product()
        while self.is_sign("+", "-"):
            left = Binary(self.advance().value, left, self._product())
        return left

    def _product(self) -> Expression:
        """Read operands of `*`, `/` and `%`."""
        left = self._unary()
        while self.is_sign("*", "/", "%"):
            left = Binary(self.advance().value, left, self._unary())
        return left

    def _unary(self) -> Expression:
        """Read an operand with its sign."""
        if self.take_sign("-"):
            return Binary("-", Literal(0), self._unary())
        return self._postfix(self._primary())

    def _postfix(self, base: Expression) -> Expression:
        """Read `.name`, `['name']` and `[0]` after a value."""
        while True:
            if self.is_sign(".") and self.peek().kind == "name":
                self.advance()
                base = Member(base, self.advance().value)
            elif self.is_sign("["):
                base = Member(base, self._index_key())
            else:
                return base

    def _index_key(self) -> str | int:
        """Read a bracketed key."""
        self.expect_sign("[")
        negative = self.take_sign("-")
        key: str | int
        if self.token.kind == "text" and not negative:
            key = self.advance().value
        else:
            key = self.whole_number() * (-1 if negative else 1)
        self.expect_sign("]")
        return key

    def _primary(self) -> Expression:
        """Read a literal, a call, a column or a parenthesis."""
        token = self.token
        if token.kind == "text":
            return Literal(self.advance().value)
        if token.kind == "number":
            text = self.advance().value
            return Literal(float(text) if "." in text else int(text))
        if self.take_sign("("):
            inner = self.expression()
            self.expect_sign(")")
            return inner
        if self.is_sign("[") and self.peek().kind == "text":
            return Column(self.name())
        if token.kind != "name":
            raise self.fail("an expression")
        return self._word()

    def _word(self) -> Expression:
        """Read what begins with a word."""
        name = self.advance().value
        if self.is_sign("("):
            return self._dynamic() if name == "dynamic" else self._call(name)
        if name in ("true", "false"):
            return Literal(name == "true")
        if name in STAGE_WORDS:
            # Such words are no columns; the service complains about what follows them [rec].
            raise self.fail("an expression")
        return Column(name)

    def _call(self, name: str) -> Expression:
        """Read the arguments of a call."""
        self.expect_sign("(")
        arguments: list[Expression] = []
        while not self.is_sign(")"):
            arguments.append(self.expression())
            if not self.take_sign(","):
                break
        self.expect_sign(")")
        return Call(name, tuple(arguments))

    def _dynamic(self) -> Expression:
        """Read `dynamic(...)`, whose content is JSON."""
        self.expect_sign("(")
        start, depth = self.token.position, 1
        while depth:
            if self.token.kind == "end":
                raise self.fail(")")
            depth += {"(": 1, ")": -1}.get(self.token.value, 0) if self.token.kind == "sign" else 0
            end = self.advance().position
        try:
            return Literal(json.loads(self.query[start:end].replace("'", '"')))
        except ValueError:
            raise self.fail("JSON") from None
