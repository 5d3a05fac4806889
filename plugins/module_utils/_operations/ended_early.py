# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which running grants ended early: Azure goes on listing one as open whose rule was deleted [inf]."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from .._jit.errors import AzureError
from .._jit.grants import Grant
from .._jit.hosts import VmRow
from .._jit.ids import VmId
from .._jit.layout import Layout, groups_of, read_layout
from .._jit.network_view import NetworkView
from .seams import LayoutApi, NetworkApi


def find_ended(
    grants: Iterable[Grant], layouts: LayoutApi, network: NetworkApi, *, by_number: bool = False
) -> dict[Grant, frozenset[str]]:
    """Look at the network rules; give for grants that ended the sources that are refused again.

    Where the rules can't be read, Azure's word stands. With `by_number` the older of windows for the same source
    counts as ended where there are fewer rules than windows. That is a guess, since windows may share a rule and
    a new one's may be missing yet: good enough to ask once too often, and not to call a window over.
    """
    running = [grant for grant in grants if grant.is_initiated]
    if not running:
        return {}
    try:
        found = layouts.layouts({grant.vm for grant in running})
        view = NetworkView(network.read_groups(groups_of(found.values())))
    except AzureError:
        return {}
    return ended_by_rules(running, found, view, by_number=by_number)


def ended_by_rules(
    grants: Iterable[Grant], layouts: Mapping[VmId, Layout], view: NetworkView, *, by_number: bool = False
) -> dict[Grant, frozenset[str]]:
    """Judge running grants by the rules that were read, each beside the others of its VM."""
    by_vm: dict[VmId, list[Grant]] = defaultdict(list)
    for grant in grants:
        if grant.is_initiated and grant.vm in layouts:
            by_vm[grant.vm].append(grant)
    ended = {
        grant: frozenset(view.ended_sources(grant, layouts[vm], held, by_number=by_number))
        for vm, held in by_vm.items()
        for grant in held
    }
    return {grant: sources for grant, sources in ended.items() if sources}


class RowLayouts:
    """Layouts of VMs that were read already."""

    def __init__(self, rows: Iterable[VmRow]) -> None:
        self._layouts = {layout.vm: layout for row in rows if (layout := read_layout(row))}

    def layouts(self, wanted: Collection[VmId]) -> dict[VmId, Layout]:
        return {vm: self._layouts[vm] for vm in wanted if vm in self._layouts}


def still_running(grants: Iterable[Grant], ended: Mapping[Grant, frozenset[str]]) -> list[Grant]:
    """Give the grants with the sources that are left to them."""
    left = []
    for grant in grants:
        sources = tuple(source for source in grant.sources if source not in ended.get(grant, ()))
        if sources:
            left.append(dataclasses.replace(grant, sources=sources) if grant in ended else grant)
    return left
