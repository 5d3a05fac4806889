# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of VMs and policies that were to be covered, in one shape for one VM or ten thousand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .._jit.ids import PolicyId, VmId
from .fleet import Holdings
from .outcomes import LeftOut, Outcome, VmOutcome, count
from .plans import Plan
from .safe_write import Written

STATES = ("added", "updated", "unchanged", "removed", "pruned", "unverified", "failed")
# Beyond so many VMs not all are listed: AWX drops results over 700 kB.
MANY_VMS = 1000
# Of so many VMs those are listed that changed or failed, up to this number.
MOST_LISTED = 700
# From so many VMs on they say shortly what their policy says at length.
FEW = 3
_SHORT = 80
# An ARM id, with its last part by itself.
_ARM_ID = re.compile(r"/subscriptions/[^\s'\"]+/([^\s'\"/:]+)")


def report(
    asked: Sequence[VmId],
    plans: Sequence[Plan],
    holdings: Holdings,
    written: Mapping[PolicyId, Written],
    left_out: Sequence[LeftOut],
) -> Outcome:
    """Report the VMs asked for in their order, then others that changed; and the policies that changed."""
    plans_of: dict[VmId, list[Plan]] = {}
    for plan in plans:
        for vm in {wish.vm for wish in plan.edit.wishes} | plan.diff.vms:
            plans_of.setdefault(vm, []).append(plan)
    others = sorted({vm for plan in plans for vm in plan.diff.vms} - set(asked))
    outcomes = [_report_vm(vm, plans_of.get(vm, ()), holdings, written) for vm in [*asked, *others]]
    changing = [plan for plan in plans if plan.diff]
    untouched = [plan for plan in changing if (result := written.get(plan.policy_id)) and not result.changed]
    return Outcome(
        vms=tuple(outcomes),
        summary={
            **count((str(outcome.state) for outcome in outcomes), STATES),
            "policies": len(plans),
            "policies_changed": len(changing) - len(untouched),
        },
        before={str(plan.policy_id): plan.diff.before for plan in changing},
        after={str(plan.policy_id): plan.diff.after for plan in changing},
        left_out=tuple(left_out),
        policies=tuple(_report_policy(plan, written.get(plan.policy_id)) for plan in plans if _tells(plan)),
        most_listed=MOST_LISTED if len(outcomes) > MANY_VMS else None,
    )


def _tells(plan: Plan) -> bool:
    return bool(plan.diff) or has_failed(plan)


def has_failed(plan: Plan) -> bool:
    """Tell whether Azure says that it failed to put into effect what the policy holds."""
    return plan.known is not None and plan.known.failed


def _report_policy(plan: Plan, result: Written | None) -> dict[str, Any]:
    described: dict[str, Any] = {
        "id": str(plan.policy_id),
        "changed": result.changed if result else bool(plan.diff),
        "vms_changed": len(plan.diff.vms),
    }
    if result is not None:
        described["verified"] = result.verified
    if result is None and has_failed(plan):
        described["provisioning_state"] = "Failed"
    if result is not None and result.error:
        described["error"] = result.error
    return described


def _report_vm(
    vm: VmId, plans: Iterable[Plan], holdings: Holdings, written: Mapping[PolicyId, Written]
) -> VmOutcome:
    concerned = list(plans)
    changing = [plan for plan in concerned if vm in plan.diff.vms]
    held = [holding.policy.id for holding in holdings.get(vm, ())]
    policy_id = next((plan.policy_id for plan in changing or concerned), held[0] if held else None)
    results = [(plan, written[plan.policy_id]) for plan in changing if plan.policy_id in written]
    error = "; ".join(_error(plan, result) for plan, result in results if result.error) or None
    others = [str(other) for other in held if other != policy_id]
    return VmOutcome(
        vm,
        policy_id,
        # What Azure took has changed something, even where the change was not seen to last.
        changed=any(result.changed for _plan, result in results) if results else bool(changing),
        error=error,
        state=_state(vm, changing, [result for _plan, result in results]),
        verified=all(result.verified for _plan, result in results) if results else None,
        details={"other_policies": others} if others else {},
    )


def _error(plan: Plan, result: Written) -> str:
    """Give the error of a VM's policy, in short where many VMs share it."""
    error = result.error or ""
    if len(plan.diff.vms) <= FEW:
        return error
    short = _ARM_ID.sub(r"\1", error)
    return short if len(short) <= _SHORT else f"{short[:_SHORT]}... (policies tells all)"


def _state(vm: VmId, changing: Sequence[Plan], results: Sequence[Written]) -> str:
    if any(result.error for result in results):
        certain = any(result.error and not result.is_open for result in results)
        return "failed" if certain else "unverified"
    # Where we sent nothing, another writer did meanwhile what was wished.
    if not changing or (results and not any(result.changed for result in results)):
        return "unchanged"
    if any(vm in plan.missing for plan in changing):
        return "pruned"
    if all(vm in plan.diff.removed for plan in changing):
        return "removed"
    return "added" if any(vm in plan.diff.added for plan in changing) else "updated"
