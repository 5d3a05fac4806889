# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the caller may do, as Azure Resource Manager tells it."""

from __future__ import annotations

from .._jit.allowed_actions import Granted
from .arm import Arm

API_VERSION = "2022-04-01"


class ArmPermissionsApi:
    """Read permissions."""

    def __init__(self, arm: Arm) -> None:
        self._arm = arm

    def granted(self, scope: str) -> list[Granted]:
        """Read what the caller's roles give at a resource group or a resource, those from above included."""
        documents = self._arm.items(f"{scope}/providers/Microsoft.Authorization/permissions", API_VERSION)
        return [Granted.read(document) for document in documents]
