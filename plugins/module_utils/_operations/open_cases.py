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

from .._jit.access import AlreadyOpen, Ask, Decision, Denied, Wish, decide, name_ports
from .._jit.grants import Grant, live_grants
from .._jit.ids import PolicyId, VmId
from .._jit.ourselves import Ourselves
from .._jit.policies import Coverage
from .._jit.ports import default_ports
from .._jit.vms import Vm
from .fleet import Holding, Holdings
from .initiate import Accepted, Item

NOT_COVERED = (
    "no just-in-time policy covers this VM, or the credential may not see it: if the VM still exists, cover it "
    "with jitfleet.azure.jit_policy (playbook jitfleet.azure.enable_jit), or say enable_missing: true"
)
NO_SYSTEM = "the VM doesn't exist any more, so its default ports are unknown: remove it from the policy"


@dataclass(frozen=True, slots=True)
class Home:
    """A policy that holds a VM, and its entry for it. Its document is not kept: there are thousands."""

    policy_id: PolicyId
    coverage: Coverage

    @property
    def label(self) -> str:
        return f"{self.policy_id.name} in {self.policy_id.resource_group}"

    def has(self, port: int) -> bool:
        return any(rule.number == port for rule in self.coverage.rules)


@dataclass(frozen=True, slots=True)
class Case:
    """One VM's way through the operation: the policies that hold it, and what was decided for each port.

    The first of `homes` decides on all ports but those `elsewhere`, which others of them do. `problem` says why
    nothing of the VM can be opened. `changed` says that something else of it changed, or would, and `details` are
    for its outcome.
    """

    wish: Wish
    homes: tuple[Home, ...] = ()
    decisions: tuple[Decision, ...] = ()
    elsewhere: Mapping[int, Home] = field(default_factory=dict, hash=False)
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

    @property
    def policy_id(self) -> PolicyId | None:
        """Give the policy that decides on most of the VM's ports."""
        return self.homes[0].policy_id if self.homes else None

    def home_of(self, port: int) -> Home:
        """Give the policy that decides on a port, of a VM that some policy holds."""
        return self.elsewhere.get(port, self.homes[0])

    def item(self, port: int) -> Item:
        return Item(self.home_of(port).policy_id, self.vm, port)

    def is_udp_only(self, port: int) -> bool:
        rules = [rule for rule in self.home_of(port).coverage.rules if rule.number == port]
        return bool(rules) and all(rule.protocol == "UDP" for rule in rules)

    def lacking(self, problem: str) -> Case:
        """Give it with the reason why no policy holds the ports that it lacks."""
        decisions = (
            Denied(decision.port, f"{decision.problem}; {problem}")
            if isinstance(decision, Denied) and not any(home.has(decision.port) for home in self.homes)
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
    """Decide for each port by the first policy that allows it; the one that denies fewest of them comes first."""
    tried = [
        (Home(holding.policy.id, holding.coverage), decide(wish, holding.coverage, grants, now, ours=ours))
        for holding in holdings
    ]
    if not tried:
        return Case(wish, problem=NOT_COVERED)
    tried.sort(key=lambda one: sum(isinstance(decision, Denied) for decision in one[1]))
    homes = tuple(home for home, _decisions in tried)
    chosen = [_choose(homes, decisions) for decisions in zip(*(found for _home, found in tried), strict=True)]
    elsewhere = {decision.port: home for home, decision in chosen if home is not homes[0]}
    problem = None if chosen else NO_SYSTEM
    return Case(wish, homes, tuple(decision for _home, decision in chosen), elsewhere, problem)


def _choose(homes: Sequence[Home], decisions: Sequence[Decision]) -> tuple[Home, Decision]:
    """Choose of what all policies say to one port."""
    for home, decision in zip(homes, decisions, strict=True):
        if not isinstance(decision, Denied):
            return home, decision
    port = decisions[0].port
    denials = [(home, d.problem) for home, d in zip(homes, decisions, strict=True) if isinstance(d, Denied)]
    if len(denials) == 1:
        return homes[0], decisions[0]
    if any(home.has(port) for home in homes):
        problem = "; ".join(f"{said} (policy {home.label})" for home, said in denials if home.has(port))
    else:
        held = "; ".join(f"{home.label} has {name_ports(home.coverage.rules)}" for home in homes)
        problem = f"port {port} is in none of the VM's just-in-time policies: {held}"
    return homes[0], Denied(port, problem)


def pending_of_others(cases: Iterable[Case], homes: Mapping[Grant, PolicyId]) -> list[tuple[Item, Accepted]]:
    """Collect the grants that somebody asked for a moment ago: they are to be waited for like our own."""
    return [
        (case.item(decision.port), Accepted(homes[grant], grant.start_text, grant.end, grant.sources))
        for case in cases
        for decision in case.open_decisions
        if isinstance(decision, AlreadyOpen)
        for grant in decision.pending
    ]
