# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two sources of one fleet: the second where the first may not be asked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TypeVar

from .._jit.conditions import Condition
from .._jit.errors import AzureRefused
from .._jit.hosts import VmRow
from .read_fleet import FleetApi
from .seams import Warn

# Forbidden, or not there at all, as in clouds without Resource Graph.
_SHUT = (403, 404)

T = TypeVar("T")


class EitherFleet:
    """Ask Resource Graph, and Resource Manager's lists once Resource Graph is shut; say so, once."""

    def __init__(self, graph: FleetApi, lists: FleetApi, warn: Warn) -> None:
        self._graph = graph
        self._lists = lists
        self._warn = warn
        self._is_shut = False

    def list_subscriptions(self) -> list[str]:
        return self._graph.list_subscriptions()

    def list_subscriptions_below(self, management_groups: Sequence[str]) -> list[str]:
        return self._ask(lambda source: source.list_subscriptions_below(management_groups))

    def list_vms(
        self,
        subscriptions: Sequence[str],
        resource_groups: Collection[str],
        *,
        include_powered_off: bool,
        condition: Condition | None = None,
        whole_interfaces: bool = False,
    ) -> list[VmRow]:
        return self._ask(
            lambda source: source.list_vms(
                subscriptions,
                resource_groups,
                include_powered_off=include_powered_off,
                condition=condition,
                whole_interfaces=whole_interfaces,
            )
        )

    def _ask(self, question: Callable[[FleetApi], T]) -> T:
        if not self._is_shut:
            try:
                return question(self._graph)
            except AzureRefused as error:
                if error.status not in _SHUT:
                    raise
                self._is_shut = True
                self._warn(f"Azure Resource Graph can't be asked, so Resource Manager's lists are read: {error}")
        return question(self._lists)
