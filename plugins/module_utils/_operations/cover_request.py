# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task asks policies to hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from .._jit.ids import PolicyId, VmId
from .._jit.ports import PortRule
from .read_fleet import Scope


@dataclass(frozen=True, slots=True)
class VmWish:
    """A VM to be covered, or not.

    No `rules` means the default by its operating system; `is_own` says that they were given for this VM alone.
    `numbers` are the ports to take out; none means the whole VM. `public_ip` is the address of the Azure Firewall
    in front of it.
    """

    vm: VmId
    rules: tuple[PortRule, ...] = ()
    numbers: frozenset[int] = frozenset()
    public_ip: str | None = None
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class Templates:
    """Ports by the value that a VM's tag `tag` has; `only` leaves out VMs that none of them is for."""

    tag: str
    rules: Mapping[str, tuple[PortRule, ...]]
    only: bool = False

    def find(self, tags: Mapping[str, str]) -> tuple[PortRule, ...] | None:
        """Give the ports for a VM."""
        value = self.value_of(tags)
        return self.rules.get(value) if value is not None else None

    def value_of(self, tags: Mapping[str, str]) -> str | None:
        """Give what the tag says; names of tags compare without case, values with it [docs]."""
        return next((value for key, value in tags.items() if key.lower() == self.tag.lower()), None)


@dataclass(frozen=True, slots=True)
class CoverRequest:
    """What a task asks for.

    `policy_name` is for VMs that no policy holds yet. `scope` is where the task looked for its VMs; deleted ones
    are then taken out of all policies there. With `skip_ineligible` VMs that can't be covered stay out. With
    `cross_check` the groups' own lists are asked for VMs that no subscription's list shows.
    """

    wishes: Sequence[VmWish]
    policy_name: str = "default"
    state: Literal["present", "absent"] = "present"
    mode: Literal["merge", "replace", "exact"] = "merge"
    prune_missing_vms: bool = True
    widest_prefix: int = 16
    scope: Scope | None = None
    templates: Templates | None = None
    skip_ineligible: bool = False
    cross_check: bool = False

    def lies_in_scope(self, policy_id: PolicyId) -> bool:
        if self.scope is None:
            return False
        subscriptions = {name.lower() for name in self.scope.subscriptions}
        groups = {name.lower() for name in self.scope.resource_groups}
        return (not subscriptions or policy_id.subscription_id.lower() in subscriptions) and (
            not groups or policy_id.resource_group.lower() in groups
        )
