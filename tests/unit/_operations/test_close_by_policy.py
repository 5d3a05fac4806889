# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Closing by taking VMs out of their policy and putting them back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.jit_api import ArmJitApi
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import ControllerGone
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ids import VmId
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.close_by_policy import close_by_policy
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.cover import cover
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.cover_request import CoverRequest, VmWish
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.outcomes import Outcome
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.safe_write import Patience, Writer
from closing_scene import COLLEAGUE, DESK, OTHER_DESK, Scene, make_scene
from memory_azure import MemoryAzure
from samples import entry, policy_id, port, rule

PATIENCE = Patience(timedelta(seconds=5), timedelta(seconds=6), timedelta(seconds=300))


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return make_scene(tmp_path, provisioning="2s")


def writer(scene: Scene) -> Writer:
    return Writer(ArmJitApi(scene.arm), scene.clock, lambda: 0.5, PATIENCE)


def close(scene: Scene, *names: str, check_mode: bool = False) -> Outcome:
    scene.arm.sent.clear()
    return close_by_policy(
        [scene.vm(name) for name in names], writer(scene), scene.warnings.append, check_mode=check_mode
    )


def covered(scene: Scene) -> Counter[str]:
    """Count in how many policies each VM stands, by policy and VM."""
    return Counter(
        f"{policy.name}/{key.rpartition('/')[2]}"
        for policy in scene.cloud.world.policies.all()
        for key in policy.vms
    )


def writes(scene: Scene) -> list[str]:
    return [name for name in scene.arm.sent if not name.startswith(("GET", "POST"))]


def test_everybodys_windows_end_and_the_vm_is_covered_as_before(scene: Scene) -> None:
    before = scene.policy.properties()["virtualMachines"]
    scene.open("vm-2", 22)
    scene.open("vm-2", 3389, source=OTHER_DESK, by=COLLEAGUE)
    scene.open("vm-3", 22)
    scene.settle()

    outcome = close(scene, "vm-2")
    again = close(scene, "vm-2")

    assert [vm.state for vm in outcome.vms] == ["closed"]
    assert [(each.port, len(each.details["ended"])) for each in outcome.vms[0].ports] == [(22, 1), (3389, 1)]
    assert scene.grants("vm-2") == []
    assert scene.grants("vm-3") == [("nsg-subnet", 22, DESK)]
    after = scene.policy.properties()["virtualMachines"]
    assert sorted(after, key=str) == sorted(before, key=str)
    assert covered(scene) == {"default/vm-both": 1, "default/vm-2": 1, "default/vm-3": 1}
    assert not again.changed
    assert writes(scene) == []


def test_the_vm_is_covered_at_every_moment(scene: Scene) -> None:
    scene.open("vm-2", 22)
    scene.settle()
    seen: list[int] = []
    scene.arm.hooks.append(
        ("/", lambda: seen.append(sum(n for name, n in covered(scene).items() if "vm-2" in name)))
    )

    close(scene, "vm-2")

    assert set(seen) == {1, 2}


def test_the_only_vm_of_a_policy_comes_back_too(scene: Scene) -> None:
    only = next(e for e in scene.policy.properties()["virtualMachines"] if e["id"].lower().endswith("vm-2"))
    scene.policy.put(only)
    scene.open("vm-2", 22)
    scene.settle()

    outcome = close(scene, "vm-2")

    assert [vm.state for vm in outcome.vms] == ["closed"]
    assert covered(scene) == {"default/vm-2": 1}
    assert scene.grants("vm-2") == []


def interrupt_after(scene: Scene, number: int) -> None:
    """Let the controller die before it sends one more change."""
    count = [0]

    def die() -> None:
        count[0] += 1
        if count[0] > number:
            raise ControllerGone("gone")

    scene.arm.hooks += [("PUT ", die), ("DELETE ", die)]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_what_was_interrupted_anywhere_is_finished_by_the_next_run(scene: Scene, number: int) -> None:
    before = sorted(scene.policy.properties()["virtualMachines"], key=str)
    scene.open("vm-2", 22)
    scene.settle()
    interrupt_after(scene, number)
    with pytest.raises(ControllerGone):
        close(scene, "vm-2")
    scene.arm.hooks.clear()
    scene.settle()
    between = covered(scene)

    outcome = close(scene, "vm-2")

    assert sum(n for name, n in between.items() if "vm-2" in name) >= 1, "it was covered all the time"
    assert [vm.state for vm in outcome.vms] == ["closed"]
    assert scene.grants("vm-2") == []
    assert sorted(scene.policy.properties()["virtualMachines"], key=str) == before
    assert covered(scene) == {"default/vm-both": 1, "default/vm-2": 1, "default/vm-3": 1}
    assert any("interrupted" in warning for warning in scene.warnings)


def test_covering_a_vm_that_was_put_aside_brings_it_back_to_its_own_policy(scene: Scene) -> None:
    scene.open("vm-2", 22)
    scene.settle()
    interrupt_after(scene, 2)
    with pytest.raises(ControllerGone):
        close(scene, "vm-2")
    scene.arm.hooks.clear()
    scene.settle()
    azure = MemoryAzure()
    azure.add_vm(scene.vm("vm-2"))

    cover(
        CoverRequest([VmWish(scene.vm("vm-2"), (rule(22),))]),
        azure,
        azure,
        writer(scene),
        scene.warnings.append,
        check_mode=False,
    )

    assert covered(scene)["default/vm-2"] == 1


def test_check_mode_writes_nothing_and_predicts(scene: Scene) -> None:
    scene.open("vm-2", 22)
    scene.settle()

    predicted = close(scene, "vm-2", check_mode=True)
    written = writes(scene)
    done = close(scene, "vm-2")

    assert written == []
    assert predicted == done


def test_a_name_too_long_for_the_trace_is_refused_before_anything_changes() -> None:
    azure = MemoryAzure()
    vm = azure.add_vm("v" * 45)
    azure.hold(policy_id(), entry(vm, port(22)))
    azure.grant(policy_id(), vm, 22)
    azure.clock.sleep(10)

    outcome = _close_in_memory(azure, vm)

    assert outcome.vms[0].state == "failed"
    assert "close_method: rule" in (outcome.vms[0].error or "")
    assert azure.count("put") == 0


def test_an_azure_that_does_not_revoke_is_told() -> None:
    azure = MemoryAzure()
    vm, other = azure.add_vm("vm-1"), azure.add_vm("vm-2")
    azure.hold(policy_id(), entry(vm, port(22)), entry(other, port(22)))
    azure.grant(policy_id(), vm, 22)
    azure.clock.sleep(10)

    outcome = _close_in_memory(azure, vm, other)

    assert [each.state for each in outcome.vms] == ["failed", "closed"]
    assert "still lists" in (outcome.vms[0].error or "")


def _close_in_memory(azure: MemoryAzure, *vms: VmId) -> Outcome:
    warn: Callable[[str], None] = lambda text: None  # noqa: E731
    return close_by_policy(vms, Writer(azure, azure.clock, lambda: 0.5, PATIENCE), warn, check_mode=False)
