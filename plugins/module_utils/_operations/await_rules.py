# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wait until the rules of grants are in effect: `Initiated` doesn't prove that they are [issue]."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from .._jit.effect import Effect, find_effect
from .._jit.errors import AzureError, AzureRefused
from .._jit.ids import VmId
from .._jit.inbound import Protocol
from .._jit.layout import Layout, groups_of
from .._jit.network_view import NetworkView
from .initiate import Item
from .seams import Clock, LayoutApi, NetworkApi
from .waiting import Deadline

# Rules come a while after a request is in effect, so there is no hurry in looking.
LONGEST_PAUSE = 10.0
# So long a rule may be there and those whom it admits be refused: Azure may still be at work on the other security
# group. What refuses them after that is somebody's rule, and stays.
SHADOWED_FOR = timedelta(seconds=30)
_GONE = Effect("unknown", "the VM, or its network interface, could not be found")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who shall get in to a port."""

    sources: tuple[str, ...]
    protocol: Protocol = "tcp"


def await_rules(
    wanted: Mapping[Item, Wanted],
    layouts: LayoutApi,
    network: NetworkApi,
    clock: Clock,
    deadline: Deadline,
    done: Callable[[Iterable[VmId]], None] = lambda vms: None,
) -> dict[Item, Effect]:
    """Look until every grant is in effect, or can't come into effect, or time is up; give the others' fate.

    Each look reads every security group once at most, however many VMs it guards.
    """
    vms = {item.vm for item in wanted}
    try:
        found = layouts.layouts(vms) if vms else {}
    except AzureError as error:
        return dict.fromkeys(wanted, Effect("unknown", f"the VMs' network interfaces can't be read: {error}"))
    failed: dict[Item, Effect] = {item: _GONE for item in wanted if item.vm not in found}
    pending: dict[Item, Effect] = {item: _GONE for item in wanted if item.vm in found}
    shadowed: dict[Item, datetime] = {}
    for _look in deadline.looks(LONGEST_PAUSE) if pending else ():
        effects, final = _look_at(pending, wanted, found, network)
        for item, effect in effects.items():
            since = shadowed.setdefault(item, clock.now()) if effect.state == "shadowed" else None
            if since is None:
                shadowed.pop(item, None)
            pending[item] = effect
            if item in final or (since is not None and clock.now() - since >= SHADOWED_FOR):
                failed[item] = effect
        pending = {i: e for i, e in pending.items() if e.state != "effective" and i not in failed}
        done(vms - {item.vm for item in pending})
        if not pending:
            break
    return {**failed, **pending}


def _look_at(
    pending: Iterable[Item], wanted: Mapping[Item, Wanted], found: Mapping[VmId, Layout], network: NetworkApi
) -> tuple[dict[Item, Effect], set[Item]]:
    """Judge by the rules of now; give also the items that another look won't make clearer."""
    items = list(pending)
    try:
        groups = network.read_groups(groups_of(found[item.vm] for item in items))
    except AzureError as error:
        return dict.fromkeys(items, Effect("unknown", f"network security groups can't be read: {error}")), set()
    view = NetworkView(groups)
    passing = {key for key, answer in groups.items() if isinstance(answer, AzureError) and _is_passing(answer)}
    effects = {
        item: find_effect(view, found[item.vm], item.port, wanted[item].sources, wanted[item].protocol)
        for item in items
    }
    final = {
        item
        for item, effect in effects.items()
        if effect.state == "unknown" and not passing.intersection(map(str.lower, found[item.vm].groups))
    }
    return effects, final


def _is_passing(error: AzureError) -> bool:
    return not isinstance(error, AzureRefused) or error.is_busy or error.left_outcome_open
