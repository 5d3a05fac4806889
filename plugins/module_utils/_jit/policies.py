# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A just-in-time policy as the service writes it, and what it says about each VM.

The document itself is kept: a PUT replaces the whole policy, so whatever is not understood here has to go
back as it came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .ids import PolicyId, VmId
from .ports import PortRule, clashes, read_rule

Json = dict[str, Any]

# Written by the service alone. Sending `requests` back would be asking for trouble: a document that is still
# `Updating` shows none although grants run [rec].
_SERVICE_OWNED = frozenset({"requests", "provisioningState", "appendMode"})


@dataclass(frozen=True, slots=True)
class Coverage:
    """One VM's entry in a policy: the ports that may be asked for.

    `public_ip` is the address of the Azure Firewall in front of the VM, where there is one [spec].
    """

    vm: VmId
    rules: tuple[PortRule, ...]
    public_ip: str | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy with its document as the service sent it."""

    id: PolicyId
    document: Mapping[str, Any]

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Policy | None:
        """Read a document; None where its id is no policy's."""
        policy_id = PolicyId.find_in(str(document.get("id") or ""))
        return cls(policy_id, document) if policy_id else None

    @property
    def properties(self) -> Mapping[str, Any]:
        return self.document.get("properties") or {}

    @property
    def entries(self) -> list[Json]:
        return list(self.properties.get("virtualMachines") or ())

    @property
    def requests(self) -> list[Json]:
        return list(self.properties.get("requests") or ())

    @property
    def is_settled(self) -> bool:
        """Tell whether the service has put the policy into effect."""
        return str(self.properties.get("provisioningState") or "").lower() != "updating"

    @property
    def hides_requests(self) -> bool:
        """Tell whether it may have requests that it doesn't show, as while it is being written [rec]."""
        return not (self.is_settled or self.requests)

    @property
    def failed(self) -> bool:
        return str(self.properties.get("provisioningState") or "").lower() == "failed"

    def keeping(self, keep: Callable[[Mapping[str, Any]], bool]) -> Policy:
        """Give it with those requests alone that are of interest: the others are most of a long-lived document."""
        requests = [request for request in self.requests if keep(request)]
        return Policy(self.id, {**self.document, "properties": {**self.properties, "requests": requests}})

    def coverages(self) -> Iterable[Coverage]:
        return read_entries(self.entries)


def read_entries(entries: Iterable[Mapping[str, Any]]) -> Iterable[Coverage]:
    """Read a policy's VM entries; those without a VM's id (none was ever seen) are passed over.

    A VM that stands in a policy twice is read as one with the ports of both.
    """
    coverages: dict[VmId, Coverage] = {}
    for entry in entries:
        if vm := entry_vm(entry):
            rules = tuple(read_rule(port) for port in entry.get("ports") or ())
            address = entry.get("publicIpAddress") or None
            if earlier := coverages.get(vm):
                more = tuple(rule for rule in rules if not clashes(rule, earlier.rules))
                rules, address = earlier.rules + more, earlier.public_ip or address
            coverages[vm] = Coverage(vm, rules, address)
    return coverages.values()


def one_entry_each(entries: Sequence[Json]) -> Sequence[Json]:
    """Bring the entries of a VM that has several together in its first: Azure refuses a PUT with two [issue].

    Of two ports that can't stand beside each other the first stays.
    """
    merged: dict[object, Json] = {}
    for entry in entries:
        vm = entry_vm(entry)
        key: object = id(entry) if vm is None else vm
        earlier = merged.get(key)
        merged[key] = _together(earlier, entry) if earlier else entry
    return list(merged.values()) if len(merged) < len(entries) else entries


def _together(first: Json, second: Json) -> Json:
    ports = list(first.get("ports") or ())
    known = [read_rule(port) for port in ports]
    more = [port for port in second.get("ports") or () if not clashes(read_rule(port), known)]
    return {**second, **{key: value for key, value in first.items() if value is not None}, "ports": ports + more}


def entry_vm(entry: Mapping[str, Any]) -> VmId | None:
    return VmId.find_in(str(entry.get("id") or ""))


def body_of(policy: Policy | None, entries: list[Json]) -> Json:
    """Write the body of a PUT that gives a policy these VM entries and leaves the rest of it as it is."""
    properties = {
        key: value for key, value in (policy.properties if policy else {}).items() if key not in _SERVICE_OWNED
    }
    kind = policy.document.get("kind") if policy else None
    return {"kind": kind or "Basic", "properties": {**properties, "virtualMachines": entries}}
