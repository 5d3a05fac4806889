# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find things by a query, as AWX's lists do: by fields, by fields of what they refer to, by one of several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fake_awx.schema import KINDS, TEMPLATES, Field, reference
from fake_awx.store import Store, Thing
from fake_awx.surveys import Refused

_LOOKUPS = ("exact", "in")
_NO_FILTERS = ("page", "page_size", "order_by", "format")
_ALWAYS = {"id": Field("number", 0), "organization": reference("organizations"), "pending_deletion": Field("bool")}
_APPROVALS = "workflow_approval_templates"


def listed(store: Store, kind: str, query: Sequence[tuple[str, str]]) -> list[tuple[str, Thing]]:
    """Give the things that a query chooses, each with its kind, by their numbers. Raises Refused."""
    kinds = [name for name in TEMPLATES if name != _APPROVALS] if kind == "unified_job_templates" else [kind]
    found = [(name, thing) for name in kinds for thing in store.things[name].values()]
    filters = [(name, value) for name, value in query if name not in _NO_FILTERS]
    ands = [item for item in filters if not item[0].startswith("or__")]
    ors = [(name.removeprefix("or__"), value) for name, value in filters if name.startswith("or__")]
    return sorted(
        (
            (name, thing)
            for name, thing in found
            if all(_matches(store, name, thing, *item) for item in ands)
            and (not ors or any(_matches(store, name, thing, *item) for item in ors))
        ),
        key=lambda item: int(item[1]["id"]),
    )


def _matches(store: Store, kind: str, thing: Thing, name: str, value: str) -> bool:
    if name == "type":
        return KINDS[kind].type in value.split(",")
    path = name.split("__")
    lookup = path.pop() if path[-1] in _LOOKUPS else "exact"
    actual: Any = thing
    field = Field()
    for part in path:
        field = {**_ALWAYS, **KINDS[kind].fields}.get(part) or _unknown(kind, part)
        if actual is None:
            return False
        actual = actual.get(part)
        if part != path[-1]:
            kind, actual = _followed(store, field, actual)
    wanted = value.split(",") if lookup == "in" else [value]
    return any(_same(field, actual, item) for item in wanted)


def _followed(store: Store, field: Field, number: int | None) -> tuple[str, Thing | None]:
    if field.to == "unified_job_templates":
        return store.template(number) if number is not None else ("job_templates", None)
    return field.to, None if number is None else store.get(field.to, number)


def _unknown(kind: str, part: str) -> Field:
    raise Refused({"detail": f"{kind} has no field named '{part}'"})


def _same(field: Field, actual: Any, wanted: str) -> bool:
    if field.type in ("number", "reference"):
        if not wanted.isdigit():
            raise Refused({"detail": f"Field expected a number but got '{wanted}'."})
        return bool(actual == int(wanted))
    if field.type == "bool":
        return bool(actual) == (wanted.lower() in ("true", "1", "t"))
    return bool(actual == wanted)
