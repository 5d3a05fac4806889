# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of closing: for each VM and port what became of it, and what stays open all the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._jit.closing import PortPlan, is_explained
from .._jit.exposure import Verdict
from .._jit.ids import labels
from .delete_rules import Trouble
from .open_report import STATES
from .outcomes import Outcome, PortOutcome, VmOutcome, count
from .windows import Windows, describe_window

_NAMED = 20


@dataclass(frozen=True, slots=True)
class CloseCase:
    """A VM with the plan for its ports; `doubt` says what could not be found out.

    `still_open` are, by port, sources for which the port is open by another rule.
    """

    windows: Windows
    plans: tuple[PortPlan, ...]
    doubt: str = ""
    still_open: Mapping[int, Sequence[tuple[str, Verdict]]] = field(default_factory=dict)

    def is_explained(self, port: int, verdict: Verdict) -> bool:
        """Tell whether running windows account for all rules that let somebody in."""
        rules = [rule for rule in verdict.admitting if not rule.is_default]
        return all(is_explained(rule, port, self.windows.live) for rule in rules)


def cautions(cases: Sequence[CloseCase]) -> Iterable[str]:
    """Name what stays open by other people's wish, and by nobody's."""
    staying = [
        case.windows.wish.vm.name
        for case in cases
        if any(p.staying and (p.ending or case.still_open.get(p.port)) for p in case.plans)
    ]
    if staying:
        names = ", ".join(staying[:_NAMED]) + (" and more" if len(staying) > _NAMED else "")
        yield f"ports stay open for other requests, which were not meant: {names}"
    exposed = [
        f"{case.windows.wish.vm.name} port {port} for {source}, {verdict.reason}"
        for case in cases
        for port, found in case.still_open.items()
        for source, verdict in found
        if not case.is_explained(port, verdict)
    ]
    if exposed:
        more = f"; and {len(exposed) - _NAMED} more" if len(exposed) > _NAMED else ""
        yield f"open all the same by rules that no running request explains: {'; '.join(exposed[:_NAMED])}{more}"


def report(cases: Sequence[CloseCase], troubles: Mapping[str, Trouble]) -> Outcome:
    """Put the outcome of all VMs together; `troubles` are those with rules, by id in lower case."""
    outcomes = tuple(_report_vm(case, troubles) for case in cases)
    changed = [outcome for outcome in outcomes if outcome.changed]
    label = labels(outcome.vm for outcome in changed)
    ended = {label[o.vm]: [port for port in o.ports if port.details.get("ended")] for o in changed}
    return Outcome(
        vms=outcomes,
        summary=count((str(outcome.state) for outcome in outcomes), STATES),
        before={name: {str(port.port): _described(port) for port in ports} for name, ports in ended.items()},
        after={name: {str(port.port): "closed" for port in ports} for name, ports in ended.items()},
    )


def _described(port: PortOutcome) -> str:
    windows = port.details["ended"]
    return "open " + ", ".join(f"from {' '.join(w['sources'])} until {w['end_time']}" for w in windows)


def _report_vm(case: CloseCase, troubles: Mapping[str, Trouble]) -> VmOutcome:
    ports = [_report_port(port, case, troubles) for port in case.plans]
    states = {port.state for port, _problem, _changed in ports}
    problems = dict.fromkeys(problem for _port, problem, _changed in ports if problem)
    state = next((word for word in ("failed", "unknown") if word in states), "closed")
    return VmOutcome(
        case.windows.wish.vm,
        case.windows.policy_id,
        any(changed for _port, _problem, changed in ports),
        tuple(port for port, _problem, _changed in ports),
        "; ".join(problems) or None,
        state,
    )


def _report_port(
    port: PortPlan, case: CloseCase, troubles: Mapping[str, Trouble]
) -> tuple[PortOutcome, str, bool]:
    """Say what became of a port, what went wrong, and whether anything changed (or would)."""
    deleted = {rule.id.lower(): rule.name for rule in port.rules if rule.id.lower() not in troubles}
    met = [troubles[rule.id.lower()] for rule in port.rules if rule.id.lower() in troubles]
    details: dict[str, Any] = {}
    if deleted:
        details["ended"] = [describe_window(grant) for grant in port.ended_by(deleted)]
        details["rules"] = list(deleted.values())
    if port.staying:
        details["kept"] = [describe_window(grant) for grant in port.staying]
    if still_open := case.still_open.get(port.port):
        details["still_open"] = [{"source": source, "reason": verdict.reason} for source, verdict in still_open]
    doubts = [case.doubt] if case.doubt and port.ending else []
    problems = [*port.problems, *(trouble.problem for trouble in met), *doubts]
    has_failed = bool(port.problems) or any(not trouble.may_be_gone for trouble in met)
    state = "failed" if has_failed else "unknown" if problems else "closed"
    said = f"port {port.port}: {'; '.join(problems)}" if problems else ""
    return PortOutcome(port.port, state, details), said, bool(deleted) or any(t.is_accepted for t in met)
