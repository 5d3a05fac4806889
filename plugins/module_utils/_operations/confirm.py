# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find out whether ports that Azure calls open are open."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

from .._jit.effect import Effect
from .._jit.ids import VmId
from .._jit.reach import Target
from .._jit.vms import Vm
from .await_ports import await_ports
from .await_rules import Wanted, await_rules
from .initiate import Accepted, Item, NotOpened, Verdict
from .open_cases import Case
from .seams import Clock, Connector, LayoutApi, NetworkApi
from .waiting import Deadline

Done = Callable[[Iterable[VmId]], None]
_NO_ADDRESS = (
    "no address of the VM is known here, so nobody could try to connect: give its host the variable ansible_host, "
    "or the VM a public address, or grant the credential read access to its network interface"
)


def open_items(
    cases: Iterable[Case], verdicts: Mapping[Item, Verdict]
) -> Iterable[tuple[Item, Case, tuple[str, ...]]]:
    """Give the ports that Azure calls open, and for which sources; none where only Azure knows them."""
    for case in cases:
        for decision in case.open_decisions:
            item = case.item(decision.port)
            verdict = verdicts.get(item)
            if not isinstance(verdict, NotOpened):
                yield item, case, (verdict.sources if verdict else ()) or decision.sources


def await_targets(
    cases: Sequence[Case],
    verdicts: Mapping[Item, Verdict],
    found: Mapping[VmId, Vm],
    connector: Connector,
    deadline: Deadline,
    done: Done,
) -> dict[Item, Verdict]:
    """Connect to all ports that Azure calls open; gives verdicts on those that don't answer.

    Ports that a policy opens for UDP alone are passed over: there is nothing to connect to.
    """
    targets: dict[Item, list[Target]] = {}
    missed: dict[Item, Verdict] = {}
    for item, case, _sources in open_items(cases, verdicts):
        hosts = case.wish.addresses or _addresses(found.get(case.vm))
        if case.is_udp_only(item.port):
            continue
        if hosts:
            targets[item] = [Target(host, item.port) for host in hosts]
        else:
            missed[item] = not_confirmed("unknown", _NO_ADDRESS, verdicts.get(item))
    done({case.vm for case in cases} - {item.vm for item in targets})
    for item, misses in await_ports(targets, connector, deadline, done).items():
        is_answered = all(miss.is_answer for _target, miss in misses)
        problem = "; ".join(miss.describe(target) for target, miss in misses)
        missed[item] = not_confirmed("failed" if is_answered else "unknown", problem, verdicts.get(item))
    return missed


def await_effect(
    cases: Sequence[Case],
    verdicts: Mapping[Item, Verdict],
    layouts: LayoutApi,
    network: NetworkApi,
    clock: Clock,
    deadline: Deadline,
    done: Done,
) -> dict[Item, Verdict]:
    """Look at the rules of all ports that Azure calls open; gives verdicts on those that are not in effect."""
    wanted: dict[Item, Wanted] = {}
    for item, case, sources in open_items(cases, verdicts):
        wanted[item] = Wanted(sources, "udp" if case.is_udp_only(item.port) else "tcp")
    done({case.vm for case in cases} - {item.vm for item in wanted})
    effects = await_rules(wanted, layouts, network, clock, deadline, done)
    return {item: _not_effective(effect, deadline, verdicts.get(item)) for item, effect in effects.items()}


def _not_effective(effect: Effect, deadline: Deadline, verdict: Verdict | None) -> NotOpened:
    seconds = int(deadline.timeout.total_seconds())
    within = f" within {seconds} s" if effect.state in ("absent", "unexplained") else ""
    problem = f"Azure calls the request in effect, but its rule was not seen to be{within}: {effect.reason}"
    return not_confirmed("failed" if effect.state in ("absent", "shadowed") else "unknown", problem, verdict)


def not_confirmed(state: Literal["failed", "unknown"], problem: str, verdict: Verdict | None) -> NotOpened:
    """Say that a port isn't open, or may not be, although a grant runs."""
    grant = verdict if isinstance(verdict, Accepted) else None
    return NotOpened(state, problem, grant is not None, grant)


def _addresses(vm: Vm | None) -> tuple[str, ...]:
    address = (vm.public_address or vm.private_address) if vm else None
    return (address,) if address else ()
