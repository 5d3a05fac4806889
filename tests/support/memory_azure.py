# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An Azure in memory, as far as the operations see one: policies, requests, VMs and a time that sleep advances.

Its habits are those of the real one: a PUT replaces the VM list and shows `Updating` and no requests for a
while, a request is `Initiating` before it is `Initiated`, ids come back in another case, and a whole request is
refused when one port of it isn't within the policy.
"""

from __future__ import annotations

import copy
import itertools
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any, Literal

from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import AzureRefused
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ids import PolicyId, VmId
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.policies import Policy
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.vms import Vm
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.seams import Keep
from samples import NOON, REGION, vm_id

Json = dict[str, Any]
Verb = Literal["list", "get", "put", "delete", "initiate", "vms", "start", "power"]
When = Literal["before", "after"]

# What a request gets that names no source.
CALLER = "198.51.100.23"
LONGEST_NAMES = 56


class VirtualClock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self._now = NOON
        self._lock = threading.Lock()
        self.slept = 0.0

    def now(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self._now += timedelta(seconds=seconds)
            self.slept += seconds


@dataclass(frozen=True)
class Call:
    """What was asked of this Azure; `target` is the policy's, group's or subscription's id."""

    verb: Verb
    target: str
    body: Json | None = None


@dataclass
class _Stored:
    """A policy: what was put, and since when it is in effect and visible."""

    id: PolicyId
    properties: Json
    settled_at: datetime
    visible_at: datetime
    failed: bool = False
    requests: list[Json] = field(default_factory=list)


@dataclass
class _Hook:
    verb: Verb
    when: When
    policy: PolicyId | None
    times: int
    action: Callable[[], object]


class MemoryAzure:
    """Implements the operations' `JitApi`, `VmApi`, `PowerApi` and `DefenderApi`.

    `provisioning` is how long a PUT shows `Updating`, `initiating` how long a request takes to come into effect,
    `hidden_at_first` how long a new policy can't be read, `unknown_at_first` how long nothing can be asked of it,
    `starting` how long a VM takes to start, `caller` the address from which requests come.
    """

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.provisioning = timedelta(seconds=1)
        self.initiating = timedelta(seconds=3)
        self.hidden_at_first = timedelta(0)
        self.unknown_at_first = timedelta(0)
        self.starting = timedelta(seconds=40)
        self.caller = CALLER
        self.calls: list[Call] = []
        # groups in which nobody is told what exists, and subscriptions' plans (by default all include JIT)
        self.forbidden_groups: set[tuple[str, str]] = set()
        self.plans: dict[str, bool | None] = {}
        self._lock = threading.RLock()
        self._vms: dict[VmId, Vm] = {}
        # which VMs run, from when on
        self._running: dict[VmId, datetime] = {}
        self._made: dict[PolicyId, datetime] = {}
        self._policies: dict[PolicyId, _Stored] = {}
        self._unlisted: set[PolicyId] = set()
        self._hooks: list[_Hook] = []
        self._ticks = itertools.count(1)

    # -- what a test sets up ------------------------------------------------------------------------------

    def add_vm(self, vm: VmId | str, os_type: str = "Linux", location: str = REGION, **more: Any) -> VmId:
        found = vm_id(vm) if isinstance(vm, str) else vm
        self._vms[found] = Vm(found, location, os_type, **more)
        if self._vms[found].is_running is not False:
            self._running[found] = self.clock.now()
        return found

    def delete_vm(self, vm: VmId) -> None:
        """Delete a VM as Azure does: its entry stays in the policy."""
        del self._vms[vm]

    def hold(self, policy: PolicyId, *entries: Json, **more: Any) -> PolicyId:
        """Have a policy, as another tool left it long ago."""
        properties = {**more, "virtualMachines": copy.deepcopy(list(entries))}
        known = self._policies.get(policy)
        requests = known.requests if known else []
        now = self.clock.now()
        self._policies[policy] = _Stored(policy, properties, now, now, requests=requests)
        return policy

    def unlist(self, policy: PolicyId) -> None:
        """Leave a policy out of its subscription's list, as the real list was seen to do."""
        self._unlisted.add(policy)

    def grant(
        self,
        policy: PolicyId,
        vm: VmId,
        *ports: int,
        source: str = "203.0.113.7",
        lasts: timedelta = timedelta(hours=3),
        justification: str = "",
    ) -> Json:
        """Have somebody ask for ports, now."""
        wire = [
            {"number": port, "duration": f"PT{int(lasts.total_seconds())}S", "allowedSourceAddressPrefix": source}
            for port in ports
        ]
        body = {"virtualMachines": [{"id": str(vm), "ports": wire}], "justification": justification}
        return self._accept(self._policies[policy], body)

    def revoke(self, justification: str = "") -> None:
        """End all requests whose justification holds the text."""
        for stored in self._policies.values():
            for request in stored.requests:
                for entry in request["virtualMachines"] if justification in request["justification"] else ():
                    for port in entry["ports"]:
                        port.update(status="Revoked", statusReason="UserManuallyRevoked")

    def fail_to_provision(self, policy: PolicyId) -> None:
        self._policies[policy].failed = True

    def on(
        self,
        verb: Verb,
        action: Callable[[], object],
        *,
        when: When = "before",
        policy: PolicyId | None = None,
        times: int = 1,
    ) -> None:
        """Have something happen around the next such calls: another writer's change, or an error.

        An error before a call's effect prevents the effect, one after it loses only the reply.
        """
        self._hooks.append(_Hook(verb, when, policy, times, action))

    # -- what a test looks at -----------------------------------------------------------------------------

    def count(self, *verbs: Verb) -> int:
        return sum(1 for call in self.calls if call.verb in verbs)

    @property
    def writes(self) -> list[Call]:
        return [call for call in self.calls if call.verb in ("put", "delete", "initiate")]

    def entries(self, policy: PolicyId) -> list[Json]:
        return copy.deepcopy(list(self._policies[policy].properties["virtualMachines"]))

    def properties(self, policy: PolicyId) -> Json:
        return copy.deepcopy(self._policies[policy].properties)

    def requests(self, policy: PolicyId) -> list[Json]:
        return [self._shown(request) for request in self._policies[policy].requests]

    def exists(self, policy: PolicyId) -> bool:
        return policy in self._policies

    def is_open(self, vm: VmId, port: int, address: str, *, opening: bool = False) -> bool:
        """Tell whether a request lets the address in now (or soon, if `opening` counts as well)."""
        statuses = {"Initiated", "Initiating"} if opening else {"Initiated"}
        return any(
            VmId.find_in(entry["id"]) == vm
            and shown["number"] == port
            and shown["status"] in statuses
            and any(_holds(prefix, address) for prefix in _prefixes(shown))
            for stored in self._policies.values()
            for request in map(self._shown, stored.requests)
            for entry in request["virtualMachines"]
            for shown in entry["ports"]
        )

    # -- what the operations call -------------------------------------------------------------------------

    def find(self, wanted: Collection[VmId], *, systems_only: bool = False) -> Mapping[VmId, Vm]:
        with self._lock:
            self._begin("vms", "")
            return {vm: self._vms[vm] for vm in wanted if vm in self._vms}

    def recall(self, wanted: Collection[VmId]) -> Mapping[VmId, Vm]:
        return {}

    def running(self, wanted: Collection[VmId]) -> Mapping[VmId, bool]:
        with self._lock:
            self._begin("power", "")
            return {vm: self.is_running(vm) for vm in wanted if vm in self._vms}

    def is_running(self, vm: VmId) -> bool:
        return vm in self._running and self._running[vm] <= self.clock.now()

    def start(self, vm: VmId) -> None:
        with self._lock:
            self._begin("start", str(vm))
            self._running.setdefault(vm, self.clock.now() + self.starting)
            self._end("start")

    def list_policies(
        self, subscription_id: str, resource_group: str | None = None, *, keep: Keep | None = None
    ) -> list[Policy]:
        with self._lock:
            scope = f"{subscription_id}/{resource_group}" if resource_group else subscription_id
            self._begin("list", scope)
            shown = [
                stored
                for stored in self._policies.values()
                if stored.id.subscription_id.lower() == subscription_id.lower()
                and _is_listed(stored, resource_group, self._unlisted)
            ]
            policies = [policy for stored in reversed(shown) if (policy := self._read(stored))]
            self._end("list")
            return [policy.keeping(keep) if keep else policy for policy in policies]

    def list_region(self, subscription_id: str, location: str, resource_group: str | None = None) -> list[Policy]:
        with self._lock:
            self._begin("list", f"{subscription_id}/{resource_group or ''}/{location}")
            return [
                policy
                for stored in self._policies.values()
                if stored.id.subscription_id.lower() == subscription_id.lower()
                and stored.id.location.lower() == location.lower()
                and resource_group in (None, stored.id.resource_group)
                and (policy := self._read(stored))
            ]

    def find_policy(self, policy_id: PolicyId) -> Policy | None:
        with self._lock:
            self._begin("get", str(policy_id), policy_id)
            stored = self._policies.get(policy_id)
            policy = self._read(stored) if stored else None
            self._end("get", policy_id)
            return policy

    def put_policy(self, policy_id: PolicyId, body: Mapping[str, Any]) -> None:
        with self._lock:
            self._begin("put", str(policy_id), policy_id, body)
            self._check_put(policy_id, body)
            now = self.clock.now()
            known = self._policies.get(policy_id)
            self._made.setdefault(policy_id, now)
            self._policies[policy_id] = _Stored(
                policy_id,
                copy.deepcopy(dict(body["properties"])),
                settled_at=now + self.provisioning,
                visible_at=known.visible_at if known else now + self.hidden_at_first,
                requests=known.requests if known else [],
            )
            self._end("put", policy_id)

    def delete_policy(self, policy_id: PolicyId) -> None:
        with self._lock:
            self._begin("delete", str(policy_id), policy_id)
            self._policies.pop(policy_id, None)
            self._end("delete", policy_id)

    def is_gone(self, vm: VmId) -> bool | None:
        return None if vm.group_key in self.forbidden_groups else vm not in self._vms

    def includes_jit(self, subscription_id: str) -> bool | None:
        return self.plans.get(subscription_id.lower(), True)

    def initiate(self, policy_id: PolicyId, body: Mapping[str, Any]) -> Mapping[str, Any]:
        with self._lock:
            self._begin("initiate", str(policy_id), policy_id, body)
            stored = self._policies.get(policy_id)
            made = self._made.get(policy_id, NOON)
            if (
                stored is None
                or stored.visible_at > self.clock.now()
                or self.clock.now() < made + self.unknown_at_first
            ):
                raise refused(404, "PolicyNotFound")
            self._check_initiate(stored, body)
            request = self._accept(stored, body)
            self._end("initiate", policy_id)
            return request

    # -- how it works inside ------------------------------------------------------------------------------

    def _begin(
        self, verb: Verb, target: str, policy: PolicyId | None = None, body: Mapping[str, Any] | None = None
    ) -> None:
        self.calls.append(Call(verb, target, copy.deepcopy(dict(body)) if body is not None else None))
        self._run_hooks(verb, "before", policy)

    def _end(self, verb: Verb, policy: PolicyId | None = None) -> None:
        self._run_hooks(verb, "after", policy)

    def _run_hooks(self, verb: Verb, when: When, policy: PolicyId | None) -> None:
        due = [
            hook
            for hook in self._hooks
            if (hook.verb, hook.when) == (verb, when) and hook.times > 0 and hook.policy in (None, policy)
        ]
        for hook in due:
            hook.times -= 1
        for hook in due:
            hook.action()

    def _check_put(self, policy_id: PolicyId, body: Mapping[str, Any]) -> None:
        properties = body["properties"]
        if owned := {"requests", "provisioningState", "appendMode"} & set(properties):
            raise AssertionError(f"a PUT must not send {owned}")
        ids = [VmId.find_in(entry["id"]) for entry in properties["virtualMachines"]]
        if len(set(ids)) != len(ids):
            raise refused(400, "DuplicateVirtualMachine")
        for vm in ids:
            if vm not in self._vms:
                raise refused(403, "LinkedAuthorizationFailed")
            if len(vm.name) + len(policy_id.name) > LONGEST_NAMES:
                raise refused(400, "NameTooLong")

    def _check_initiate(self, stored: _Stored, body: Mapping[str, Any]) -> None:
        for entry in body["virtualMachines"]:
            vm = VmId.find_in(entry["id"])
            rules = [
                rule
                for held in stored.properties["virtualMachines"]
                if VmId.find_in(held["id"]) == vm
                for rule in held["ports"]
            ]
            for port in entry["ports"]:
                if "endTimeUtc" in port or "duration" not in port:
                    raise refused(400, "InvalidInitiateInput")
                if not any(_is_subset(port, rule) for rule in rules):
                    raise refused(400, "NotSubsetOfPolicy")

    def _accept(self, stored: _Stored, body: Mapping[str, Any]) -> Json:
        now = self.clock.now()
        start = f"{now.strftime('%Y-%m-%dT%H:%M:%S')}.{next(self._ticks):07d}Z"
        request: Json = {
            "virtualMachines": [
                {"id": entry["id"].lower(), "ports": [self._open(port, now) for port in entry["ports"]]}
                for entry in body["virtualMachines"]
            ],
            "startTimeUtc": start,
            "requestor": "",
            "justification": body.get("justification", ""),
            "_since": now,
        }
        stored.requests.append(request)
        return self._shown(request)

    def _open(self, port: Mapping[str, Any], now: datetime) -> Json:
        end = now + _duration(port["duration"])
        prefixes = _prefixes(port) or [self.caller]
        sources: Json = {"allowedSourceAddressPrefixes": prefixes}
        if len(prefixes) == 1:
            sources = {"allowedSourceAddressPrefix": prefixes[0]}
        return {
            "number": port["number"],
            **sources,
            "endTimeUtc": end.strftime("%Y-%m-%dT%H:%M:%S.%f0Z"),
            "status": "Initiating",
            "statusReason": "UserRequested",
        }

    def _shown(self, request: Json) -> Json:
        """Show a request as it stands at this moment."""
        now = self.clock.now()
        shown = {key: copy.deepcopy(value) for key, value in request.items() if key != "_since"}
        for entry in shown["virtualMachines"]:
            for port in entry["ports"]:
                if port["status"] == "Initiating" and now >= request["_since"] + self.initiating:
                    port["status"] = "Initiated"
                if port["status"] == "Initiated" and f"{now:%Y-%m-%dT%H:%M:%S.%f0Z}" >= port["endTimeUtc"]:
                    port.update(status="Revoked", statusReason="Expired")
        return shown

    def _read(self, stored: _Stored) -> Policy | None:
        now = self.clock.now()
        if stored.visible_at > now:
            return None
        settled = stored.settled_at <= now
        state = ("Failed" if stored.failed else "Succeeded") if settled else "Updating"
        return Policy.read(
            {
                "id": str(stored.id).replace("resourceGroups", "resourcegroups"),
                "kind": "Basic",
                "properties": {
                    **copy.deepcopy(stored.properties),
                    "requests": [self._shown(request) for request in reversed(stored.requests)] if settled else [],
                    "provisioningState": state,
                },
            }
        )


def refused(status: int, code: str, retry_after: float | None = None) -> AzureRefused:
    return AzureRefused("PUT or POST", status, code, f"because of {code}", retry_after=retry_after)


def raising(error: Exception) -> Callable[[], None]:
    """Make an action that fails so."""

    def action() -> None:
        raise error

    return action


def _is_listed(stored: _Stored, resource_group: str | None, unlisted: Collection[PolicyId]) -> bool:
    if resource_group is None:
        return stored.id not in unlisted
    return stored.id.resource_group.lower() == resource_group.lower()


def _duration(text: str) -> timedelta:
    """Read what the operations send, in the one form that they send."""
    amount = text.removeprefix("PT")
    total = 0
    for unit, seconds in (("H", 3600), ("M", 60), ("S", 1)):
        number, found, rest = amount.partition(unit)
        if found:
            total += int(number) * seconds
            amount = rest
    return timedelta(seconds=total)


def _prefixes(port: Mapping[str, Any]) -> list[str]:
    single = port.get("allowedSourceAddressPrefix")
    return [single] if single else list(port.get("allowedSourceAddressPrefixes") or ())


def _is_subset(asked: Mapping[str, Any], rule: Mapping[str, Any]) -> bool:
    return (
        asked["number"] == rule["number"]
        and _duration(asked["duration"]) <= _duration(rule["maxRequestAccessDuration"])
        and all(any(_holds(outer, inner) for outer in _prefixes(rule)) for inner in _prefixes(asked))
    )


def _holds(prefix: str, address: str) -> bool:
    if "*" in (prefix, address):
        return prefix == "*"
    if "/" in address:
        return prefix == address
    return ip_address(address) in ip_network(prefix)
