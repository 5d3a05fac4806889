# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From an operation's outcome to a module's result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ._jit.ids import VmId
from ._jit.policies import Json
from ._operations.outcomes import Outcome, VmOutcome

# A failure's whole result stands on one line of the default callback's output, and AWX drops large ones.
MANY_VMS = 50
NAMED_FAILURES = 20
# From more VMs on a failure that they share is said once.
FEW = 3


def result_of(outcome: Outcome, hosts: Mapping[VmId, Sequence[str]], *, diff: bool) -> Json:
    """Write the result: each VM once, and each host as an index into the VMs."""
    result: Json = {
        "changed": outcome.changed,
        "summary": outcome.summary,
        **_vms(outcome.listed, outcome.vms, hosts),
    }
    if outcome.policies:
        result["policies"] = list(outcome.policies)
    if outcome.left_out:
        result["left_out"] = [
            {"id": str(left.vm), "name": left.vm.name, "reason": left.reason, "problem": left.problem}
            for left in outcome.left_out
        ]
    if diff:
        result["diff"] = {"before": outcome.before, "after": outcome.after}
    return result


def failure_of(outcome: Outcome, hosts: Mapping[VmId, Sequence[str]], *, diff: bool) -> Json:
    """Write a failure: what it says, and beyond some VMs only those that failed."""
    result = result_of(outcome, hosts, diff=diff)
    if len(outcome.vms) > MANY_VMS:
        result.update(_vms(outcome.failures[: outcome.most_listed], outcome.failures, hosts))
    result["msg"] = _message(outcome)
    return result


def _vms(listed: Sequence[VmOutcome], whole: Sequence[VmOutcome], hosts: Mapping[VmId, Sequence[str]]) -> Json:
    """List VMs, and give each host the index of its VM, or the state of one that isn't listed."""
    indices = {vm.vm: index for index, vm in enumerate(listed)}
    return {
        "vms": [_vm(vm, hosts.get(vm.vm, ())) for vm in listed],
        "hosts": {host: indices.get(vm.vm, vm.state) for vm in whole for host in hosts.get(vm.vm, ())},
    }


def _vm(outcome: VmOutcome, hosts: Iterable[str]) -> Json:
    written: Json = {
        "id": str(outcome.vm),
        "name": outcome.vm.name,
        "hosts": list(hosts),
        "policy_id": str(outcome.policy_id) if outcome.policy_id else None,
        "state": outcome.state,
        "changed": outcome.changed,
        **outcome.details,
    }
    if outcome.ports:
        written["ports"] = [{"port": port.port, "state": port.state, **port.details} for port in outcome.ports]
    if outcome.verified is not None:
        written["verified"] = outcome.verified
    if outcome.error:
        written["error"] = outcome.error
    return written


def _message(outcome: Outcome) -> str:
    failures = outcome.failures
    alike: dict[str, list[str]] = {}
    for failure in failures[:NAMED_FAILURES]:
        alike.setdefault(str(failure.error), []).append(failure.vm.name)
    # A few are named one by one, as they stand in the result.
    groups = [([name] if len(names) <= FEW else names, error) for error, names in alike.items() for name in names]
    named = "; ".join(dict.fromkeys(f"{', '.join(names)}: {error}" for names, error in groups))
    more = len(failures) - NAMED_FAILURES
    rest = f"; and {more} more" if more > 0 else ""
    return f"{len(failures)} of {len(outcome.vms)} VMs failed. {named}{rest}"
