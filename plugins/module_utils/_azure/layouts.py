# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How VMs hang in their networks, by a query or by lists."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from .._jit.errors import AzureRefused
from .._jit.hosts import VmRow
from .._jit.ids import VmId
from .._jit.layout import Layout, read_layout
from .arm import Arm
from .arm_fleet import ArmFleet
from .resource_graph import ResourceGraph
from .vm_api import MANY_GROUPS


class ArmLayouts:
    """Read layouts: from Resource Graph what it knows, from Resource Manager's lists the rest.

    Resource Graph follows changes late, and can be forbidden.
    """

    def __init__(self, arm: Arm) -> None:
        self._graph = ResourceGraph(arm)
        self._lists = ArmFleet(arm)
        self._known: dict[VmId, Layout] = {}

    def remember(self, rows: Iterable[VmRow]) -> None:
        """Take over what a query has just said, so that it isn't asked for again."""
        self._known.update({layout.vm: layout for row in rows if (layout := read_layout(row))})

    def layouts(self, wanted: Collection[VmId]) -> dict[VmId, Layout]:
        """Read the layouts of VMs that exist."""
        if missing := [vm for vm in wanted if vm not in self._known]:
            self.remember(self._ask_graph(*_place(missing), include_powered_off=True))
        # What may not be read in one subscription hides nothing of the others.
        for subscription_id in sorted({vm.subscription_id.lower() for vm in wanted if vm not in self._known}):
            missing = [vm for vm in wanted if vm not in self._known]
            there = [vm for vm in missing if vm.subscription_id.lower() == subscription_id]
            self.remember(self._list(*_place(there)))
        return {vm: self._known[vm] for vm in wanted if vm in self._known}

    def _list(self, subscriptions: Sequence[str], groups: Collection[str]) -> list[VmRow]:
        try:
            return self._lists.list_vms(subscriptions, groups, include_powered_off=True)
        except AzureRefused as error:
            if error.status != 403:
                raise
            return []

    def _ask_graph(
        self, subscriptions: Sequence[str], groups: Collection[str], *, include_powered_off: bool
    ) -> list[VmRow]:
        try:
            return self._graph.list_vms(subscriptions, groups, include_powered_off=include_powered_off)
        except AzureRefused as error:
            if error.status in (401, 429) or error.left_outcome_open:
                raise
            return []


def _place(vms: Collection[VmId]) -> tuple[list[str], list[str]]:
    """Give the VMs' subscriptions, and their groups where they are few."""
    groups = sorted({vm.resource_group.lower() for vm in vms})
    return sorted({vm.subscription_id.lower() for vm in vms}), groups if len(groups) <= MANY_GROUPS else []
