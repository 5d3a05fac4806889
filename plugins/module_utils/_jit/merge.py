# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring wishes for VMs into a policy without touching anything else that it holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .ids import VmId
from .policies import Json, entry_vm
from .ports import PortRule, read_rule, write_rule


@dataclass(frozen=True, slots=True)
class Wish:
    """Ports that a VM shall have in its policy: among others, or with `replace` just these.

    `public_ip` is the address of the Azure Firewall in front of it; None leaves what is there.
    """

    vm: VmId
    rules: tuple[PortRule, ...]
    replace: bool = False
    public_ip: str | None = None


def merge(entries: Sequence[Json], wishes: Iterable[Wish]) -> list[Json]:
    """Add or change the wished ports; all else stays, in its order.

    A port that already is as wished keeps its very text (case, prefix form, unknown fields), so that an equal
    wish is no change.
    """
    wanted = {wish.vm: wish for wish in wishes}
    merged = []
    for entry in entries:
        wish = wanted.pop(vm, None) if (vm := entry_vm(entry)) else None
        merged.append(_fulfilled(entry, wish) if wish else entry)
    merged.extend(_fulfilled({"id": str(wish.vm), "ports": []}, wish) for wish in wanted.values())
    return merged


def _fulfilled(entry: Json, wish: Wish) -> Json:
    ports: list[Json] = list(entry.get("ports") or ())
    if wish.replace:
        wanted = [rule.number for rule in wish.rules]
        ports = [port for port in ports if read_rule(port).number in wanted]
    for rule in wish.rules:
        ports = _with_port(ports, rule)
    if wish.replace:
        # entries of a wished number under another protocol are not among the wished ones
        ports = [port for port in ports if read_rule(port) in wish.rules]
    address = {"publicIpAddress": wish.public_ip} if wish.public_ip else {}
    return {**entry, "ports": ports, **address}


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
