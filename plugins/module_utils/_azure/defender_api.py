# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microsoft Defender for Cloud's plans in Azure Resource Manager."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._jit.errors import AzureError
from .._jit.ids import VmId
from .._jit.server_plan import ServerPlan
from .arm import Arm

API_VERSION = "2024-01-01"
_TYPE = "providers/Microsoft.Security/pricings/VirtualMachines"


class ArmDefenderApi:
    """Read and write the plan for servers."""

    def __init__(self, arm: Arm) -> None:
        self._arm = arm
        self._includes_jit: dict[str, bool | None] = {}

    def read_plan(self, subscription_id: str) -> ServerPlan:
        return ServerPlan.read(self._arm.get(_path(subscription_id), API_VERSION))

    def read_vm_plan(self, vm: VmId) -> ServerPlan:
        """Read the plan of one VM, which can differ where its subscription is covered in part [docs]."""
        return ServerPlan.read(self._arm.get(f"{vm}/{_TYPE}", API_VERSION))

    def put_plan(self, subscription_id: str, body: Mapping[str, Any]) -> ServerPlan:
        """Replace the plan. The answer is the plan as Azure took it, which need not be what was sent."""
        return ServerPlan.read(self._arm.write("PUT", _path(subscription_id), API_VERSION, body))

    def includes_jit(self, subscription_id: str) -> bool | None:
        """Tell whether Defender for Servers covers JIT access: Plan 2, or the plan from before there were two.

        None where the credential may not see it: it is a piece of advice, not worth failing for. Asked once.
        """
        key = subscription_id.lower()
        if key not in self._includes_jit:
            try:
                self._includes_jit[key] = self.read_plan(subscription_id).includes_jit
            except AzureError:
                self._includes_jit[key] = None
        return self._includes_jit[key]


def _path(subscription_id: str) -> str:
    return f"/subscriptions/{subscription_id}/{_TYPE}"
