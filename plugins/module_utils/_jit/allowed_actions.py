# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Azure's permissions API says that a caller may do at a scope.

It tells what role assignments give; deny assignments, locks and Azure Policy it doesn't know [docs].
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any


@dataclass(frozen=True, slots=True)
class Granted:
    """One role's part: what it permits, less what it takes away of that again, whatever other roles permit."""

    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Granted:
        return cls(_texts(document.get("actions")), _texts(document.get("notActions")))

    def permits(self, action: str) -> bool:
        return _any_matches(self.actions, action) and not _any_matches(self.not_actions, action)


def may(granted: Iterable[Granted], action: str) -> bool:
    """Tell whether any of a caller's roles permits an action."""
    return any(one.permits(action) for one in granted)


def _texts(values: Any) -> tuple[str, ...]:
    return tuple(str(value) for value in values) if isinstance(values, list) else ()


def _any_matches(patterns: Iterable[str], action: str) -> bool:
    return any(_compiled(pattern).fullmatch(action) for pattern in patterns)


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    """Read a pattern: `*` is any text, slashes too, also none; so `x/*/read` doesn't match `x/read` [docs]."""
    # Stars side by side say what one says, and would cost time that grows with their power.
    parts = re.sub(r"\*+", "*", pattern.strip()).split("*")
    return re.compile(".*".join(re.escape(part) for part in parts), re.IGNORECASE | re.DOTALL)
