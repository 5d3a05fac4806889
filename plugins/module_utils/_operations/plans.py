# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The change of one policy, worked out before anything is written."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from .._jit.diff import PolicyDiff, View, compare
from .._jit.edits import Edit, apply
from .._jit.grants import Grant, live_grants
from .._jit.ids import PolicyId, VmId, labels
from .._jit.policies import Policy, read_entries
from .._jit.times import write_moment


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of one policy.

    `known` is the policy as the list showed it, `missing` its deleted VMs, `open_now` the live grants of the VMs
    that change.
    """

    policy_id: PolicyId
    known: Policy | None
    edit: Edit
    diff: PolicyDiff
    missing: frozenset[VmId]
    open_now: tuple[Grant, ...]


def plan_policy(
    policy_id: PolicyId, known: Policy | None, edit: Edit, missing: frozenset[VmId], now: datetime
) -> Plan:
    """Work out what an edit changes, taking deleted VMs out on the way."""
    whole = Edit(edit.wishes, edit.removed | missing, edit.removed_ports, edit.only_wished)
    entries = known.entries if known else []
    diff = compare(policy_id, read_entries(entries), read_entries(apply(entries, whole)))
    live = live_grants(known.requests if known else (), now)
    open_now = tuple(grant for grant in live if grant.vm in diff.vms)
    return Plan(policy_id, known, whole, _with_open_windows(diff, open_now), missing, open_now)


def _with_open_windows(diff: PolicyDiff, grants: Iterable[Grant]) -> PolicyDiff:
    """Show the open windows of VMs that change: whether they outlast the change is not known [inf]."""
    label = labels(diff.vms)
    before, after = dict(diff.before), dict(diff.after)
    for grant in grants:
        name = label[grant.vm]
        window = f"{grant.port} open now"
        _add(before, name, window, f"from {', '.join(grant.sources)} until {write_moment(grant.end)}")
        _add(after, name, window, "unknown whether it stays open")
    return dataclasses.replace(diff, before=before, after=after)


def _add(view: View, name: str, key: str, text: str) -> None:
    if name in view:
        view[name] = {**view[name], key: text}
