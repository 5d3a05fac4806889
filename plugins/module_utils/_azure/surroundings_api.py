# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands around VMs, by one query, or by lists where Resource Graph may not be asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

from .._jit.assessment import ASSESSMENT, Assessment, read_assessment
from .._jit.errors import AzureRefused
from .._jit.ids import VmId
from .._jit.networks import NETWORKS, ROUTE_TABLES
from .._jit.surroundings import CLASSIC_VMS, FIREWALLS, MANAGERS, Surroundings, read_surroundings
from .arm import Arm
from .arm_lists import NETWORK_API
from .resource_graph import ResourceGraph, quote

CLASSIC_API = "2017-04-01"
ASSESSMENTS_API = "2020-01-01"
_WORKERS = 8
# Forbidden, or not there at all, as in clouds without Resource Graph, or of a kind that nobody registered.
_SHUT = (403, 404)
_LISTS = ((CLASSIC_VMS, CLASSIC_API), (FIREWALLS, NETWORK_API), (MANAGERS, NETWORK_API))
_NETWORK_LISTS = ((NETWORKS, NETWORK_API), (ROUTE_TABLES, NETWORK_API))
_RESOURCES = """\
Resources
| where type in~ ({kinds})
| project id, name, type, location, tags, properties
| order by id asc"""
_ASSESSMENTS = f"""\
SecurityResources
| where type =~ 'microsoft.security/assessments'
| where name =~ {quote(ASSESSMENT)}
| project id, name, properties
| order by id asc"""


# By subscription, kind and version.
_List: TypeAlias = tuple[str, str, str]


class ArmSurroundings:
    """Read what stands around the VMs of subscriptions; `warn` hears what can't be told."""

    def __init__(self, arm: Arm, warn: Callable[[str], None] = lambda text: None) -> None:
        self._arm = arm
        self._graph = ResourceGraph(arm)
        self._warn = warn

    def find(self, subscriptions: Sequence[str], *, ask_graph: bool = True) -> Surroundings:
        """Find firewalls, network managers, classic VMs, and what is connected to networks.

        Resource Graph is asked for all managers and firewalls that the credential sees: these may lie in any
        subscription.
        """
        resources = self._ask(_query(_LISTS), {}) if ask_graph else None
        networks = self._ask(_query(_NETWORK_LISTS), {"subscriptions": list(subscriptions)}) if ask_graph else None
        unread: list[tuple[str, str]] = []
        if resources is None:
            resources = self._list_all(_each(subscriptions, _LISTS), "firewalls and network managers", unread)
        if networks is None:
            networks = self._list_all(_each(subscriptions, _NETWORK_LISTS), "routes of networks", unread)
        wanted = {one.lower() for one in subscriptions}
        found = [one for one in resources if _kind(one) != CLASSIC_VMS.lower() or _subscription_of(one) in wanted]
        return read_surroundings([*found, *networks], unread)

    def assessments(self, subscriptions: Sequence[str], *, ask_graph: bool = True) -> dict[VmId, Assessment]:
        """Read Defender's assessments of just-in-time access; lists show them among all others, in many pages."""
        documents = self._ask(_ASSESSMENTS, {"subscriptions": list(subscriptions)}) if ask_graph else None
        if documents is None:
            kind = "Microsoft.Security/assessments"
            documents = self._list_all(_each(subscriptions, [(kind, ASSESSMENTS_API)]), "Defender's assessments")
        return dict(found for document in documents if (found := read_assessment(document)))

    def _ask(self, text: str, scope: dict[str, Any]) -> list[Any] | None:
        try:
            return self._graph.ask(text, scope)
        except AzureRefused as error:
            if error.status not in _SHUT:
                raise
            return None

    def _list_all(
        self, lists: Iterable[_List], what: str, unread: list[tuple[str, str]] | None = None
    ) -> list[Any]:
        """Read lists; those that may not be read are added to `unread`, by kind and subscription."""
        refusals: list[AzureRefused] = []

        def read(one: _List) -> list[Any]:
            subscription_id, kind, version = one
            try:
                items = self._arm.items(f"/subscriptions/{subscription_id}/providers/{kind}", version)
                return [{"type": kind, **item} for item in items]
            except AzureRefused as error:
                if error.status == 403:
                    refusals.append(error)
                    if unread is not None:
                        unread.append((kind, subscription_id))
                elif error.status != 404:
                    raise
                return []

        with ThreadPoolExecutor(_WORKERS) as pool:
            found = [document for documents in pool.map(read, lists) for document in documents]
        if refusals:
            self._warn(f"{what} can't be told: {refusals[0]}")
        return found


def _query(lists: Iterable[tuple[str, str]]) -> str:
    return _RESOURCES.replace("{kinds}", ", ".join(quote(kind.lower()) for kind, _version in lists))


def _each(subscriptions: Iterable[str], lists: Iterable[tuple[str, str]]) -> list[_List]:
    return [(one, kind, version) for one in subscriptions for kind, version in lists]


def _kind(resource: Any) -> str:
    return str(resource.get("type") or "").lower()


def _subscription_of(resource: Any) -> str:
    return str(resource.get("id") or "").lower().removeprefix("/subscriptions/").partition("/")[0]
