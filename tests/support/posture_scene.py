# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the posture report works with, on a simulated cloud."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ansible_collections.jitfleet.azure.plugins.module_utils._azure.arm_fleet import ArmFleet
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.defender_api import ArmDefenderApi
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.effective_api import ArmEffectiveRules
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.jit_api import ArmJitApi
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.network_api import ArmNetworkApi
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.resource_graph import ResourceGraph
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.surroundings_api import ArmSurroundings
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.vm_api import ArmVmApi
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.either_fleet import EitherFleet
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.read_fleet import Scope
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.read_posture import Reading
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.report_posture import (
    PostureRequest,
    report_posture,
)
from azure_simulator.network.models import SecurityRule
from cloud import Cloud
from cloud_arm import CloudArm, CloudClock
from demo_fleet import PRODUCTION

JSON = dict[str, Any]
ELSEWHERE = "198.51.100.7"


@dataclass
class Services:
    """The outside world, as a module puts it together."""

    arm: CloudArm
    clock: CloudClock
    warnings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lists = ArmFleet(self.arm, self.warn)
        self.fleet = EitherFleet(ResourceGraph(self.arm), self.lists, self.warn)
        self.jit = ArmJitApi(self.arm)
        self.network = ArmNetworkApi(self.arm)
        self.vms = ArmVmApi(self.arm)
        self.defender = ArmDefenderApi(self.arm)
        self.surroundings = ArmSurroundings(self.arm, self.warn)
        self.effective = ArmEffectiveRules(self.arm)

    def warn(self, text: str) -> None:
        self.warnings.append(text)


def services_of(cloud: Cloud) -> Services:
    return Services(CloudArm(cloud), CloudClock(cloud))


def report(services: Services, *subscriptions: str, reading: Reading | None = None, **request: Any) -> JSON:
    scope = Scope(subscriptions, tuple(request.pop("resource_groups", ())), include_powered_off=True)
    return report_posture(PostureRequest(scope, reading or Reading(), **request), services)


def of(found: JSON, name: str) -> JSON:
    (vm,) = [vm for vm in found["vms"] if vm["name"] == name]
    return vm  # type: ignore[no-any-return]


def state(vm: JSON, port: int = 22, source: str = "internet") -> str:
    (entry,) = [entry for entry in vm["exposure"] if (entry["port"], entry["source"]) == (port, source)]
    return str(entry["state"])


def put(nsg: Any, name: str, priority: int, source: str, port: str, access: str = "Allow") -> None:
    properties = {
        "protocol": "*",
        "access": access,
        "direction": "Inbound",
        "priority": priority,
        "sourcePortRange": "*",
        "sourceAddressPrefix": source,
        "destinationAddressPrefix": "*",
        "destinationPortRange": port,
    }
    nsg.put(SecurityRule(name, properties))


def surround(services: Services, *resources: JSON) -> None:
    """Let Resource Graph show resources that the simulator doesn't have."""
    exchange = services.arm._exchange

    def more(method: str, url: str, **options: Any) -> Any:
        answer = exchange(method, url, **options)
        if "microsoft.network/azurefirewalls" in str((options.get("body") or {}).get("query")):
            answer.document["data"] += resources
        return answer

    services.arm._exchange = more  # type: ignore[method-assign]


def resource(kind: str, name: str, **properties: Any) -> JSON:
    group = f"/subscriptions/{PRODUCTION}/resourceGroups/rg-web/providers"
    return {"id": f"{group}/{kind}/{name}", "name": name, "type": kind.lower(), "properties": properties}
