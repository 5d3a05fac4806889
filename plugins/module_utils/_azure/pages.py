# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A page of a list, read item by item: as a whole it takes many times the room of its text."""

from __future__ import annotations

import json
import re
from collections.abc import Generator
from typing import Any

_LIST = "value"
_SPACE = re.compile(r"[ \t\n\r]*")
_decode = json.JSONDecoder().raw_decode

# Yields what is in the list; gives the page's other members, where the list is one that is absent or null too.
Items = Generator[Any, None, dict[str, Any]]


def read_items(content: bytes) -> Items:
    """Read the items of `value` in a JSON object one after the other; ValueError where it is none."""
    return _read_object(content.decode(json.detect_encoding(content), "surrogatepass"))


def _read_object(text: str) -> Items:
    members: dict[str, Any] = {}
    at, is_over = _begin(text, _skip(text, 0), "{", "}")
    while not is_over:
        name, at = _value(text, at)
        if not isinstance(name, str):
            raise ValueError(f"{name!r} is no member's name")
        at = _expect(text, at, ":")
        if name == _LIST and text.startswith("[", at):
            at = yield from _read_list(text, at)
        else:
            members[name], at = _value(text, at)
        at, is_over = _next(text, at, "}")
    if at != len(text):
        raise ValueError(f"there is more behind the object at {at}")
    return members


def _read_list(text: str, at: int) -> Generator[Any, None, int]:
    at, is_over = _begin(text, at, "[", "]")
    while not is_over:
        item, at = _value(text, at)
        yield item
        del item
        at, is_over = _next(text, at, "]")
    return at


def _begin(text: str, at: int, opening: str, closing: str) -> tuple[int, bool]:
    """Go behind the opening, and tell whether nothing is inside."""
    at = _expect(text, at, opening)
    return (_skip(text, at + 1), True) if text.startswith(closing, at) else (at, False)


def _next(text: str, at: int, closing: str) -> tuple[int, bool]:
    """Go to the next part, or behind the end, and tell whether it is the end."""
    if text.startswith(closing, at):
        return _skip(text, at + 1), True
    return _expect(text, at, ","), False


def _value(text: str, at: int) -> tuple[Any, int]:
    value, at = _decode(text, at)
    return value, _skip(text, at)


def _expect(text: str, at: int, mark: str) -> int:
    if not text.startswith(mark, at):
        raise ValueError(f"{mark} is missing at {at}")
    return _skip(text, at + 1)


def _skip(text: str, at: int) -> int:
    """Go behind white space."""
    match = _SPACE.match(text, at)
    return match.end() if match else at
