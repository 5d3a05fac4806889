# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""End open windows before their time, by deleting their network rules."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._jit.closing import PortPlan, Whose, plan
from .._jit.exposure import Verdict
from .._jit.grants import Grant
from .._jit.ids import VmId, labels
from .._jit.layout import Layout, groups_of
from .._jit.network_view import NetworkView, without_rules
from .delete_rules import delete_rules
from .open_report import STATES
from .outcomes import Outcome, PortOutcome, VmOutcome, count
from .parallel import each
from .seams import Clock, JitApi, LayoutApi, NetworkApi, VmApi, Warn
from .waiting import Deadline
from .windows import CloseRequest, Windows, describe_window, find_windows

_HIDDEN = (
    "the VM and its network interfaces can't be seen, so its rules were not looked for: grant the credential "
    "Microsoft.Compute/virtualMachines/read and Microsoft.Network/*/read there"
)


@dataclass(frozen=True, slots=True)
class _Case:
    """A VM with the plan for its ports; `doubt` says what could not be found out.

    `still_open` are, by port, sources of the windows that end for which the port is open by another rule.
    """

    windows: Windows
    plans: tuple[PortPlan, ...]
    doubt: str = ""
    still_open: Mapping[int, Sequence[tuple[str, Verdict]]] = field(default_factory=dict)


def close_access(
    request: CloseRequest,
    jit: JitApi,
    layouts: LayoutApi,
    network: NetworkApi,
    vms: VmApi,
    clock: Clock,
    warn: Warn,
    progress: Callable[[int, int], None] = lambda done, of: None,
    *,
    check_mode: bool,
) -> Outcome:
    """End the windows that are meant, and say for each VM and port what became of them."""
    deadline = Deadline(clock, request.wait_timeout)
    windows = find_windows(request, jit, clock, deadline, check_mode=check_mode)
    concerned = [w.wish.vm for w in windows if w.ending or request.whose.everybody]
    found = layouts.layouts(concerned) if concerned else {}
    groups = network.read_groups(groups_of(found.values()))
    view = NetworkView(groups)
    gone = _gone([w for w in windows if w.ending and w.wish.vm not in found], vms)
    cases = [_plan(w, found.get(w.wish.vm), view, request.whose, gone) for w in windows]
    doomed = {rule.id.lower(): rule for case in cases for port in case.plans for rule in port.rules}
    troubles: Mapping[str, str | None] = {}
    if check_mode:
        view = NetworkView(without_rules(groups, doomed))
    elif doomed:
        troubles = delete_rules(doomed.values(), network, deadline, progress)
        view = NetworkView(network.read_groups(groups_of(found.values())))
    cases = [_still_open(case, found.get(case.windows.wish.vm), view) for case in cases]
    for sentence in _cautions(cases):
        warn(sentence)
    return _report(cases, troubles)


def _gone(windows: Iterable[Windows], vms: VmApi) -> set[VmId]:
    """Ask for VMs that no list shows whether they are gone, and their interfaces with them: lists hide things."""
    hidden = [w.wish.vm for w in windows]
    return {vm for vm, is_gone in zip(hidden, each(vms.is_gone, hidden), strict=True) if is_gone}


def _plan(
    windows: Windows, layout: Layout | None, view: NetworkView, whose: Whose, gone: Collection[VmId]
) -> _Case:
    if layout is None:
        hidden = bool(windows.ending) and windows.wish.vm not in gone
        ending = windows.ending if hidden else ()
        plans = tuple(
            PortPlan(port, tuple(grant for grant in ending if grant.port == port))
            for port in sorted({*windows.wish.ports, *_ports(windows.ending)})
        )
        return _Case(windows, plans, _HIDDEN if hidden else "")
    plans = tuple(plan(windows.wish, windows.ending, windows.live, layout, view.grant_rules(layout), whose))
    return _Case(windows, plans, _doubt(windows, layout, view))


def _ports(grants: Iterable[Grant]) -> set[int]:
    return {grant.port for grant in grants}


def _doubt(windows: Windows, layout: Layout, view: NetworkView) -> str:
    """Say what hides rules from us; nothing if all were seen."""
    if not windows.is_settled:
        return "Azure is still at work on the VM's policy or request, so its rules may be yet to come; run again"
    return view.doubt(layout)


def _still_open(case: _Case, layout: Layout | None, view: NetworkView) -> _Case:
    """Judge by the rules as they are then for which sources of the ended windows ports are open all the same."""
    if layout is None or not any(port.ending for port in case.plans):
        return case
    still_open = {
        port.port: tuple(
            (source, verdict)
            for source in dict.fromkeys(source for grant in port.ending for source in grant.sources)
            for verdict in view.judge(layout, source, port.port)
            if verdict.state in ("open", "partial")
        )
        for port in case.plans
    }
    return dataclasses.replace(case, still_open=still_open)


def _cautions(cases: Sequence[_Case]) -> Iterable[str]:
    """Name what stays open by other people's wish."""
    staying = [case.windows.wish.vm for case in cases if any(p.staying and p.ending for p in case.plans)]
    if staying:
        names = ", ".join(vm.name for vm in staying[:20]) + (" and more" if len(staying) > 20 else "")
        yield f"ports that were closed stay open for other requests, which were not meant: {names}"
    exposed = [
        f"{case.windows.wish.vm.name} port {port} for {source}, {verdict.reason}"
        for case in cases
        for port, found in case.still_open.items()
        for source, verdict in found
        if any(not rule.is_jit_grant for rule in verdict.admitting if not rule.is_default)
    ]
    if exposed:
        more = f"; and {len(exposed) - 20} more" if len(exposed) > 20 else ""
        yield f"open all the same by rules that just-in-time access didn't make: {'; '.join(exposed[:20])}{more}"


def _report(cases: Sequence[_Case], troubles: Mapping[str, str | None]) -> Outcome:
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


def _report_vm(case: _Case, troubles: Mapping[str, str | None]) -> VmOutcome:
    ports = [_report_port(port, case.doubt, troubles, case.still_open.get(port.port, ())) for port in case.plans]
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
    port: PortPlan, doubt: str, troubles: Mapping[str, str | None], still_open: Sequence[tuple[str, Verdict]]
) -> tuple[PortOutcome, str, bool]:
    """Say what became of a port, what went wrong, and whether anything changed (or would)."""
    failures = [text for rule in port.rules if (text := troubles.get(rule.id.lower()))]
    problems = [*port.problems, *failures]
    done = len(failures) < len(port.rules)
    details: dict[str, Any] = {}
    if done:
        details["ended"] = [describe_window(grant) for grant in port.ending]
        details["rules"] = [rule.name for rule in port.rules if not troubles.get(rule.id.lower())]
    if port.staying:
        details["kept"] = [describe_window(grant) for grant in port.staying]
    if still_open:
        details["still_open"] = [{"source": source, "reason": verdict.reason} for source, verdict in still_open]
    if problems:
        return PortOutcome(port.port, "failed", details), f"port {port.port}: {'; '.join(problems)}", done
    if doubt and port.ending:
        return PortOutcome(port.port, "unknown", details), f"port {port.port}: {doubt}", done
    return PortOutcome(port.port, "closed", details), "", done
