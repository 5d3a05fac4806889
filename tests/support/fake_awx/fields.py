# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a field's value as AWX's serializers do: coerced where they coerce, refused where they refuse."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from fake_awx.schema import Field
from fake_awx.surveys import Refused

TRUE = (True, 1, "true", "True", "1", "yes", "on")
FALSE = (False, 0, "false", "False", "0", "no", "off")

Exists = Callable[[str, int], bool]


def read_field(name: str, field: Field, value: Any, exists: Exists) -> Any:
    """Return what is kept of a value. Raises Refused."""
    return _READERS[field.type](name, field, value, exists)


def _text(name: str, field: Field, value: Any, exists: Exists) -> Any:
    if value is None and field.default is None:
        return None
    if isinstance(value, (bool, dict, list)):
        raise Refused({name: ["Not a valid string."]})
    text = "" if value is None else str(value)
    if field.required and not text:
        raise Refused({name: ["This field may not be blank."]})
    if field.longest and len(text) > field.longest:
        raise Refused({name: [f"Ensure this field has no more than {field.longest} characters."]})
    # A host filter that is empty is kept as none.
    return text or field.default if name == "host_filter" else text


def _choice(name: str, field: Field, value: Any, exists: Exists) -> Any:
    if value is None and (field.default is None or "" in field.choices):
        return field.default
    by_text = {str(choice): choice for choice in field.choices}
    if str(value) not in by_text:
        raise Refused({name: [f'"{value}" is not a valid choice.']})
    return by_text[str(value)]


def _bool(name: str, field: Field, value: Any, exists: Exists) -> Any:
    if value is None:
        return field.default
    if isinstance(value, (dict, list)) or value not in (*TRUE, *FALSE):
        raise Refused({name: ["Must be a valid boolean."]})
    return value in TRUE


def _number(name: str, field: Field, value: Any, exists: Exists) -> Any:
    if value is None and field.default is None:
        return None
    try:
        number = int(str(value))
    except ValueError:
        raise Refused({name: ["A valid integer is required."]}) from None
    if number < 0:
        raise Refused({name: ["Ensure this value is greater than or equal to 0."]})
    return number


def _reference(name: str, field: Field, value: Any, exists: Exists) -> Any:
    if value in (None, "") and not field.required:
        return None
    if type(value) is not int:
        raise Refused({name: [f"Incorrect type. Expected pk value, received {type(value).__name__}."]})
    if not exists(field.to, value):
        raise Refused({name: [f'Invalid pk "{value}" - object does not exist.']})
    return value


def _mapping(name: str, field: Field, value: Any, exists: Exists) -> Any:
    if not isinstance(value, dict):
        raise Refused({name: ["Expected a mapping."]})
    return value


def _mapping_text(name: str, field: Field, value: Any, exists: Exists) -> Any:
    if not isinstance(value, str):
        raise Refused({name: ["Not a valid string."]})
    if value and not isinstance(json.loads(value), dict):
        raise Refused({name: ["Cannot parse as a mapping."]})
    return value


_READERS: dict[str, Callable[[str, Field, Any, Exists], Any]] = {
    "text": _text,
    "choice": _choice,
    "bool": _bool,
    "number": _number,
    "reference": _reference,
    "mapping": _mapping,
    "mapping text": _mapping_text,
}
