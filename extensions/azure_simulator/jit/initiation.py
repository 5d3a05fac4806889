# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests for access: reading them, and holding them against the policy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..behaviour import Behaviour
from ..exchange import Call, Json
from ..moments import parse_iso_duration, parse_utc
from ..network.rules import is_within, parse_network
from .errors import end_and_duration, invalid_initiate, not_a_subset
from .models import AccessRequest, Grant, Policy
from .validation import read_port_number, read_sources


@dataclass(frozen=True, slots=True)
class PortWish:
    """One port asked for; `ends` in ticks."""

    number: int
    sources: tuple[str, ...]
    plural: bool
    ends: int


@dataclass(frozen=True, slots=True)
class Initiation:
    """A request as read, not yet held against a policy: VM ids as sent, each with its ports."""

    vms: tuple[tuple[str, tuple[PortWish, ...]], ...]
    justification: str | None
    start: int

    def check(self, policy: Policy, behaviour: Behaviour, requestor: str) -> AccessRequest:
        """Return the request that the policy allows. Raises ArmError."""
        vms = [
            (vm_id, [self._grant(policy, behaviour, vm_id, port) for port in ports]) for vm_id, ports in self.vms
        ]
        return AccessRequest(vms, self.start, requestor, self.justification)

    def _grant(self, policy: Policy, behaviour: Behaviour, vm_id: str, port: PortWish) -> Grant:
        """Hold one port against the policy's rules for it. Raises ArmError."""
        entry = policy.vms.get(vm_id.lower())
        if entry is None:
            raise invalid_initiate(f"Virtual machine '{vm_id}' is not part of policy '{policy.id}'.")
        rules = [rule for rule in entry["ports"] if int(rule["number"]) == port.number]
        if not rules:
            raise invalid_initiate(f"Port {port.number} of '{vm_id}' is not part of policy '{policy.id}'.")
        if port.ends <= self.start:
            raise invalid_initiate("The end time of the request must be in the future.")
        for rule in rules:
            if _is_subset(rule, port, port.ends - self.start, behaviour):
                return Grant(vm_id.lower(), port.number, rule["protocol"], port.sources, port.plural, port.ends)
        raise not_a_subset(policy.id)


def _is_subset(rule: Json, port: PortWish, duration: int, behaviour: Behaviour) -> bool:
    """Tell whether a request stays within a policy's rule, in source and in duration."""
    allowed = rule.get("allowedSourceAddressPrefixes") or [rule.get("allowedSourceAddressPrefix", "*")]
    return duration <= parse_iso_duration(rule["maxRequestAccessDuration"]) and all(
        any(_source_is_subset(source, outer, behaviour) for outer in allowed) for source in port.sources
    )


def _source_is_subset(source: str, outer: str, behaviour: Behaviour) -> bool:
    """Tell whether one source lies within one of the policy's."""
    if outer == "*" or source.lower() == outer.lower():
        return True
    if "/" not in source and "/" in outer and not behaviour.single_address_in_cidr:
        return False
    return is_within(source, outer)


def read_initiation(call: Call, now: int) -> Initiation:
    """Read the body of an `initiate`; it is checked before the policy is looked up [issue]. Raises ArmError."""
    body = call.json()
    entries = body.get("virtualMachines")
    if not isinstance(entries, list) or not entries:
        raise invalid_initiate("The request must name at least one virtual machine.")
    justification = body.get("justification")
    if justification is not None and not isinstance(justification, str):
        raise invalid_initiate("The justification must be a text.")
    return Initiation(tuple(_read_vm(entry, call.caller, now) for entry in entries), justification, now)


def _read_vm(entry: Any, caller: str, now: int) -> tuple[str, tuple[PortWish, ...]]:
    """Read one VM's wishes. Raises ArmError."""
    if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
        raise invalid_initiate("Each virtual machine must have an id.")
    ports = entry.get("ports")
    if not isinstance(ports, list) or not ports:
        raise invalid_initiate(f"The request must name at least one port of '{entry['id']}'.")
    return entry["id"], tuple(_read_port(port, caller, now) for port in ports)


def _read_port(port: Any, caller: str, now: int) -> PortWish:
    """Read one port; without a source it is for the caller's own address [spec]. Raises ArmError."""
    if not isinstance(port, dict):
        raise invalid_initiate("Each port must be an object.")
    number = read_port_number(port, invalid_initiate)
    sources, plural = read_sources(port, invalid_initiate)
    for source in sources:
        if source != "*" and parse_network(source) is None:
            raise invalid_initiate(f"'{source}' is not an address, a CIDR or '*'.")
    return PortWish(number, sources or (caller,), plural, _read_end(port, now))


def _read_end(port: Json, now: int) -> int:
    """Read the end: `endTimeUtc` or `duration`, exactly one of them [issue]. Raises ArmError."""
    end, duration = port.get("endTimeUtc"), port.get("duration")
    if (end is None) == (duration is None):
        raise end_and_duration()
    try:
        return parse_utc(str(end)) if duration is None else now + parse_iso_duration(str(duration))
    except ValueError as error:
        raise invalid_initiate(f"{error}.") from None
