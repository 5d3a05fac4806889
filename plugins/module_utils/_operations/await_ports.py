# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wait until ports answer: the only proof that a connection from here succeeds is one that did."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from .._jit.ids import VmId
from .._jit.reach import Miss, Target
from .initiate import Item
from .seams import Connector
from .waiting import Deadline

# How long the last attempts may take when time is up.
LEAST_SECONDS = 5.0


def await_ports(
    targets: Mapping[Item, Iterable[Target]],
    connector: Connector,
    deadline: Deadline,
    done: Callable[[Iterable[VmId]], None] = lambda vms: None,
) -> dict[Item, list[tuple[Target, Miss]]]:
    """Connect until each item's targets all took a connection, or time is up; give why the others did not.

    Every target is connected to at least once, however late it is.
    """
    pending = {item: set(targets) for item, targets in targets.items()}
    misses: dict[Target, Miss] = {}
    vms = {item.vm for item in pending}
    for _look in deadline.looks() if pending else ():
        wanted = {target for targets in pending.values() for target in targets}
        answers = connector.try_all(wanted, max(LEAST_SECONDS, deadline.seconds_left))
        misses = {target: miss for target, miss in answers.items() if miss is not None}
        pending = {item: missed for item, targets in pending.items() if (missed := targets & misses.keys())}
        done(vms - {item.vm for item in pending})
        if not pending:
            break
    return {item: [(e, misses[e]) for e in sorted(missed, key=str)] for item, missed in pending.items()}
