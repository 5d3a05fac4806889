# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VMs in policies that don't exist any more."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from .._jit.edits import Edit
from .._jit.errors import AzureError
from .._jit.ids import PolicyId, VmId
from .fleet import Known
from .parallel import each
from .seams import VmApi


def find_missing(known: Known, edits: Mapping[PolicyId, Edit], vms: VmApi) -> dict[PolicyId, frozenset[VmId]]:
    """Find, in the policies that are about to change, the VMs that were deleted.

    A deleted VM stays in its policy and can make later writes fail [issue]. A list that doesn't show a VM is no
    proof, because lists leave out what the credential may not see; so each one is asked for by itself, and only
    Azure's word that it doesn't exist counts.
    """
    entries = {
        policy_id: {coverage.vm for coverage in policy.coverages()} - _spoken_of(edit)
        for policy_id, edit in edits.items()
        if (policy := known.policies.get(policy_id))
    }
    gone = find_gone({vm for held in entries.values() for vm in held}, vms)
    return {policy_id: frozenset(held & gone) for policy_id, held in entries.items() if held & gone}


def find_gone(held: Collection[VmId], vms: VmApi) -> set[VmId]:
    """Find those among VMs that certainly don't exist any more."""
    if not held:
        return set()
    try:
        unseen = set(held) - set(vms.find(held))
    except AzureError:
        return set()  # what can't be read is not known to be missing
    return _gone(unseen, vms)


def _spoken_of(edit: Edit) -> set[VmId]:
    """Name the VMs that are known to exist, or that go anyway."""
    return {wish.vm for wish in edit.wishes} | edit.removed


def _gone(unseen: Iterable[VmId], vms: VmApi) -> set[VmId]:
    """Ask for each VM; in a group where the credential may not read one, the others aren't asked for."""
    groups: dict[tuple[str, str], list[VmId]] = {}
    for vm in sorted(unseen):
        groups.setdefault(vm.group_key, []).append(vm)

    def of_group(members: list[VmId]) -> set[VmId]:
        gone: set[VmId] = set()
        for vm in members:
            answer = vms.is_gone(vm)
            if answer is None:
                return gone
            if answer:
                gone.add(vm)
        return gone

    return {vm for members in each(of_group, groups.values()) for vm in members}
