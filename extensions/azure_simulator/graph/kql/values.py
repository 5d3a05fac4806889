# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values as Kusto treats them: texts are never null, dynamic values may be."""

from __future__ import annotations

import json
from typing import Any


def text(value: Any) -> str:
    """Return a value as a text; null becomes the empty text."""
    if type(value) is str:
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return json.dumps(value, separators=(",", ":"))
    return str(value)


def whole(value: Any) -> int | None:
    """Return a value as a whole number or null."""
    if isinstance(value, bool | int | float):
        return int(value)
    try:
        return int(float(text(value)))
    except ValueError:
        return None


def real(value: Any) -> float | None:
    """Return a value as a number or null."""
    if isinstance(value, bool | int | float):
        return float(value)
    try:
        return float(text(value))
    except ValueError:
        return None


def boolean(value: Any) -> bool | None:
    """Return a value as a truth value or null."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value != 0
    return {"true": True, "1": True, "false": False, "0": False}.get(text(value).strip().lower())


def is_empty(value: Any) -> bool:
    """Tell whether a value is null or the empty text."""
    return value is None or value == ""


def member(value: Any, key: str | int) -> Any:
    """Return a property or element, null where there is none."""
    if isinstance(key, str):
        return value.get(key) if isinstance(value, dict) else None
    if isinstance(value, list) and -len(value) <= key < len(value):
        return value[key]
    return None


def equal(left: Any, right: Any) -> bool:
    """Compare two values; where one is a text, as texts."""
    if type(left) is str or type(right) is str:
        return text(left) == text(right)
    return bool(left == right)


def sort_key(value: Any) -> tuple[int, Any]:
    """Return a key that orders values of all kinds."""
    if isinstance(value, bool | int | float):
        return 0, value
    return 1, text(value)


def hashable(value: Any) -> Any:
    """Return something that stands for a value in a dictionary."""
    return text(value) if isinstance(value, dict | list) else value
