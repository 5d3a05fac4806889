# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual machines with their network, from Resource Manager's own lists: what Resource Graph tells, without it.

Five lists for each subscription, and none for a VM. Instances of scale sets in flexible orchestration are among
the virtual machines [docs].
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

from .._jit.conditions import Condition, holds
from .._jit.errors import AzureRefused
from .._jit.hosts import InterfaceRow, VmRow, is_off
from .._jit.ids import VmId
from .arm import Arm
from .arm_lists import (
    ADDRESSES,
    INTERFACES,
    MACHINES,
    NETWORKS,
    STATES,
    Answer,
    ArmLists,
    Json,
    Kind,
    List,
    Refusal,
    lists_of,
)
from .subscriptions import list_subscriptions

MANAGEMENT_GROUPS = "/providers/Microsoft.Management/managementGroups"
MANAGEMENT_API = "2020-05-01"
# Lists under way at once: enough to hide Azure's latency, few enough to stay below its rate limits.
WORKERS = 16


class _Found:
    """The resources that lists showed, by kind."""

    def __init__(self, answers: Iterable[tuple[List, Answer]]) -> None:
        self._by_kind: dict[Kind, list[Json]] = defaultdict(list)
        for one, answer in answers:
            if not isinstance(answer, Refusal):
                self._by_kind[one.kind] += answer

    def of(self, kind: Kind) -> list[Json]:
        return self._by_kind[kind]


class ArmFleet:
    """Read fleets of virtual machines by lists; `warn` hears what can't be told for want of a permission.

    Where `leaves_out`, that may be VMs, too, as long as some may be read.
    """

    def __init__(
        self, arm: Arm, warn: Callable[[str], None] = lambda text: None, *, leaves_out: bool = False
    ) -> None:
        self._arm = arm
        self._warn = warn
        self._leaves_out = leaves_out

    def list_subscriptions(self) -> list[str]:
        return list_subscriptions(self._arm)

    def list_subscriptions_below(self, management_groups: Sequence[str]) -> list[str]:
        """Read the ids of the subscriptions in some management groups that can be used."""
        below = {
            str(child.get("name") or "").lower()
            for name in management_groups
            for child in self._arm.items(f"{MANAGEMENT_GROUPS}/{quote(name, safe='')}/descendants", MANAGEMENT_API)
            if str(child.get("type") or "").lower().endswith("/subscriptions")
        }
        return [one for one in self.list_subscriptions() if one.lower() in below]

    def list_vms(
        self,
        subscriptions: Sequence[str],
        resource_groups: Collection[str],
        *,
        include_powered_off: bool,
        condition: Condition | None = None,
        whole_interfaces: bool = False,
    ) -> list[VmRow]:
        """Read the VMs of the subscriptions, or of some resource groups in them; no groups means all."""
        wanted = {name.lower(): name for name in resource_groups}
        answers = self._read(subscriptions, list(wanted.values()))
        self._tell(answers)
        found = _Found(answers)
        views = {_key(vm): _part(vm, "properties", "instanceView") for vm in found.of(STATES)}
        interfaces = _interfaces(found, whole=whole_interfaces)
        rows = (row for vm in found.of(MACHINES) if (row := _row(vm, views, interfaces)))
        chosen = [
            row
            for row in rows
            if (not wanted or row["resourceGroup"] in wanted)
            and (include_powered_off or not is_off(row))
            and (condition is None or holds(condition, row))
        ]
        return sorted(chosen, key=lambda row: row["id"])

    def _read(self, subscriptions: Sequence[str], groups: Sequence[str]) -> list[tuple[List, Answer]]:
        lists = ArmLists(self._arm, groups, leaves_out=self._leaves_out)
        with ThreadPoolExecutor(WORKERS) as pool:
            wanted = [one for subscription in subscriptions for one in lists_of(subscription, groups)]
            answers = [answer for found in pool.map(lists.read, wanted) for answer in found]
            closed = _closed(answers)
            kept = [
                (one, got) for one, got in answers if one.kind is MACHINES or one.subscription_id not in closed
            ]
            return [pair for one, got in kept for pair in self._stated(one, got, kept, groups, lists, pool)]

    def _stated(
        self,
        one: List,
        got: Answer,
        kept: Sequence[tuple[List, Answer]],
        groups: Sequence[str],
        lists: ArmLists,
        pool: ThreadPoolExecutor,
    ) -> list[tuple[List, Answer]]:
        """Ask single VMs for their states where the subscription's list of states is forbidden."""
        if one.kind is not STATES or not isinstance(got, Refusal):
            return [(one, got)]
        wanted = {name.lower() for name in groups}
        machines = [
            vm
            for other, found in kept
            if other.kind is MACHINES and other.subscription_id == one.subscription_id
            for vm in (() if isinstance(found, Refusal) else found)
            if (vm_id := VmId.find_in(_text(vm, "id"))) and (not wanted or vm_id.resource_group.lower() in wanted)
        ]
        views = [view for view in pool.map(lists.view, machines) if view is not None]
        return [(one, views)] if len(views) == len(machines) else [(one, views), (one, got)]

    def _tell(self, answers: Iterable[tuple[List, Answer]]) -> None:
        """Say once for each kind of list what the credential may not read, and so can't be told."""
        refusals: dict[tuple[Kind, bool], dict[str, AzureRefused]] = defaultdict(dict)
        for one, answer in answers:
            if isinstance(answer, Refusal):
                refusals[one.kind, answer.by_groups][one.scope.rpartition("/")[2]] = answer.error
        for (kind, by_groups), places in refusals.items():
            first = next(iter(places.values()))
            how = "can be told from the readable resource groups alone" if by_groups else "can't be told"
            self._warn(f"{kind.tells} {how} in subscription {', '.join(places)}: {first}")


def _closed(answers: Sequence[tuple[List, Answer]]) -> set[str]:
    """Give the subscriptions of which no VM may be listed; it is a failure if that is all of them."""
    machines = [(one.subscription_id, answer) for one, answer in answers if one.kind is MACHINES]
    refusals = [answer for _subscription, answer in machines if isinstance(answer, Refusal)]
    if refusals and len(refusals) == len(machines):
        raise refusals[0].error
    read = {subscription for subscription, answer in machines if not isinstance(answer, Refusal)}
    return {subscription for subscription, _answer in machines} - read


def _row(vm: Json, views: Mapping[str, Json], interfaces: Mapping[str, list[InterfaceRow]]) -> VmRow | None:
    vm_id = VmId.find_in(str(vm.get("id") or ""))
    if vm_id is None:
        return None
    properties = _part(vm, "properties")
    storage, key = _part(properties, "storageProfile"), _key(vm)
    view = views.get(key, {})
    return {
        # The group in lower case, as Resource Graph has it: here Compute writes it in capitals [rec].
        "id": str(VmId.of(vm_id.subscription_id, vm_id.resource_group.lower(), vm_id.name)),
        "name": _text(vm, "name"),
        "location": _text(vm, "location"),
        "resourceGroup": vm_id.resource_group.lower(),
        "subscriptionId": vm_id.subscription_id,
        "tags": vm.get("tags"),
        "zones": vm.get("zones"),
        "plan": _text(vm, "plan", "name"),
        "vmId": _text(properties, "vmId"),
        "timeCreated": _text(properties, "timeCreated"),
        "powerState": _power_state(view),
        "provisioningState": _text(properties, "provisioningState"),
        "vmSize": _text(properties, "hardwareProfile", "vmSize"),
        "licenseType": _text(properties, "licenseType"),
        "computerName": _text(properties, "osProfile", "computerName"),
        "image": storage.get("imageReference"),
        "osDisk": storage.get("osDisk"),
        "dataDisks": storage.get("dataDisks"),
        "scaleSet": _text(properties, "virtualMachineScaleSet", "id"),
        "guestName": _text(view, "computerName"),
        "osName": _text(view, "osName"),
        "osVersion": _text(view, "osVersion"),
        "hyperVGeneration": _text(view, "hyperVGeneration"),
        "nicCount": len(_part(properties, "networkProfile").get("networkInterfaces") or ()),
        "interfaces": interfaces.get(key),
    }


def _power_state(view: Json) -> str:
    statuses = view.get("statuses") or ()
    codes = (str(status.get("code") or "") for status in statuses)
    return next((code for code in codes if code.lower().startswith("powerstate/")), "")


def _interfaces(found: _Found, *, whole: bool) -> dict[str, list[InterfaceRow]]:
    """Join what is known of interfaces, public addresses and subnets, by the VMs that the interfaces belong to."""
    addresses = {_key(address): address for address in found.of(ADDRESSES)}
    networks = found.of(NETWORKS)
    subnets = {
        _key(part): {**part, "space": _part(net, "properties", "addressSpace").get("addressPrefixes")}
        for net in networks
        for part in _part(net, "properties").get("subnets") or ()
    }
    rows: dict[str, list[InterfaceRow]] = defaultdict(list)
    for nic in found.of(INTERFACES):
        vm_key = _text(nic, "properties", "virtualMachine", "id").lower()
        for configuration in _part(nic, "properties").get("ipConfigurations") or () if vm_key else ():
            row = _interface(nic, configuration, addresses, subnets)
            rows[vm_key].append({**row, "model": _model(nic)} if whole else row)
    return rows


def _interface(
    nic: Json, configuration: Json, addresses: Mapping[str, Json], subnets: Mapping[str, Json]
) -> InterfaceRow:
    of_nic, of_address = _part(nic, "properties"), _part(configuration, "properties")
    public = addresses.get(_text(of_address, "publicIPAddress", "id").lower(), {})
    subnet_id = _text(of_address, "subnet", "id")
    subnet = subnets.get(subnet_id.lower())
    return {
        "nic": _text(nic, "id"),
        "nicName": _text(nic, "name"),
        "mac": _text(of_nic, "macAddress"),
        "nicPrimary": of_nic.get("primary"),
        "securityGroup": _text(of_nic, "networkSecurityGroup", "id"),
        "ipName": _text(configuration, "name"),
        "ipPrimary": of_address.get("primary"),
        "privateAddress": _text(of_address, "privateIPAddress"),
        "publicId": _text(public, "id"),
        "publicName": _text(public, "name"),
        "publicAddress": _text(public, "properties", "ipAddress"),
        "fqdn": _text(public, "properties", "dnsSettings", "fqdn"),
        "subnet": subnet_id,
        "subnetSeen": True if subnet is not None else None,
        "subnetSecurityGroup": _text(subnet or {}, "properties", "networkSecurityGroup", "id"),
        "hasPublic": bool(_text(of_address, "publicIPAddress", "id")),
        "publicSku": _text(public, "sku", "name"),
        "applicationGroups": of_address.get("applicationSecurityGroups"),
        "natRules": _count(of_address.get("loadBalancerInboundNatRules")),
        "backendPools": _count(of_address.get("loadBalancerBackendAddressPools")),
        "networkSpace": (subnet or {}).get("space"),
    }


def _count(entries: Sequence[Any] | None) -> int | None:
    """Count a list; None where there is none, as Resource Graph counts it."""
    return None if entries is None else len(entries)


def _model(nic: Json) -> Json:
    """Keep of an interface what Resource Graph has of it too."""
    names = ("id", "name", "type", "location", "tags", "properties")
    return {name: nic.get(name) for name in names}


def _key(resource: Json) -> str:
    return _text(resource, "id").lower()


def _part(document: Json, *names: str) -> Json:
    """Go down to an object; an empty one where it is absent or null."""
    for name in names:
        document = document.get(name) or {}
    return document


def _text(document: Json, *names: str) -> str:
    """Go down to a text; an empty one where it is absent or null, as Resource Graph writes it."""
    return str(_part(document, *names[:-1]).get(names[-1]) or "")
