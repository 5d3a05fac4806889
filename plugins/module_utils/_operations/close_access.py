# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""End open windows before their time, by deleting their network rules."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Mapping

from .._jit.closing import PortPlan, Whose, beyond, plan
from .._jit.endpoints import INTERNET
from .._jit.exposure import Verdict
from .._jit.ids import VmId
from .._jit.layout import Layout, groups_of
from .._jit.network_view import Groups, NetworkView, without_rules
from .._jit.security_rules import SecurityGroup
from .close_report import CloseCase, cautions, report
from .delete_rules import Trouble, delete_rules
from .outcomes import Outcome
from .parallel import each
from .seams import Clock, JitApi, LayoutApi, NetworkApi, VmApi, Warn
from .waiting import Deadline
from .windows import CloseRequest, Windows, find_windows

_HIDDEN = (
    "the VM and its network interfaces can't be seen, so its rules were not looked for: grant the credential "
    "Microsoft.Compute/virtualMachines/read and Microsoft.Network/*/read there"
)


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
    concerned = [w.wish.vm for w in windows if _is_concerned(w, request.whose)]
    found = layouts.layouts(concerned) if concerned else {}
    groups = network.read_groups(groups_of(found.values()))
    view = NetworkView(groups)
    gone = _gone([w for w in windows if w.ending and w.wish.vm not in found], vms)
    cases = [_plan(w, found.get(w.wish.vm), view, request.whose, gone) for w in windows]
    doomed = {rule.id.lower(): rule for case in cases for port in case.plans for rule in port.rules}
    troubles: Mapping[str, Trouble] = {}
    if check_mode:
        view = NetworkView(without_rules(groups, doomed))
    elif doomed:
        troubles = delete_rules(doomed.values(), network, deadline, progress)
        groups = network.read_groups(groups_of(found.values()))
        troubles = {key: trouble for key, trouble in troubles.items() if not _is_gone(key, trouble, groups)}
        view = NetworkView(groups)
    cases = [_still_open(case, found.get(case.windows.wish.vm), view) for case in cases]
    for sentence in cautions(cases):
        warn(sentence)
    return report(cases, troubles)


def _is_concerned(windows: Windows, whose: Whose) -> bool:
    """Tell whether a VM's rules matter: where no port is named and nothing shall end, they are not looked at."""
    wish = windows.wish
    return bool(windows.ending or wish.ports or whose.everybody or beyond(wish, windows.live, whose))


def _gone(windows: Iterable[Windows], vms: VmApi) -> set[VmId]:
    """Ask for VMs that no list shows whether they are gone, and their interfaces with them: lists hide things."""
    hidden = [w.wish.vm for w in windows]
    return {vm for vm, is_gone in zip(hidden, each(vms.is_gone, hidden), strict=True) if is_gone}


def _is_gone(rule_id: str, trouble: Trouble, groups: Groups) -> bool:
    """Tell whether a group's last reading shows that a rule is gone although nobody saw it go."""
    group = groups.get(rule_id.rpartition("/securityrules/")[0])
    is_there = not isinstance(group, SecurityGroup) or any(rule.id.lower() == rule_id for rule in group.rules)
    return trouble.may_be_gone and not is_there


def _plan(
    windows: Windows, layout: Layout | None, view: NetworkView, whose: Whose, gone: Collection[VmId]
) -> CloseCase:
    if layout is not None:
        plans = plan(windows.wish, windows.ending, windows.live, layout, view.grant_rules(layout), whose)
        return CloseCase(windows, tuple(plans), _doubt(windows, layout, view))
    is_gone = windows.wish.vm in gone
    ending = () if is_gone else windows.ending
    staying = () if is_gone else tuple(grant for grant in windows.live if grant not in windows.ending)
    numbers = sorted({*windows.wish.ports, *(grant.port for grant in windows.ending)})
    unseen = tuple(
        PortPlan(
            port,
            tuple(grant for grant in ending if grant.port == port),
            tuple(grant for grant in staying if grant.port == port),
        )
        for port in numbers
    )
    return CloseCase(windows, unseen, _HIDDEN if ending else "")


def _doubt(windows: Windows, layout: Layout, view: NetworkView) -> str:
    """Say what hides rules from us; nothing if all were seen."""
    if not windows.is_settled:
        return "Azure is still at work on the VM's policy or request, so its rules may be yet to come; run again"
    return view.doubt(layout)


def _still_open(case: CloseCase, layout: Layout | None, view: NetworkView) -> CloseCase:
    """Judge by the rules as they are then whether the ports are open all the same."""
    if layout is None:
        return case
    still_open = {port.port: tuple(_admitted(case, port, layout, view)) for port in case.plans}
    return dataclasses.replace(case, still_open=still_open)


def _admitted(case: CloseCase, port: PortPlan, layout: Layout, view: NetworkView) -> Iterable[tuple[str, Verdict]]:
    """Judge for the sources of the windows that end; where none does, for those that were named, else for all.

    Of all the internet nothing is said that some running window explains, which is told as such.
    """
    wished = case.windows.wish.origin.prefixes
    sources = dict.fromkeys(source for grant in port.ending for source in grant.sources)
    is_any = not sources and not wished
    for source in sources or wished or (INTERNET,):
        for verdict in view.judge(layout, source, port.port):
            if verdict.state in ("open", "partial") and not (is_any and case.is_explained(port.port, verdict)):
                yield source, verdict
