# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""End open windows before their time, by deleting their network rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from .._jit.closing import CloseWish, GrantRules, Groups, PortPlan, Whose, choose, plan
from .._jit.errors import AzureError
from .._jit.grants import Grant, live_grants
from .._jit.ids import PolicyId, VmId, labels
from .._jit.layout import Layout, groups_of
from .._jit.policies import Json, Policy
from .._jit.times import write_moment
from .delete_rules import delete_rules
from .fleet import Holdings, read_known, read_policies
from .open_report import STATES
from .outcomes import Outcome, PortOutcome, VmOutcome, count
from .seams import Clock, JitApi, LayoutApi, NetworkApi, Warn
from .waiting import Deadline


@dataclass(frozen=True, slots=True)
class CloseRequest:
    """What a task asks for; `own_address` marks, in justifications, what was asked for by `my_ip`."""

    wishes: Sequence[CloseWish]
    whose: Whose
    own_address: str
    wait_timeout: timedelta


@dataclass(frozen=True, slots=True)
class _Windows:
    """A VM's running grants, and those of them that shall end; `pending` are those whose rules are yet to come."""

    wish: CloseWish
    policy_id: PolicyId | None
    live: tuple[Grant, ...] = ()
    ending: tuple[Grant, ...] = ()
    unsettled: bool = False

    @property
    def is_settled(self) -> bool:
        return not self.unsettled and not any(grant.is_pending for grant in self.ending)


@dataclass(frozen=True, slots=True)
class _Case:
    """A VM with the plan for its ports; `doubt` says what could not be found out."""

    windows: _Windows
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
    windows = _find_windows(request, jit, clock, deadline, check_mode=check_mode)
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


def _find_windows(
    request: CloseRequest, jit: JitApi, clock: Clock, deadline: Deadline, *, check_mode: bool
) -> list[_Windows]:
    """Find what is open, and look again while Azure still works on it.

    A policy that is `Updating` shows no requests although grants run [rec], and a request that is `Initiating`
    gets its rules later: neither may be taken for closed.
    """
    known = read_known(jit, [wish.vm for wish in request.wishes])
    policies = dict(known.policies)
    windows: list[_Windows] = []
    for _look in deadline.looks():
        windows = _windows(request, policies, known.holdings, clock)
        waited_for = {
            policy.id
            for w in windows
            if not w.is_settled
            for policy in policies.values()
            if policy.id == w.policy_id or _mentions(policy, w)
        }
        if check_mode or not waited_for:
            break
        policies.update({key: policy for key, policy in read_policies(waited_for, jit).items() if policy})
    return windows


def _mentions(policy: Policy, windows: _Windows) -> bool:
    pending = {grant.start_text for grant in windows.ending if grant.is_pending}
    return any(request.get("startTimeUtc") in pending for request in policy.requests)


def _windows(
    request: CloseRequest, policies: Mapping[PolicyId, Policy], holdings: Holdings, clock: Clock
) -> list[_Windows]:
    now = clock.now()
    live: dict[VmId, list[Grant]] = defaultdict(list)
    homes: dict[VmId, PolicyId] = {}
    for policy in policies.values():
        for grant in live_grants(policy.requests, now):
            live[grant.vm].append(grant)
            homes.setdefault(grant.vm, policy.id)
    found = []
    for wish in request.wishes:
        held = [holding.policy.id for holding in holdings.get(wish.vm, ())]
        grants = tuple(live.get(wish.vm, ()))
        ending = tuple(choose(wish, grants, request.whose, request.own_address))
        unsettled = any(not policies[policy_id].is_settled for policy_id in held)
        home = homes.get(wish.vm) or (held[0] if held else None)
        found.append(_Windows(wish, home, grants, ending, unsettled))
    return found


def _plan(windows: _Windows, layout: Layout | None, groups: Groups, rules: GrantRules, whose: Whose) -> _Case:
    if layout is None:
        # Nothing shall end here, or the VM is gone, and its interfaces with it.
        plans = tuple(PortPlan(port) for port in sorted({*windows.wish.ports, *_ports(windows.ending)}))
        return _Case(windows, plans)
    plans = tuple(plan(windows.wish, windows.ending, windows.live, layout, rules.of(layout), whose))
    return _Case(windows, plans, _doubt(windows, layout, groups))


def _ports(grants: Iterable[Grant]) -> set[int]:
    return {grant.port for grant in grants}


def _doubt(windows: _Windows, layout: Layout, groups: Groups) -> str:
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
        details["ended"] = [_window(grant) for grant in port.ending]
        details["rules"] = [rule.name for rule in port.rules if not troubles.get(rule.id.lower())]
    if port.staying:
        details["kept"] = [_window(grant) for grant in port.staying]
    if problems:
        return PortOutcome(port.port, "failed", details), f"port {port.port}: {'; '.join(problems)}", done
    if doubt and port.ending:
        return PortOutcome(port.port, "unknown", details), f"port {port.port}: {doubt}", done
    return PortOutcome(port.port, "closed", details), "", done


def _window(grant: Grant) -> Json:
    return {
        "sources": list(grant.sources),
        "end_time": write_moment(grant.end),
        "requestor": grant.requestor,
        "justification": grant.justification,
    }
