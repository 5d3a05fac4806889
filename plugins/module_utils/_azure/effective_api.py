# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The security rules in effect on interfaces, as Azure works them out when asked."""

from __future__ import annotations

from collections.abc import Callable

from .._jit.effective_rules import EffectiveRules, read_effective
from .._jit.errors import AzureError
from .arm import Arm
from .arm_lists import NETWORK_API


class ArmEffectiveRules:
    """Ask for one interface at a time: a request that is answered some seconds later [docs].

    It needs a running VM and the permission
    `Microsoft.Network/networkInterfaces/effectiveNetworkSecurityGroups/action` [docs].
    """

    def __init__(self, arm: Arm) -> None:
        self._arm = arm

    def read(self, nic_id: str, pause: Callable[[float], bool]) -> EffectiveRules | AzureError:
        """Ask for an interface's rules; an error tells why they can't be had."""
        try:
            return read_effective(self._arm.ask(f"{nic_id}/effectiveNetworkSecurityGroups", NETWORK_API, pause))
        except AzureError as error:
            return error
