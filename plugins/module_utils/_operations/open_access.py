# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have ports of VMs open, by one request for each policy."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from .._jit.access import AlreadyOpen, Ask, Denied, Wish, decide
from .._jit.grants import Grant, live_grants
from .._jit.ids import PolicyId, VmId
from .._jit.ports import default_ports
from .ended_early import find_ended, still_running
from .fleet import Holding, Holdings, read_known
from .initiate import Accepted, Batch, Item, Verdict, send_all
from .open_report import Case, report
from .outcomes import Outcome
from .seams import Clock, JitApi, LayoutApi, NetworkApi, Progress, VmApi
from .settle import await_initiated
from .tally import Tally
from .waiting import Deadline

# Marks, in its justification, a request that left its address to the service.
OWN_ADDRESS = "(my_ip)"
_NOT_COVERED = (
    "no just-in-time policy covers this VM, or the credential may not see it: cover it with "
    "jitfleet.azure.jit_policy (playbook jitfleet.azure.enable_jit)"
)
_NO_SYSTEM = "the VM doesn't exist any more, so its default ports are unknown: remove it from the policy"


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """What a task asks for.

    `justification` is sent as it is. `controller` is the part of it that names who runs this controller.
    """

    wishes: Sequence[Wish]
    justification: str
    controller: str
    wait_for: Literal["accepted", "initiated"]
    wait_timeout: timedelta

    @property
    def own_grant(self) -> tuple[str, ...]:
        """Say what the justifications hold of grants that this controller asked for its own address."""
        return (self.controller, OWN_ADDRESS) if self.controller else ()


class Services(Protocol):
    """What opening needs of the outside world."""

    @property
    def jit(self) -> JitApi: ...
    @property
    def vms(self) -> VmApi: ...
    @property
    def layouts(self) -> LayoutApi: ...
    @property
    def network(self) -> NetworkApi: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def progress(self) -> Progress: ...


def open_access(request: OpenRequest, services: Services, reference: str, *, check_mode: bool) -> Outcome:
    """Open what isn't open yet and say for each VM and port what became of it.

    `reference` is a text that no other request has; it makes a request recognisable whose answer was lost.
    """
    holdings = read_known(services.jit, [wish.vm for wish in request.wishes]).holdings
    wishes = _with_ports(request.wishes, holdings, services.vms)
    now = services.clock.now()
    grants, homes = _grants(holdings, now)
    grants = _without_ended(grants, wishes, services)
    cases = [
        _decide(wish, holdings.get(wish.vm, ()), grants.get(wish.vm, ()), now, request.own_grant)
        for wish in wishes
    ]
    verdicts: dict[Item, Verdict] = {}
    if not check_mode:
        verdicts = _act(request, cases, _pending(cases, homes), services, reference)
    return report(cases, verdicts)


def _with_ports(wishes: Sequence[Wish], holdings: Holdings, vms: VmApi) -> list[Wish]:
    """Give wishes without ports the default of their VM's operating system."""
    bare = {wish.vm for wish in wishes if not wish.ports and wish.vm in holdings}
    found = vms.find(bare) if bare else {}
    ports = {vm.id: tuple(rule.number for rule in default_ports(vm.os_type)) for vm in found.values()}
    return [dataclasses.replace(w, ports=w.ports or ports.get(w.vm, ())) for w in wishes]


def _grants(holdings: Holdings, now: datetime) -> tuple[dict[VmId, list[Grant]], dict[Grant, PolicyId]]:
    """Read the live grants of all policies, by VM, and which policy each is in."""
    policies = {holding.policy.id: holding.policy for held in holdings.values() for holding in held}
    homes = {grant: policy.id for policy in policies.values() for grant in live_grants(policy.requests, now)}
    grants: dict[VmId, list[Grant]] = defaultdict(list)
    for grant in homes:
        grants[grant.vm].append(grant)
    return grants, homes


def _without_ended(
    grants: Mapping[VmId, Sequence[Grant]], wishes: Iterable[Wish], services: Services
) -> dict[VmId, list[Grant]]:
    """Leave out what somebody closed; only grants that may serve a wish are worth a look at the rules."""
    candidates = [
        grant for wish in wishes if not wish.force for grant in grants.get(wish.vm, ()) if grant.port in wish.ports
    ]
    ended = find_ended(candidates, services.layouts, services.network)
    return {vm: still_running(held, ended) for vm, held in grants.items()}


def _decide(
    wish: Wish, holdings: Iterable[Holding], grants: Sequence[Grant], now: datetime, own_grant: Sequence[str]
) -> Case:
    """Decide by the first policy that allows all of the wish, else by the first."""
    cases = []
    for holding in holdings:
        decisions = tuple(decide(wish, holding.coverage, grants, now, own_grant=own_grant))
        cases.append(Case(wish, holding.policy.id, decisions, None if decisions else _NO_SYSTEM))
        if not any(isinstance(decision, Denied) for decision in decisions):
            return cases[-1]
    return cases[0] if cases else Case(wish, problem=_NOT_COVERED)


def _act(
    request: OpenRequest,
    cases: Sequence[Case],
    pending: Sequence[tuple[Item, Accepted]],
    services: Services,
    reference: str,
) -> dict[Item, Verdict]:
    """Send what is to be asked for, and wait for it and for what others asked for a moment ago."""
    waits = request.wait_for != "accepted"
    deadline = Deadline(services.clock, request.wait_timeout)
    asked = [case.vm for case in cases if case.asks]
    vms = Tally(services.progress, len(cases), {*asked, *(item.vm for item, _ in pending if waits)})
    batches = _batches(cases, request.justification)
    ids = {batch.policy_id for batch in batches}
    policies = Tally(services.progress.policies, len(ids), ids)

    def done(sent: Mapping[Item, Verdict]) -> None:
        policies.done({item.policy_id for item in sent})
        awaited = {item.vm for item, verdict in sent.items() if waits and isinstance(verdict, Accepted)}
        vms.done({item.vm for item in sent} - awaited)

    verdicts = send_all(batches, services.jit, services.clock, deadline, reference, done)
    if waits:
        ours = [(item, verdict) for item, verdict in verdicts.items() if isinstance(verdict, Accepted)]
        verdicts.update(await_initiated([*ours, *pending], services.jit, deadline, vms.done))
    return verdicts


def _batches(cases: Iterable[Case], justification: str) -> list[Batch]:
    """Gather what is asked of each policy; what is asked for our own address goes by itself, to be known by it."""
    asks: dict[tuple[PolicyId, bool], dict[VmId, tuple[Ask, ...]]] = defaultdict(dict)
    for case in cases:
        if case.asks and case.policy_id:
            asks[case.policy_id, case.wish.origin.own_address][case.vm] = case.asks
    return [
        Batch(policy_id, asked, f"{justification} {OWN_ADDRESS}".strip() if is_own else justification)
        for (policy_id, is_own), asked in sorted(asks.items())
    ]


def _pending(cases: Iterable[Case], homes: Mapping[Grant, PolicyId]) -> list[tuple[Item, Accepted]]:
    """Collect the grants that somebody asked for a moment ago: they are to be waited for like our own."""
    return [
        (
            Item(case.policy_id, case.vm, decision.port),
            Accepted(homes[grant], grant.start_text, grant.end, grant.sources),
        )
        for case in cases
        for decision in case.decisions
        if isinstance(decision, AlreadyOpen) and case.policy_id
        for grant in decision.pending
    ]
