# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual machines in Azure Resource Manager."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from .._jit.errors import AzureRefused
from .._jit.ids import VmId
from .._jit.vms import Vm
from .arm import Arm

API_VERSION = "2024-07-01"
# Up to here a list for each group is cheaper than one for the whole subscription.
FEW_GROUPS = 3
_WORKERS = 8


class ArmVmApi:
    """Read virtual machines."""

    def __init__(self, arm: Arm) -> None:
        self._arm = arm

    def find(self, wanted: Collection[VmId]) -> dict[VmId, Vm]:
        """Read the VMs that exist among those wanted: by lists, never one by one."""
        with ThreadPoolExecutor(_WORKERS) as pool:
            found = [vm for vms in pool.map(self._list, _lists_for(wanted)) for vm in vms]
        return {vm.id: vm for vm in found if vm.id in wanted}

    def _list(self, scope: str) -> list[Vm]:
        documents = self._arm.items(f"{scope}/providers/Microsoft.Compute/virtualMachines", API_VERSION)
        try:
            return [vm for document in documents if (vm := _read(document))]
        except AzureRefused as error:
            if error.status == 404:  # the resource group is gone, and its VMs with it
                return []
            raise


def _lists_for(wanted: Iterable[VmId]) -> list[str]:
    groups: dict[str, dict[str, str]] = defaultdict(dict)
    for vm in wanted:
        groups[vm.subscription_id.lower()][vm.resource_group.lower()] = vm.resource_group
    scopes = []
    for subscription_id, names in groups.items():
        subscription = f"/subscriptions/{subscription_id}"
        few = len(names) <= FEW_GROUPS
        scopes += [f"{subscription}/resourceGroups/{name}" for name in names.values()] if few else [subscription]
    return scopes


def _read(document: Mapping[str, Any]) -> Vm | None:
    vm_id = VmId.find_in(str(document.get("id") or ""))
    if vm_id is None:
        return None
    properties = document.get("properties") or {}
    disk = (properties.get("storageProfile") or {}).get("osDisk") or {}
    return Vm(vm_id, str(document.get("location") or ""), str(disk.get("osType") or ""))
