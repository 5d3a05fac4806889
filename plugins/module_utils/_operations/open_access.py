# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have ports of VMs open, by one request for each policy."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, Protocol

from .._jit.access import Ask, Wish
from .._jit.grants import Grant
from .._jit.ids import PolicyId, VmId
from .._jit.ourselves import OWN_ADDRESS, Ourselves
from .._jit.sources import is_ipv6
from .._jit.vms import Vm
from .advice import listed
from .confirm import await_effect, await_targets, open_items
from .enable_missing import Enabled, enable_missing, lacks
from .ended_early import find_ended, still_running
from .fleet import Holdings, read_known
from .initiate import Accepted, Batch, Item, Verdict, send_all
from .open_cases import Case, decide_case, pending_of_others, read_live_grants, with_ports
from .open_report import report
from .outcomes import Outcome
from .safe_write import Patience, Writer
from .seams import (
    Clock,
    Connector,
    DefenderApi,
    JitApi,
    LayoutApi,
    NetworkApi,
    PowerApi,
    Progress,
    VmApi,
    Warn,
)
from .settle import await_initiated
from .start_vms import start_vms
from .tally import Tally
from .waiting import Deadline


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """What a task asks for.

    `justification` is sent as it is; `ours` knows by one what we asked for before.
    `enabling` is how policies are completed first, None if they are not. With `start_vms` VMs that are off are
    started first.
    """

    wishes: Sequence[Wish]
    justification: str
    ours: Ourselves
    wait_for: Literal["accepted", "initiated", "rule", "port"]
    wait_timeout: timedelta
    enabling: Patience | None = None
    start_vms: bool = False


class Services(Protocol):
    """What opening needs of the outside world; `draw` gives random numbers from 0 to 1."""

    @property
    def jit(self) -> JitApi: ...
    @property
    def vms(self) -> VmApi: ...
    @property
    def layouts(self) -> LayoutApi: ...
    @property
    def network(self) -> NetworkApi: ...
    @property
    def power(self) -> PowerApi: ...
    @property
    def defender(self) -> DefenderApi: ...
    @property
    def connector(self) -> Connector: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def draw(self) -> Callable[[], float]: ...
    @property
    def progress(self) -> Progress: ...
    @property
    def warn(self) -> Warn: ...


@dataclass(frozen=True, slots=True)
class _Ready:
    """All that is decided before anything is sent.

    What was read to decide it, most of all thousands of policies' entries, is forgotten by then.
    """

    cases: Sequence[Case]
    pending: Sequence[tuple[Item, Accepted]]
    fresh: frozenset[PolicyId]
    found: Mapping[VmId, Vm]
    before: Mapping[str, Any]
    after: Mapping[str, Any]


def open_access(request: OpenRequest, services: Services, reference: str, *, check_mode: bool) -> Outcome:
    """Open what isn't open yet and say for each VM and port what became of it.

    `reference` is a text that no other request has; it makes a request recognisable whose answer was lost.
    """
    ready = _prepare(request, services, check_mode=check_mode)
    verdicts: dict[Item, Verdict] = {}
    if not check_mode:
        verdicts = _act(request, ready, services, reference)
    if request.wait_for in ("accepted", "initiated"):
        _warn_of_ipv6(ready.cases, verdicts, services.warn)
    return report(ready.cases, verdicts, ready.before, ready.after)


def _prepare(request: OpenRequest, services: Services, *, check_mode: bool) -> _Ready:
    """Read, complete policies and start VMs as wished, and decide what to ask for."""
    known = read_known(services.jit, [wish.vm for wish in request.wishes])
    found = _read_vms(request, known.holdings, services.vms)
    wishes = with_ports(request.wishes, found)
    enabled = Enabled(known.holdings)
    if request.enabling is not None:
        writer = Writer(services.jit, services.clock, services.draw, request.enabling, services.progress.policies)
        enabled = enable_missing(
            wishes, known, found, services.defender, writer, services.warn, check_mode=check_mode
        )
    now = services.clock.now()
    grants, homes = read_live_grants(enabled.holdings, now)
    grants = _without_ended(grants, wishes, services)
    cases = [
        decide_case(wish, enabled.holdings.get(wish.vm, ()), grants.get(wish.vm, ()), now, request.ours)
        for wish in wishes
    ]
    cases = [_with_enabling(case, enabled) for case in cases]
    cases = _with_power(cases, request, services, found, check_mode=check_mode)
    pending = pending_of_others(cases, homes)
    return _Ready(cases, pending, enabled.fresh, found, enabled.before, enabled.after)


def _read_vms(request: OpenRequest, holdings: Holdings, vms: VmApi) -> Mapping[VmId, Vm]:
    """Read of VMs what is needed: nothing of those whose ports are named and that policies hold.

    What is known of the others all the same is good enough for a warning.
    """
    systems_only = request.wait_for != "port" and request.enabling is None
    if request.wait_for == "port":
        wanted = {wish.vm for wish in request.wishes}
    else:
        wanted = {wish.vm for wish in request.wishes if not wish.ports and wish.vm in holdings}
        if request.enabling is not None:
            wanted.update(wish.vm for wish in request.wishes if lacks(wish, holdings))
    found = vms.find(wanted, systems_only=systems_only) if wanted else {}
    return {**vms.recall([wish.vm for wish in request.wishes]), **found}


def _without_ended(
    grants: Mapping[VmId, Sequence[Grant]], wishes: Iterable[Wish], services: Services
) -> dict[VmId, list[Grant]]:
    """Leave out what somebody closed; only grants that may serve a wish are worth a look at the rules."""
    candidates = [
        grant for wish in wishes if not wish.force for grant in grants.get(wish.vm, ()) if grant.port in wish.ports
    ]
    ended = find_ended(candidates, services.layouts, services.network, by_number=True)
    return {vm: still_running(held, ended) for vm, held in grants.items()}


def _with_enabling(case: Case, enabled: Enabled) -> Case:
    """Tell of a case what was done to its policy, and of a port that is still missing there why."""
    case = case.changing(enabled=True) if case.vm in enabled.vms else case
    problem = enabled.problems.get(case.vm)
    if not problem:
        return case
    return case.lacking(problem) if case.homes else dataclasses.replace(case, problem=problem)


def _with_power(
    cases: Sequence[Case], request: OpenRequest, services: Services, found: Mapping[VmId, Vm], *, check_mode: bool
) -> list[Case]:
    """Start the VMs that are off, or warn that nobody answers there."""
    concerned = [case.vm for case in cases if case.open_decisions]
    states = {vm.id: vm.is_running for vm in found.values()}
    if request.start_vms and concerned:
        states.update(services.power.running(concerned))
    off = [vm for vm in concerned if states.get(vm) is False]
    if not request.start_vms:
        if off:
            names = listed([vm.name for vm in off])
            services.warn(f"{names}: powered off, so nobody answers there; start_vms: true starts them first")
        return list(cases)
    if check_mode:
        return [case.changing(started=True) if case.vm in set(off) else case for case in cases]
    started = start_vms(off, services.power, Deadline(services.clock, request.wait_timeout))
    return [
        dataclasses.replace(
            case.changing(started=True) if case.vm in started.vms else case,
            problem=started.problems.get(case.vm, case.problem),
        )
        for case in cases
    ]


def _act(request: OpenRequest, ready: _Ready, services: Services, reference: str) -> dict[Item, Verdict]:
    """Send what is to be asked for, and wait for it and for what others asked for a moment ago."""
    cases, pending = ready.cases, ready.pending
    waits, goes_further = request.wait_for != "accepted", request.wait_for in ("rule", "port")
    deadline = Deadline(services.clock, request.wait_timeout)
    concerned = {case.vm for case in cases if case.asks or (case.open_decisions and goes_further)}
    vms = Tally(services.progress, len(cases), {*concerned, *(item.vm for item, _accepted in pending if waits)})
    batches = _batches(cases, request.justification, ready.fresh)
    ids = {batch.policy_id for batch in batches}
    policies = Tally(services.progress.policies, len(ids), ids)

    def done(sent: Mapping[Item, Verdict]) -> None:
        policies.done({item.policy_id for item in sent})
        awaited = {item.vm for item, verdict in sent.items() if waits and isinstance(verdict, Accepted)}
        vms.done({item.vm for item in sent} - awaited)

    verdicts = send_all(batches, services.jit, services.clock, deadline, reference, done)
    if waits:
        ours = [(item, verdict) for item, verdict in verdicts.items() if isinstance(verdict, Accepted)]
        settled = (lambda vms: None) if goes_further else vms.done
        verdicts.update(await_initiated([*ours, *pending], services.jit, services.vms, deadline, settled))
    if request.wait_for == "port":
        verdicts.update(await_targets(cases, verdicts, ready.found, services.connector, deadline, vms.done))
    elif request.wait_for == "rule":
        found_rules = await_effect(
            cases, verdicts, services.layouts, services.network, services.clock, deadline, vms.done
        )
        verdicts.update(found_rules)
    return verdicts


def _warn_of_ipv6(cases: Iterable[Case], verdicts: Mapping[Item, Verdict], warn: Warn) -> None:
    """Say where only IPv6 addresses are admitted: most VMs have none, and so far nobody looked."""
    names: dict[str, None] = {}
    found: set[str] = set()
    for _item, case, sources in open_items(cases, verdicts):
        if sources and all(is_ipv6(source) for source in sources):
            names[case.vm.name] = None
            found.update(sources)
    if names:
        warn(
            f"{listed(list(names))}: for IPv6 addresses alone ({listed(sorted(found))}), from which nobody gets "
            "in to a VM that has none itself; wait_for: rule finds out"
        )


def _batches(cases: Iterable[Case], justification: str, fresh: Collection[PolicyId]) -> list[Batch]:
    """Gather what is asked of each policy; what is asked for our own address goes by itself, to be known by it."""
    asks: dict[tuple[PolicyId, bool], dict[VmId, tuple[Ask, ...]]] = defaultdict(dict)
    for case in cases:
        for ask in case.asks:
            of_policy = asks[case.home_of(ask.port).policy_id, case.wish.origin.own_address]
            of_policy[case.vm] = (*of_policy.get(case.vm, ()), ask)
    return [
        Batch(
            policy_id,
            asked,
            f"{justification} {OWN_ADDRESS}".strip() if is_own else justification,
            is_fresh=policy_id in fresh,
        )
        for (policy_id, is_own), asked in sorted(asks.items())
    ]
