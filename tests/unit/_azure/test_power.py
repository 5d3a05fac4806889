# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Power states, and starting, against the simulated cloud."""

from __future__ import annotations

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.power_api import ArmPowerApi
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import AzureRefused
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ids import VmId
from cloud import Cloud
from cloud_arm import CloudArm
from demo_fleet import IDS
from recording_arm import RecordingArm
from samples import OTHER_SUBSCRIPTION, vm_id

FORBIDDEN = AzureRefused("GET", 403, "AuthorizationFailed", "no right")


def vm(name: str) -> VmId:
    found = VmId.find_in(IDS[name])
    assert found is not None
    return found


@pytest.fixture
def cloud() -> Cloud:
    return Cloud(network_operation="30s")


@pytest.fixture
def arm(cloud: Cloud) -> CloudArm:
    return CloudArm(cloud)


def test_few_vms_are_read_one_by_one_and_many_by_one_list(arm: CloudArm) -> None:
    power = ArmPowerApi(arm)

    few = power.running([vm("batch-01"), vm("web-01")])
    read = dict(arm.sent)
    arm.sent.clear()
    many = power.running([vm(name) for name in ("batch-01", "web-01", "web-02", "db-01", "db-02")])

    assert few == {vm("batch-01"): False, vm("web-01"): True}
    assert len(read) == 2
    assert many[vm("batch-01")] is False
    assert sum(many.values()) == 4
    assert len(arm.sent) == 1


def test_a_started_vm_runs_after_a_while(arm: CloudArm, cloud: Cloud) -> None:
    power = ArmPowerApi(arm)

    power.start(vm("batch-01"))
    power.start(vm("web-01"))

    assert power.running([vm("batch-01"), vm("web-01")])[vm("batch-01")] is False, "it is starting"
    cloud.advance(31)
    assert power.running([vm("batch-01"), vm("web-01")]) == {vm("batch-01"): True, vm("web-01"): True}


def test_of_vms_that_do_not_exist_or_may_not_be_read_nothing_is_said() -> None:
    vms = [vm_id(f"vm-{number}") for number in range(5)]
    single = vm_id("single", subscription=OTHER_SUBSCRIPTION)
    scope = f"/subscriptions/{vms[0].subscription_id}/providers/Microsoft.Compute/virtualMachines"
    arm = RecordingArm({scope: FORBIDDEN, f"{single}/instanceView": FORBIDDEN})

    assert ArmPowerApi(arm).running([*vms, single]) == {}


def test_a_start_that_is_refused_is_an_error() -> None:
    with pytest.raises(AzureRefused):
        ArmPowerApi(RecordingArm({f"{vm_id()}/start": FORBIDDEN})).start(vm_id())


@pytest.mark.parametrize("view", [{}, {"statuses": []}, {"statuses": [{"code": "ProvisioningState/succeeded"}]}])
def test_a_view_without_a_power_state_tells_nothing(view: dict[str, object]) -> None:
    assert ArmPowerApi(RecordingArm({f"{vm_id()}/instanceView": view})).running([vm_id()]) == {}
