# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal: one small entry for each request, never a secret."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from ..exchange import Call, Json
from ..moments import format_utc

_KEPT = 200_000
_Entry = tuple[str, str, str, int, int, int, str]


class Journal:
    """The latest requests, oldest first. Headers and bodies are not kept, so tokens and secrets can't appear."""

    def __init__(self) -> None:
        """Begin empty."""
        self._entries: deque[_Entry] = deque(maxlen=_KEPT)

    def add(self, call: Call, status: int, moment: int, duration: int) -> None:
        """Note a request; status 0 means that the connection was broken on purpose."""
        query = "&".join(f"{name}={value}" for name, value in call.query.items())
        principal = call.principal.client_id if call.principal else ""
        self._entries.append((call.method, call.path, query, status, moment, duration, principal))

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()

    def show(self) -> Iterator[Json]:
        """Yield the entries."""
        for method, path, query, status, moment, duration, principal in self._entries:
            yield {
                "method": method,
                "path": path,
                "query": query,
                "status": status,
                "time": format_utc(moment),
                "duration_ms": round(duration / 10_000, 3),
                "principal": principal,
            }
