# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of opening: for each VM and port what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._jit.access import AlreadyOpen, Ask, Decision, Denied, Wish
from .._jit.ids import PolicyId, VmId, labels
from .._jit.times import human_duration, write_moment
from .initiate import Item, NotOpened, Verdict
from .outcomes import Outcome, PortOutcome, VmOutcome, count

# Closing reports in the same words.
STATES = ("opened", "already_open", "closed", "failed", "unknown")


@dataclass(frozen=True, slots=True)
class Case:
    """One VM's way through the operation: what holds it, and what was decided for each port.

    `problem` says why nothing of it can be opened. `details` are for the VM's outcome.
    """

    wish: Wish
    policy_id: PolicyId | None = None
    decisions: tuple[Decision, ...] = ()
    problem: str | None = None
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
    def open_ports(self) -> list[int]:
        """Give the ports that are open, or to be opened."""
        return [] if self.problem else [d.port for d in self.decisions if not isinstance(d, Denied)]


def report(cases: Sequence[Case], verdicts: Mapping[Item, Verdict]) -> Outcome:
    """Put the outcome of all VMs together."""
    outcomes = tuple(_report_vm(case, verdicts) for case in cases)
    changed = [outcome for outcome in outcomes if outcome.changed]
    label = labels(outcome.vm for outcome in changed)
    opened = {
        label[o.vm]: ports for o in changed if (ports := [port for port in o.ports if port.state == "opened"])
    }
    return Outcome(
        vms=outcomes,
        summary=count((str(outcome.state) for outcome in outcomes), STATES),
        before={name: {str(port.port): "closed" for port in ports} for name, ports in opened.items()},
        after={name: {str(port.port): _described(port) for port in ports} for name, ports in opened.items()},
    )


def _report_vm(case: Case, verdicts: Mapping[Item, Verdict]) -> VmOutcome:
    if case.problem or case.policy_id is None:
        return VmOutcome(
            case.vm, case.policy_id, False, error=case.problem, state="failed", details=dict(case.details)
        )
    ports, errors = [], []
    for decision in case.decisions:
        outcome, problem = _report_port(decision, verdicts.get(Item(case.policy_id, case.vm, decision.port)))
        ports.append(outcome)
        errors += [problem] if problem else []
    states = {port.state for port in ports}
    state = next(word for word in ("failed", "unknown", "opened", "already_open") if word in states)
    return VmOutcome(
        case.vm,
        case.policy_id,
        _has_changed(ports),
        tuple(ports),
        "; ".join(errors) or None,
        state,
        details=dict(case.details),
    )


def _has_changed(ports: Iterable[PortOutcome]) -> bool:
    return any(port.state == "opened" or port.details.get("accepted") for port in ports)


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
