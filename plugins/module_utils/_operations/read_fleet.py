# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a fleet for the inventory: its VMs, and the policies beside them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from .._jit.conditions import Condition
from .._jit.errors import AzureError, AzureRefused
from .._jit.grants import read_grants
from .._jit.hosts import VmRow
from .._jit.policies import Json, Policy
from .._jit.status import abridged, without_ended
from .ended_early import RowLayouts, find_ended
from .parallel import each
from .seams import JitApi, NetworkApi, Warn

# By subscription in lower case; a refusal is no failure where no VM lies there.
Listed = dict[str, list[Json] | AzureRefused]
Shorten = Callable[[Policy], Json]
# A subscription, or a resource group in it, in lower case.
Place = tuple[str, str]
# What Azure says where the resource provider Microsoft.Security was never used: there are no policies [issue].
_UNUSED = frozenset({"subscriptionnotregistered", "missingsubscriptionregistration"})


class FleetApi(Protocol):
    """Subscriptions and their VMs. All calls raise an `AzureError` when they fail."""

    def list_subscriptions(self) -> list[str]: ...
    def list_subscriptions_below(self, management_groups: Sequence[str]) -> list[str]: ...

    def list_vms(
        self,
        subscriptions: Sequence[str],
        resource_groups: Collection[str],
        *,
        include_powered_off: bool,
        condition: Condition | None = None,
        whole_interfaces: bool = False,
    ) -> list[VmRow]: ...


@dataclass(frozen=True, slots=True)
class Scope:
    """Which VMs to read, and what of them.

    Empty means all: of the subscriptions that the credential sees, of their groups. The subscriptions below
    `management_groups` come on top of those named.
    """

    subscriptions: tuple[str, ...] = ()
    resource_groups: tuple[str, ...] = ()
    include_powered_off: bool = False
    management_groups: tuple[str, ...] = ()
    condition: Condition | None = None
    whole_interfaces: bool = False


@dataclass(frozen=True, slots=True)
class Fleet:
    """VMs, each once, and the policies of their subscriptions; plain JSON, so that it can be cached."""

    vms: list[VmRow]
    policies: list[Json]

    def to_json(self) -> Json:
        return {"vms": self.vms, "policies": self.policies}

    @classmethod
    def of_json(cls, document: Mapping[str, Any]) -> Fleet:
        return cls(document["vms"], document["policies"])


def read_fleet(
    scope: Scope,
    fleet: FleetApi,
    jit: JitApi,
    network: NetworkApi | None = None,
    leave_out: Warn | None = None,
) -> Fleet:
    """Read VMs and policies at the same time.

    Where windows are open, the network's rules tell which of them were closed; without `network` Azure's word
    stands. VMs whose policies can't be read are a failure; `leave_out` hears of them instead, as long as others
    are left.
    """
    subscriptions = subscriptions_of(scope, fleet)
    vms: dict[str, VmRow] = {}
    policies: Listed = {}

    def read_vms() -> None:
        rows = fleet.list_vms(
            subscriptions,
            scope.resource_groups,
            include_powered_off=scope.include_powered_off,
            condition=scope.condition,
            whole_interfaces=scope.whole_interfaces,
        )
        vms.update({row["id"].lower(): row for row in rows})

    def read_policies(subscription_id: str) -> Callable[[], None]:
        def read() -> None:
            policies[subscription_id.lower()] = _list_policies(jit, subscription_id, abridged)

        return read

    each(lambda task: task(), [read_vms, *map(read_policies, subscriptions)])
    rows = list(vms.values())
    found, unreadable = _resolve(jit, rows, policies, abridged)
    if leave_out is not None:
        _tell_unseen(scope, rows, policies, leave_out)
    rows = _without(rows, unreadable, leave_out)
    return Fleet(rows, _without_ended(rows, found, network) if network else found)


def list_policies(jit: JitApi, subscriptions: Sequence[str], rows: Sequence[VmRow]) -> list[Json]:
    """Read the policies of subscriptions whole; where that is forbidden, those of the VMs' resource groups."""
    lists = each(lambda one: _list_policies(jit, one, _whole), subscriptions)
    listed = dict(zip((one.lower() for one in subscriptions), lists, strict=True))
    found, unreadable = _resolve(jit, rows, listed, _whole)
    _without(rows, unreadable, None)
    return found


def _whole(policy: Policy) -> Json:
    return dict(policy.document)


def _without_ended(rows: Sequence[VmRow], policies: list[Json], network: NetworkApi) -> list[Json]:
    grants = [grant for policy in policies for grant in read_grants(policy["properties"]["requests"])]
    ended = find_ended(grants, RowLayouts(rows), network)
    return [without_ended(policy, ended) for policy in policies] if ended else policies


def subscriptions_of(scope: Scope, fleet: FleetApi) -> list[str]:
    if scope.management_groups:
        below = fleet.list_subscriptions_below(scope.management_groups)
        if not below:
            raise AzureError(
                f"no subscription is in the management group {', '.join(scope.management_groups)}, or the "
                "credential sees none there: name the group by its id, or assign the credential a role on it"
            )
        return list({one.lower(): one for one in (*scope.subscriptions, *below)}.values())
    subscriptions = list(scope.subscriptions) or fleet.list_subscriptions()
    if not subscriptions:
        raise AzureError(
            "the credential sees no subscription: assign it a role (Reader is enough) on the subscriptions, or on "
            "the resource groups, that it shall read"
        )
    return subscriptions


def _list_policies(jit: JitApi, subscription_id: str, shorten: Shorten) -> list[Json] | AzureRefused:
    """List a subscription's policies. A refusal is no failure yet: it may hold no VM that concerns us."""
    try:
        return [shorten(policy) for policy in jit.list_policies(subscription_id)]
    except AzureRefused as error:
        return [] if error.code.lower() in _UNUSED else error


def _resolve(
    jit: JitApi, rows: Sequence[VmRow], policies: Listed, shorten: Shorten
) -> tuple[list[Json], dict[Place, AzureRefused]]:
    """Ask the VMs' resource groups where the list of the whole subscription was forbidden.

    Gives the policies, and the groups of VMs whose policies can't be read.
    """
    refused = {key: answer for key, answer in policies.items() if isinstance(answer, AzureRefused)}
    groups = {_place(row): row for row in rows if row["subscriptionId"].lower() in refused}
    answers: dict[Place, list[Json] | AzureRefused] = {place: refused[place[0]] for place in groups}
    forbidden = [place for place in groups if refused[place[0]].status == 403]
    lists = each(lambda place: _list_group(jit, groups[place], shorten), forbidden)
    answers.update(zip(forbidden, lists, strict=True))
    listed = [answer for answer in (*policies.values(), *answers.values()) if not isinstance(answer, AzureRefused)]
    unreadable = {place: answer for place, answer in answers.items() if isinstance(answer, AzureRefused)}
    return [policy for found in listed for policy in found], unreadable


def _list_group(jit: JitApi, row: VmRow, shorten: Shorten) -> list[Json] | AzureRefused:
    try:
        return [shorten(policy) for policy in jit.list_policies(row["subscriptionId"], row["resourceGroup"])]
    except AzureRefused as error:
        return error


def _without(
    rows: Sequence[VmRow], unreadable: Mapping[Place, AzureRefused], leave_out: Warn | None
) -> list[VmRow]:
    """Leave out the VMs whose state is unknown, since they would be taken for closed."""
    kept = [row for row in rows if _place(row) not in unreadable]
    first: dict[str, AzureRefused] = {}
    for (subscription_id, _group), error in unreadable.items():
        first.setdefault(subscription_id, error)
    for subscription_id, error in first.items():
        text = (
            f"the just-in-time policies of subscription {subscription_id} can't be read, so the state of its VMs"
        )
        # What may pass by itself is no reason to do without VMs.
        if leave_out is None or not kept or not error.is_closed:
            raise AzureError(f"{text} is unknown: {error}. {_advice(error)}")
        number = len(rows) - len(kept)
        leave_out(f"{text} is unknown, and they are no hosts ({number} VMs in all): {error}. {_advice(error)}")
    return kept


def _advice(error: AzureRefused) -> str:
    leave = "leave the subscription out by the option subscriptions"
    if error.status == 403:
        return f"Grant the credential the role Reader (or Security Reader) there, or {leave}"
    if error.status == 401:
        return f"If it belongs to another tenant, give that as tenant; or {leave}"
    return f"Try again later, or {leave}"


def _tell_unseen(scope: Scope, rows: Sequence[VmRow], policies: Listed, warn: Warn) -> None:
    """Tell of subscriptions that were named and of which nothing can be seen: a typo, or a role that was lost."""
    seen = {row["subscriptionId"].lower() for row in rows}
    for subscription_id in scope.subscriptions:
        answer = policies.get(subscription_id.lower())
        if isinstance(answer, AzureRefused) and subscription_id.lower() not in seen:
            warn(f"nothing is seen of subscription {subscription_id}: {answer}")


def _place(row: VmRow) -> Place:
    return row["subscriptionId"].lower(), row["resourceGroup"].lower()
