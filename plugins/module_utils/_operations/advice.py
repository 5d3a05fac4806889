# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user should know before a policy changes, though Azure doesn't refuse it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from .._jit.ids import VmId
from .._jit.sources import is_unlimited, is_wider_than
from .._jit.vms import Vm
from .fleet import Holdings
from .parallel import each
from .plans import Plan
from .seams import DefenderApi

NAMED = 10


def advise(
    plans: Sequence[Plan],
    found: Mapping[VmId, Vm],
    holdings: Holdings,
    defender: DefenderApi,
    widest_prefix: int,
) -> Iterator[str]:
    """Give one sentence for each thing to know, whatever the number of VMs."""
    yield from _of_policies(plans, holdings)
    plans = [plan for plan in plans if plan.diff]
    changed = sorted({vm for plan in plans for vm in plan.diff.vms})
    kept = [found[vm] for vm in changed if vm in found]
    open_now = sorted({grant.vm for plan in plans for grant in plan.open_now})

    def is_wide(source: str) -> bool:
        return is_wider_than(source, widest_prefix) and not is_unlimited(source)

    facts: list[tuple[Collection[VmId], str]] = [
        (open_now, "open at this moment; whether open windows outlast a change of their policy is not known"),
        (
            [vm.id for vm in kept if vm.is_guarded is False],
            "without a network security group to close their ports: put one on the interface or its subnet",
        ),
        ([vm.id for vm in kept if vm.is_running is False], "powered off, and covered all the same"),
        (
            _wished_from(plans, is_unlimited),
            "whoever asks may name any address, as by the portal's default; give ports with sources to limit it",
        ),
        (_wished_from(plans, is_wide), f"whoever asks may name prefixes wider than /{widest_prefix}"),
    ]
    for vms, fact in facts:
        if vms:
            yield f"{listed([vm.name for vm in vms])}: {fact}"
    removed = {vm for plan in plans for vm in plan.diff.removed}
    yield from _without_plan([vm for vm in changed if vm not in removed], defender)


def _of_policies(plans: Sequence[Plan], holdings: Holdings) -> Iterator[str]:
    """Say what is odd about policies, also about those that stay as they are."""
    wished = {wish.vm for plan in plans for wish in plan.edit.wishes}
    leaving = {vm for plan in plans for vm in {*plan.edit.removed, *plan.edit.removed_ports}} - wished
    rules = (
        (wished, "that of the VM's own group and region is used, else the first, and the others stay as they are"),
        (leaving, "it is taken out of all of them"),
    )
    for vms, rule in rules:
        if several := [_with_policies(vm, holdings) for vm in sorted(vms) if len(holdings.get(vm, ())) > 1]:
            yield f"{listed(several)}: held by several policies; {rule}"
    failed = [str(plan.policy_id) for plan in plans if plan.known and plan.known.failed and not plan.diff]
    if failed:
        yield (
            f"{listed(failed)}: Azure reports that it failed to put the policy into effect; nothing is to be "
            "changed in it, but what it holds may not work"
        )


def _wished_from(plans: Sequence[Plan], concerns: Callable[[str], bool]) -> list[VmId]:
    return [
        wish.vm
        for plan in plans
        for wish in plan.edit.wishes
        if wish.vm in plan.diff.vms and any(concerns(source) for rule in wish.rules for source in rule.sources)
    ]


def _without_plan(changed: Sequence[VmId], defender: DefenderApi) -> Iterator[str]:
    subscriptions = sorted({vm.subscription_id.lower() for vm in changed})
    for subscription_id, included in zip(subscriptions, each(defender.includes_jit, subscriptions), strict=True):
        if included is False:
            yield (
                f"subscription {subscription_id} doesn't have Defender for Servers Plan 2, "
                "which just-in-time access needs: jitfleet.azure.defender_plan turns it on, at its price"
            )


def _with_policies(vm: VmId, holdings: Holdings) -> str:
    return f"{vm.name} ({', '.join(holding.policy.id.name for holding in holdings[vm])})"


def listed(names: Sequence[str]) -> str:
    """Name things, the first of them if they are many."""
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
