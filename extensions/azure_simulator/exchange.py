# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes in and comes out of an operation, free of any HTTP library."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .errors import invalid_json

if TYPE_CHECKING:
    from .identity.models import Principal

Json = dict[str, Any]


@dataclass(slots=True)
class Call:
    """One request. Query names are lower case, `base_url` is as the client wrote it, `quota` headers to be."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    base_url: str
    caller: str
    principal: Principal | None = None
    quota: dict[str, str] = field(default_factory=dict)
    action: str = ""

    def may(self, action: str, scope: str) -> bool:
        """Tell whether the caller has a permission at a scope."""
        return self.principal is not None and self.principal.may(action, scope)

    @property
    def api_version(self) -> str:
        """Return the `api-version` asked for."""
        return self.query.get("api-version", "")

    def json(self) -> Json:
        """Return the body as an object. Raises ArmError."""
        try:
            body = json.loads(self.body)
        except ValueError:
            raise invalid_json() from None
        if not isinstance(body, dict):
            raise invalid_json()
        return body


@dataclass(slots=True)
class Reply:
    """One answer; a body of None means no body."""

    status: int = 200
    body: Any = None
    headers: dict[str, str | list[str]] = field(default_factory=dict)


@dataclass(slots=True)
class Write:
    """An accepted write: its effect (`commit`) and its answer come later, each at its own moment."""

    commit: Callable[[int], Reply]
    commit_after: int = 0
    reply_after: int = 0


@dataclass(slots=True)
class Several:
    """Calls to be answered one after the other, and what makes one answer of theirs."""

    calls: list[Call]
    gather: Callable[[list[Reply]], Reply]


Answer = Reply | Write | Several
Responder = Callable[..., Answer]
