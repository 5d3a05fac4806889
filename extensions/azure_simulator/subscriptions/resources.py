# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers about resources of any type: the few fields that all have in common [docs]."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Protocol

from ..compute.models import MACHINES
from ..exchange import Call, Json, Reply
from ..network.models import ADDRESSES, GROUPS, INTERFACES, NETWORKS
from ..paging import page
from ..world import World
from .errors import invalid_filter
from .models import ResourceGroup
from .visible import groups_with

if TYPE_CHECKING:
    from collections.abc import Mapping

_TYPE_FILTER = re.compile(r"\s*resourceType eq '([^']+)'\s*$", re.IGNORECASE)


class _Resource(Protocol):
    """What the resources of all types have."""

    id: str
    name: str
    location: str


_Found = tuple[str, _Resource]


def list_resources(world: World, call: Call, subscription_id: str) -> Reply:
    """Answer the resources of a subscription; `$filter=resourceType eq '...'` narrows."""
    groups = groups_with(world.subscription(subscription_id), call, call.action)
    return _page(world, call, groups)


def list_group_resources(world: World, call: Call, subscription_id: str, group_name: str) -> Reply:
    """Answer the resources of a resource group."""
    return _page(world, call, [world.group(subscription_id, group_name)])


def _page(world: World, call: Call, groups: Iterable[ResourceGroup]) -> Reply:
    """Answer a page of resources. Raises ArmError."""
    wanted = _wanted_type(call)
    found = [item for group in groups for item in _resources(group) if wanted in (None, item[0].lower())]
    return Reply(body=page(call, world.behaviour, found, _show))


def _wanted_type(call: Call) -> str | None:
    """Return the type that the call asks for, in lower case. Raises ArmError."""
    text = call.query.get("$filter", "")
    if not text:
        return None
    match = _TYPE_FILTER.match(text)
    if match is None:
        raise invalid_filter(text)
    return match[1].lower()


def _resources(group: ResourceGroup) -> Iterator[_Found]:
    """Yield the resources of a group with their types."""
    kinds: tuple[tuple[str, Mapping[str, _Resource]], ...] = (
        (MACHINES, group.vms),
        (INTERFACES, group.nics),
        (ADDRESSES, group.public_addresses),
        (GROUPS, group.nsgs),
        (NETWORKS, group.networks),
    )
    return chain.from_iterable(((kind, item) for item in items.values()) for kind, items in kinds)


def _show(found: _Found) -> Json:
    """Write what a list of resources tells of one; tags are there only where there are some."""
    kind, resource = found
    shown: Json = {"id": resource.id, "name": resource.name, "type": kind, "location": resource.location}
    tags = getattr(resource, "tags", None)
    return shown | {"tags": tags} if tags else shown
