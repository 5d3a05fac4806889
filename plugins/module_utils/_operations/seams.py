# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operations need of the outside world; tests put something in memory in its place."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any, Protocol

from .._jit.errors import AzureError
from .._jit.ids import PolicyId, VmId
from .._jit.layout import Layout
from .._jit.policies import Policy
from .._jit.reach import Miss, Target
from .._jit.security_rules import SecurityGroup
from .._jit.vms import Vm

# Tells which of a policy's requests are of interest; a list holds the whole history of each.
Keep = Callable[[Mapping[str, Any]], bool]


class JitApi(Protocol):
    """Just-in-time policies. All calls raise an `AzureError` when they fail."""

    def list_policies(
        self, subscription_id: str, resource_group: str | None = None, *, keep: Keep | None = None
    ) -> list[Policy]: ...
    def find_policy(self, policy_id: PolicyId) -> Policy | None: ...
    def put_policy(self, policy_id: PolicyId, body: Mapping[str, Any]) -> None: ...
    def delete_policy(self, policy_id: PolicyId) -> None: ...
    def initiate(self, policy_id: PolicyId, body: Mapping[str, Any]) -> Mapping[str, Any]: ...


class RegionLists(Protocol):
    """Just-in-time policies by region: of a subscription, or of one of its groups."""

    def list_region(
        self, subscription_id: str, location: str, resource_group: str | None = None
    ) -> list[Policy]: ...


class VmApi(Protocol):
    """Virtual machines."""

    def find(self, wanted: Collection[VmId], *, systems_only: bool = False) -> Mapping[VmId, Vm]: ...
    def recall(self, wanted: Collection[VmId]) -> Mapping[VmId, Vm]: ...
    def is_gone(self, vm: VmId) -> bool | None: ...


class PowerApi(Protocol):
    """Whether VMs run; those of which nothing can be told are left out."""

    def running(self, wanted: Collection[VmId]) -> Mapping[VmId, bool]: ...
    def start(self, vm: VmId) -> None: ...


class Connector(Protocol):
    """Connections from here to other machines; what is connected to gives None, all else why not."""

    def try_all(self, targets: Collection[Target], seconds: float) -> Mapping[Target, Miss | None]: ...


class LayoutApi(Protocol):
    """How VMs hang in their networks; those that don't exist are left out."""

    def layouts(self, wanted: Collection[VmId]) -> Mapping[VmId, Layout]: ...


class NetworkApi(Protocol):
    """Network security groups, by their ids; what is read of them is found by id in lower case."""

    def read_groups(self, group_ids: Collection[str]) -> Mapping[str, SecurityGroup | AzureError]: ...
    def has_rule(self, rule_id: str) -> bool: ...
    def delete_rule(self, rule_id: str) -> None: ...


class DefenderApi(Protocol):
    """Microsoft Defender for Cloud's plans; None where it can't be told."""

    def includes_jit(self, subscription_id: str) -> bool | None: ...


class Clock(Protocol):
    """Time as handed down by the runner. `now` is in UTC, `sleep` takes seconds."""

    def now(self) -> datetime: ...
    def sleep(self, seconds: float) -> None: ...


Warn = Callable[[str], None]


class Progress(Protocol):
    """Hears how far the work is: how many of all VMs are done, and how many of all policies."""

    def __call__(self, done: int, total: int) -> None: ...
    def policies(self, done: int, total: int) -> None: ...
