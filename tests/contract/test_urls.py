# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What we send goes where the official clients send theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.defender_api import ArmDefenderApi
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.effective_api import ArmEffectiveRules
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.jit_api import ArmJitApi
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.power_api import ArmPowerApi
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.resource_graph import ResourceGraph
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.surroundings_api import ArmSurroundings
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.vm_api import ArmVmApi
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import HttpTransport
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.resourcegraph import ResourceGraphClient
from azure.mgmt.resourcegraph.models import QueryRequest
from azure.mgmt.security.v2020_01_01 import SecurityCenter
from azure.mgmt.security.v2024_01_01 import SecurityCenter as PricingsCenter
from recording_arm import RecordingArm, Sent
from samples import GROUP, REGION, SUBSCRIPTION, policy_id, vm_id

OURS = Callable[[RecordingArm], object]
THEIRS = Callable[[Any], object]
EMPTY: Any = b"{}"


class Caught(Exception):
    """Carries what a client was about to send."""

    def __init__(self, sent: Sent) -> None:
        super().__init__(sent)
        self.sent = sent


class CatchingTransport(HttpTransport[Any, Any]):
    """Sends nothing."""

    def send(self, request: Any, **kwargs: Any) -> Any:
        parts = urlsplit(request.url)
        (api_version,) = parse_qs(parts.query)["api-version"]
        raise Caught(Sent(request.method, parts.path, api_version))

    def open(self) -> None:
        pass

    def close(self) -> None:
        pass

    def __exit__(self, *args: object) -> None:
        pass


class Token:
    """A credential that asks nobody."""

    def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        return AccessToken("token", 2**40)


def sent_by_sdk(client_class: Callable[..., Any], call: THEIRS, *arguments: str) -> Sent:
    client = client_class(
        Token(), *arguments, base_url="https://management.azure.com", transport=CatchingTransport()
    )
    with pytest.raises(Caught) as caught:
        call(client)
    return caught.value.sent


def sent_by_us(call: OURS) -> Sent:
    arm = RecordingArm()
    call(arm)
    (sent,) = arm.sent
    return sent


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        pytest.param(
            lambda arm: ArmJitApi(arm).list_policies(SUBSCRIPTION),
            lambda sdk: list(sdk.jit_network_access_policies.list()),
            id="list",
        ),
        pytest.param(
            lambda arm: ArmJitApi(arm).list_policies(SUBSCRIPTION, GROUP),
            lambda sdk: list(sdk.jit_network_access_policies.list_by_resource_group(GROUP)),
            id="list of a group",
        ),
        pytest.param(
            lambda arm: ArmJitApi(arm).find_policy(policy_id()),
            lambda sdk: sdk.jit_network_access_policies.get(GROUP, REGION, "default"),
            id="get",
        ),
        pytest.param(
            lambda arm: ArmJitApi(arm).put_policy(policy_id(), {}),
            lambda sdk: sdk.jit_network_access_policies.create_or_update(GROUP, REGION, "default", EMPTY),
            id="put",
        ),
        pytest.param(
            lambda arm: ArmJitApi(arm).initiate(policy_id(), {}),
            lambda sdk: sdk.jit_network_access_policies.initiate(GROUP, REGION, "default", EMPTY),
            id="initiate",
        ),
    ],
)
def test_policies_are_addressed_as_by_the_official_client(ours: OURS, theirs: THEIRS) -> None:
    assert sent_by_us(ours) == sent_by_sdk(SecurityCenter, theirs, SUBSCRIPTION)


@pytest.mark.parametrize(
    ("groups", "theirs"),
    [
        pytest.param([GROUP], lambda sdk: list(sdk.virtual_machines.list(GROUP)), id="of a group"),
        pytest.param(
            [GROUP, "b", "c", "d"], lambda sdk: list(sdk.virtual_machines.list_all()), id="of a subscription"
        ),
    ],
)
def test_virtual_machines_are_addressed_as_by_the_official_client(groups: list[str], theirs: THEIRS) -> None:
    # The version differs: ours is fixed, the client's is whatever was newest when it was made.
    arm = RecordingArm()
    ArmVmApi(arm).find({vm_id("vm", group) for group in groups})
    (ours,) = arm.read
    sdk = sent_by_sdk(ComputeManagementClient, theirs, SUBSCRIPTION)
    assert (ours.method, ours.path) == (sdk.method, sdk.path)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        pytest.param(
            lambda arm: ArmPowerApi(arm).start(vm_id("vm")),
            lambda sdk: sdk.virtual_machines.begin_start(GROUP, "vm"),
            id="start",
        ),
        pytest.param(
            lambda arm: ArmPowerApi(arm).running([vm_id("vm")]),
            lambda sdk: sdk.virtual_machines.instance_view(GROUP, "vm"),
            id="instance view",
        ),
        pytest.param(
            lambda arm: ArmPowerApi(arm).running([vm_id(str(number)) for number in range(9)]),
            lambda sdk: list(sdk.virtual_machines.list_all(status_only="true")),
            id="list of states",
        ),
    ],
)
def test_power_is_addressed_as_by_the_official_client(ours: OURS, theirs: THEIRS) -> None:
    mine, sdk = sent_by_us(ours), sent_by_sdk(ComputeManagementClient, theirs, SUBSCRIPTION)
    assert (mine.method, mine.path) == (sdk.method, sdk.path)


def test_rules_in_effect_are_addressed_as_by_the_official_client() -> None:
    nic = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.Network/networkInterfaces/nic"
    ours = sent_by_us(lambda arm: ArmEffectiveRules(arm).read(nic, lambda seconds: False))
    sdk = sent_by_sdk(
        NetworkManagementClient,
        lambda client: client.network_interfaces.begin_list_effective_network_security_groups(GROUP, "nic"),
        SUBSCRIPTION,
    )
    assert (ours.method, ours.path) == (sdk.method, sdk.path)


def test_assessments_are_addressed_as_by_the_official_client() -> None:
    ours = sent_by_us(lambda arm: ArmSurroundings(arm).assessments([SUBSCRIPTION], ask_graph=False))
    sdk = sent_by_sdk(
        SecurityCenter,
        lambda client: list(client.assessments.list(f"subscriptions/{SUBSCRIPTION}")),
        SUBSCRIPTION,
    )
    assert ours == sdk


def test_a_vms_own_plan_is_addressed_as_by_the_official_client() -> None:
    ours = sent_by_us(lambda arm: ArmDefenderApi(arm).read_vm_plan(vm_id()))
    sdk = sent_by_sdk(PricingsCenter, lambda client: client.pricings.get(str(vm_id())[1:], "VirtualMachines"))
    assert ours == sdk


@pytest.mark.parametrize(
    ("kind", "theirs"),
    [
        ("azureFirewalls", lambda sdk: list(sdk.azure_firewalls.list_all())),
        ("networkManagers", lambda sdk: list(sdk.network_managers.list_by_subscription())),
        ("virtualNetworks", lambda sdk: list(sdk.virtual_networks.list_all())),
        ("routeTables", lambda sdk: list(sdk.route_tables.list_all())),
    ],
)
def test_what_stands_around_vms_is_addressed_as_by_the_official_client(kind: str, theirs: THEIRS) -> None:
    arm = RecordingArm()
    ArmSurroundings(arm).find([SUBSCRIPTION], ask_graph=False)
    sdk = sent_by_sdk(NetworkManagementClient, theirs, SUBSCRIPTION)
    assert (sdk.method, sdk.path) in [(sent.method, sent.path) for sent in arm.sent if kind in sent.path]


def test_resource_graph_is_addressed_as_by_the_official_client() -> None:
    ours = sent_by_us(lambda arm: ResourceGraph(arm).list_vms([SUBSCRIPTION], [], include_powered_off=True))
    sdk = sent_by_sdk(
        ResourceGraphClient,
        lambda client: client.resources(QueryRequest(query="Resources", subscriptions=[SUBSCRIPTION])),
    )
    assert (ours.method, ours.path) == (sdk.method, sdk.path)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        pytest.param(
            lambda arm: ArmDefenderApi(arm).read_plan(SUBSCRIPTION),
            lambda sdk: sdk.pricings.get(f"subscriptions/{SUBSCRIPTION}", "VirtualMachines"),
            id="get",
        ),
        pytest.param(
            lambda arm: ArmDefenderApi(arm).put_plan(SUBSCRIPTION, {}),
            lambda sdk: sdk.pricings.update(f"subscriptions/{SUBSCRIPTION}", "VirtualMachines", EMPTY),
            id="put",
        ),
    ],
)
def test_plans_are_addressed_as_by_the_official_client(ours: OURS, theirs: THEIRS) -> None:
    assert sent_by_us(ours) == sent_by_sdk(PricingsCenter, theirs)
