# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have VMs run."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from .._jit.errors import AzureError, AzureRefused, AzureUnreachable, ReplyLost
from .._jit.ids import VmId
from .parallel import each
from .seams import PowerApi
from .waiting import Deadline

# A VM takes a minute or so to start, so there is no hurry in looking.
LONGEST_PAUSE = 10.0


@dataclass(frozen=True, slots=True)
class Started:
    """Which VMs were told to start, and what went wrong with some."""

    vms: frozenset[VmId] = frozenset()
    problems: Mapping[VmId, str] = field(default_factory=dict)


def start_vms(off: Sequence[VmId], power: PowerApi, deadline: Deadline) -> Started:
    """Start VMs and wait until they run; they are looked at together, however many they are."""
    sent = zip(off, each(lambda vm: _start(vm, power, deadline), off), strict=True)
    problems = {vm: problem for vm, problem in sent if problem}
    told = [vm for vm in off if vm not in problems]
    seconds = int(deadline.timeout.total_seconds())
    for vm in _still_off(told, power, deadline):
        problems[vm] = f"the VM was started, but was not seen running within {seconds} s"
    return Started(frozenset(told), problems)


def _start(vm: VmId, power: PowerApi, deadline: Deadline) -> str:
    """Tell a VM to start; to say it twice does no harm. Gives what went wrong."""
    trouble = ""
    for _look in deadline.looks():
        try:
            power.start(vm)
        except (ReplyLost, AzureUnreachable) as error:
            trouble = str(error)
        except AzureRefused as error:
            trouble = f"the VM is powered off and can't be started: {error}{_hint(error)}"
            if not error.is_busy and not error.left_outcome_open:
                return trouble
            deadline.pause(error.retry_after or 0.0)
        except AzureError as error:
            return f"the VM is powered off and can't be started: {error}"
        else:
            return ""
    return trouble


def _hint(error: AzureRefused) -> str:
    if error.status != 403:
        return ""
    return ". Grant the credential Microsoft.Compute/virtualMachines/start/action there"


def _still_off(started: Collection[VmId], power: PowerApi, deadline: Deadline) -> list[VmId]:
    pending = list(started)
    if not pending:
        return []
    for _look in deadline.looks(LONGEST_PAUSE):
        states = power.running(pending)
        pending = [vm for vm in pending if not states.get(vm)]
        if not pending:
            break
    return pending
