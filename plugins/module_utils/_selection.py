# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which VMs a task works on: named ones, or those of a scope; and what is wished for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from ._filter import Filter
from ._jit.errors import InvalidOption, InvalidOptions
from ._jit.hosts import VmRow
from ._jit.ids import VmId
from ._operations.read_fleet import FleetApi, Scope
from ._operations.seams import JitApi, NetworkApi, Warn
from ._operations.select_vms import select
from ._options import EMPTY_LIST, Selected, read_each, read_subscriptions, read_vms

ALL = "*"
SCOPES = ("resource_groups", "subscriptions")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Chosen(Generic[T]):
    """The VMs to work on, with a wish for each; `rows` is all that was read of a scope.

    `scope` is that scope with its subscriptions by name, `nothing` says why no VM of it is chosen.
    """

    selected: Sequence[Selected]
    wishes: Sequence[T]
    rows: Sequence[VmRow] = ()
    scope: Scope | None = None
    nothing: str = ""


@dataclass(frozen=True, slots=True)
class Selection(Generic[T]):
    """The choice as the options say it. `scope` is None where VMs are named; `wishes` are theirs.

    `may_be_empty` says that there is work for a scope without VMs too.
    """

    named: Sequence[Selected]
    wishes: Sequence[T]
    read_wish: Callable[[Selected], T]
    scope: Scope | None = None
    filter: Filter | None = None
    may_be_empty: bool = False

    def resolve(
        self, fleet: FleetApi, jit: JitApi, now: datetime, warn: Warn, network: NetworkApi | None = None
    ) -> Chosen[T]:
        """Find the VMs of the scope, if there is one."""
        if self.scope is None:
            return Chosen(self.named, self.wishes)
        found = select(self.scope, self.filter, fleet, jit, now, warn, network)
        selected = [Selected(vm, (), {}, "vms") for row in found.chosen if (vm := VmId.find_in(row["id"]))]
        return Chosen(selected, read_each(selected, self.read_wish), found.rows, found.scope, found.nothing)

    def accepts(self, chosen: Chosen[T]) -> bool:
        """Tell whether there is something to do: a filter that wants nobody is most often a mistake."""
        return not chosen.nothing or (self.may_be_empty and not chosen.rows)


def read_selection(
    params: Mapping[str, Any], own_keys: Iterable[str], read_wish: Callable[[Selected], T]
) -> Selection[T]:
    """Read which VMs are meant, and for named ones what is wished; whatever is wrong is found here."""
    if all(params[name] is None for name in SCOPES):
        if params["filter"]:
            raise InvalidOption("filter", "it chooses among the VMs of resource_groups or subscriptions: give one")
        named = read_vms(params, own_keys)
        return Selection(named, read_each(named, read_wish), read_wish)
    _refuse_named(params)
    scope = read_scope(params)
    return Selection((), (), read_wish, scope, Filter("filter", params["filter"]) if params["filter"] else None)


def _refuse_named(params: Mapping[str, Any]) -> None:
    used = " and ".join(scope for scope in SCOPES if params[scope] is not None)
    for name in ("vms", "hosts"):
        if params[name] is not None:
            raise InvalidOption(name, f"it can't be combined with {used}: name VMs, or say where they are")


def read_scope(params: Mapping[str, Any]) -> Scope:
    """Read `resource_groups` and `subscriptions`; without the latter the one of the credential is meant."""
    problems = [
        InvalidOption(name, EMPTY_LIST)
        for name in SCOPES
        if params[name] is not None and not [text for text in params[name] if str(text).strip()]
    ]
    if problems:
        raise InvalidOptions(problems)
    groups = tuple(str(text).strip() for text in params["resource_groups"] or ())
    return Scope(_read_subscriptions(params), groups, include_powered_off=True)


def _read_subscriptions(params: Mapping[str, Any]) -> tuple[str, ...]:
    given = [str(text).strip() for text in params["subscriptions"] or ()]
    if given == [ALL]:
        return ()
    if given:
        return read_subscriptions(given)
    if not params["subscription_id"]:
        raise InvalidOption(
            "subscriptions",
            "it is not said in which subscriptions: give their ids, ['*'] for all that the credential sees, "
            "or subscription_id (AZURE_SUBSCRIPTION_ID)",
        )
    return read_subscriptions([params["subscription_id"]], option="subscription_id (AZURE_SUBSCRIPTION_ID)")
