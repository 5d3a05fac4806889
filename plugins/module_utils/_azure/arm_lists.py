# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resource Manager's lists of whole subscriptions, and of resource groups where those are forbidden.

Run-time state comes from a list of its own: `statusOnly=true` is known at the subscription only, and
`$expand=instanceView` is refused without a scale set as its `$filter` [docs].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from .._jit.errors import AzureRefused
from .arm import Arm

COMPUTE_API = "2024-07-01"
NETWORK_API = "2024-05-01"
GROUPS_API = "2021-04-01"
# Up to here a list of VMs for each group is cheaper than one for the whole subscription.
FEW_GROUPS = 3

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of list. `tells` says what remains unknown where it is forbidden."""

    resource_type: str
    api_version: str
    tells: str
    status_only: bool = False

    @property
    def params(self) -> dict[str, str] | None:
        return {"statusOnly": "true"} if self.status_only else None


MACHINES = Kind("Microsoft.Compute/virtualMachines", COMPUTE_API, "the VMs")
STATES = Kind("Microsoft.Compute/virtualMachines", COMPUTE_API, "the VMs' power states", status_only=True)
INTERFACES = Kind("Microsoft.Network/networkInterfaces", NETWORK_API, "the VMs' addresses and security groups")
ADDRESSES = Kind("Microsoft.Network/publicIPAddresses", NETWORK_API, "the VMs' public addresses")
NETWORKS = Kind("Microsoft.Network/virtualNetworks", NETWORK_API, "the security groups of the VMs' subnets")
_OF_SUBSCRIPTION = (STATES, INTERFACES, ADDRESSES, NETWORKS)


@dataclass(frozen=True, slots=True)
class List:
    """One list: of what, and where."""

    kind: Kind
    subscription_id: str
    group: str = ""

    @property
    def scope(self) -> str:
        group = f"/resourceGroups/{self.group}" if self.group else ""
        return f"/subscriptions/{self.subscription_id}{group}"

    @property
    def path(self) -> str:
        return f"{self.scope}/providers/{self.kind.resource_type}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A list that may not be read; `by_groups` if those of resource groups stand in for it."""

    error: AzureRefused
    by_groups: bool = False


Answer: TypeAlias = "list[Json] | Refusal"


def lists_of(subscription_id: str, groups: Sequence[str]) -> list[List]:
    """Say which lists show the VMs of a subscription, or of some groups in it."""
    few = groups if len(groups) <= FEW_GROUPS else ()
    machines = [List(MACHINES, subscription_id, name) for name in few] or [List(MACHINES, subscription_id)]
    # An interface, its address and its network may lie in other groups than the VM.
    return [*machines, *(List(kind, subscription_id) for kind in _OF_SUBSCRIPTION)]


class ArmLists:
    """Read lists. VMs that may not be listed are a failure, unless `leaves_out` says that they may be missing."""

    def __init__(self, arm: Arm, groups: Sequence[str], *, leaves_out: bool) -> None:
        self._arm = arm
        self._groups = groups
        self._leaves_out = leaves_out

    def read(self, one: List) -> list[tuple[List, Answer]]:
        """Read a list, or those that stand in for it."""
        try:
            return [(one, self._items(one))]
        except AzureRefused as error:
            if error.status == 404 and one.group:
                return [(one, [])]  # no such group in this subscription
            if error.status == 403 and not one.group and (found := self._by_groups(one, error)):
                return found
            if (one.kind is MACHINES and not self._leaves_out) or not self._is_closed(error):
                raise
            return [(one, Refusal(error))]

    def _is_closed(self, error: AzureRefused) -> bool:
        return error.is_closed if self._leaves_out else error.status == 403

    def _items(self, one: List) -> list[Json]:
        return list(self._arm.items(one.path, one.kind.api_version, one.kind.params))

    def _by_groups(self, one: List, error: AzureRefused) -> list[tuple[List, Answer]]:
        """Read the lists of the groups asked for, or of those that are seen; nothing if none may be read."""
        if one.kind.status_only:
            return []
        named = [List(one.kind, one.subscription_id, name) for name in self._groups]
        parts = named or [List(one.kind, one.subscription_id, name) for name in self._visible(one)]
        answers: list[tuple[List, Answer]] = []
        for part in parts:
            try:
                answers.append((part, self._items(part)))
            except AzureRefused as refused:
                if refused.status not in (403, 404):
                    raise
                if refused.status == 403 and named and one.kind is MACHINES:
                    if not self._leaves_out:
                        raise
                    answers.append((part, Refusal(refused)))
        if all(isinstance(answer, Refusal) for _part, answer in answers):
            return []
        return answers if one.kind is MACHINES else [*answers, (one, Refusal(error, by_groups=True))]

    def _visible(self, one: List) -> list[str]:
        try:
            groups = self._arm.items(f"/subscriptions/{one.subscription_id}/resourcegroups", GROUPS_API)
            return [str(group.get("name") or "") for group in groups if group.get("name")]
        except AzureRefused:
            return []

    def view(self, vm: Json) -> Json | None:
        """Ask a VM for its state, for want of a list; None where that is forbidden, too."""
        try:
            view = self._arm.get(f"{vm['id']}/instanceView", COMPUTE_API)
        except AzureRefused as error:
            if error.status not in (403, 404):
                raise
            return None
        return {"id": vm["id"], "properties": {"instanceView": view}}
