# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a JMESPath filter Azure can check by itself.

What comes out is a condition that every wanted VM fulfils, and that no VM misses for which the filter would fail:
the filter is applied to what Azure then sends, so with and without the condition it lets the same VMs through.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from ._jit.conditions import LOCATION, POWER_STATE, RESOURCE_GROUP, TAG, AllOf, AnyOf, Condition, Is, Property

# Names of variables, and what they are about.
PLAIN: Mapping[str, Property] = MappingProxyType(
    {"location": LOCATION, "resource_group": RESOURCE_GROUP, "powerstate": POWER_STATE, "tags": TAG}
)
# Expressions of these alone can't fail, whatever a VM looks like.
_HARMLESS = frozenset(
    {"and_expression", "comparator", "field", "literal", "not_expression", "or_expression", "subexpression"}
)

Ast = Mapping[str, Any]


def plain_part(expression: Ast, names: Mapping[str, Property]) -> Condition | None:
    """Find the condition in a parsed filter; `names` are those of the variables, as the filter knows them."""
    kind = expression["type"]
    if kind == "and_expression":
        return _all_of(expression, names)
    if kind == "or_expression":
        return _any_of(expression, names)
    return _comparison(expression, names) if kind == "comparator" else None


def _all_of(expression: Ast, names: Mapping[str, Property]) -> Condition | None:
    """Take what can be taken, up to the first part that may fail: it has to see the VMs that fail it."""
    parts: list[Condition] = []
    for operand in _operands(expression, "and_expression"):
        if (part := plain_part(operand, names)) is not None:
            parts.append(part)
        if not _is_harmless(operand):
            break
    return AllOf(tuple(parts)) if len(parts) > 1 else next(iter(parts), None)


def _any_of(expression: Ast, names: Mapping[str, Property]) -> Condition | None:
    parts = [plain_part(operand, names) for operand in _operands(expression, "or_expression")]
    known = tuple(part for part in parts if part is not None)
    return AnyOf(known) if len(known) == len(parts) else None


def _operands(expression: Ast, kind: str) -> Iterator[Ast]:
    """Give the parts of a chain `a && b && c`, which is parsed into pairs."""
    for child in expression["children"]:
        if child["type"] == kind:
            yield from _operands(child, kind)
        else:
            yield child


def _comparison(expression: Ast, names: Mapping[str, Property]) -> Condition | None:
    if expression["value"] not in ("eq", "ne"):
        return None
    left, right = expression["children"]
    if left["type"] == "literal":
        left, right = right, left
    if right["type"] != "literal" or not isinstance(right["value"], str):
        return None
    named = _named(left, names)
    value, negated = right["value"], expression["value"] == "ne"
    if named is None or not _is_sayable(named[0], value, negated=negated):
        return None
    return Is(named[0], value, named[1], negated)


def _named(expression: Ast, names: Mapping[str, Property]) -> tuple[Property, str] | None:
    """Read `location` and its like, or `tags.NAME`."""
    path = [expression] if expression["type"] == "field" else expression["children"]
    if expression["type"] not in ("field", "subexpression") or any(step["type"] != "field" for step in path):
        return None
    wanted = names.get(path[0]["value"])
    if wanted is None or len(path) != (2 if wanted == TAG else 1):
        return None
    return wanted, path[1]["value"] if wanted == TAG else ""


def _is_sayable(wanted: Property, value: str, *, negated: bool) -> bool:
    """Leave out what Azure may see otherwise than the filter.

    Whether names of tags tell cases apart there is not documented [inf], so that a VM could be lost by `!=`; and
    `unknown` is our own word for the power state of a VM of which Azure tells none. Groups and power states are
    in lower case in the variables, so that `!=` with capitals is true of all VMs, but not for Azure.
    """
    if wanted == TAG:
        return not negated
    if negated and value != value.lower():
        return False
    return wanted != POWER_STATE or (value != "unknown" and bool(value))


def _is_harmless(expression: Ast) -> bool:
    return expression["type"] in _HARMLESS and all(map(_is_harmless, expression["children"]))
