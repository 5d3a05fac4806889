# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was decided for each VM that is to be open."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .._jit.access import AlreadyOpen, Ask, Decision, Denied, Wish, decide
from .._jit.grants import Grant, live_grants
from .._jit.ids import PolicyId, VmId
from .._jit.ourselves import Ourselves
from .._jit.policies import Coverage
from .._jit.ports import default_ports
from .._jit.vms import Vm
from .fleet import Holding, Holdings
from .initiate import Accepted, Item

NOT_COVERED = (
    "no just-in-time policy covers this VM, or the credential may not see it: cover it with "
    "jitfleet.azure.jit_policy (playbook jitfleet.azure.enable_jit), or say enable_missing: true"
)
NO_SYSTEM = "the VM doesn't exist any more, so its default ports are unknown: remove it from the policy"


@dataclass(frozen=True, slots=True)
class Case:
    """One VM's way through the operation: what holds it, and what was decided for each port.

    `problem` says why nothing of it can be opened. `changed` says that something else of it changed, or would, and
    `details` are for the VM's outcome.
    """

    wish: Wish
    coverage: Coverage | None = None
    policy_id: PolicyId | None = None
    decisions: tuple[Decision, ...] = ()
    problem: str | None = None
    changed: bool = False
    details: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def vm(self) -> VmId:
        return self.wish.vm

    @property
    def asks(self) -> tuple[Ask, ...]:
        """Give what is to be asked for; nothing where it would be in vain."""
        if self.problem:
            return ()
        return tuple(decision for decision in self.decisions if isinstance(decision, Ask))

    @property
    def open_decisions(self) -> tuple[AlreadyOpen | Ask, ...]:
        """Give the decisions on ports that are open, or to be opened."""
        if self.problem:
            return ()
        return tuple(decision for decision in self.decisions if not isinstance(decision, Denied))

    def is_udp_only(self, port: int) -> bool:
        rules = [rule for rule in self.coverage.rules if rule.number == port] if self.coverage else []
        return bool(rules) and all(rule.protocol == "UDP" for rule in rules)

    def lacking(self, problem: str) -> Case:
        """Give it with the reason why its policy doesn't hold the ports that it lacks."""
        held = {rule.number for rule in self.coverage.rules} if self.coverage else set()
        decisions = (
            Denied(decision.port, f"{decision.problem}; {problem}")
            if isinstance(decision, Denied) and decision.port not in held
            else decision
            for decision in self.decisions
        )
        return dataclasses.replace(self, decisions=tuple(decisions))

    def changing(self, **details: Any) -> Case:
        """Give it with something else that changes."""
        return dataclasses.replace(self, changed=True, details={**self.details, **details})


def with_ports(wishes: Iterable[Wish], found: Mapping[VmId, Vm]) -> list[Wish]:
    """Give wishes without ports the default of their VM's operating system."""
    ports = {vm.id: tuple(rule.number for rule in default_ports(vm.os_type)) for vm in found.values()}
    return [dataclasses.replace(w, ports=w.ports or ports.get(w.vm, ())) for w in wishes]


def read_live_grants(holdings: Holdings, now: datetime) -> tuple[dict[VmId, list[Grant]], dict[Grant, PolicyId]]:
    """Read the live grants of all policies, by VM, and which policy each is in."""
    policies = {holding.policy.id: holding.policy for held in holdings.values() for holding in held}
    homes = {grant: policy.id for policy in policies.values() for grant in live_grants(policy.requests, now)}
    grants: dict[VmId, list[Grant]] = defaultdict(list)
    for grant in homes:
        grants[grant.vm].append(grant)
    return grants, homes


def decide_case(
    wish: Wish, holdings: Iterable[Holding], grants: Sequence[Grant], now: datetime, ours: Ourselves
) -> Case:
    """Decide by the first policy that allows all of the wish, else by the first."""
    cases = []
    for holding in holdings:
        decisions = tuple(decide(wish, holding.coverage, grants, now, ours=ours))
        problem = None if decisions else NO_SYSTEM
        cases.append(Case(wish, holding.coverage, holding.policy.id, decisions, problem))
        if not any(isinstance(decision, Denied) for decision in decisions):
            return cases[-1]
    return cases[0] if cases else Case(wish, problem=NOT_COVERED)


def pending_of_others(cases: Iterable[Case], homes: Mapping[Grant, PolicyId]) -> list[tuple[Item, Accepted]]:
    """Collect the grants that somebody asked for a moment ago: they are to be waited for like our own."""
    return [
        (
            Item(case.policy_id, case.vm, decision.port),
            Accepted(homes[grant], grant.start_text, grant.end, grant.sources),
        )
        for case in cases
        for decision in case.open_decisions
        if isinstance(decision, AlreadyOpen) and case.policy_id
        for grant in decision.pending
    ]
