# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters over VMs, in JMESPath."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from ._jit.conditions import Condition, Property
from ._jit.errors import InvalidOption, MissingLibrary
from ._pushdown import PLAIN, plain_part

try:
    import jmespath
except ImportError:
    HAS_JMESPATH = False
else:
    HAS_JMESPATH = True


def _compile(option: str, expression: str) -> Any:
    if not HAS_JMESPATH:
        raise MissingLibrary(
            f"{option}: the Python package jmespath is missing for the controller's Python {sys.executable}. "
            f"Install it there: {sys.executable} -m pip install jmespath"
        )
    try:
        return jmespath.compile(expression)
    except jmespath.exceptions.JMESPathError as error:
        raise InvalidOption(option, f"{expression!r} is no JMESPath expression: {_on_one_line(error)}") from error


class Query:
    """A JMESPath expression over a whole result."""

    def __init__(self, option: str, expression: str) -> None:
        self._option = option
        self._expression = expression
        self._compiled = _compile(option, expression)

    def of(self, document: Mapping[str, Any]) -> Any:
        try:
            return self._compiled.search(document)
        except jmespath.exceptions.JMESPathError as error:
            raise InvalidOption(self._option, f"{self._expression!r} fails: {_on_one_line(error)}") from error


class Filter:
    """A JMESPath expression that says of a VM's variables whether the VM is wanted."""

    def __init__(self, option: str, expression: str) -> None:
        self._option = option
        # What policies say about a VM costs further requests, so they are read only where it is asked for.
        self.asks_for_jit = "jit_" in expression
        self._expression = expression
        self._compiled = _compile(option, expression)

    def plain_part(self, names: Mapping[str, Property] | None = None) -> Condition | None:
        """Give what every wanted VM fulfils and Azure can check by itself; `names` are those of the variables."""
        return plain_part(self._compiled.parsed, PLAIN if names is None else names)

    def wants(self, name: str, variables: Mapping[str, Any]) -> bool:
        """Tell whether the expression's value counts as true in JMESPath: empty, false and null don't."""
        try:
            value = self._compiled.search(variables)
        except jmespath.exceptions.JMESPathError as error:
            raise InvalidOption(
                self._option, f"{self._expression!r} fails for the VM {name}: {_on_one_line(error)}"
            ) from error
        return value is not None and value is not False and value not in ("", [], {})


def _on_one_line(error: Exception) -> str:
    return " ".join(str(error).split())
