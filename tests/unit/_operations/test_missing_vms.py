# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which VMs of a policy count as deleted."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.edits import Edit
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import AzureError
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ids import PolicyId, VmId
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.merge import Wish
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.vms import Vm
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.fleet import read_known
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.missing_vms import find_missing
from memory_azure import MemoryAzure, raising, refused
from samples import OTHER_SUBSCRIPTION, entry, policy_id, port, rule, vm_id


class ShortSighted(MemoryAzure):
    """Its lists show no VM at all, and it counts what is asked for one by one."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[VmId] = []

    def find(self, wanted: Collection[VmId], *, systems_only: bool = False) -> Mapping[VmId, Vm]:
        super().find(wanted)
        return {}

    def is_gone(self, vm: VmId) -> bool | None:
        self.asked.append(vm)
        return super().is_gone(vm)


@pytest.fixture
def azure() -> ShortSighted:
    return ShortSighted()


def missing(azure: MemoryAzure, *edits: tuple[PolicyId, Edit]) -> dict[PolicyId, frozenset[VmId]]:
    return find_missing(read_known(azure, [vm_id("any")]), dict(edits), azure)


def test_only_azures_word_that_a_vm_does_not_exist_counts(azure: ShortSighted) -> None:
    alive, dead = azure.add_vm("alive"), vm_id("dead")
    azure.hold(policy_id(), entry(alive, port(22)), entry(dead, port(22)))
    assert missing(azure, (policy_id(), Edit())) == {policy_id(): {dead}}
    assert azure.asked == [alive, dead]


def test_where_azure_does_not_tell_nobody_is_missing_and_the_group_is_left_alone(azure: ShortSighted) -> None:
    dead = [vm_id(f"dead-{number}", group="rg-secret") for number in range(3)]
    known = vm_id("dead", group="rg-open")
    azure.forbidden_groups.add(dead[0].group_key)
    azure.hold(policy_id(), *(entry(vm, port(22)) for vm in [*dead, known]))
    assert missing(azure, (policy_id(), Edit())) == {policy_id(): {known}}
    assert set(azure.asked) == {dead[0], known}


def test_vms_that_are_wished_for_and_policies_that_do_not_change_are_not_asked_about(azure: ShortSighted) -> None:
    wished = azure.add_vm("wished")
    azure.hold(policy_id(), entry(wished, port(22)))
    azure.hold(policy_id("other"), entry(vm_id("dead"), port(22)))
    assert missing(azure, (policy_id(), Edit((Wish(wished, (rule(),)),)))) == {}
    assert azure.asked == []
    assert azure.count("vms") == 0


def test_a_policy_that_does_not_exist_yet_has_nobody_to_miss(azure: ShortSighted) -> None:
    assert missing(azure, (policy_id(subscription=OTHER_SUBSCRIPTION), Edit())) == {}


def test_lists_that_can_not_be_read_prove_nothing(azure: ShortSighted) -> None:
    azure.hold(policy_id(), entry(vm_id("dead"), port(22)))
    azure.on("vms", raising(refused(403, "AuthorizationFailed")))
    assert missing(azure, (policy_id(), Edit())) == {}
    assert azure.asked == []


def test_other_errors_are_not_swallowed(azure: ShortSighted) -> None:
    azure.hold(policy_id(), entry(vm_id("dead"), port(22)))
    azure.on("vms", raising(KeyError("a mistake of ours")))
    with pytest.raises(KeyError):
        missing(azure, (policy_id(), Edit()))
    assert not issubclass(KeyError, AzureError)
