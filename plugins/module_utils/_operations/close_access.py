# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""End open windows before their time, by deleting their network rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._jit.closing import GrantRules, Groups, PortPlan, Whose, plan
from .._jit.errors import AzureError
from .._jit.grants import Grant
from .._jit.ids import labels
from .._jit.layout import Layout, groups_of
from .delete_rules import delete_rules
from .open_report import STATES
from .outcomes import Outcome, PortOutcome, VmOutcome, count
from .seams import Clock, JitApi, LayoutApi, NetworkApi, Warn
from .waiting import Deadline
from .windows import CloseRequest, Windows, describe_window, find_windows


@dataclass(frozen=True, slots=True)
class _Case:
    """A VM with the plan for its ports; `doubt` says what could not be found out."""

    windows: Windows
    plans: tuple[PortPlan, ...]
    doubt: str = ""


def close_access(
    request: CloseRequest,
    jit: JitApi,
    layouts: LayoutApi,
    network: NetworkApi,
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
    rules = GrantRules(groups)
    cases = [_plan(w, found.get(w.wish.vm), groups, rules, request.whose) for w in windows]
    troubles: Mapping[str, str | None] = {}
    if not check_mode:
        doomed = (rule for case in cases for port in case.plans for rule in port.rules)
        troubles = delete_rules(doomed, network, deadline, progress)
    for sentence in _cautions(cases):
        warn(sentence)
    return _report(cases, troubles)


def _plan(windows: Windows, layout: Layout | None, groups: Groups, rules: GrantRules, whose: Whose) -> _Case:
    if layout is None:
        # Nothing shall end here, or the VM is gone, and its interfaces with it.
        plans = tuple(PortPlan(port) for port in sorted({*windows.wish.ports, *_ports(windows.ending)}))
        return _Case(windows, plans)
    plans = tuple(plan(windows.wish, windows.ending, windows.live, layout, rules.of(layout), whose))
    return _Case(windows, plans, _doubt(windows, layout, groups))


def _ports(grants: Iterable[Grant]) -> set[int]:
    return {grant.port for grant in grants}


def _doubt(windows: Windows, layout: Layout, groups: Groups) -> str:
    """Say what hides rules from us; nothing if all were seen."""
    refused = [answer for group in layout.groups if isinstance(answer := groups.get(group.lower()), AzureError)]
    if refused:
        return (
            f"a network security group of the VM can't be read: {refused[0]}. Grant the credential "
            "Microsoft.Network/networkSecurityGroups/read there"
        )
    if not layout.is_complete:
        return (
            "not all network interfaces and subnets of the VM could be read, so rules may be left that nobody saw"
        )
    if not windows.is_settled:
        return "Azure is still at work on the VM's policy or request, so its rules may be yet to come; run again"
    return ""


def _cautions(cases: Sequence[_Case]) -> Iterable[str]:
    """Name what stays open by other people's wish."""
    staying = [case.windows.wish.vm for case in cases if any(p.staying and p.ending for p in case.plans)]
    if staying:
        names = ", ".join(vm.name for vm in staying[:20]) + (" and more" if len(staying) > 20 else "")
        yield f"ports that were closed stay open for other requests, which were not meant: {names}"


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
    ports = [_report_port(port, case.doubt, troubles) for port in case.plans]
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


def _report_port(port: PortPlan, doubt: str, troubles: Mapping[str, str | None]) -> tuple[PortOutcome, str, bool]:
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
    if problems:
        return PortOutcome(port.port, "failed", details), f"port {port.port}: {'; '.join(problems)}", done
    if doubt and port.ending:
        return PortOutcome(port.port, "unknown", details), f"port {port.port}: {doubt}", done
    return PortOutcome(port.port, "closed", details), "", done
