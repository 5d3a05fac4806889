# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which management ports have become reachable from the internet since the last look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .events import describe_vm
from .exposure_report import besides_windows
from .ids import VmId
from .plain_text import plain
from .policies import Json

EXPOSURE_FOUND = "exposure_found"
INTERNET = "internet"
_REACHED = ("open", "partial")


@dataclass(frozen=True, slots=True, order=True)
class Hole:
    """A port of a VM that the internet, or a part of it, reaches."""

    vm: VmId
    port: int


@dataclass(frozen=True, slots=True)
class HoleMemory:
    """The holes that are known; None before the first look."""

    holes: frozenset[Hole] | None = None


def compare_holes(
    memory: HoleMemory, vms: Iterable[Mapping[str, Any]], *, emit_existing: bool
) -> tuple[HoleMemory, list[Json]]:
    """Find the holes that weren't there at the last look; `vms` are those of a posture report.

    What can't be told now stays as it was: else a hole would be found anew whenever a group couldn't be read.
    """
    before = memory.holes or frozenset()
    is_news = memory.holes is not None or emit_existing
    now: set[Hole] = set()
    found: list[Json] = []
    for vm in vms:
        vm_id = VmId.find_in(str(vm["id"]))
        for entry in vm["exposure"] if vm_id else ():
            if vm_id is None or entry["source"] != INTERNET:
                continue
            hole = Hole(vm_id, entry["port"])
            # Windows are no holes: they are told by events of their own.
            told = besides_windows(entry)
            if told["state"] == "unknown" and hole in before:
                now.add(hole)
            if told["state"] not in _REACHED:
                continue
            now.add(hole)
            if is_news and hole not in before:
                found.append(_describe(hole, entry, told))
    return HoleMemory(frozenset(now)), found


def _describe(hole: Hole, entry: Mapping[str, Any], told: Mapping[str, Any]) -> Json:
    """Write what holds besides the windows."""
    rule = told.get("rule") or {}
    return {
        "type": EXPOSURE_FOUND,
        **describe_vm(hole.vm),
        "port": hole.port,
        "protocol": entry["protocol"],
        "source": entry["source"],
        "state": told["state"],
        "reason": plain(str(told.get("reason") or "")),
        "address": plain(str(told.get("address") or "")),
        "admitted": [plain(str(one)) for one in told.get("admitted") or ()],
        "rule": plain(str(rule.get("name") or "")),
        "rule_priority": rule.get("priority"),
        "security_group_id": plain(str(rule.get("security_group_id") or "")),
    }
