# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task wants of one policy, and the policy's entries with that done to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .ids import VmId
from .merge import Wish, merge
from .policies import Coverage, Json, entry_vm, one_entry_each, read_entries
from .ports import read_rule


@dataclass(frozen=True, slots=True)
class Edit:
    """A task's wish for one policy.

    `wishes` are VMs to be there. `removed` are VMs to be gone, `removed_ports` single ports of VMs that stay as
    long as they have another. With `only_wished` every VM that isn't wished goes. `restored` are entries as they
    once stood: a VM that has one meanwhile gets the ports that it lacks.
    """

    wishes: tuple[Wish, ...] = ()
    removed: frozenset[VmId] = frozenset()
    removed_ports: Mapping[VmId, frozenset[int]] = field(default_factory=dict)
    only_wished: bool = False
    restored: tuple[Json, ...] = ()


def apply(entries: Sequence[Json], edit: Edit) -> list[Json]:
    """Give the entries with the edit done; what it doesn't speak of stays to the letter."""
    wished = {wish.vm for wish in edit.wishes}
    kept = []
    for entry in one_entry_each(entries):
        vm = entry_vm(entry)
        if vm is None:
            kept.append(entry)
            continue
        goes = vm in edit.removed or (edit.only_wished and vm not in wished)
        if goes and vm not in wished:
            continue
        left = _without_ports(entry, edit.removed_ports.get(vm, frozenset()))
        if left is not None:
            kept.append(left)
    return list(one_entry_each([*merge(kept, edit.wishes), *edit.restored]))


def is_in_effect(entries: Sequence[Json], edit: Edit) -> bool:
    """Tell whether the entries already are as the edit wants them."""
    wanted = apply(entries, edit)
    return wanted == list(entries) or reading(entries) == reading(wanted)


def reading(entries: Iterable[Mapping[str, Any]]) -> dict[VmId, tuple[frozenset[Any], str | None]]:
    """Read entries so that two ways to write the same compare as equal."""
    return {coverage.vm: _content(coverage) for coverage in read_entries(entries)}


def _content(coverage: Coverage) -> tuple[frozenset[Any], str | None]:
    return frozenset(coverage.rules), coverage.public_ip


def _without_ports(entry: Json, numbers: frozenset[int]) -> Json | None:
    """Take ports out of an entry; None when none is left."""
    if not numbers:
        return entry
    ports = list(entry.get("ports") or ())
    left = [port for port in ports if read_rule(port).number not in numbers]
    if len(left) == len(ports):
        return entry
    return {**entry, "ports": left} if left else None
