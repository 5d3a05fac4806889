# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of opening: for each VM and port what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from .._jit.access import AlreadyOpen, Ask, Decision, Denied
from .._jit.ids import labels
from .._jit.times import human_duration, write_moment
from .initiate import Item, NotOpened, Verdict
from .open_cases import Case
from .outcomes import Outcome, PortOutcome, VmOutcome, count

# Closing reports in the same words.
STATES = ("opened", "already_open", "closed", "failed", "unknown")


def report(
    cases: Sequence[Case],
    verdicts: Mapping[Item, Verdict],
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> Outcome:
    """Put the outcome of all VMs together; `before` and `after` show what policies were given."""
    outcomes = tuple(_report_vm(case, verdicts) for case in cases)
    changed = [outcome for outcome in outcomes if outcome.changed]
    label = labels(outcome.vm for outcome in changed)
    opened = {label[o.vm]: [port for port in o.ports if port.state == "opened"] for o in changed}
    started = {label[o.vm] for o in changed if o.details.get("started")}
    shown = [name for name in opened if opened[name] or name in started]
    return Outcome(
        vms=outcomes,
        summary=count((str(outcome.state) for outcome in outcomes), STATES),
        before={**before, **{name: _shown(opened[name], name in started, is_open=False) for name in shown}},
        after={**after, **{name: _shown(opened[name], name in started, is_open=True) for name in shown}},
    )


def _shown(ports: Iterable[PortOutcome], is_started: bool, *, is_open: bool) -> dict[str, str]:
    power = {"power": "running" if is_open else "off"} if is_started else {}
    return {**power, **{str(port.port): _described(port) if is_open else "closed" for port in ports}}


def _report_vm(case: Case, verdicts: Mapping[Item, Verdict]) -> VmOutcome:
    if case.problem or case.policy_id is None:
        return VmOutcome(
            case.vm,
            case.policy_id,
            case.changed,
            error=case.problem,
            state="failed",
            details=dict(case.details),
        )
    ports, errors = [], []
    for decision in case.decisions:
        outcome, problem = _report_port(decision, verdicts.get(case.item(decision.port)))
        if home := case.elsewhere.get(decision.port):
            outcome.details["policy_id"] = str(home.policy_id)
        ports.append(outcome)
        errors += [problem] if problem else []
    states = {port.state for port in ports}
    state = next(word for word in ("failed", "unknown", "opened", "already_open") if word in states)
    return VmOutcome(
        case.vm,
        case.policy_id,
        case.changed or _has_changed(ports),
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
        if verdict.grant is not None:
            details |= _window(verdict.grant.sources or decision.sources, verdict.grant.end)
        return PortOutcome(decision.port, verdict.state, details), f"port {decision.port}: {verdict.problem}"
    if isinstance(decision, AlreadyOpen):
        details = _window(decision.sources, decision.end)
        return PortOutcome(decision.port, "already_open", details), None
    if verdict is not None:
        details = _window(verdict.sources or decision.sources, verdict.end)
    else:
        details = {"sources": list(decision.sources), "duration": human_duration(decision.duration)}
    return PortOutcome(decision.port, "opened", details), None


def _window(sources: Iterable[str], end: datetime) -> dict[str, Any]:
    return {"sources": list(sources), "end_time": write_moment(end)}


def _described(port: PortOutcome) -> str:
    sources = ", ".join(port.details.get("sources") or ()) or "the address that Azure sees"
    until: Any = port.details.get("end_time")
    return f"open from {sources} " + (f"until {until}" if until else f"for {port.details.get('duration')}")
