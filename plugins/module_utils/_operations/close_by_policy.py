# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Close VMs by taking them out of their policies and putting them back: everybody's windows of them end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from .._jit.grants import Grant, live_grants
from .._jit.ids import PolicyId, VmId
from .._jit.policies import Policy
from .end_by_policy import end_by_policy, entries_of, has_room, left_behind, put_back
from .fleet import Known, read_known, read_policies
from .open_report import STATES
from .outcomes import Outcome, PortOutcome, VmOutcome, count
from .safe_write import Writer
from .seams import Warn
from .windows import describe_window

_TOO_LONG = (
    "the VM's name is too long to put its entry aside in a policy beside its own (56 characters are the most for "
    "both names together): close it with close_method: rule"
)


def close_by_policy(vms: Sequence[VmId], writer: Writer, warn: Warn, *, check_mode: bool) -> Outcome:
    """End all windows of VMs; first finish what an interrupted run left."""
    known, healed = _heal(vms, writer, warn, check_mode=check_mode)
    open_in = _open_windows(known, vms, writer)
    possible: dict[PolicyId, set[VmId]] = defaultdict(set)
    errors: dict[VmId, str] = dict(healed)
    for vm, windows in open_in.items():
        for policy_id in windows:
            if has_room(policy_id, vm):
                possible[policy_id].add(vm)
            else:
                errors[vm] = _TOO_LONG
    if not check_mode and possible:
        troubles = end_by_policy(entries_of(possible, known.policies), writer)
        errors.update(_still_open(possible, writer))
        errors.update({vm: trouble for policy_id, trouble in troubles.items() for vm in possible[policy_id]})
    return _report(vms, known, open_in, errors)


def _heal(vms: Sequence[VmId], writer: Writer, warn: Warn, *, check_mode: bool) -> tuple[Known, dict[VmId, str]]:
    known = read_known(writer.jit, vms)
    left = left_behind(known.policies.values(), vms)
    if not left:
        return known, {}
    names = ", ".join(sorted({vm.name for held in left.values() for vm in held})[:20])
    when = "to be" if check_mode else "now"
    warn(f"an earlier closing by policy was interrupted; it is {when} finished for {names}")
    if check_mode:
        return known, {}
    troubles = put_back(left, writer)
    return read_known(writer.jit, vms), {
        vm: trouble for policy_id, trouble in troubles.items() for vm in left[policy_id]
    }


def _open_windows(known: Known, vms: Collection[VmId], writer: Writer) -> dict[VmId, dict[PolicyId, list[Grant]]]:
    """Find the running grants of VMs in the policies that hold them."""
    now = writer.clock.now()
    found: dict[VmId, dict[PolicyId, list[Grant]]] = {}
    for policy in known.policies.values():
        for grant in live_grants(policy.requests, now):
            held = known.holdings.get(grant.vm, ())
            if any(holding.policy.id == policy.id for holding in held):
                found.setdefault(grant.vm, {}).setdefault(policy.id, []).append(grant)
    return {vm: found[vm] for vm in vms if vm in found}


def _still_open(vms: Mapping[PolicyId, Collection[VmId]], writer: Writer) -> dict[VmId, str]:
    """Look whether Azure ended the grants: that it does is inferred."""
    now = writer.clock.now()
    policies: Iterable[Policy] = filter(None, read_policies(vms, writer.jit).values())
    return {
        grant.vm: "the VM was taken out of its policy and put back, but Azure still lists its windows as open"
        for policy in policies
        for grant in live_grants(policy.requests, now)
        if grant.vm in vms[policy.id]
    }


def _report(
    vms: Sequence[VmId],
    known: Known,
    open_in: Mapping[VmId, Mapping[PolicyId, Sequence[Grant]]],
    errors: Mapping[VmId, str],
) -> Outcome:
    outcomes = tuple(_report_vm(vm, known, open_in.get(vm, {}), errors.get(vm)) for vm in vms)
    changed = [outcome for outcome in outcomes if outcome.changed]
    return Outcome(
        vms=outcomes,
        summary=count((str(outcome.state) for outcome in outcomes), STATES),
        before={o.vm.name: {str(port.port): "open" for port in o.ports} for o in changed},
        after={o.vm.name: {str(port.port): "closed" for port in o.ports} for o in changed},
    )


def _report_vm(
    vm: VmId, known: Known, windows: Mapping[PolicyId, Sequence[Grant]], error: str | None
) -> VmOutcome:
    by_port: dict[int, list[Grant]] = defaultdict(list)
    for grants in windows.values():
        for grant in grants:
            by_port[grant.port].append(grant)
    held = known.holdings.get(vm, ())
    state = "failed" if error else "closed"
    ports = tuple(
        PortOutcome(port, state, {} if error else {"ended": [describe_window(grant) for grant in by_port[port]]})
        for port in sorted(by_port)
    )
    policy_id = next(iter(windows), held[0].policy.id if held else None)
    return VmOutcome(vm, policy_id, bool(ports) and not error, ports, error, state)
