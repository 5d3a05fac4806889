# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Three covered VMs in a simulated cloud whose time passes by sleeping, and people who open their ports."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from ansible_collections.jitfleet.azure.plugins.module_utils._azure.defender_api import ArmDefenderApi
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.jit_api import ArmJitApi
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.layouts import ArmLayouts
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.network_api import ArmNetworkApi
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.power_api import ArmPowerApi
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.vm_api import ArmVmApi
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.access import Origin, Wish
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.closing import CloseWish, Whose
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ids import VmId
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ourselves import Ourselves
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.close_access import close_access
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.open_access import (
    OpenRequest,
    open_access,
)
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.outcomes import Outcome
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.windows import CloseRequest
from azure_simulator.compute.models import VirtualMachine
from azure_simulator.network.models import NetworkSecurityGroup
from cloud import Cloud, JitPolicyClient, rule, wish
from cloud_arm import CloudArm, CloudClock
from open_services import MemoryConnector, RecordedProgress
from samples import SUBSCRIPTION

DESK, OTHER_DESK, OFFICE = "203.0.113.7", "203.0.113.8", "203.0.113.0/24"
ME, COLLEAGUE = "[ada@control-node]", "[bob@control-node]"
MY_IP = "(my_ip)"
MINE = Whose(Ourselves("ada@control-node"))
ANYBODY = Whose()
EVERYBODY = Whose(everybody=True)

# vm-both has a group on its interface and one on its subnet, the others share the subnet's.
FLEET = f"""\
subscriptions:
  - name: Test
    id: {SUBSCRIPTION}
    groups:
      - name: rg-vdi
        location: westeurope
        security_groups: [{{name: nsg-subnet}}, {{name: nsg-nic}}]
        networks:
          - name: vnet
            address_space: 10.0.0.0/16
            subnets: [{{name: desktops, prefix: 10.0.1.0/24, security_group: nsg-subnet}}]
        vms:
          - {{name: vm-both, os: linux, security_group: nsg-nic}}
          - {{name: vm-2, os: linux}}
          - {{name: vm-3, os: linux}}
"""


@dataclass
class Scene:
    """A cloud with three covered VMs, and what a task has to do with it."""

    cloud: Cloud
    arm: CloudArm
    clock: CloudClock
    policy: JitPolicyClient
    warnings: list[str] = field(default_factory=list)
    progress: list[tuple[int, int]] = field(default_factory=list)

    def vm(self, name: str) -> VmId:
        return VmId.of(SUBSCRIPTION, "rg-vdi", name)

    def machine(self, name: str) -> VirtualMachine:
        return self.cloud.world.subscriptions[SUBSCRIPTION].groups["rg-vdi"].vms[name]

    @property
    def subnet_group(self) -> NetworkSecurityGroup:
        return self.cloud.world.subscriptions[SUBSCRIPTION].groups["rg-vdi"].nsgs["nsg-subnet"]

    def open(self, name: str, *ports: int, source: str | list[str] = DESK, by: str = ME, why: str = "") -> None:
        """Have somebody ask for ports, and Azure take its time for them."""
        entry = {"id": str(self.vm(name)), "ports": [wish(port, source) for port in ports]}
        reply = self.policy.initiate(entry, justification=f"{why} {by} #ref".strip())
        assert reply.status == 202, reply.body

    def settle(self) -> None:
        self.cloud.advance(30)

    def grants(self, name: str) -> list[tuple[str, int, str]]:
        """Give group, port and source of each rule that lets somebody in to the VM."""
        machine = self.machine(name)
        return sorted(
            (nsg.name, int(rule.properties["destinationPortRange"]), rule.properties["sourceAddressPrefix"])
            for nsg in machine.nics[0].security_groups()
            for rule in nsg.rules.values()
            if "-JITRule-" in rule.name
            and machine.nics[0].private_address == rule.properties["destinationAddressPrefix"]
        )

    def close(
        self,
        *names: str,
        ports: tuple[int, ...] = (),
        sources: tuple[str, ...] = (),
        origin: Origin | None = None,
        whose: Whose = MINE,
        timeout: float = 300,
        check_mode: bool = False,
    ) -> Outcome:
        wishes = [CloseWish(self.vm(name), ports, origin or Origin(sources)) for name in names]
        self.arm.sent.clear()
        return close_access(
            CloseRequest(wishes, whose, timedelta(seconds=timeout)),
            ArmJitApi(self.arm),
            ArmLayouts(self.arm),
            ArmNetworkApi(self.arm),
            ArmVmApi(self.arm),
            self.clock,
            self.warnings.append,
            lambda done, of: self.progress.append((done, of)),
            check_mode=check_mode,
        )

    def ask(
        self,
        name: str,
        *ports: int,
        source: str = DESK,
        force: bool = False,
        also: tuple[str, ...] = (),
        wait_for: Literal["initiated", "rule"] = "initiated",
        timeout: float = 300,
    ) -> Outcome:
        """Open ports as a task does."""
        self.arm.sent.clear()
        wishes = [
            Wish(self.vm(one), ports, Origin((source,)), timedelta(hours=1), force=force) for one in (name, *also)
        ]
        request = OpenRequest(wishes, ME, Ourselves("ada@control-node"), wait_for, timedelta(seconds=timeout))
        return open_access(request, SceneServices(self), "#ref", check_mode=False)

    @property
    def deletions(self) -> int:
        return sum(count for name, count in self.arm.sent.items() if name.startswith("DELETE"))


class SceneServices:
    """Implements the `Services` of opening by the scene's cloud."""

    def __init__(self, scene: Scene) -> None:
        self.jit = ArmJitApi(scene.arm)
        self.vms = ArmVmApi(scene.arm)
        self.layouts = ArmLayouts(scene.arm)
        self.network = ArmNetworkApi(scene.arm)
        self.clock = scene.clock
        self.progress = RecordedProgress()
        self.power = ArmPowerApi(scene.arm)
        self.defender = ArmDefenderApi(scene.arm)
        self.connector = MemoryConnector(scene.clock)
        self.warnings: list[str] = []

    def draw(self) -> float:
        return 0.5

    def warn(self, sentence: str) -> None:
        self.warnings.append(sentence)


def make_scene(folder: Path, **behaviour: Any) -> Scene:
    file = folder / "fleet.yml"
    file.write_text(FLEET)
    cloud = Cloud(str(file), **behaviour)
    policy = JitPolicyClient(cloud, SUBSCRIPTION, "rg-vdi", "westeurope")
    scene = Scene(cloud, CloudArm(cloud), CloudClock(cloud), policy)
    names = ("vm-both", "vm-2", "vm-3")
    scene.policy.put(*({"id": str(scene.vm(name)), "ports": [rule(22), rule(3389)]} for name in names))
    scene.settle()
    return scene
