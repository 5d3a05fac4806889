# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of inventory hosts: each one once, whatever VMs are called."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

from .hosts import digest


def unique_names(wished: Mapping[str, str], reserved: Collection[str] = ()) -> dict[str, str]:
    """Name VMs, given by their ids, as wished.

    Where several wish for one name (case makes no difference), and where the name is reserved, each gets it with
    a suffix that depends on its own id alone, so that it keeps it whoever comes and goes.
    """
    wishers: dict[str, list[str]] = defaultdict(list)
    for vm_id, name in wished.items():
        wishers[name.casefold()].append(vm_id)
    blocked = {name.casefold() for name in reserved}
    names = {ids[0]: wished[ids[0]] for key, ids in wishers.items() if len(ids) == 1 and key not in blocked}
    taken = blocked | {name.casefold() for name in names.values()}
    for key in sorted(wishers):
        for vm_id in sorted(wishers[key]):
            if vm_id not in names:
                names[vm_id] = _suffixed(wished[vm_id], vm_id, taken)
                taken.add(names[vm_id].casefold())
    return names


def _suffixed(name: str, vm_id: str, taken: Collection[str]) -> str:
    suffix = digest(vm_id.lower())
    candidates = (f"{name}_{suffix[:length]}" for length in range(4, len(suffix) + 1))
    return next(candidate for candidate in candidates if candidate.casefold() not in taken)
