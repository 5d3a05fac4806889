# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opening in an Azure in memory, and what came of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from ansible_collections.jitfleet.azure.plugins.module_utils._jit.access import Wish
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ids import VmId
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ourselves import Ourselves
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.open_access import (
    OpenRequest,
    open_access,
)
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.outcomes import Outcome
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.safe_write import Patience
from memory_azure import MemoryAzure
from open_services import OpenServices
from samples import entry, policy_id, port, vm_id

DESK = "203.0.113.7"
ME = "ada@control-node"
REFERENCE = "#ref-0123456789ab"


def run(
    azure: MemoryAzure,
    *wishes: Wish,
    check_mode: bool = False,
    wait_for: Literal["accepted", "initiated", "rule", "port"] = "initiated",
    timeout: float = 120,
    reference: str = REFERENCE,
    services: OpenServices | None = None,
    enabling: Patience | None = None,
    start_vms: bool = False,
) -> Outcome:
    """Have ports opened."""
    request = OpenRequest(
        wishes,
        f"patching [{ME}]",
        Ourselves(ME),
        wait_for,
        timedelta(seconds=timeout),
        enabling=enabling,
        start_vms=start_vms,
    )
    return open_access(request, services or OpenServices(azure), reference, check_mode=check_mode)


def covered(
    azure: MemoryAzure, *names: str, group: str = "Rg-Desktops", ports: tuple[int, ...] = (22,)
) -> list[VmId]:
    """Have VMs, all in the default policy of their group."""
    vms = [azure.add_vm(vm_id(name, group)) for name in names]
    azure.hold(policy_id(group=group), *(entry(vm, *map(port, ports)) for vm in vms))
    return vms


def states(outcome: Outcome) -> list[str | None]:
    return [vm.state for vm in outcome.vms]


def error(outcome: Outcome) -> str:
    (vm,) = outcome.vms
    assert vm.error is not None
    return vm.error


def posted(azure: MemoryAzure) -> list[dict[str, Any]]:
    return [call.body or {} for call in azure.calls if call.verb == "initiate"]
