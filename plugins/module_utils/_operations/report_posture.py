# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Report what the portal shows of VMs, and what it doesn't."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from .._jit.effective_rules import EffectiveRules
from .._jit.endpoints import Unread
from .._jit.errors import AzureError
from .._jit.exposure_report import MANAGEMENT_PORTS, NOT_GUARDED, STATES, WORDS, Exposure, Memory
from .._jit.grants import Grant, just_ended, live_grants
from .._jit.hosts import VmRow, is_off, is_unguarded
from .._jit.ids import VmId
from .._jit.layout import Layout, connect
from .._jit.network_view import NetworkView
from .._jit.policies import Json
from .._jit.posture import Holding, Subject, Window, describe
from .._jit.sight import Sight, see_in_effect
from .._jit.surroundings import ClassicVm, Surroundings
from .._jit.tabs import TABS, Facts, find_tab
from .ended_early import ended_by_rules, still_running
from .missing_vms import find_gone
from .read_fleet import Scope
from .read_posture import Posture, Reading, Services, read_posture
from .seams import Warn
from .select_vms import Wanted, select

# Beyond this many groups the query isn't narrowed to them: its text would grow too long.
MANY_GROUPS = 50
_NAMES_SHOWN = 3
# How long after its end a window's rule is no hole: it ended while the fleet was read, clocks differ, Azure takes
# its time [inf].
TIME_TO_CLOSE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class PostureRequest:
    """What to report: of the VMs of a scope, or of those `named`, with the hosts that stand for them."""

    scope: Scope
    reading: Reading
    filter: Wanted | None = None
    named: Mapping[VmId, tuple[str, ...]] | None = None
    ports: tuple[int, ...] = MANAGEMENT_PORTS
    sources: tuple[str, ...] = ()

    @property
    def all_sources(self) -> tuple[str, ...]:
        return (*WORDS, *self.sources)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The VMs to tell of among all that were read, and where these are."""

    rows: Sequence[VmRow]
    chosen: Sequence[VmRow]
    scope: Scope
    nothing: str = ""


@dataclass(slots=True)
class _Held:
    """What policies say of a VM."""

    holdings: list[Holding] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    ended: list[Grant] = field(default_factory=list)
    is_updating: bool = False


def report_posture(request: PostureRequest, services: Services) -> Json:
    """Report each VM in its tab; `nothing` says why there is none."""
    now = services.clock.now()
    found = _choose(request, services, now)
    subscriptions = found.scope.subscriptions
    posture = read_posture(found.rows, found.chosen, subscriptions, request.reading, services)
    _tell_of_gaps(posture.layouts, services.warn)
    view = NetworkView(posture.groups)
    held = _index(posture, view, now)
    memory = Memory()
    described = [
        describe(_subject(row, posture, view, held), request.ports, request.all_sources, now, memory)
        for row in found.chosen
    ]
    vms = [vm for vm, _exposure in described]
    classic = _classic_of(request, found, posture.surroundings)
    missing = _missing(request, found, held, services)
    tally = _summary([*vms, *classic], [exposure for _vm, exposure in described], request.all_sources)
    report: Json = {
        "vms": [*vms, *classic],
        "missing": missing,
        "summary": {**tally, "missing": len({entry["id"].lower() for entry in missing})},
    }
    if request.named is not None:
        report.update(_hosts(request.named, report["vms"]))
    if found.nothing and not classic and not missing:
        report["nothing"] = found.nothing
    return report


def _choose(request: PostureRequest, services: Services, now: datetime) -> _Chosen:
    if request.named is None:
        found = select(
            request.scope, request.filter, services.fleet, services.jit, now, services.warn, services.network
        )
        return _Chosen(found.rows, found.chosen, found.scope, found.nothing)
    subscriptions = list({vm.subscription_id.lower(): vm.subscription_id for vm in request.named}.values())
    groups = sorted({vm.resource_group.lower() for vm in request.named})
    narrow = groups if len(groups) <= MANY_GROUPS else []
    rows = services.fleet.list_vms(subscriptions, narrow, include_powered_off=True)
    by_id = {VmId.find_in(row["id"]): row for row in rows}
    if request.reading.ask_graph and any(vm not in by_id for vm in request.named):
        # Resource Graph shows new VMs after a while.
        later = services.lists.list_vms(subscriptions, narrow, include_powered_off=True)
        by_id = {**{VmId.find_in(row["id"]): row for row in later}, **by_id}
        rows = list(by_id.values())
    chosen = [by_id[vm] for vm in request.named if vm in by_id]
    scope = Scope(tuple(subscriptions), tuple(narrow), include_powered_off=True)
    return _Chosen(rows, chosen, scope)


def _index(posture: Posture, view: NetworkView, now: datetime) -> dict[VmId, _Held]:
    """Sort by VM what the policies say, in the order of their ids; windows whose rule is gone are left out."""
    held: dict[VmId, _Held] = defaultdict(_Held)
    policies = sorted(posture.policies, key=lambda policy: policy.id)
    grants = {policy.id: list(live_grants(policy.requests, now)) for policy in policies}
    ended = ended_by_rules((grant for running in grants.values() for grant in running), posture.layouts, view)
    for policy in policies:
        for coverage in policy.coverages():
            held[coverage.vm].holdings.append(Holding(policy.id, coverage))
            held[coverage.vm].is_updating |= policy.hides_requests
        for grant in still_running(grants[policy.id], ended):
            held[grant.vm].windows.append(Window(policy.id, grant))
        for grant in just_ended(policy.requests, now, TIME_TO_CLOSE):
            held[grant.vm].ended.append(grant)
    return held


def _subject(row: VmRow, posture: Posture, view: NetworkView, held: Mapping[VmId, _Held]) -> Subject:
    vm = VmId.of(row["subscriptionId"], row["resourceGroup"], row["name"])
    known = held.get(vm, _Held())
    layout = posture.layouts.get(vm)
    plan = posture.plan_of(vm)
    subnets = [one.subnet for one in layout.attachments] if layout else []
    tab = find_tab(
        Facts(
            is_covered=bool(known.holdings),
            is_guarded=_is_guarded(row, layout),
            plan=plan,
            firewall=posture.surroundings.firewall_of(subnets),
            is_off=is_off(row),
            is_updating=known.is_updating,
        )
    )
    sight, problem = _look(row, layout, known, posture, view)
    return Subject(
        row=row,
        tab=tab,
        holdings=known.holdings,
        windows=known.windows,
        ended=known.ended,
        sight=sight,
        plan=plan,
        assessment=posture.assessments.get(vm),
        rules_from="azure" if posture.effective is not None and not problem else "security_groups",
        rules_problem=problem,
    )


def _is_guarded(row: VmRow, layout: Layout | None) -> bool | None:
    if layout and layout.groups:
        return True
    return False if is_unguarded(row) else None


def _look(
    row: VmRow, layout: Layout | None, held: _Held, posture: Posture, view: NetworkView
) -> tuple[Sight | None, str]:
    """Choose the rules to judge by, and say why Azure's own could not be had."""
    if layout is None:
        return None, ""
    unread = _unread(row, layout, held, posture.surroundings)
    layout = connect(layout, posture.surroundings.networks)
    seen = Sight(layout, view, unread)
    if posture.effective is None:
        return seen, ""
    if is_off(row):
        return seen, "the VM doesn't run, so no rules are in effect"
    answers: dict[str, EffectiveRules] = {}
    for nic in {one.nic_id.lower() for one in layout.attachments}:
        answer = posture.effective.get(nic)
        if not isinstance(answer, EffectiveRules):
            return seen, str(answer) if isinstance(answer, AzureError) else "an interface was not asked for"
        answers[nic] = answer
    return see_in_effect(layout, answers, unread), ""


def _unread(row: VmRow, layout: Layout, held: _Held, around: Surroundings) -> frozenset[Unread]:
    """Tell what else may decide about a VM and was not read."""
    subnets = [one.subnet for one in layout.attachments if one.subnet]
    is_forwarded = any(holding.coverage.public_ip for holding in held.holdings)
    doubts = {
        Unread.FIREWALL: is_forwarded or around.may_forward(row["subscriptionId"], subnets),
        Unread.ADMIN_RULES: around.may_have_admin_rules(row["subscriptionId"]),
        Unread.ROUTES: not all(map(around.networks.knows_routes, subnets)),
    }
    return frozenset(doubt for doubt, holds in doubts.items() if holds)


def _tell_of_gaps(layouts: Mapping[VmId, Layout], warn: Warn) -> None:
    """Say which VMs have interfaces that may not be read, or are too new to be listed."""
    names = sorted(vm.name for vm, layout in layouts.items() if not layout.has_all_addresses)
    if names:
        shown = ", ".join(names[:_NAMES_SHOWN]) + (", ..." if len(names) > _NAMES_SHOWN else "")
        warn(
            f"not all network interfaces of {len(names)} VMs could be read, so who gets in there is unknown "
            f"({shown}). Grant the credential Microsoft.Network/networkInterfaces/read in the interfaces' groups"
        )


def _missing(
    request: PostureRequest, found: _Chosen, held: Mapping[VmId, _Held], services: Services
) -> list[Json]:
    """Find the VMs that policies hold and that don't exist any more, in the scope or beside those named."""
    known = {VmId.find_in(row["id"]) for row in found.rows}
    subscriptions = {one.lower() for one in found.scope.subscriptions}
    groups = {one.lower() for one in request.scope.resource_groups}
    around = {holding.policy_id for vm in request.named or () if vm in held for holding in held[vm].holdings}
    candidates = [
        vm
        for vm, says in held.items()
        if says.holdings
        and vm not in known
        and vm.subscription_id.lower() in subscriptions
        and (not groups or vm.resource_group.lower() in groups)
        and (request.named is None or any(holding.policy_id in around for holding in says.holdings))
    ]
    gone = find_gone(candidates, services.vms)
    return [
        {"id": str(vm), "name": vm.name, "policy_id": str(holding.policy_id)}
        for vm in sorted(gone)
        for holding in held[vm].holdings
    ]


def _classic_of(request: PostureRequest, found: _Chosen, surroundings: Surroundings) -> list[Json]:
    """Tell of classic VMs where a whole scope is asked for; nothing more than where they are is known."""
    if request.named is not None or request.filter is not None:
        return []
    groups = {one.lower() for one in found.scope.resource_groups}
    return [_describe_classic(vm) for vm in surroundings.classic if not groups or vm.resource_group in groups]


def _describe_classic(vm: ClassicVm) -> Json:
    tab = find_tab(Facts(is_classic=True))
    return {
        "id": vm.id,
        "name": vm.name,
        "subscription_id": vm.subscription_id,
        "resource_group": vm.resource_group,
        "location": vm.location,
        "tags": dict(vm.tags),
        "jit_status": tab.status,
        "reason": tab.reason,
        "detail": tab.detail,
        "notes": [],
        **{name: [] for name in ("policies", "open", "exposure", "internet_ports", "standing_deny")},
    }


def _hosts(named: Mapping[VmId, tuple[str, ...]], vms: Sequence[Json]) -> Json:
    """Tell where each host's VM stands in the list, and which VMs were not found."""
    places = {VmId.find_in(vm["id"]): index for index, vm in enumerate(vms)}
    return {
        "hosts": {host: places[vm] for vm, hosts in named.items() if vm in places for host in hosts},
        "not_found": [str(vm) for vm in named if vm not in places],
    }


def _summary(vms: Sequence[Json], exposures: Iterable[Exposure], sources: Sequence[str]) -> Json:
    """Count the VMs by tab, by reason, and by the worst that is known of each source."""
    tabs = Counter(vm["jit_status"] for vm in vms)
    reached: dict[str, Counter[str]] = {source: Counter() for source in sources}
    for exposure in exposures:
        for source in sources:
            if worst := exposure.worst(source):
                reached[source][worst] += 1
    denies = [{deny["state"] for deny in vm["standing_deny"]} for vm in vms]
    return {
        "vms": len(vms),
        **{tab: tabs[tab] for tab in TABS},
        "reasons": dict(Counter(vm["reason"] for vm in vms if vm["reason"])),
        "open": sum(1 for vm in vms if any(window["state"] == "initiated" for window in vm["open"])),
        "exposure": {source: {state: counts[state] for state in STATES} for source, counts in reached.items()},
        "not_guarded": sum(1 for states in denies if states & NOT_GUARDED),
        "disagreements": sum(1 for vm in vms if (vm.get("assessment") or {}).get("agrees") is False),
    }
