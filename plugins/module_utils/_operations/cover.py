# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have VMs covered by just-in-time policies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from .._jit.diff import PolicyDiff, compare
from .._jit.errors import AzureError, AzureRefused, AzureUnreachable, InvalidOption, InvalidOptions, ReplyLost
from .._jit.ids import PolicyId, VmId
from .._jit.merge import Wish, are_fulfilled, merge
from .._jit.policies import Policy, body_of, read_entries
from .._jit.ports import PortRule, default_ports
from .._jit.vms import Vm
from .fleet import Holdings, read_holdings
from .outcomes import Outcome, VmOutcome, count
from .parallel import each
from .seams import Clock, JitApi, VmApi, Warn
from .waiting import Deadline

# Policy and VM name together, at most [docs].
LONGEST_NAMES = 56
# How often another writer's PUT may take our VMs out again before we stop putting them back.
TRIES = 5
# So long a PUT was seen to take [rec], and so may still come into being after its answer was lost.
LONGEST_PUT_SECONDS = 10.0
STATES = ("added", "updated", "unchanged")


@dataclass(frozen=True, slots=True)
class VmWish:
    """A VM to be covered. No `rules` means the default by its operating system."""

    vm: VmId
    rules: tuple[PortRule, ...] = ()


@dataclass(frozen=True, slots=True)
class CoverRequest:
    """What a task asks for. `policy_name` is for VMs that no policy holds yet."""

    wishes: Sequence[VmWish]
    policy_name: str
    wait_timeout: timedelta


@dataclass(frozen=True, slots=True)
class _Plan:
    """The change of one policy; `known` is the policy as the list showed it."""

    policy_id: PolicyId
    known: Policy | None
    wishes: tuple[Wish, ...]
    diff: PolicyDiff


def cover(
    request: CoverRequest, jit: JitApi, vms: VmApi, clock: Clock, warn: Warn, *, check_mode: bool
) -> Outcome:
    """Add the wished VMs and ports to their policies, and nothing else."""
    found = vms.find({wish.vm for wish in request.wishes})
    holdings = read_holdings(jit, [wish.vm for wish in request.wishes])
    _check(request, found, holdings)
    plans = _plan(request, found, holdings, warn)
    errors: dict[PolicyId, str | None] = {}
    if not check_mode:
        changing = [plan for plan in plans if plan.diff]
        results = each(lambda plan: _write(plan, jit, clock, request.wait_timeout), changing)
        errors = {plan.policy_id: error for plan, error in zip(changing, results, strict=True)}
    return _report(request, plans, holdings, errors)


def _check(request: CoverRequest, found: Mapping[VmId, Vm], holdings: Holdings) -> None:
    """Find all that would make Azure refuse a write, before the first one."""
    problems = []
    for wish in request.wishes:
        if wish.vm not in found:
            problems.append(
                InvalidOption(
                    "vms", f"{wish.vm} doesn't exist, or the credential may not see it: remove it, or grant read"
                )
            )
        elif wish.vm not in holdings and len(request.policy_name) + len(wish.vm.name) > LONGEST_NAMES:
            problems.append(
                InvalidOption(
                    "policy_name",
                    f"{request.policy_name!r} and {wish.vm.name!r} together are longer than the {LONGEST_NAMES} "
                    "characters that Azure allows: choose a shorter policy name",
                )
            )
    if problems:
        raise InvalidOptions(problems)


def _plan(request: CoverRequest, found: Mapping[VmId, Vm], holdings: Holdings, warn: Warn) -> list[_Plan]:
    known = {holding.policy.id: holding.policy for held in holdings.values() for holding in held}
    wishes: dict[PolicyId, list[Wish]] = defaultdict(list)
    for wish in request.wishes:
        vm = found[wish.vm]
        policy_id = _own_policy(vm, request.policy_name)
        if held := holdings.get(wish.vm):
            # Its own group's policy of the asked name if that is among them, else the first by id.
            chosen = next((holding.policy for holding in held if holding.policy.id == policy_id), held[0].policy)
            policy_id = chosen.id
            if len(held) > 1:
                names = ", ".join(str(holding.policy.id) for holding in held)
                warn(f"{wish.vm} is held by several policies; {chosen.id} is used: {names}")
        wishes[policy_id].append(Wish(wish.vm, wish.rules or default_ports(vm.os_type)))
    return [_plan_policy(policy_id, known.get(policy_id), tuple(ws)) for policy_id, ws in sorted(wishes.items())]


def _own_policy(vm: Vm, name: str) -> PolicyId:
    return PolicyId.of(vm.id.subscription_id, vm.id.resource_group, vm.location, name)


def _plan_policy(policy_id: PolicyId, known: Policy | None, wishes: tuple[Wish, ...]) -> _Plan:
    entries = known.entries if known else []
    diff = compare(policy_id, read_entries(entries), read_entries(merge(entries, wishes)))
    return _Plan(policy_id, known, wishes, diff)


def _write(plan: _Plan, jit: JitApi, clock: Clock, timeout: timedelta) -> str | None:
    """Bring one policy to hold the wishes; say what is wrong if that can't be had."""
    try:
        return _try_to_write(plan, jit, clock, timeout)
    except AzureError as error:
        return str(error)


def _try_to_write(plan: _Plan, jit: JitApi, clock: Clock, timeout: timedelta) -> str | None:
    """Write until a reading shows the wishes in effect.

    Each try starts from a fresh reading, because a PUT replaces the whole list and there is no conditional
    write. A try whose answer was lost is looked up by the next one's reading.
    """
    deadline = Deadline(clock, timeout)
    trouble = ""
    for _try in range(TRIES):
        policy = jit.find_policy(plan.policy_id)
        appears = deadline
        if policy is None or not are_fulfilled(policy.entries, plan.wishes):
            body = body_of(policy, merge(policy.entries if policy else [], plan.wishes))
            try:
                jit.put_policy(plan.policy_id, body)
            except (AzureRefused, AzureUnreachable, ReplyLost) as error:
                if not _is_worth_another_try(error):
                    return f"{error}{_hint(error)}"
                trouble = str(error)
                appears = _wait_after(error, clock, deadline)
        settled = _await_settled(plan.policy_id, jit, deadline, appears)
        if settled is not None and settled.failed:
            return f"Azure reports that it failed to put {plan.policy_id} into effect"
        if settled is not None and are_fulfilled(settled.entries, plan.wishes):
            return None
        if deadline.has_passed:
            seconds = int(timeout.total_seconds())
            return f"{plan.policy_id} was not seen in effect within {seconds} s. {trouble}".rstrip()
        trouble = trouble or "another writer keeps replacing the policy"
    return f"{plan.policy_id} did not keep the VMs in {TRIES} tries: {trouble}"


def _is_worth_another_try(error: AzureError) -> bool:
    return not isinstance(error, AzureRefused) or error.status in (409, 429) or error.left_outcome_open


def _wait_after(error: AzureError, clock: Clock, deadline: Deadline) -> Deadline:
    """Pause as Azure says, and tell until when a new policy may still appear."""
    deadline.pause((error.retry_after if isinstance(error, AzureRefused) else None) or 1.0)
    may_have_happened = isinstance(error, ReplyLost) or (
        isinstance(error, AzureRefused) and error.left_outcome_open
    )
    return Deadline(clock, timedelta(seconds=LONGEST_PUT_SECONDS if may_have_happened else 0))


def _await_settled(policy_id: PolicyId, jit: JitApi, deadline: Deadline, appears: Deadline) -> Policy | None:
    """Wait until the service is done with the policy; None where it has not even appeared in time.

    Right after its first PUT a policy may still be unknown for some seconds [issue].
    """
    for _look in deadline.looks():
        policy = jit.find_policy(policy_id)
        if policy is not None and policy.is_settled:
            return policy
        if policy is None and appears.has_passed:
            return None
    return None


def _hint(error: AzureError) -> str:
    if isinstance(error, AzureRefused) and error.code == "LinkedAuthorizationFailed":
        return " (the policy names a VM that the credential may not write, or that was deleted)"
    return ""


def _report(
    request: CoverRequest, plans: Sequence[_Plan], holdings: Holdings, errors: Mapping[PolicyId, str | None]
) -> Outcome:
    plan_of = {wish.vm: plan for plan in plans for wish in plan.wishes}
    outcomes = []
    for wish in request.wishes:
        plan = plan_of[wish.vm]
        error = errors.get(plan.policy_id) if wish.vm in plan.diff.vms else None
        state = "unchanged"
        if wish.vm in plan.diff.vms:
            state = "updated" if wish.vm in holdings else "added"
        outcomes.append(
            VmOutcome(wish.vm, plan.policy_id, state != "unchanged" and error is None, error=error, state=state)
        )
    changing = [plan for plan in plans if plan.diff]
    return Outcome(
        vms=tuple(outcomes),
        summary={
            **count(("failed" if o.error else str(o.state) for o in outcomes), (*STATES, "failed")),
            "policies": len(plans),
            "policies_changed": sum(1 for plan in changing if not errors.get(plan.policy_id)),
        },
        before={str(plan.policy_id): plan.diff.before for plan in changing},
        after={str(plan.policy_id): plan.diff.after for plan in changing},
    )
