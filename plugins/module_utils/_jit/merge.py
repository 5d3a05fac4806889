# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring wishes for VMs into a policy without touching anything else that it holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .ids import VmId
from .policies import Json, entry_vm
from .ports import PortRule, read_rule, write_rule


@dataclass(frozen=True, slots=True)
class Wish:
    """Ports that a VM shall have in its policy."""

    vm: VmId
    rules: tuple[PortRule, ...]


def merge(entries: Sequence[Json], wishes: Iterable[Wish]) -> list[Json]:
    """Add or change the wished ports; all else stays, in its order.

    A port that already is as wished keeps its very text (case, prefix form, unknown fields), so that an equal
    wish is no change.
    """
    wanted = {wish.vm: wish for wish in wishes}
    merged = []
    for entry in entries:
        wish = wanted.pop(vm, None) if (vm := entry_vm(entry)) else None
        merged.append(_with_ports(entry, wish.rules) if wish else entry)
    merged.extend(_with_ports({"id": str(wish.vm), "ports": []}, wish.rules) for wish in wanted.values())
    return merged


def are_fulfilled(entries: Iterable[Mapping[str, Any]], wishes: Iterable[Wish]) -> bool:
    """Tell whether the entries hold all that the wishes ask for."""
    held: dict[VmId, set[PortRule]] = {}
    for entry in entries:
        if vm := entry_vm(entry):
            held.setdefault(vm, set()).update(read_rule(port) for port in entry.get("ports") or ())
    return all(held.get(wish.vm, set()).issuperset(wish.rules) for wish in wishes)


def _with_ports(entry: Json, rules: Iterable[PortRule]) -> Json:
    ports: list[Json] = list(entry.get("ports") or ())
    for rule in rules:
        ports = _with_port(ports, rule)
    return {**entry, "ports": ports}


def _with_port(ports: list[Json], rule: PortRule) -> list[Json]:
    if any(read_rule(port) == rule for port in ports):
        return ports
    replaced = [port for port in ports if read_rule(port).concerns_same_port_as(rule)]
    if not replaced:
        return [*ports, write_rule(rule)]
    # The first takes the new rule, further ones (a TCP and a UDP entry that become `*`) go.
    return [
        write_rule(rule, known=port) if port is replaced[0] else port
        for port in ports
        if port is replaced[0] or port not in replaced
    ]
