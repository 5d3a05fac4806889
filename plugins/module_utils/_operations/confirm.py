# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find out whether ports that Azure calls open are open."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from .._jit.access import AlreadyOpen, Ask
from .._jit.ids import VmId
from .._jit.reach import Target
from .._jit.vms import Vm
from .await_ports import await_ports
from .initiate import Accepted, Item, NotOpened, Verdict
from .open_cases import Case
from .seams import Connector
from .waiting import Deadline

Done = Callable[[Iterable[VmId]], None]
_NO_ADDRESS = (
    "no address of the VM is known here, so nobody could try to connect: give its host the variable ansible_host, "
    "or the VM a public address, or grant the credential read access to its network interface"
)


def open_items(
    cases: Iterable[Case], verdicts: Mapping[Item, Verdict]
) -> Iterable[tuple[Item, Case, AlreadyOpen | Ask]]:
    """Give the ports that Azure calls open."""
    for case in cases:
        for decision in case.open_decisions:
            if case.policy_id is None:
                continue
            item = Item(case.policy_id, case.vm, decision.port)
            if not isinstance(verdicts.get(item), NotOpened):
                yield item, case, decision


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
    for item, case, _decision in open_items(cases, verdicts):
        hosts = case.wish.addresses or _addresses(found.get(case.vm))
        if case.is_udp_only(item.port):
            continue
        if hosts:
            targets[item] = [Target(host, item.port) for host in hosts]
        else:
            missed[item] = not_confirmed("unknown", _NO_ADDRESS, verdicts.get(item))
    done({case.vm for case in cases} - {item.vm for item in targets})
    for item, misses in await_ports(targets, connector, deadline, done).items():
        state = "failed" if all(miss.is_answer for _target, miss in misses) else "unknown"
        problem = "; ".join(miss.describe(target) for target, miss in misses)
        missed[item] = not_confirmed(state, problem, verdicts.get(item))
    return missed


def not_confirmed(state: str, problem: str, verdict: Verdict | None) -> NotOpened:
    """Say that a port isn't open, or may not be, although a grant runs."""
    grant = verdict if isinstance(verdict, Accepted) else None
    return NotOpened("failed" if state == "failed" else "unknown", problem, grant is not None, grant)


def _addresses(vm: Vm | None) -> tuple[str, ...]:
    address = (vm.public_address or vm.private_address) if vm else None
    return (address,) if address else ()
