# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results kept while the state they come from stays the same, so that paging evaluates a query once."""

from __future__ import annotations

from collections import OrderedDict
from functools import lru_cache
from weakref import WeakKeyDictionary

from .. import collector
from ..identity.models import Principal
from ..subscriptions.models import Subscription
from ..world import World
from .kql.evaluator import Result, evaluate
from .kql.nodes import Query
from .kql.parser import parse
from .tables import tables

_KEPT = 8
# Of all results together; a row of an inventory takes some kilobytes.
_KEPT_ROWS = 100_000


@lru_cache(maxsize=128)
def _parsed(text: str) -> Query:
    """Read a query once. Raises QueryError."""
    return parse(text)


def cache_of(world: World) -> ResultCache:
    """Return the cache of a world."""
    return _caches.setdefault(world, ResultCache())


class ResultCache:
    """The latest results over one world."""

    def __init__(self) -> None:
        """Begin empty."""
        self._version = -1
        self._results: OrderedDict[tuple[Principal, str, tuple[str, ...]], Result] = OrderedDict()

    def get(self, world: World, principal: Principal, query: str, subscriptions: list[Subscription]) -> Result:
        """Return the result of a query. Raises QueryError."""
        if self._version != world.version:
            self._results.clear()
            self._version = world.version
        key = (principal, query, tuple(subscription.id for subscription in subscriptions))
        result = self._results.get(key)
        if result is None:
            with collector.paused():
                result = evaluate(_parsed(query), tables(world, principal, subscriptions))
            self._results[key] = result
            self._make_room()
        return result

    def _make_room(self) -> None:
        """Forget the oldest results, but never the one just made."""
        rows = sum(len(result.rows) for result in self._results.values())
        while len(self._results) > 1 and (len(self._results) > _KEPT or rows > _KEPT_ROWS):
            _, oldest = self._results.popitem(last=False)
            rows -= len(oldest.rows)


_caches: WeakKeyDictionary[World, ResultCache] = WeakKeyDictionary()
