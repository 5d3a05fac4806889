# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operation reports: one shape for one VM or ten thousand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._jit.ids import PolicyId, VmId


@dataclass(frozen=True, slots=True)
class PortOutcome:
    """What became of one port. `state` is one of the operation's words, `details` what belongs to it."""

    port: int
    state: str
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VmOutcome:
    """What became of one VM. `error` says what went wrong and how to mend it.

    `verified` says of a change whether it was seen to last; None where nothing was written. `details` are what
    else the operation has to say of the VM.
    """

    vm: VmId
    policy_id: PolicyId | None
    changed: bool
    ports: tuple[PortOutcome, ...] = ()
    error: str | None = None
    state: str | None = None
    verified: bool | None = None
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A VM that was found and not worked on. `reason` is one word, `problem` says it of the VM."""

    vm: VmId
    reason: str
    problem: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of all VMs, in their order; `before` and `after` are for the diff.

    `policies` tell once what many VMs share. With `most_listed` only VMs that changed or failed are listed, and of
    them no more.
    """

    vms: tuple[VmOutcome, ...]
    summary: dict[str, int]
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()
    policies: tuple[dict[str, Any], ...] = ()
    most_listed: int | None = None

    @property
    def listed(self) -> Sequence[VmOutcome]:
        """Choose the VMs that the result lists; failures first, where not all have room."""
        if self.most_listed is None:
            return self.vms
        failures = self.failures
        changed = [vm for vm in self.vms if vm.error is None and vm.changed]
        return [*failures, *changed][: self.most_listed]

    @property
    def changed(self) -> bool:
        return any(vm.changed for vm in self.vms)

    @property
    def failures(self) -> list[VmOutcome]:
        return [vm for vm in self.vms if vm.error is not None]


def count(states: Iterable[str], words: Iterable[str]) -> dict[str, int]:
    """Count how often each of the words stands among the states."""
    counts = dict.fromkeys(words, 0)
    for state in states:
        counts[state] = counts.get(state, 0) + 1
    return counts
