# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microsoft Defender for Cloud's plans in Azure Resource Manager."""

from __future__ import annotations

from .._jit.errors import AzureError
from .arm import Arm

API_VERSION = "2024-01-01"


class ArmDefenderApi:
    """Read plans."""

    def __init__(self, arm: Arm) -> None:
        self._arm = arm

    def includes_jit(self, subscription_id: str) -> bool | None:
        """Tell whether Defender for Servers covers JIT access: Plan 2, or the plan from before there were two.

        None where the credential may not see it: it is a piece of advice, not worth failing for.
        """
        path = f"/subscriptions/{subscription_id}/providers/Microsoft.Security/pricings/VirtualMachines"
        try:
            properties = self._arm.get(path, API_VERSION).get("properties") or {}
        except AzureError:
            return None
        standard = str(properties.get("pricingTier") or "").lower() == "standard"
        return standard and str(properties.get("subPlan") or "P2").upper() == "P2"
