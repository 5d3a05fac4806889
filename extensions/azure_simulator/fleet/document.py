# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A checked reader of nested documents whose errors say where: file, path in it, and what is wrong."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from ipaddress import IPv4Network
from typing import Any

from ..moments import parse_utc
from ..network.rules import parse_network

_NAME = re.compile(r"[\w.()-]{1,90}")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class FleetError(ValueError):
    """A fleet that can't be used; the text is for the user."""


class Node:
    """A mapping in the document, with its path; each field is taken once and unknown ones are errors."""

    def __init__(self, source: str, path: str, value: Any, known: tuple[str, ...] | None) -> None:
        """Check that `value` is a mapping with known names only, or with any. Raises FleetError."""
        self._source = source
        self._path = path
        if not isinstance(value, dict):
            raise self.wrong("", f"must be a mapping, not {_kind(value)}")
        for name in value:
            if known is not None and name not in known:
                raise self.wrong(str(name), f"unknown field: known are {', '.join(known)}")
        self._value: dict[str, Any] = value

    @property
    def content(self) -> dict[str, Any]:
        """Return the mapping as it is."""
        return self._value

    def raw(self, field: str) -> Any:
        """Return a field unchecked, None when it isn't given."""
        return self._value.get(field)

    def wrong(self, field: str, message: str) -> FleetError:
        """Return an error about a field, or about the mapping itself."""
        where = f"{self._path}.{field}".strip(".") if field else self._path
        return FleetError(f"{self._source}: {where or 'document'}: {message}")

    def has(self, field: str) -> bool:
        """Tell whether a field is given."""
        return self._value.get(field) is not None

    def text(self, field: str, default: str | None = None) -> str:
        """Return a text; numbers and booleans are not taken for one. Raises FleetError."""
        value = self._value.get(field, default)
        if value is None:
            raise self.wrong(field, "is missing")
        if not isinstance(value, str) or not value:
            raise self.wrong(field, f"must be a text, not {_kind(value)}")
        return value

    def name(self, known: Container[str]) -> str:
        """Return the field `name`: as Azure allows, and not among `known`, in lower case. Raises FleetError."""
        value = self.text("name")
        if not _NAME.fullmatch(value):
            raise self.wrong("name", f"'{value}' has other characters than letters, digits and . _ - ( )")
        if value.lower() in known:
            raise self.wrong("name", f"'{value}' is there twice")
        return value

    def guid(self, field: str, default: str) -> str:
        """Return a GUID. Raises FleetError."""
        value = self.text(field, default).lower()
        if not _GUID.fullmatch(value):
            raise self.wrong(field, f"'{value}' is not a GUID")
        return value

    def location(self) -> str:
        """Return the field `location`, in lower case. Raises FleetError."""
        value = self.text("location").lower()
        if not value.isalnum():
            raise self.wrong("location", f"'{value}' is not a region's name such as westeurope")
        return value

    def optional_text(self, field: str) -> str | None:
        """Return a text or None. Raises FleetError."""
        return self.text(field) if self.has(field) else None

    def number(self, field: str, low: int, high: int, default: int | None = None) -> int:
        """Return a whole number within bounds. Raises FleetError."""
        value = self._value.get(field, default)
        if value is None:
            raise self.wrong(field, "is missing")
        if type(value) is not int or not low <= value <= high:
            raise self.wrong(field, f"must be a whole number from {low} to {high}, not {value!r}")
        return value

    def yes(self, field: str) -> bool:
        """Return a truth value, no when it isn't given. Raises FleetError."""
        value = self._value.get(field, False)
        if not isinstance(value, bool):
            raise self.wrong(field, f"must be yes or no, not {_kind(value)}")
        return value

    def choice(self, field: str, choices: tuple[str, ...], default: str | None = None) -> str:
        """Return one of several texts. Raises FleetError."""
        value = self.text(field, default)
        if value not in choices:
            raise self.wrong(field, f"'{value}' is not one of {', '.join(choices)}")
        return value

    def texts(self, field: str, default: list[str] | None = None) -> list[str]:
        """Return a list of texts; numbers in it become texts. Raises FleetError."""
        value = self._value.get(field, default)
        if value is None:
            raise self.wrong(field, "is missing")
        good = isinstance(value, list) and value and all(type(item) in (str, int) for item in value)
        if not good:
            raise self.wrong(field, "must be a list of texts with at least one entry")
        return [str(item) for item in value]

    def moment(self, field: str) -> int:
        """Return a timestamp in ticks. Raises FleetError."""
        text = self.text(field)
        try:
            return parse_utc(text)
        except ValueError as error:
            raise self.wrong(field, str(error)) from None

    def optional_moment(self, field: str) -> int | None:
        """Return a timestamp in ticks, or None. Raises FleetError."""
        return self.moment(field) if self.has(field) else None

    def address(self, field: str) -> str:
        """Return an IPv4 address. Raises FleetError."""
        text = self.text(field)
        if "/" in text or not isinstance(parse_network(text), IPv4Network):
            raise self.wrong(field, f"'{text}' is not an IPv4 address")
        return text

    def prefix(self, field: str) -> str:
        """Return an IPv4 range. Raises FleetError."""
        text = self.text(field)
        if "/" not in text or not isinstance(parse_network(text), IPv4Network):
            raise self.wrong(field, f"'{text}' is not an IPv4 range such as 10.1.0.0/16")
        return text

    def tags(self, field: str) -> dict[str, str]:
        """Return a mapping of texts to texts. Raises FleetError."""
        value = self._value.get(field, {})
        if not isinstance(value, dict) or not all(
            isinstance(item, str) for pair in value.items() for item in pair
        ):
            raise self.wrong(field, "must be a mapping of texts to texts (quote numbers and yes/no)")
        return dict(value)

    def node(self, field: str, known: tuple[str, ...] | None) -> Node:
        """Return a nested mapping. Raises FleetError."""
        return Node(self._source, f"{self._path}.{field}".strip("."), self._value.get(field, {}), known)

    def nodes(self, field: str, known: tuple[str, ...] | None, required: bool = False) -> Iterator[Node]:
        """Yield the mappings of a list. Raises FleetError."""
        value = self._value.get(field)
        if value is None and not required:
            return
        if not isinstance(value, list) or (required and not value):
            raise self.wrong(field, "must be a list" + (" with at least one entry" if required else ""))
        for index, item in enumerate(value):
            yield Node(self._source, f"{self._path}.{field}[{index}]".strip("."), item, known)


def _kind(value: object) -> str:
    """Name what a value is, in the document's terms."""
    names = {dict: "a mapping", list: "a list", str: "a text", bool: "yes/no", int: "a number", float: "a number"}
    return names.get(type(value), "nothing" if value is None else type(value).__name__)
