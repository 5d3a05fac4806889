# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of inventory hosts: each one once, and fit for Ansible, whatever VMs are called."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from .hosts import digest

_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class Taken:
    """Names that are in use already.

    No host may have one of `words`, in lower case, nor of `groups`, which case tells apart, as in Ansible.
    `others` gives the names of hosts, in lower case, with the id of the VM that alone may have it again.
    """

    words: Collection[str] = ()
    groups: Collection[str] = ()
    others: Mapping[str, str] = field(default_factory=dict)

    def blocks(self, name: str, vm_id: str) -> bool:
        folded = name.casefold()
        return (
            name in self.groups or folded in self.words or self.others.get(folded, vm_id.lower()) != vm_id.lower()
        )


def fit_for_ansible(name: str) -> str:
    """Keep letters, digits, `_`, `-` and `.`, the last two not in front, and put `_` in place of all else.

    Ansible looks for a file of the host's name, reads separators and wildcards in its patterns, and hands the name
    to programs where the host has no address. Names of resources have no other characters [docs]; tags may.
    """
    if _PLAIN.fullmatch(name):
        return name
    kept = "".join(map(_fit, unicodedata.normalize("NFC", name)))
    return f"_{kept[1:]}" if kept[:1] in (".", "-") else kept


def _fit(character: str) -> str:
    # letters, their marks, and numbers
    return character if character in "_.-" or unicodedata.category(character)[0] in "LMN" else "_"


def unique_names(wished: Mapping[str, str], taken: Taken = Taken()) -> dict[str, str]:
    """Name VMs, given by their ids, as wished.

    Where several wish for one name (case makes no difference), and where the name is taken, each gets it with
    a suffix that depends on its own id alone, so that it keeps it whoever comes and goes.
    """
    wishers: dict[str, list[str]] = defaultdict(list)
    for vm_id, name in wished.items():
        wishers[name.casefold()].append(vm_id)
    alone = [ids[0] for ids in wishers.values() if len(ids) == 1]
    names = {vm_id: wished[vm_id] for vm_id in alone if not taken.blocks(wished[vm_id], vm_id)}
    given = {name.casefold() for name in names.values()}
    for key in sorted(wishers):
        for vm_id in sorted(wishers[key]):
            if vm_id not in names:
                names[vm_id] = _suffixed(wished[vm_id], vm_id, taken, given)
                given.add(names[vm_id].casefold())
    return names


def _suffixed(name: str, vm_id: str, taken: Taken, given: Collection[str]) -> str:
    suffix = digest(vm_id.lower())
    candidates = (f"{name}_{suffix[:length]}" for length in range(4, len(suffix) + 1))
    return next(one for one in candidates if one.casefold() not in given and not taken.blocks(one, vm_id))
