# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""End every window of VMs by taking them out of their policy and putting them back.

Recorded traffic suggests that this revokes their grants; nothing promises it [inf]. Dying half way would leave the
VMs uncovered, so their entries are first put into a policy of their own beside it, the trace: it keeps the VMs
covered meanwhile, and the next run finds it and finishes the work.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from .._jit.edits import Edit
from .._jit.ids import PolicyId, VmId
from .._jit.policies import Json, Policy, entry_vm
from .eligibility import LONGEST_NAMES
from .safe_write import Writer

TRACE_PREFIX = "closing-"

Entries = Mapping[PolicyId, Mapping[VmId, Json]]


def is_trace(policy_id: PolicyId) -> bool:
    return policy_id.name.lower().startswith(TRACE_PREFIX)


def trace_of(policy_id: PolicyId) -> PolicyId:
    """Name the policy that keeps the entries of another one while they are out of it."""
    return _beside(policy_id, f"{TRACE_PREFIX}{policy_id.name}")


def has_room(policy_id: PolicyId, vm: VmId) -> bool:
    """Tell whether a VM's name goes together with the trace's."""
    return len(trace_of(policy_id).name) + len(vm.name) <= LONGEST_NAMES


def entries_of(vms: Mapping[PolicyId, Collection[VmId]], policies: Mapping[PolicyId, Policy]) -> Entries:
    """Find the VMs' entries in their policies."""
    return {policy_id: _held(policies[policy_id], wanted) for policy_id, wanted in vms.items()}


def left_behind(policies: Iterable[Policy], vms: Collection[VmId]) -> Entries:
    """Find what an interrupted run left in traces, by the policy to which it belongs."""
    found: dict[PolicyId, dict[VmId, Json]] = defaultdict(dict)
    for policy in policies:
        if is_trace(policy.id):
            home = _beside(policy.id, policy.id.name[len(TRACE_PREFIX) :])
            found[home].update(_held(policy, vms))
    return {home: held for home, held in found.items() if held}


def end_by_policy(entries: Entries, writer: Writer) -> dict[PolicyId, str]:
    """Take VMs out of their policies and put them back; give for each policy what went wrong."""
    traced = writer.write({trace_of(home): Edit(restored=tuple(held.values())) for home, held in entries.items()})
    errors = {
        home: f"nothing was changed, because the entries could not be put aside: {error}"
        for home in entries
        if (error := traced[trace_of(home)].error)
    }
    safe = {home: held for home, held in entries.items() if home not in errors}
    removed = writer.write({home: Edit(removed=frozenset(held)) for home, held in safe.items()})
    errors |= {home: f"the VMs could not be taken out: {r.error}" for home, r in removed.items() if r.error}
    for home, error in put_back(safe, writer).items():
        errors[home] = f"{errors[home]}; then {error}" if home in errors else error
    return errors


def put_back(entries: Entries, writer: Writer) -> dict[PolicyId, str]:
    """Put VMs back into their policies, and when they are there take their entries out of the traces."""
    restored = writer.write({home: Edit(restored=tuple(held.values())) for home, held in entries.items()})
    errors = {
        home: f"the VMs could not be put back, so they are covered by {trace_of(home)} alone; run again: {error}"
        for home in entries
        if (error := restored[home].error)
    }
    done = {trace_of(home): frozenset(held) for home, held in entries.items() if home not in errors}
    cleared = writer.write({trace: Edit(removed=vms) for trace, vms in done.items()})
    return errors | {
        home: f"the VMs are back, but {trace_of(home)} could not be cleared of them; run again: {error}"
        for home in entries
        if home not in errors and (error := cleared[trace_of(home)].error)
    }


def _held(policy: Policy, vms: Collection[VmId]) -> dict[VmId, Json]:
    return {vm: entry for entry in policy.entries if (vm := entry_vm(entry)) and vm in vms}


def _beside(policy_id: PolicyId, name: str) -> PolicyId:
    return PolicyId.of(policy_id.subscription_id, policy_id.resource_group, policy_id.location, name)
