# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two subscriptions of a simulated cloud, and a watch over them whose time passes when it is told to."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import AzureRefused
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.events import Telling
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.policies import Json
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.read_fleet import Scope
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.watch import EVENTS, Watch, WatchRequest
from ansible_collections.jitfleet.azure.plugins.module_utils._runner import Context, context_of
from azure_simulator.network.models import SecurityRule
from cloud import Cloud, JitPolicyClient, rule, wish
from cloud_arm import CloudArm, CloudClock
from samples import OTHER_SUBSCRIPTION, SUBSCRIPTION
from security_rules import wire_rule

MINUTE = 60
SUBSCRIPTIONS = {"one": SUBSCRIPTION, "two": OTHER_SUBSCRIPTION}
FLEET = "subscriptions:" + "".join(
    f"""
  - name: {name}
    id: {subscription}
    groups:
      - name: rg-vdi
        location: westeurope
        security_groups: [{{name: nsg-{name}}}]
        networks:
          - name: vnet
            address_space: 10.0.0.0/16
            subnets: [{{name: desktops, prefix: 10.0.1.0/24, security_group: nsg-{name}}}]
        vms:
          - {{name: vm-{name}, os: linux, public_ip: 127.77.0.{number}}}
"""
    for number, (name, subscription) in enumerate(SUBSCRIPTIONS.items(), 10)
)


@dataclass
class Watched:
    """A cloud with a covered VM in each of its subscriptions `one` and `two`, and a watch."""

    cloud: Cloud
    arm: CloudArm
    clock: CloudClock
    policies: dict[str, JitPolicyClient]
    watch: Watch
    warnings: list[str] = field(default_factory=list)

    def look(self, after: float = 0) -> list[tuple[str, str]]:
        """Let time pass, look, and give what was told: type and VM."""
        self.cloud.advance(after)
        return [(event["type"], event["name"]) for event in self.events()]

    def events(self) -> list[Json]:
        self.arm.sent.clear()
        return self.watch.look()

    def open(self, name: str, *ports: int, justification: str = "CHG-1") -> None:
        """Have somebody ask for an hour, and Azure put it into effect."""
        entry = {"id": self.vm(name), "ports": [wish(port, "203.0.113.7") for port in ports or (22,)]}
        assert self.policies[name].initiate(entry, justification=justification).status == 202
        self.cloud.advance(30)

    def vm(self, name: str) -> str:
        return (
            f"/subscriptions/{SUBSCRIPTIONS[name]}/resourceGroups/rg-vdi/providers/Microsoft.Compute"
            f"/virtualMachines/vm-{name}"
        )

    def delete_grants(self, name: str) -> None:
        """Close by rule, behind Azure's back."""
        group = self._group(name)
        for one in [one for one in group.rules if "-jitrule-" in one]:
            group.remove(one)

    def expose(self, name: str, rule_name: str = "allow-ssh") -> None:
        """Let everybody in to port 22, before the rule by which just-in-time access keeps it closed."""
        where = {"destinationPortRange": "22", "destinationAddressPrefix": "10.0.1.4"}
        properties = wire_rule(rule_name, 200, protocol="Tcp", **where)["properties"]
        self._group(name).put(SecurityRule(rule_name, properties))

    def fail(self, part: str, error: AzureRefused) -> Callable[[], None]:
        """Have requests fail from now on; gives what ends that."""

        def refuse() -> None:
            raise error

        hook = (part, refuse)
        self.arm.hooks.append(hook)
        return lambda: self.arm.hooks.remove(hook)

    def _group(self, name: str) -> Any:
        return self.cloud.world.subscriptions[SUBSCRIPTIONS[name]].groups["rg-vdi"].nsgs[f"nsg-{name}"]


def make_watched(folder: Path, **wanted: Any) -> Watched:
    """Make the cloud and a watch; `wanted` are fields of its request."""
    file = folder / "fleet.yml"
    file.write_text(FLEET)
    cloud = Cloud(str(file))
    arm, clock = CloudArm(cloud), CloudClock(cloud)
    policies = {
        name: JitPolicyClient(cloud, subscription, "rg-vdi", "westeurope")
        for name, subscription in SUBSCRIPTIONS.items()
    }
    request = WatchRequest(
        **{
            "scope": Scope(include_powered_off=True),
            "events": frozenset(EVENTS) - {"exposure_found"},
            "interval": timedelta(seconds=60),
            "exposure_interval": timedelta(seconds=600),
            "telling": Telling(timedelta(minutes=15)),
            **wanted,
        }
    )
    warnings: list[str] = []

    def services() -> Context:
        context = context_of(arm, {}, warnings.append, check_mode=True)
        return dataclasses.replace(context, clock=cast("Any", clock))

    watched = Watched(cloud, arm, clock, policies, Watch(request, services, warnings.append), warnings)
    for name, policy in policies.items():
        policy.put({"id": watched.vm(name), "ports": [rule(22), rule(3389)]})
    cloud.advance(30)
    return watched
