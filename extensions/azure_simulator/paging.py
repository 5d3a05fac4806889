# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""List answers in ARM's irregular pages."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import quote

from .behaviour import Behaviour
from .errors import ArmError
from .exchange import Call, Json

Item = TypeVar("Item")

# All three have been seen in answers [rec][docs]; clients must follow nextLink as it is.
_SPELLINGS = ("$skiptoken", "%24skiptoken", "$skipToken")


def page(call: Call, behaviour: Behaviour, items: Sequence[Item], show: Callable[[Item], Json]) -> Json:
    """Return the page that `call` asks for, showing only its own items."""
    start, number = _position(call)
    size = _size(behaviour, number)
    shown = items[start : start + size]
    body: Json = {"value": [show(item) for item in shown]}
    end = start + len(shown)
    if end < len(items) or (
        _has_empty_last_page(behaviour, number) and end == len(items) and start < end and number
    ):
        body["nextLink"] = _next_link(call, end, number + 1)
    elif behaviour.null_next_link:
        body["nextLink"] = None
    return body


def _size(behaviour: Behaviour, number: int) -> int:
    """Return the length of page `number`: between half of the bound and the bound."""
    if not behaviour.irregular_pages:
        return behaviour.page_size
    scattered = (number + 1) * 2654435761 >> 7
    return max(1, behaviour.page_size - scattered % (behaviour.page_size // 2 + 1))


def _has_empty_last_page(behaviour: Behaviour, number: int) -> bool:
    """Tell whether this page, though the last with items, links to an empty one [rec: KeyVaultTest]."""
    return behaviour.irregular_pages and number % 2 == 1


def _position(call: Call) -> tuple[int, int]:
    """Return the offset and the number of the page asked for. Raises ArmError."""
    token = call.query.get("$skiptoken")
    if token is None:
        return 0, 0
    try:
        start, number = (int(part) for part in base64.urlsafe_b64decode(token.encode()).decode().split(":"))
    except (binascii.Error, ValueError):
        start, number = -1, -1
    if start < 0 or number < 0:
        raise ArmError(400, "InvalidSkipToken", "The provided skip token is malformed.")
    return start, number


def _next_link(call: Call, start: int, number: int) -> str:
    """Return the absolute address of the next page."""
    token = base64.urlsafe_b64encode(f"{start}:{number}".encode()).decode()
    kept = [f"{name}={quote(value)}" for name, value in call.query.items() if name != "$skiptoken"]
    query = "&".join([*kept, f"{_SPELLINGS[number % 3]}={quote(token)}"])
    return f"{call.base_url}{call.path}?{query}"
