# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have VMs covered by just-in-time policies, or not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from .._jit.edits import Edit
from .._jit.errors import InvalidOption, InvalidOptions
from .._jit.ids import PolicyId, VmId
from .._jit.merge import Wish
from .._jit.ports import PortRule, default_ports
from .._jit.vms import Vm
from .advice import advise
from .fleet import Holdings, read_known
from .missing import find_missing
from .outcomes import Outcome, VmOutcome, count
from .plans import Plan, plan_policy
from .safe_write import Writer, Written
from .seams import DefenderApi, VmApi, Warn

# Policy and VM name together, at most [docs].
LONGEST_NAMES = 56
STATES = ("added", "updated", "unchanged", "removed", "pruned", "failed")


@dataclass(frozen=True, slots=True)
class VmWish:
    """A VM to be covered, or not.

    No `rules` means the default by its operating system. `numbers` are the ports to take out; none means the whole
    VM. `public_ip` is the address of the Azure Firewall in front of it.
    """

    vm: VmId
    rules: tuple[PortRule, ...] = ()
    numbers: frozenset[int] = frozenset()
    public_ip: str | None = None


@dataclass(frozen=True, slots=True)
class CoverRequest:
    """What a task asks for. `policy_name` is for VMs that no policy holds yet."""

    wishes: Sequence[VmWish]
    policy_name: str = "default"
    state: Literal["present", "absent"] = "present"
    mode: Literal["merge", "replace", "exact"] = "merge"
    prune_missing_vms: bool = True
    widest_prefix: int = 16


def cover(
    request: CoverRequest, vms: VmApi, defender: DefenderApi, writer: Writer, warn: Warn, *, check_mode: bool
) -> Outcome:
    """Bring the VMs into their policies or out of them, and touch nothing else."""
    known = read_known(writer.jit, [wish.vm for wish in request.wishes])
    found = vms.find({wish.vm for wish in request.wishes}) if request.state == "present" else {}
    _check(request, found, known.holdings)
    edits = _edits(request, found, known.holdings)
    missing = find_missing(known, edits, vms) if request.prune_missing_vms else {}
    now = writer.clock.now()
    plans = [
        plan_policy(policy_id, known.policies.get(policy_id), edit, missing.get(policy_id, frozenset()), now)
        for policy_id, edit in sorted(edits.items())
    ]
    changing = [plan for plan in plans if plan.diff]
    for sentence in advise(changing, found, known.holdings, defender, request.widest_prefix):
        warn(sentence)
    written: dict[PolicyId, Written] = {}
    if not check_mode:
        written = writer.write({plan.policy_id: plan.edit for plan in changing})
        for note in dict.fromkeys(note for result in written.values() for note in result.notes):
            warn(note)
    return _report(request, plans, known.holdings, written)


def _check(request: CoverRequest, found: Mapping[VmId, Vm], holdings: Holdings) -> None:
    """Find all that would make Azure refuse a write, before the first one."""
    if request.state == "absent":
        return
    problems = []
    for wish in request.wishes:
        if wish.vm not in found:
            problem = f"{wish.vm} doesn't exist, or the credential may not see it: remove it, or grant read"
            problems.append(InvalidOption("vms", problem))
        elif wish.vm not in holdings and len(request.policy_name) + len(wish.vm.name) > LONGEST_NAMES:
            problem = (
                f"{request.policy_name!r} and {wish.vm.name!r} together are longer than the {LONGEST_NAMES} "
                "characters that Azure allows: choose a shorter policy name"
            )
            problems.append(InvalidOption("policy_name", problem))
    if problems:
        raise InvalidOptions(problems)


def _edits(request: CoverRequest, found: Mapping[VmId, Vm], holdings: Holdings) -> dict[PolicyId, Edit]:
    """Sort the wishes by policy."""
    if request.state == "absent":
        return _removals(request, holdings)
    wishes: dict[PolicyId, list[Wish]] = {}
    for wish in request.wishes:
        vm = found[wish.vm]
        policy_id = _policy_for(vm, request.policy_name, holdings)
        rules = wish.rules or default_ports(vm.os_type)
        replace = request.mode != "merge"
        wishes.setdefault(policy_id, []).append(Wish(wish.vm, rules, replace, wish.public_ip))
    only = request.mode == "exact"
    return {policy_id: Edit(tuple(asked), only_wished=only) for policy_id, asked in wishes.items()}


def _policy_for(vm: Vm, name: str, holdings: Holdings) -> PolicyId:
    """Choose a VM's policy.

    Of those that hold it the one of this name in its own group and region, else the first by id; if none holds it,
    that of its own group and region.
    """
    own = PolicyId.of(vm.id.subscription_id, vm.id.resource_group, vm.location, name)
    held = [holding.policy.id for holding in holdings.get(vm.id, ())]
    return own if own in held or not held else held[0]


def _removals(request: CoverRequest, holdings: Holdings) -> dict[PolicyId, Edit]:
    """Take VMs, or ports of them, out of every policy that holds them."""
    removed: dict[PolicyId, set[VmId]] = {}
    ports: dict[PolicyId, dict[VmId, frozenset[int]]] = {}
    for wish in request.wishes:
        for holding in holdings.get(wish.vm, ()):
            if wish.numbers:
                ports.setdefault(holding.policy.id, {})[wish.vm] = wish.numbers
            else:
                removed.setdefault(holding.policy.id, set()).add(wish.vm)
    return {
        policy_id: Edit(removed=frozenset(removed.get(policy_id, ())), removed_ports=ports.get(policy_id, {}))
        for policy_id in {*removed, *ports}
    }


def _report(
    request: CoverRequest, plans: Sequence[Plan], holdings: Holdings, written: Mapping[PolicyId, Written]
) -> Outcome:
    plans_of: dict[VmId, list[Plan]] = {}
    for plan in plans:
        for vm in {wish.vm for wish in plan.edit.wishes} | plan.diff.vms:
            plans_of.setdefault(vm, []).append(plan)
    asked = [wish.vm for wish in request.wishes]
    others = sorted({vm for plan in plans for vm in plan.diff.vms} - set(asked))
    outcomes = [_report_vm(vm, plans_of.get(vm, ()), holdings, written) for vm in [*asked, *others]]
    changing = [plan for plan in plans if plan.diff]
    untouched = [plan for plan in changing if (result := written.get(plan.policy_id)) and not result.changed]
    return Outcome(
        vms=tuple(outcomes),
        summary={
            **count(("failed" if o.error else str(o.state) for o in outcomes), STATES),
            "policies": len(plans),
            "policies_changed": len(changing) - len(untouched),
        },
        before={str(plan.policy_id): plan.diff.before for plan in changing},
        after={str(plan.policy_id): plan.diff.after for plan in changing},
    )


def _report_vm(
    vm: VmId, plans: Iterable[Plan], holdings: Holdings, written: Mapping[PolicyId, Written]
) -> VmOutcome:
    concerned = list(plans)
    changing = [plan for plan in concerned if vm in plan.diff.vms]
    held = holdings.get(vm, ())
    policy_id = next((plan.policy_id for plan in changing or concerned), held[0].policy.id if held else None)
    results = [written[plan.policy_id] for plan in changing if plan.policy_id in written]
    error = "; ".join(result.error for result in results if result.error) or None
    verified = all(result.verified for result in results) if results else None
    # What Azure took has changed something, even where the change was not seen to last.
    changed = any(result.changed for result in results) if results else bool(changing)
    return VmOutcome(vm, policy_id, changed, error=error, state=_state(vm, changing), verified=verified)


def _state(vm: VmId, changing: Sequence[Plan]) -> str:
    if not changing:
        return "unchanged"
    if any(vm in plan.missing for plan in changing):
        return "pruned"
    if all(vm in plan.diff.removed for plan in changing):
        return "removed"
    return "added" if any(vm in plan.diff.added for plan in changing) else "updated"
