# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have VMs covered by just-in-time policies, or not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from .._jit.edits import Edit
from .._jit.ids import PolicyId, VmId
from .._jit.merge import Wish
from .._jit.ports import default_ports
from .._jit.vms import Vm
from .advice import advise
from .cover_report import report
from .cover_request import CoverRequest, VmWish
from .eligibility import advise_on_templates, sort_out
from .end_by_policy import is_trace
from .fleet import Holdings, Known, read_known
from .missing_vms import find_missing
from .outcomes import Outcome
from .plans import Plan, plan_policy
from .safe_write import Writer, Written
from .seams import DefenderApi, VmApi, Warn

# What the portal expects.
POLICY_NAME = "default"


def cover(
    request: CoverRequest, vms: VmApi, defender: DefenderApi, writer: Writer, warn: Warn, *, check_mode: bool
) -> Outcome:
    """Bring the VMs into their policies or out of them, and touch nothing else."""
    known = read_known(
        writer.jit,
        [wish.vm for wish in request.wishes],
        beside=request.scope.subscriptions if request.scope and request.prune_missing_vms else (),
        most_groups=None if request.cross_check else 0,
        warn=warn,
    )
    found = vms.find({wish.vm for wish in request.wishes}) if request.state == "present" else {}
    wishes, left_out = sort_out(request, found, known.holdings, defender)
    plans = _plan(request, policy_edits(request, wishes, found, known.holdings), known, vms, writer.clock.now())
    changing = [plan for plan in plans if plan.diff]
    advice = advise(plans, found, known.holdings, defender, request.widest_prefix)
    for sentence in (*advise_on_templates(request, found.values()), *advice):
        warn(sentence)
    written: dict[PolicyId, Written] = {}
    if not check_mode:
        written = writer.write({plan.policy_id: plan.edit for plan in changing})
        for note in dict.fromkeys(note for result in written.values() for note in result.notes):
            warn(note)
    return report([wish.vm for wish in wishes], plans, known.holdings, written, left_out)


def _plan(
    request: CoverRequest, edits: Mapping[PolicyId, Edit], known: Known, vms: VmApi, now: datetime
) -> list[Plan]:
    """Work out what becomes of the policies that hold wished VMs, and of those that hold deleted ones."""
    missing: dict[PolicyId, frozenset[VmId]] = {}
    if request.prune_missing_vms:
        nearby = {policy_id: Edit() for policy_id in known.policies if request.lies_in_scope(policy_id)}
        missing = find_missing(known, {**nearby, **edits}, vms)
    pruned = {policy_id: Edit() for policy_id, gone in missing.items() if gone}
    return [
        plan_policy(policy_id, known.policies.get(policy_id), edit, missing.get(policy_id, frozenset()), now)
        for policy_id, edit in sorted({**pruned, **edits}.items())
    ]


def policy_edits(
    request: CoverRequest, wishes: Sequence[VmWish], found: Mapping[VmId, Vm], holdings: Holdings
) -> dict[PolicyId, Edit]:
    """Sort the wishes by policy."""
    if request.state == "absent":
        return _removals(wishes, holdings)
    by_policy: dict[PolicyId, list[Wish]] = {}
    for wish in wishes:
        vm = found[wish.vm]
        policy_id = policy_for(vm, request.policy_name, holdings)
        rules = wish.rules or default_ports(vm.os_type)
        replace = request.mode != "merge"
        by_policy.setdefault(policy_id, []).append(Wish(wish.vm, rules, replace, wish.public_ip))
    only = request.mode == "exact"
    return {policy_id: Edit(tuple(asked), only_wished=only) for policy_id, asked in by_policy.items()}


def policy_for(vm: Vm, name: str, holdings: Holdings) -> PolicyId:
    """Choose a VM's policy.

    Of those that hold it the one of this name in its own group and region, else the first by id; if none holds it,
    that of its own group and region.
    """
    own = PolicyId.of(vm.id.subscription_id, vm.id.resource_group, vm.location, name)
    # What an interrupted closing put aside is no place to stay.
    held = [h.policy.id for h in holdings.get(vm.id, ()) if not is_trace(h.policy.id)]
    return own if own in held or not held else held[0]


def _removals(wishes: Iterable[VmWish], holdings: Holdings) -> dict[PolicyId, Edit]:
    """Take VMs, or ports of them, out of every policy that holds them."""
    removed: dict[PolicyId, set[VmId]] = {}
    ports: dict[PolicyId, dict[VmId, frozenset[int]]] = {}
    for wish in wishes:
        for holding in holdings.get(wish.vm, ()):
            if wish.numbers:
                ports.setdefault(holding.policy.id, {})[wish.vm] = wish.numbers
            else:
                removed.setdefault(holding.policy.id, set()).add(wish.vm)
    return {
        policy_id: Edit(removed=frozenset(removed.get(policy_id, ())), removed_ports=ports.get(policy_id, {}))
        for policy_id in {*removed, *ports}
    }
