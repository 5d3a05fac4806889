# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jinja expressions over the variables of inventory hosts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from ansible.errors import AnsibleError
from ansible.template import is_trusted_as_template, trust_as_template

from ..module_utils._jit.errors import InvalidOption
from ..module_utils._jit.hosts import Variables
from ._inventory_settings import Expression

# A variable compared with a text, of which there are a thousand in a fleet of as many: the engine isn't needed.
_PLAIN = re.compile(r"""\s*(\w+)\s*(==|!=)\s*(["'])([^"'\\]*)\3\s*""")


def evaluate(templar: Any, expression: Expression, variables: Variables) -> Any:
    """Evaluate an expression, or the template that it is where it has braces."""
    templar.available_variables = variables
    if "{{" in str(expression) or "{%" in str(expression):
        return templar.template(expression)
    return templar.evaluate_expression(expression)


def is_true(templar: Any, condition: Expression, variables: Variables) -> bool:
    """Tell whether an expression's value counts as true in Jinja."""
    if isinstance(condition, bool):
        return condition
    if plain := _PLAIN.fullmatch(condition):
        name, comparison, _quote, text = plain.groups()
        if isinstance(variables.get(name), str):
            return (variables[name] == text) is (comparison == "==")
    whole = f"true if ({condition}) else false"
    if is_trusted_as_template(condition):  # it stands in the user's file
        whole = trust_as_template(whole)
    templar.available_variables = variables
    return bool(templar.evaluate_expression(whole))


def any_is_true(
    templar: Any, option: str, conditions: Iterable[Expression], name: str, variables: Variables, *, may_fail: bool
) -> bool:
    """Tell whether any of a filter's conditions is true for a VM; one that may fail and does is not."""
    for condition in conditions:
        try:
            if is_true(templar, condition, variables):
                return True
        except AnsibleError as error:
            if not may_fail:
                raise InvalidOption(option, f"{condition!r} fails for the VM {name}: {error}") from error
    return False


class Failures:
    """Collects expressions that failed, to tell each once, whatever the number of hosts."""

    def __init__(self) -> None:
        self._first: dict[tuple[str, str], tuple[str, str]] = {}
        self._number: dict[tuple[str, str], int] = {}

    def add(self, option: str, expression: object, host: str, error: AnsibleError) -> None:
        key = option, str(expression)
        self._first.setdefault(key, (host, str(error)))
        self._number[key] = self._number.get(key, 0) + 1

    def tell(self, warn: Callable[[str], None]) -> None:
        for (option, expression), (host, error) in self._first.items():
            number = self._number[option, expression]
            whom = f"the host {host}" if number == 1 else f"{number} hosts, such as {host}"
            warn(f"{option}: {expression!r} fails for {whom}: {error}")
