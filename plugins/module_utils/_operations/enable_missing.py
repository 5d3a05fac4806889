# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put what is to be opened into policies first, where none holds it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._jit.access import Wish
from .._jit.edits import apply
from .._jit.ids import PolicyId, VmId
from .._jit.policies import Policy, body_of, read_entries
from .._jit.ports import DEFAULT_DURATION, PortRule
from .._jit.sources import ANY
from .._jit.vms import Vm
from .advice import advise
from .cover import POLICY_NAME, policy_edits
from .cover_request import CoverRequest, VmWish
from .eligibility import sort_out
from .fleet import Holding, Holdings, Known
from .plans import Plan, plan_policy
from .safe_write import Writer
from .seams import DefenderApi, Warn


@dataclass(frozen=True, slots=True)
class Enabled:
    """The policies with what was put into them.

    `vms` are those that gained something, `problems` says why others did not. `fresh` are policies that are new.
    """

    holdings: Holdings
    vms: frozenset[VmId] = frozenset()
    problems: Mapping[VmId, str] = field(default_factory=dict)
    fresh: frozenset[PolicyId] = frozenset()
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)


def lacks(wish: Wish, holdings: Holdings) -> bool:
    """Tell whether the policies together hold not all ports of a wish; one without ports only needs to be held."""
    held = holdings.get(wish.vm, ())
    return not held or bool(_missing(wish, held))


def enable_missing(
    wishes: Iterable[Wish],
    known: Known,
    found: Mapping[VmId, Vm],
    defender: DefenderApi,
    writer: Writer,
    warn: Warn,
    *,
    check_mode: bool,
) -> Enabled:
    """Cover VMs and ports that no policy holds, as the portal does: any protocol, any source, three hours.

    What policies hold already stays as it is.
    """
    lacking = [_cover_wish(wish, known.holdings) for wish in wishes if lacks(wish, known.holdings)]
    if not lacking:
        return Enabled(known.holdings)
    request = CoverRequest(lacking, POLICY_NAME, prune_missing_vms=False, skip_ineligible=True)
    eligible, left_out = sort_out(request, found, known.holdings, defender)
    edits = policy_edits(request, eligible, found, known.holdings)
    now = writer.clock.now()
    plans = [plan_policy(key, known.policies.get(key), edits[key], frozenset(), now) for key in sorted(edits)]
    # Whether VMs run is said for all of them, elsewhere.
    seen = {vm: dataclasses.replace(state, is_running=None) for vm, state in found.items()}
    for sentence in advise(plans, seen, known.holdings, defender, request.widest_prefix):
        warn(sentence)
    problems = {left.vm: f"no just-in-time policy can cover the VM: {left.problem}" for left in left_out}
    failed = {} if check_mode else _write(plans, writer, warn)
    for plan in plans:
        if plan.policy_id in failed:
            problems.update(dict.fromkeys((w.vm for w in plan.edit.wishes), failed[plan.policy_id]))
    return _enabled(known.holdings, [plan for plan in plans if plan.policy_id not in failed], problems)


def _missing(wish: Wish, holdings: Iterable[Holding]) -> tuple[int, ...]:
    held = {rule.number for holding in holdings for rule in holding.coverage.rules}
    return tuple(port for port in wish.ports if port not in held)


def _cover_wish(wish: Wish, holdings: Holdings) -> VmWish:
    """Wish for the ports that the VM's policies lack, for as long as they are to be opened."""
    missing = _missing(wish, holdings.get(wish.vm, ()))
    longest = max(DEFAULT_DURATION, wish.duration or DEFAULT_DURATION)
    rules = tuple(PortRule(number, "*", frozenset({ANY}), longest) for number in missing)
    return VmWish(wish.vm, rules, is_own=True)


def _write(plans: Sequence[Plan], writer: Writer, warn: Warn) -> dict[PolicyId, str]:
    """Write the policies, and give what went wrong with some."""
    written = writer.write({plan.policy_id: plan.edit for plan in plans})
    for note in dict.fromkeys(note for result in written.values() for note in result.notes):
        warn(note)
    return {
        policy_id: f"the VM's just-in-time policy could not be completed: {result.error}"
        for policy_id, result in written.items()
        if result.error
    }


def _enabled(holdings: Holdings, plans: Sequence[Plan], problems: Mapping[VmId, str]) -> Enabled:
    """Give the policies as the plans make them."""
    complete = dict(holdings)
    for plan in plans:
        entries = apply(plan.known.entries if plan.known else [], plan.edit)
        policy = _with_entries(plan, entries)
        wished = {wish.vm for wish in plan.edit.wishes}
        for coverage in read_entries(entries):
            if coverage.vm in wished:
                others = [held for held in complete.get(coverage.vm, ()) if held.policy.id != plan.policy_id]
                complete[coverage.vm] = [Holding(policy, coverage), *others]
    return Enabled(
        complete,
        frozenset(wish.vm for plan in plans for wish in plan.edit.wishes),
        problems,
        frozenset(plan.policy_id for plan in plans if plan.known is None),
        {str(plan.policy_id): plan.diff.before for plan in plans},
        {str(plan.policy_id): plan.diff.after for plan in plans},
    )


def _with_entries(plan: Plan, entries: Sequence[dict[str, Any]]) -> Policy:
    """Give the policy with new entries, and with the requests that it had."""
    document = body_of(plan.known, list(entries))
    document["properties"]["requests"] = plan.known.requests if plan.known else []
    return Policy(plan.policy_id, document)
