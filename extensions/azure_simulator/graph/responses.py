# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of Resource Graph."""

from __future__ import annotations

import base64
import binascii
import uuid
from typing import Any

from ..exchange import Call, Json, Reply
from ..subscriptions.models import Subscription
from ..subscriptions.visible import visible_subscriptions
from ..world import World
from .cache import cache_of
from .errors import invalid_option, invalid_query, no_valid_scope
from .facets import show_facets
from .kql.errors import QueryError
from .kql.evaluator import Result

_MAX_PAGE = 1000
# Requests of this version and older get tables unless they say otherwise [spec: 2019-04-01 examples].
_LAST_WITH_TABLES = "2020-04-01-preview"
_HEADERS: dict[str, str | list[str]] = {"Server": "Kestrel"}


def query_resources(world: World, call: Call) -> Reply:
    """Answer a query."""
    return Reply(body=_Request(world, call).answer(), headers=dict(_HEADERS))


class _Request:
    """One query with its scope and options."""

    def __init__(self, world: World, call: Call) -> None:
        """Read the request. Raises ArmError."""
        self._world = world
        self._id = str(uuid.uuid4())
        assert call.principal is not None
        self._principal = call.principal
        self._visible = visible_subscriptions(world, call)
        body = call.json()
        options = body.get("options") or {}
        if not isinstance(options, dict):
            raise self._wrong("'options' must be an object.")
        self._query = self._text(body, "query")
        self._subscriptions = self._scope(body)
        self._format = options.get(
            "resultFormat", "table" if call.api_version <= _LAST_WITH_TABLES else "objectArray"
        )
        if self._format not in ("table", "objectArray"):
            raise self._wrong(f"resultFormat '{self._format}' is not one of table, objectArray.")
        self._top = self._number(options, "$top", 1, _MAX_PAGE)
        self._skip = self._number(options, "$skip", 0, None)
        self._token = options.get("$skipToken")
        self._asked_facets = body.get("facets") or []

    def _wrong(self, message: str) -> Exception:
        """Return a refusal."""
        return invalid_option(self._world, self._id, message)

    def _text(self, body: Json, name: str) -> str:
        """Return a text. Raises ArmError."""
        value = body.get(name)
        if not isinstance(value, str) or not value.strip():
            raise self._wrong(f"'{name}' must be a text.")
        return value

    def _number(self, options: Json, name: str, low: int, high: int | None) -> int | None:
        """Return a whole number within bounds, or None. Raises ArmError."""
        value = options.get(name)
        if value is None:
            return None
        if type(value) is not int or value < low or (high is not None and value > high):
            bounds = f"from {low} to {high}" if high is not None else f"of at least {low}"
            raise self._wrong(f"'{name}' must be a whole number {bounds}.")
        return value

    def _scope(self, body: Json) -> list[Subscription]:
        """Return the subscriptions to look at; none named means all. Raises ArmError."""
        everything = self._visible
        groups, ids = body.get("managementGroups") or [], body.get("subscriptions") or []
        if groups:
            # The one management group that there is: the tenant's root, named after it.
            if self._world.tenant.id in [str(group).lower() for group in groups]:
                return everything
            raise no_valid_scope(self._world, self._id, [str(group) for group in groups])
        if not ids:
            return everything
        wanted = {str(subscription_id).lower() for subscription_id in ids}
        found = [subscription for subscription in everything if subscription.id.lower() in wanted]
        if not found:
            raise no_valid_scope(self._world, self._id, [str(subscription_id) for subscription_id in ids])
        return found

    def answer(self) -> Json:
        """Evaluate and return the page asked for. Raises ArmError."""
        try:
            result = cache_of(self._world).get(self._world, self._principal, self._query, self._subscriptions)
        except QueryError as error:
            raise invalid_query(self._world, error, self._id) from None
        start, size = self._page()
        rows = result.rows[start : start + size]
        end = start + len(rows)
        more = end < len(result.rows)
        # Without the id there is no stable order, and no token to go on with [spec].
        token = more and "id" in result.columns
        answer: Json = {
            "totalRecords": len(result.rows),
            "count": len(rows),
            "data": _show(result, rows, self._format),
            "facets": self._facets(result),
            "resultTruncated": "true" if more and not token else "false",
        }
        if token:
            answer["$skipToken"] = base64.b64encode(f"{end}:{size}".encode()).decode()
        return answer

    def _facets(self, result: Result) -> list[Json]:
        """Return the facets asked for. Raises ArmError."""
        try:
            return show_facets(result, self._asked_facets)
        except ValueError as error:
            raise self._wrong(str(error)) from None

    def _page(self) -> tuple[int, int]:
        """Return offset and size of the page; options beat the token's [spec]. Raises ArmError."""
        start, size = 0, _MAX_PAGE
        if self._token is not None:
            try:
                start, size = (int(part) for part in base64.b64decode(str(self._token)).decode().split(":"))
            except (binascii.Error, ValueError):
                start = -1
            if start < 0 or size < 1:
                raise self._wrong("'$skipToken' is malformed.")
        return (start if self._skip is None else self._skip), self._top or size


def _show(result: Result, rows: list[dict[str, Any]], form: str) -> Any:
    """Write rows as objects, or as a table."""
    if form == "objectArray":
        return rows
    return {
        "columns": [{"name": name, "type": kind} for name, kind in result.columns.items()],
        "rows": [[row[name] for name in result.columns] for row in rows],
    }
