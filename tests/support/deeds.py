# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that needs permissions, done to a simulated cloud by somebody whose permissions are given."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

from ansible_collections.jitfleet.azure.plugins.module_utils._azure.arm_fleet import ArmFleet
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.defender_api import ArmDefenderApi
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.effective_api import ArmEffectiveRules
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.jit_api import ArmJitApi
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.layouts import ArmLayouts
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.network_api import ArmNetworkApi
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.permissions_api import ArmPermissionsApi
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.power_api import ArmPowerApi
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.resource_graph import ResourceGraph
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.surroundings_api import ArmSurroundings
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.vm_api import ArmVmApi
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import AzureError
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.history import Search
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ports import PortRule
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.server_plan import PlanWish
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.sources import ANY
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.close_by_policy import close_by_policy
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.cover import cover
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.cover_request import CoverRequest, VmWish
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.outcomes import Outcome
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.read_fleet import Scope
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.report_requests import report_requests
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.safe_write import Patience, Writer
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.server_plans import (
    PlanRequest,
    report_plans,
    set_plans,
)
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.start_vms import start_vms
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.waiting import Deadline
from closing_scene import EVERYBODY, OTHER_DESK, Scene, SceneServices, make_scene
from cloud import BASE
from samples import SUBSCRIPTION

WHOLE = f"/subscriptions/{SUBSCRIPTION}"
GROUP = f"{WHOLE}/resourceGroups/rg-vdi"
NAMES = ("vm-both", "vm-2", "vm-3")
PATIENCE = Patience(timedelta(seconds=5), timedelta(seconds=6), timedelta(seconds=120))
TOKEN_LIFE = 36_000_000_000


class Refused(Exception):
    """What was to be done failed; the text says why."""


@dataclass
class Actor:
    """Somebody with some permissions, in a scene that the owner prepared: vm-2 is open and vm-3 is off.

    Who may work in one group only says so, as users do.
    """

    scene: Scene
    resource_group: str | None = None

    def do(self, name: str) -> None:
        """Do something of the table of permissions, and look as the owner whether it happened. Raises Refused."""
        try:
            _DEEDS[name](self)
        except AzureError as error:
            raise Refused(str(error)) from error

    @contextmanager
    def as_owner(self) -> Iterator[Scene]:
        cloud = self.scene.cloud
        token, owner = cloud.token, next(iter(cloud.world.principals.values()))
        cloud.token = cloud.world.tokens.issue(owner, f"{BASE}/", TOKEN_LIFE)
        yield self.scene
        cloud.token = token

    # -- what can be done ---------------------------------------------------------------------------------

    def check(self) -> None:
        assert ArmPermissionsApi(self.scene.arm).granted(GROUP)

    def find(self) -> None:
        """By either source, with all that both tell of addresses and networks."""
        complaints: list[str] = []
        lists = ArmFleet(self.scene.arm, complaints.append)
        if not lists.list_subscriptions():
            raise Refused("403: no subscription is seen")
        rows = lists.list_vms([SUBSCRIPTION], [], include_powered_off=True)
        if complaints:
            raise Refused("; ".join(complaints))
        graph = ResourceGraph(self.scene.arm).list_vms([SUBSCRIPTION], [], include_powered_off=True)
        assert len(rows) == len(graph) == len(NAMES)
        assert all(row["interfaces"] for row in (*rows, *graph))
        assert ArmJitApi(self.scene.arm).list_policies(SUBSCRIPTION, self.resource_group)

    def look(self) -> None:
        scope = Scope((SUBSCRIPTION,), (self.resource_group,) if self.resource_group else ())
        services = ReportServices(self.scene)
        report = report_requests(scope, Search(), services, self.scene.clock.now(), self._ignore)
        assert report["summary"]["vms_open"] == 1
        self._read_rules()

    def open(self) -> None:
        self._settled(self.scene.ask("vm-both", 22, source=OTHER_DESK))
        assert self.scene.grants("vm-both")

    def wait_for_rule(self) -> None:
        services = SceneServices(self.scene)
        layouts = services.layouts.layouts([self.scene.vm("vm-2")])
        groups = services.network.read_groups([g for layout in layouts.values() for g in layout.groups])
        self._settled_groups(groups.values(), wanted=1)
        for rule_id in self._grant_rules():
            assert services.network.has_rule(rule_id)

    def close_by_rule(self) -> None:
        self._settled(self.scene.close("vm-2", whose=EVERYBODY))
        assert not self.scene.grants("vm-2")

    def start_vms(self) -> None:
        power, vm = ArmPowerApi(self.scene.arm), self.scene.vm("vm-3")
        if power.running([vm]) != {vm: False}:
            raise Refused("403: whether it runs can't be read")
        started = start_vms([vm], power, Deadline(self.scene.clock, timedelta(minutes=10)))
        if started.problems:
            raise Refused(started.problems[vm])
        assert power.running([vm]) == {vm: True}

    def read_plan(self) -> None:
        scope = Scope((SUBSCRIPTION,))
        report = report_plans(scope, ResourceGraph(self.scene.arm), ArmDefenderApi(self.scene.arm), self._ignore)
        assert report["summary"]["p2"] == 1

    def inspect(self) -> None:
        self.find()
        self._read_rules()
        self.read_plan()
        vm = self.scene.vm("vm-3")
        if ArmPowerApi(self.scene.arm).running([vm]) != {vm: False}:
            raise Refused("403: whether it runs can't be read")
        for asks in (True, False):
            complaints: list[str] = []
            around = ArmSurroundings(self.scene.arm, complaints.append)
            around.find([SUBSCRIPTION], ask_graph=asks)
            if len(around.assessments([SUBSCRIPTION], ask_graph=asks)) < len(NAMES) or complaints:
                raise Refused("; ".join(complaints) or "403: no assessment is seen")

    def effective_rules(self) -> None:
        nic = self.scene.machine("vm-2").nics[0]

        def pause(seconds: float) -> bool:
            self.scene.clock.sleep(seconds)
            return True

        answer = ArmEffectiveRules(self.scene.arm).read(nic.id, pause)
        if isinstance(answer, AzureError):
            raise Refused(str(answer))
        assert answer.groups

    def cover(self) -> None:
        rule = PortRule(5986, "*", frozenset({ANY}), timedelta(hours=3))
        self._settled(self._cover(VmWish(self.scene.vm("vm-2"), (rule,)), state="present"))
        assert 5986 in [port["number"] for entry in self._entries() for port in entry["ports"]]

    def uncover(self) -> None:
        """Take out one VM, and then the others, with which the policy goes."""
        for names in (NAMES[:1], NAMES[1:]):
            wishes = [VmWish(self.scene.vm(name)) for name in names]
            self._settled(self._cover(*wishes, state="absent"))
        with self.as_owner() as scene:
            assert scene.policy.get().status == 404

    def close_by_policy(self) -> None:
        outcome = close_by_policy([self.scene.vm("vm-2")], self._writer(), self._ignore, check_mode=False)
        self._settled(outcome)
        assert not self.scene.grants("vm-2")
        assert len(self._entries()) == len(NAMES)

    def set_plan(self) -> None:
        request = PlanRequest(Scope((SUBSCRIPTION,)), PlanWish("standard", "P1"), timedelta(seconds=60))
        outcomes = set_plans(
            request,
            ResourceGraph(self.scene.arm),
            ArmDefenderApi(self.scene.arm),
            self.scene.clock,
            self._ignore,
            check_mode=False,
        )
        if outcomes.failures:
            raise Refused(str(outcomes.failures[0].error))
        assert outcomes.summary["changed"] == 1

    # -- what they have in common -------------------------------------------------------------------------

    def _cover(self, *wishes: VmWish, state: Literal["present", "absent"]) -> Outcome:
        arm = self.scene.arm
        request = CoverRequest(wishes, "default", state=state)
        return cover(request, ArmVmApi(arm), ArmDefenderApi(arm), self._writer(), self._ignore, check_mode=False)

    def _writer(self) -> Writer:
        return Writer(ArmJitApi(self.scene.arm), self.scene.clock, lambda: 0.5, PATIENCE)

    def _read_rules(self) -> None:
        ids = [
            f"{GROUP}/providers/Microsoft.Network/networkSecurityGroups/nsg-{name}" for name in ("subnet", "nic")
        ]
        self._settled_groups(ArmNetworkApi(self.scene.arm).read_groups(ids).values(), wanted=2)

    def _grant_rules(self) -> list[str]:
        nsg = self.scene.subnet_group
        group = f"{GROUP}/providers/Microsoft.Network/networkSecurityGroups/{nsg.name}"
        return [f"{group}/securityRules/{rule.name}" for rule in nsg.rules.values() if "-JITRule-" in rule.name]

    def _entries(self) -> list[dict[str, list[dict[str, int]]]]:
        with self.as_owner() as scene:
            entries: list[dict[str, list[dict[str, int]]]] = scene.policy.properties()["virtualMachines"]
            return entries

    def _settled(self, outcome: Outcome) -> None:
        if outcome.failures:
            raise Refused(str(outcome.failures[0].error))
        assert outcome.changed

    def _settled_groups(self, groups: Collection[object], wanted: int) -> None:
        if errors := [group for group in groups if isinstance(group, AzureError)]:
            raise Refused(str(errors[0]))
        if len(groups) < wanted:
            raise Refused("403: the network security groups can't be found")

    def _ignore(self, _sentence: str) -> None:
        pass


_DEEDS: dict[str, Callable[[Actor], None]] = {
    "check": Actor.check,
    "find": Actor.find,
    "look": Actor.look,
    "open": Actor.open,
    "wait_for_rule": Actor.wait_for_rule,
    "close_by_rule": Actor.close_by_rule,
    "start_vms": Actor.start_vms,
    "read_plan": Actor.read_plan,
    "inspect": Actor.inspect,
    "effective_rules": Actor.effective_rules,
    "cover": Actor.cover,
    "uncover": Actor.uncover,
    "close_by_policy": Actor.close_by_policy,
    "set_plan": Actor.set_plan,
}


class ReportServices:
    """What reporting requests needs, by the scene's cloud."""

    def __init__(self, scene: Scene) -> None:
        self.fleet = ResourceGraph(scene.arm)
        self.jit = self.regions = ArmJitApi(scene.arm)
        self.layouts = ArmLayouts(scene.arm)
        self.network = ArmNetworkApi(scene.arm)


def make_actor(folder: Path, actions: Collection[str], scope: str = WHOLE) -> Actor:
    """Prepare a scene as the owner, and sign somebody in who may do this and no more."""
    scene = make_scene(folder)
    scene.open("vm-2", 3389)
    cloud = scene.cloud
    off = cloud.call("POST", f"{scene.vm('vm-3')}/deallocate?api-version=2024-07-01")
    assert off.status == 202
    cloud.advance(120)
    order = {"name": "somebody", "roles": [{"actions": list(actions), "scope": scope}]}
    made = cloud.control("POST", "principals", order)
    assert made.status == 201, made.body
    principal = cloud.world.principals[made.body["client_id"]]
    cloud.token = cloud.world.tokens.issue(principal, f"{BASE}/", TOKEN_LIFE)
    return Actor(scene, None if scope == WHOLE else scope.rpartition("/")[2])
