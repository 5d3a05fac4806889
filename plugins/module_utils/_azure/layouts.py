# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How VMs hang in their networks, by a query or by lists."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from .._jit.hosts import VmRow
from .._jit.ids import VmId
from .._jit.layout import Layout, read_layout
from .resource_graph import ResourceGraph
from .vm_api import MANY_GROUPS


class ArmLayouts:
    """Read layouts from Azure Resource Graph, which follows changes of the network late [docs]."""

    def __init__(self, graph: ResourceGraph) -> None:
        self._graph = graph
        self._known: dict[VmId, Layout] = {}

    def remember(self, rows: Iterable[VmRow]) -> None:
        """Take over what a query has just said, so that it isn't asked for again."""
        self._known.update({layout.vm: layout for row in rows if (layout := read_layout(row))})

    def layouts(self, wanted: Collection[VmId]) -> dict[VmId, Layout]:
        """Read the layouts of VMs that exist."""
        missing = [vm for vm in wanted if vm not in self._known]
        if missing:
            self.remember(self._rows(missing))
        return {vm: self._known[vm] for vm in wanted if vm in self._known}

    def _rows(self, wanted: Collection[VmId]) -> list[VmRow]:
        subscriptions = sorted({vm.subscription_id.lower() for vm in wanted})
        groups = sorted({vm.resource_group.lower() for vm in wanted})
        narrow = groups if len(groups) <= MANY_GROUPS else []
        return self._graph.list_vms(subscriptions, narrow, include_powered_off=True)
