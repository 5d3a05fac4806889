# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual machines in Azure Resource Manager."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from .._jit.errors import AzureError, AzureRefused
from .._jit.hosts import VmRow, addresses_of, is_unguarded, os_of
from .._jit.ids import VmId
from .._jit.vms import Vm
from .arm import Arm
from .resource_graph import ResourceGraph, SystemRow

API_VERSION = "2024-07-01"
# Up to here a list for each group is cheaper than one for the whole subscription.
FEW_GROUPS = 3
# Beyond this many the query of Resource Graph isn't narrowed to the groups: its text would grow too long.
MANY_GROUPS = 50
_WORKERS = 8
_GONE = frozenset({"resourcenotfound", "resourcegroupnotfound"})


class ArmVmApi:
    """Read virtual machines: from Resource Graph what it knows, from Resource Manager the rest."""

    def __init__(self, arm: Arm) -> None:
        self._arm = arm
        self._graph = ResourceGraph(arm)
        self._known: dict[VmId, Vm] = {}

    def remember(self, rows: Iterable[VmRow]) -> None:
        """Take over what a query has just said, so that it isn't asked for again."""
        self._known.update({vm.id: vm for row in rows if (vm := _read_row(row))})

    def recall(self, wanted: Collection[VmId]) -> dict[VmId, Vm]:
        """Give what is remembered of VMs, without asking anybody."""
        return {vm: self._known[vm] for vm in wanted if vm in self._known}

    def find(self, wanted: Collection[VmId], *, systems_only: bool = False) -> dict[VmId, Vm]:
        """Read the VMs that exist among those wanted: by queries and lists, never one by one.

        `systems_only` is content with their operating systems, and whether they run.
        Resource Graph says more in fewer requests, but follows changes late and can be forbidden; whatever it
        doesn't show is looked for in Resource Manager's lists.
        """
        known = self.recall(wanted)
        found = {**known, **self._find_in_graph(frozenset(vm for vm in wanted if vm not in known), systems_only)}
        missing = {vm for vm in wanted if vm not in found}
        with ThreadPoolExecutor(_WORKERS) as pool:
            listed = [vm for vms in pool.map(self._list_either, _lists_for(missing)) for vm in vms]
        return {**{vm.id: vm for vm in listed if vm.id in missing}, **found}

    def is_gone(self, vm: VmId) -> bool | None:
        """Ask for one VM; None where Azure doesn't tell.

        404 is also the answer about a subscription that the credential doesn't see [docs].
        """
        try:
            self._arm.get(str(vm), API_VERSION)
        except AzureRefused as error:
            return True if error.status == 404 and error.code.lower() in _GONE else None
        except AzureError:
            return None
        return False

    def _find_in_graph(self, wanted: frozenset[VmId], systems_only: bool) -> dict[VmId, Vm]:
        if not wanted:
            return {}
        subscriptions = sorted({vm.subscription_id.lower() for vm in wanted})
        groups = sorted({vm.resource_group.lower() for vm in wanted})
        narrow = groups if len(groups) <= MANY_GROUPS else []
        try:
            vms = (
                self._ask_systems(subscriptions, narrow) if systems_only else self._ask_all(subscriptions, narrow)
            )
        except AzureRefused as error:
            if error.status in (401, 429) or error.left_outcome_open:
                raise
            return {}
        return {vm.id: vm for vm in vms if vm is not None and vm.id in wanted}

    def _ask_systems(self, subscriptions: Sequence[str], groups: Sequence[str]) -> list[Vm | None]:
        return [_read_system(row) for row in self._graph.list_systems(subscriptions, groups)]

    def _ask_all(self, subscriptions: Sequence[str], groups: Sequence[str]) -> list[Vm | None]:
        return [_read_row(row) for row in self._graph.list_vms(subscriptions, groups, include_powered_off=True)]

    def _list_either(self, scopes: tuple[str, Sequence[str]]) -> list[Vm]:
        """List a scope, or the parts of it where a credential that sees no more is refused the whole."""
        whole, parts = scopes
        try:
            return self._list(whole)
        except AzureRefused as error:
            if error.status != 403 or not parts:
                raise
        return [vm for part in parts for vm in self._list(part)]

    def _list(self, scope: str) -> list[Vm]:
        documents = self._arm.items(f"{scope}/providers/Microsoft.Compute/virtualMachines", API_VERSION)
        try:
            return [vm for document in documents if (vm := _read(document))]
        except AzureRefused as error:
            if error.status == 404:  # the resource group is gone, and its VMs with it
                return []
            raise


def _read_row(row: VmRow) -> Vm | None:
    vm_id = VmId.find_in(row["id"])
    if vm_id is None:
        return None
    public, private = addresses_of(row)
    return Vm(
        vm_id,
        row["location"],
        _system(os_of(row)),
        _is_running(row["powerState"]),
        False if is_unguarded(row) else None,
        row["tags"] or {},
        public,
        private,
    )


def _read_system(row: SystemRow) -> Vm | None:
    vm_id = VmId.find_in(row["id"])
    if vm_id is None:
        return None
    return Vm(vm_id, row["location"], _system(row["osType"] or ""), _is_running(row["powerState"]))


def _system(word: str) -> str:
    return "Windows" if word.lower() == "windows" else "Linux"


def _is_running(power_state: str | None) -> bool | None:
    power = (power_state or "").rpartition("/")[2].lower()
    return power == "running" if power else None


def _lists_for(wanted: Iterable[VmId]) -> list[tuple[str, Sequence[str]]]:
    """Say what to list, and for each list which ones do instead."""
    groups: dict[str, dict[str, str]] = defaultdict(dict)
    for vm in wanted:
        groups[vm.subscription_id.lower()][vm.resource_group.lower()] = vm.resource_group
    scopes: list[tuple[str, Sequence[str]]] = []
    for subscription_id, names in groups.items():
        subscription = f"/subscriptions/{subscription_id}"
        parts = [f"{subscription}/resourceGroups/{name}" for name in names.values()]
        scopes += [(part, ()) for part in parts] if len(parts) <= FEW_GROUPS else [(subscription, parts)]
    return scopes


def _read(document: Mapping[str, Any]) -> Vm | None:
    vm_id = VmId.find_in(str(document.get("id") or ""))
    if vm_id is None:
        return None
    properties = document.get("properties") or {}
    disk = (properties.get("storageProfile") or {}).get("osDisk") or {}
    location, os_type = str(document.get("location") or ""), str(disk.get("osType") or "")
    return Vm(vm_id, location, os_type, tags=document.get("tags") or {})
