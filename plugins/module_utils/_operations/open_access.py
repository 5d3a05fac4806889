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
from typing import Any, Literal

from .._jit.access import AlreadyOpen, Ask, Decision, Denied, Wish, decide
from .._jit.grants import Grant, live_grants
from .._jit.ids import PolicyId, VmId, labels
from .._jit.ports import default_ports
from .._jit.times import human_duration, write_moment
from .fleet import Holding, Holdings, read_known
from .initiate import Accepted, Batch, Item, NotOpened, Verdict, send
from .outcomes import Outcome, PortOutcome, VmOutcome, count
from .parallel import each
from .seams import Clock, JitApi, VmApi
from .settle import await_initiated
from .waiting import Deadline

# Closing reports in the same words.
STATES = ("opened", "already_open", "closed", "failed", "unknown")
# Marks, in its justification, a request that left its address to the service.
OWN_ADDRESS = "(my_ip)"
_NOT_COVERED = (
    "no just-in-time policy covers this VM, or the credential may not see it: cover it with "
    "jitfleet.azure.jit_policy (playbook jitfleet.azure.enable_jit)"
)


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


@dataclass(frozen=True, slots=True)
class _Case:
    """One VM's way through the operation: what holds it, and what was decided for each port."""

    wish: Wish
    policy_id: PolicyId | None = None
    decisions: tuple[Decision, ...] = ()


def open_access(
    request: OpenRequest, jit: JitApi, vms: VmApi, clock: Clock, reference: str, *, check_mode: bool
) -> Outcome:
    """Open what isn't open yet and say for each VM and port what became of it.

    `reference` is a text that no other request has; it makes a request recognisable whose answer was lost.
    """
    holdings = read_known(jit, [wish.vm for wish in request.wishes]).holdings
    wishes = _with_ports(request.wishes, holdings, vms)
    now = clock.now()
    grants, homes = _grants(holdings, now)
    cases = [
        _decide(wish, holdings.get(wish.vm, ()), grants.get(wish.vm, ()), now, request.own_grant)
        for wish in wishes
    ]
    verdicts: dict[Item, Verdict] = {}
    if not check_mode:
        deadline = Deadline(clock, request.wait_timeout)
        verdicts = _act(
            request,
            _batches(cases, request.justification),
            _pending(cases, homes),
            jit,
            clock,
            deadline,
            reference,
        )
    return _report(cases, verdicts)


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


def _decide(
    wish: Wish, holdings: Iterable[Holding], grants: Sequence[Grant], now: datetime, own_grant: Sequence[str]
) -> _Case:
    """Decide by the first policy that allows all of the wish, else by the first."""
    cases = []
    for holding in holdings:
        decisions = tuple(decide(wish, holding.coverage, grants, now, own_grant=own_grant))
        cases.append(_Case(wish, holding.policy.id, decisions))
        if not any(isinstance(decision, Denied) for decision in decisions):
            return cases[-1]
    return cases[0] if cases else _Case(wish)


def _batches(cases: Iterable[_Case], justification: str) -> list[Batch]:
    """Gather what is asked of each policy; what is asked for our own address goes by itself, to be known by it."""
    asks: dict[tuple[PolicyId, bool], dict[VmId, tuple[Ask, ...]]] = defaultdict(dict)
    for case in cases:
        wanted = tuple(decision for decision in case.decisions if isinstance(decision, Ask))
        if wanted and case.policy_id:
            asks[case.policy_id, case.wish.origin.own_address][case.wish.vm] = wanted
    return [
        Batch(policy_id, asked, f"{justification} {OWN_ADDRESS}".strip() if is_own else justification)
        for (policy_id, is_own), asked in sorted(asks.items())
    ]


def _act(
    request: OpenRequest,
    batches: Sequence[Batch],
    pending: Iterable[tuple[Item, Accepted]],
    jit: JitApi,
    clock: Clock,
    deadline: Deadline,
    reference: str,
) -> dict[Item, Verdict]:
    sent = each(lambda batch: send(batch, jit, clock, deadline, reference), batches)
    verdicts = {item: verdict for result in sent for item, verdict in result.items()}
    if request.wait_for == "initiated":
        ours = [(item, verdict) for item, verdict in verdicts.items() if isinstance(verdict, Accepted)]
        verdicts.update(await_initiated([*ours, *pending], jit, deadline))
    return verdicts


def _pending(cases: Iterable[_Case], homes: Mapping[Grant, PolicyId]) -> list[tuple[Item, Accepted]]:
    """Collect the grants that somebody asked for a moment ago: they are to be waited for like our own."""
    return [
        (
            Item(case.policy_id, case.wish.vm, decision.port),
            Accepted(homes[grant], grant.start_text, grant.end, grant.sources),
        )
        for case in cases
        for decision in case.decisions
        if isinstance(decision, AlreadyOpen) and case.policy_id
        for grant in decision.pending
    ]


def _report(cases: Sequence[_Case], verdicts: Mapping[Item, Verdict]) -> Outcome:
    outcomes = tuple(_report_vm(case, verdicts) for case in cases)
    changed = [outcome for outcome in outcomes if outcome.changed]
    label = labels(outcome.vm for outcome in changed)
    opened = {label[o.vm]: [port for port in o.ports if port.state == "opened"] for o in changed}
    return Outcome(
        vms=outcomes,
        summary=count((str(outcome.state) for outcome in outcomes), STATES),
        before={name: {str(port.port): "closed" for port in ports} for name, ports in opened.items()},
        after={name: {str(port.port): _described(port) for port in ports} for name, ports in opened.items()},
    )


def _report_vm(case: _Case, verdicts: Mapping[Item, Verdict]) -> VmOutcome:
    if case.policy_id is None:
        return VmOutcome(case.wish.vm, None, False, error=_NOT_COVERED, state="failed")
    if not case.decisions:
        error = "the VM doesn't exist any more, so its default ports are unknown: remove it from the policy"
        return VmOutcome(case.wish.vm, case.policy_id, False, error=error, state="failed")
    ports, errors = [], []
    for decision in case.decisions:
        verdict = verdicts.get(Item(case.policy_id, case.wish.vm, decision.port))
        outcome, problem = _report_port(decision, verdict)
        ports.append(outcome)
        errors += [problem] if problem else []
    states = {port.state for port in ports}
    state = next(word for word in ("failed", "unknown", "opened", "already_open") if word in states)
    changed = any(port.state == "opened" or port.details.get("accepted") for port in ports)
    return VmOutcome(case.wish.vm, case.policy_id, changed, tuple(ports), "; ".join(errors) or None, state)


def _report_port(decision: Decision, verdict: Verdict | None) -> tuple[PortOutcome, str | None]:
    if isinstance(decision, Denied):
        return PortOutcome(decision.port, "failed"), decision.problem
    if isinstance(verdict, NotOpened):
        # What somebody else asked for is no change of ours.
        details: dict[str, Any] = {"accepted": True} if verdict.accepted and isinstance(decision, Ask) else {}
        return PortOutcome(decision.port, verdict.state, details), f"port {decision.port}: {verdict.problem}"
    if isinstance(decision, AlreadyOpen):
        details = {"sources": list(decision.sources), "end_time": write_moment(decision.end)}
        return PortOutcome(decision.port, "already_open", details), None
    if verdict is not None:
        details = {"sources": list(verdict.sources or decision.sources), "end_time": write_moment(verdict.end)}
    else:
        details = {"sources": list(decision.sources), "duration": human_duration(decision.duration)}
    return PortOutcome(decision.port, "opened", details), None


def _described(port: PortOutcome) -> str:
    sources = ", ".join(port.details.get("sources") or ()) or "the address that Azure sees"
    until: Any = port.details.get("end_time")
    return f"open from {sources} " + (f"until {until}" if until else f"for {port.details.get('duration')}")
