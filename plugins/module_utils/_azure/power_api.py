# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether virtual machines run, and starting them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from .._jit.errors import AzureError
from .._jit.ids import VmId
from .arm import Arm

API_VERSION = "2024-07-01"
# From here on one list of the subscription's run-time states costs less than a reading of each VM.
MANY_VMS = 4
_WORKERS = 8
_POWER = "powerstate/"


class ArmPowerApi:
    """Read power states from Resource Manager, which knows them at once, and start VMs."""

    def __init__(self, arm: Arm) -> None:
        self._arm = arm

    def running(self, wanted: Collection[VmId]) -> dict[VmId, bool]:
        """Tell of each VM whether it runs; those of which Azure doesn't tell now are left out."""
        by_subscription: dict[str, list[VmId]] = defaultdict(list)
        for vm in wanted:
            by_subscription[vm.subscription_id.lower()].append(vm)
        many = [name for name, vms in by_subscription.items() if len(vms) >= MANY_VMS]
        single = [vm for vms in by_subscription.values() if len(vms) < MANY_VMS for vm in vms]
        asked = set(wanted)
        with ThreadPoolExecutor(_WORKERS) as pool:
            listed = {vm: runs for states in pool.map(self._list, many) for vm, runs in states if vm in asked}
            read = zip(single, pool.map(self._read, single), strict=True)
            return {**listed, **{vm: runs for vm, runs in read if runs is not None}}

    def start(self, vm: VmId) -> None:
        """Have a VM start: Azure answers 202, and it runs a minute or so later. One that runs stays as it is."""
        self._arm.write("POST", f"{vm}/start", API_VERSION)

    def _list(self, subscription_id: str) -> list[tuple[VmId, bool]]:
        path = f"/subscriptions/{subscription_id}/providers/Microsoft.Compute/virtualMachines"
        try:
            documents = list(self._arm.items(path, API_VERSION, {"statusOnly": "true"}))
        except AzureError:
            return []
        return [
            (vm, runs)
            for document in documents
            if (vm := VmId.find_in(str(document.get("id") or "")))
            and (runs := _is_running((document.get("properties") or {}).get("instanceView"))) is not None
        ]

    def _read(self, vm: VmId) -> bool | None:
        try:
            return _is_running(self._arm.get(f"{vm}/instanceView", API_VERSION))
        except AzureError:
            return None


def _is_running(view: Mapping[str, Any] | None) -> bool | None:
    statuses: Iterable[Mapping[str, Any]] = (view or {}).get("statuses") or ()
    codes = [str(status.get("code") or "").lower() for status in statuses]
    powers = [code.removeprefix(_POWER) for code in codes if code.startswith(_POWER)]
    return powers[0] == "running" if powers else None
