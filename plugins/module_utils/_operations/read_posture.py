# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read all that a report of VMs is made from: a handful of requests for each subscription, none for each VM."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from .._jit.assessment import Assessment
from .._jit.effective_rules import EffectiveRules
from .._jit.errors import AzureError
from .._jit.hosts import VmRow, is_off
from .._jit.ids import VmId
from .._jit.layout import Layout, groups_of, read_layout
from .._jit.policies import Policy
from .._jit.security_rules import SecurityGroup
from .._jit.server_plan import ServerPlan
from .._jit.surroundings import Surroundings
from .parallel import each
from .read_fleet import FleetApi, list_policies
from .seams import Clock, JitApi, NetworkApi, VmApi, Warn
from .waiting import Deadline

PARTLY = "partially"


class PlanApi(Protocol):
    """Plans of Defender for Servers; raises an `AzureError` where one may not be read."""

    def read_plan(self, subscription_id: str) -> ServerPlan: ...
    def read_vm_plan(self, vm: VmId) -> ServerPlan: ...


class SurroundingsApi(Protocol):
    """What stands around VMs; `ask_graph` False asks Resource Manager's lists alone."""

    def find(self, subscriptions: Sequence[str], *, ask_graph: bool = True) -> Surroundings: ...

    def assessments(
        self, subscriptions: Sequence[str], *, ask_graph: bool = True
    ) -> Mapping[VmId, Assessment]: ...


class EffectiveApi(Protocol):
    """The rules in effect on an interface; `pause` waits, or tells that there is no time left."""

    def read(self, nic_id: str, pause: Callable[[float], bool]) -> EffectiveRules | AzureError: ...


class Services(Protocol):
    """What the report needs of the outside world."""

    @property
    def fleet(self) -> FleetApi: ...
    @property
    def lists(self) -> FleetApi: ...
    @property
    def jit(self) -> JitApi: ...
    @property
    def network(self) -> NetworkApi: ...
    @property
    def vms(self) -> VmApi: ...
    @property
    def defender(self) -> PlanApi: ...
    @property
    def surroundings(self) -> SurroundingsApi: ...
    @property
    def effective(self) -> EffectiveApi: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def warn(self) -> Warn: ...


@dataclass(frozen=True, slots=True)
class Reading:
    """How much to read. `patience` is how long to wait for Azure's own rules; none at all doesn't ask for them."""

    ask_graph: bool = True
    check_assessments: bool = True
    patience: timedelta | None = None


@dataclass(slots=True)
class Posture:
    """What was read. `plans` are by subscription in lower case, `own_plans` those of VMs that may differ.

    `effective` are rules by interface in lower case, None where they were not asked for.
    """

    policies: list[Policy] = field(default_factory=list)
    layouts: dict[VmId, Layout] = field(default_factory=dict)
    groups: dict[str, SecurityGroup | AzureError] = field(default_factory=dict)
    plans: dict[str, ServerPlan] = field(default_factory=dict)
    own_plans: dict[VmId, ServerPlan] = field(default_factory=dict)
    surroundings: Surroundings = field(default_factory=Surroundings)
    assessments: Mapping[VmId, Assessment] = field(default_factory=dict)
    effective: dict[str, EffectiveRules | AzureError] | None = None

    def plan_of(self, vm: VmId) -> ServerPlan | None:
        """Give a VM's plan: its own where it may have one, and then not its subscription's."""
        plan = self.plans.get(vm.subscription_id.lower())
        return self.own_plans.get(vm) if plan and plan.coverage == PARTLY else plan


def read_posture(
    rows: Sequence[VmRow],
    chosen: Sequence[VmRow],
    subscriptions: Sequence[str],
    reading: Reading,
    services: Services,
) -> Posture:
    """Read at the same time what needs no order. `rows` are all VMs of the scope, `chosen` those to be told of."""
    posture = Posture(layouts={layout.vm: layout for row in chosen if (layout := read_layout(row))})

    def rules_and_policies() -> None:
        # In this order: a window that opens meanwhile is known where its rule was seen, else the rule would pass
        # for a hole.
        if reading.patience is not None:
            posture.effective = _read_effective(chosen, reading.patience, services)
        posture.groups.update(services.network.read_groups(groups_of(posture.layouts.values())))
        documents = list_policies(services.jit, subscriptions, rows)
        posture.policies = [policy for document in documents if (policy := Policy.read(document))]

    def plans() -> None:
        posture.plans = _read_plans(subscriptions, services)
        posture.own_plans = _read_own_plans(posture.plans, posture.layouts, services)

    def surroundings() -> None:
        posture.surroundings = services.surroundings.find(subscriptions, ask_graph=reading.ask_graph)

    def assessments() -> None:
        if reading.check_assessments:
            posture.assessments = _read_assessments(subscriptions, reading, services)

    each(lambda task: task(), (rules_and_policies, plans, surroundings, assessments))
    return posture


def _read_assessments(
    subscriptions: Sequence[str], reading: Reading, services: Services
) -> Mapping[VmId, Assessment]:
    """Read a second opinion, which is not worth failing for."""
    try:
        return services.surroundings.assessments(subscriptions, ask_graph=reading.ask_graph)
    except AzureError as error:
        services.warn(f"Defender's assessments can't be told: {error}")
        return {}


def _read_plans(subscriptions: Sequence[str], services: Services) -> dict[str, ServerPlan]:
    def read(subscription_id: str) -> ServerPlan | AzureError:
        try:
            return services.defender.read_plan(subscription_id)
        except AzureError as error:
            return error

    answers = dict(zip(subscriptions, each(read, subscriptions), strict=True))
    refused = {key: answer for key, answer in answers.items() if isinstance(answer, AzureError)}
    if refused:
        first = next(iter(refused.values()))
        services.warn(f"the Defender plan of subscription {', '.join(refused)} can't be told: {first}")
    return {key.lower(): answer for key, answer in answers.items() if isinstance(answer, ServerPlan)}


def _read_own_plans(
    plans: Mapping[str, ServerPlan], vms: Collection[VmId], services: Services
) -> dict[VmId, ServerPlan]:
    """Ask for the VMs of subscriptions that are covered in part, one by one: there is no list of these."""

    def read(vm: VmId) -> dict[VmId, ServerPlan]:
        try:
            return {vm: services.defender.read_vm_plan(vm)}
        except AzureError:
            return {}

    partly = {key for key, plan in plans.items() if plan.coverage == PARTLY}
    asked = [vm for vm in vms if vm.subscription_id.lower() in partly]
    return {vm: plan for own in each(read, asked) for vm, plan in own.items()}


def _read_effective(
    chosen: Iterable[VmRow], patience: timedelta, services: Services
) -> dict[str, EffectiveRules | AzureError]:
    """Ask for each interface of the VMs that aren't off; Azure has no rules in effect for the others [docs]."""

    def read(nic_id: str) -> EffectiveRules | AzureError:
        deadline = Deadline(services.clock, patience)

        def pause(seconds: float) -> bool:
            deadline.pause(seconds)
            return not deadline.has_passed

        return services.effective.read(nic_id, pause)

    nics = {one["nic"].lower(): one["nic"] for row in chosen if not is_off(row) for one in row["interfaces"] or ()}
    return dict(zip(nics, each(read, nics.values()), strict=True))
