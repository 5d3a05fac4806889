# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two subscriptions with a few covered VMs, and people who ask for their ports behind Ansible's back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from running_simulator import RunningSimulator, running_simulator
from security_rules import wire_rule

SUBSCRIPTIONS = {
    "desk": "5b1f6f0e-3c5a-4d0f-9a53-2f1e7c0d1e01",
    "lab": "5b1f6f0e-3c5a-4d0f-9a53-2f1e7c0d1e02",
}
DESK = "203.0.113.7"


@dataclass(frozen=True, slots=True)
class SmallFleet:
    """VMs `desk-1` to `desk-3` and `lab-1` to `lab-3`, each three with one policy and one security group.

    No policy holds `desk-4`.
    """

    cloud: RunningSimulator

    def group(self, name: str) -> str:
        return f"/subscriptions/{SUBSCRIPTIONS[name.split('-')[0]]}/resourceGroups/rg-small/providers"

    def vm(self, name: str) -> str:
        return f"{self.group(name)}/Microsoft.Compute/virtualMachines/{name}"

    def open(self, name: str, justification: str, duration: str = "PT1H", source: str = DESK) -> None:
        """Have somebody ask for SSH."""
        port = {"number": 22, "duration": duration, "allowedSourceAddressPrefix": source}
        entry = {"id": self.vm(name), "ports": [port]}
        body = {"virtualMachines": [entry], "justification": justification}
        self.cloud.arm("POST", f"{self.policy(name)}/initiate", body)
        self.cloud.advance(15)

    def justifications(self, name: str) -> list[str]:
        """Give the reasons of all requests in a subscription, the newest first."""
        found = self.cloud.arm("GET", self.policy(name))["properties"]["requests"]
        newest_first = sorted(found, key=lambda one: str(one["startTimeUtc"]), reverse=True)
        return [one["justification"] for one in newest_first]

    def grants(self, name: str) -> list[str]:
        """Name the rules that let somebody in to the VMs of a subscription, with the address that they are for."""
        return [rule for rule in self._rules(name) if "-JITRule-" in rule]

    def delete_grants(self, name: str) -> None:
        for rule in self.grants(name):
            self.cloud.arm("DELETE", f"{self._nsg(name)}/securityRules/{rule}", api_version="2024-01-01")
        self.cloud.advance(15)

    def expose(self, name: str) -> None:
        """Have somebody let everybody in to SSH."""
        rule = wire_rule("allow-ssh-for-a-test", 200, protocol="Tcp", destinationPortRange="22")
        path = f"{self._nsg(name)}/securityRules/{rule['name']}"
        self.cloud.arm("PUT", path, {"properties": rule["properties"]}, api_version="2024-01-01")
        self.cloud.advance(15)

    def policy(self, name: str) -> str:
        return f"{self.group(name)}/Microsoft.Security/locations/westeurope/jitNetworkAccessPolicies/default"

    def _nsg(self, name: str) -> str:
        return f"{self.group(name)}/Microsoft.Network/networkSecurityGroups/nsg-{name.split('-')[0]}"

    def _rules(self, name: str) -> list[str]:
        found = self.cloud.arm("GET", self._nsg(name), api_version="2024-01-01")
        return [rule["name"] for rule in found["properties"]["securityRules"]]


@contextmanager
def small_fleet(folder: Path) -> Iterator[SmallFleet]:
    file = folder / "small.yml"
    file.write_text(
        json.dumps({"subscriptions": [_subscription(name, index) for index, name in enumerate(SUBSCRIPTIONS)]})
    )
    with running_simulator(folder, "--fleet", str(file), "--data-plane", "off") as simulator:
        yield SmallFleet(simulator)


def _subscription(name: str, index: int) -> dict[str, Any]:
    held = [f"{name}-{number}" for number in (1, 2, 3)]
    vms = [*held, "desk-4"] if name == "desk" else held
    group = {
        "name": "rg-small",
        "location": "westeurope",
        "security_groups": [{"name": f"nsg-{name}"}],
        "networks": [
            {"name": "vnet", "address_space": "10.0.0.0/16", "subnets": [{"name": "all", "prefix": "10.0.1.0/24"}]}
        ],
        "vms": [
            {
                "name": vm,
                "os": "linux",
                "public_ip": f"127.66.{index + 1}.{number}",
                "security_group": f"nsg-{name}",
            }
            for number, vm in enumerate(vms, start=1)
        ],
        "jit_policies": [{"name": "default", "vms": [{"name": vm, "ports": [{"port": 22}]} for vm in held]}],
    }
    return {"name": name, "id": SUBSCRIPTIONS[name], "groups": [group]}
