# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""State of virtual machines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from ..network.models import NetworkInterface
    from ..subscriptions.models import ResourceGroup

MACHINES = "Microsoft.Compute/virtualMachines"
SCALE_SETS = "Microsoft.Compute/virtualMachineScaleSets"

OperatingSystem = Literal["Windows", "Linux"]
PowerState = Literal["running", "starting", "stopped", "deallocating", "deallocated"]


@dataclass(slots=True, eq=False)
class VirtualMachine:
    """A virtual machine; `created` in ticks."""

    group: ResourceGroup
    name: str
    location: str
    os: OperatingSystem
    created: int
    tags: dict[str, str] = field(default_factory=dict)
    size: str = "Standard_D2s_v5"
    admin: str = "azureuser"
    power: PowerState = "running"
    nics: tuple[NetworkInterface, ...] = ()
    id: str = field(init=False)
    key: str = field(init=False)

    def __post_init__(self) -> None:
        """Make the resource id as created, and in lower case, by which ids are compared."""
        self.id = self.group.resource_id(MACHINES, self.name)
        self.key = self.id.lower()

    @property
    def computer_name(self) -> str:
        """Return the name inside the guest: Windows allows 15 characters."""
        return self.name[:15] if self.os == "Windows" else self.name

    @property
    def is_running(self) -> bool:
        """Tell whether the guest is up."""
        return self.power == "running"
