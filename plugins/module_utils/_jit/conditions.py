# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain conditions on VMs, which Azure can check before it sends anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from .hosts import VmRow

LOCATION: Literal["location"] = "location"
RESOURCE_GROUP: Literal["resource_group"] = "resource_group"
POWER_STATE: Literal["power_state"] = "power_state"
TAG: Literal["tag"] = "tag"
Property = Literal["location", "resource_group", "power_state", "tag"]


@dataclass(frozen=True, slots=True)
class Is:
    """A property equals a text, or doesn't. `tag` is the name of the tag that is meant."""

    property: Property
    value: str
    tag: str = ""
    negated: bool = False


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple[Condition, ...]


Condition: TypeAlias = "Is | AllOf | AnyOf"


def holds(condition: Condition, row: VmRow) -> bool:
    """Check a condition on a row, as the query of Resource Graph does."""
    if isinstance(condition, AllOf):
        return all(holds(part, row) for part in condition.parts)
    if isinstance(condition, AnyOf):
        return any(holds(part, row) for part in condition.parts)
    return _equals(condition, row) is not condition.negated


def _equals(condition: Is, row: VmRow) -> bool:
    if condition.property == TAG:
        return ((row["tags"] or {}).get(condition.tag) or "") == condition.value
    if condition.property == LOCATION:
        return row["location"] == condition.value
    if condition.property == RESOURCE_GROUP:
        return row["resourceGroup"].lower() == condition.value.lower()
    return (row["powerState"] or "").lower() == power_code(condition.value).lower()


def power_code(word: str) -> str:
    """Write a power state, as hosts' variables name it, in Azure's own way."""
    return f"PowerState/{word}"
