# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every call of an opening goes wrong in turn, in every way: the report says what is, and nothing is asked twice.

The operation runs in this process, over the real connection to a simulator; to wait moves the simulator's clock.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.arm import Arm
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.defender_api import ArmDefenderApi
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.jit_api import ArmJitApi
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.layouts import ArmLayouts
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.network_api import ArmNetworkApi
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.power_api import ArmPowerApi
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.session import connect
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.vm_api import ArmVmApi
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.access import Origin, Wish
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import AzureError
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ids import VmId
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ourselves import Ourselves
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.sign_in import SignIn, Way
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.open_access import (
    OpenRequest,
    open_access,
)
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.outcomes import Outcome
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.safe_write import Patience
from demo_fleet import IDS, PRODUCTION
from open_services import MemoryConnector, RecordedProgress
from running_simulator import RunningSimulator, running_simulator

# Short where an answer is late by a fault, and long where it is only by a busy machine.
HASTY, CALM = 1.0, 60.0
PATIENCE = Patience(timedelta(seconds=5), timedelta(seconds=6), timedelta(seconds=300))
POLICY = (
    f"/subscriptions/{PRODUCTION}/resourceGroups/rg-data/providers/Microsoft.Security"
    "/locations/{region}/jitNetworkAccessPolicies/default"
)
Json = dict[str, Any]

CALLS = {
    "the policies' list": ("GET", f"{PRODUCTION}/providers/Microsoft.Security/jitNetworkAccessPolicies$"),
    "the group's list": ("GET", "rg-data/providers/Microsoft.Security/jitNetworkAccessPolicies$"),
    "the query": ("POST", "ResourceGraph/resources$"),
    "the plan": ("GET", "pricings/VirtualMachines$"),
    "the policy": ("GET", "jitNetworkAccessPolicies/default$"),
    "the write": ("PUT", "jitNetworkAccessPolicies/default$"),
    "the power state": ("GET", "instanceView$"),
    "the start": ("POST", "/start$"),
    "the request": ("POST", "/initiate$"),
    "the security group": ("GET", "networkSecurityGroups"),
}
FAULTS: dict[str, Json] = {
    "429": {"status": 429, "headers": {"Retry-After": "1"}},
    "500": {"status": 500},
    "502": {"status": 502},
    "503 after the effect": {"status": 503, "applied": True},
    "time-out, and the effect comes later": {"delay": 3},
    "reset before the effect": {"reset": "before"},
    "reset after the effect": {"reset": "after"},
    "cut short": {"truncate": 20},
    "the token expired": {
        "status": 401,
        "headers": {"WWW-Authenticate": 'Bearer error="invalid_token", error_description="expired"'},
        "body": {"error": {"code": "ExpiredAuthenticationToken", "message": "The access token expiry is past."}},
    },
}


class SimulatorClock:
    """Real time, but for waiting: that moves the simulator's clock ahead, and ours with it."""

    def __init__(self, simulator: RunningSimulator) -> None:
        self._simulator = simulator
        begin = datetime.fromisoformat(simulator.control("GET", "clock")["now"][:26]).replace(tzinfo=UTC)
        self._offset = begin - datetime.now(UTC)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    def sleep(self, seconds: float) -> None:
        self._offset += timedelta(seconds=seconds)
        self._simulator.advance(seconds)


class Services:
    """Implements the `Services` of opening by a running simulator."""

    def __init__(self, arm: Arm, clock: SimulatorClock) -> None:
        self.jit = ArmJitApi(arm)
        self.vms = ArmVmApi(arm)
        self.layouts = ArmLayouts(arm)
        self.network = ArmNetworkApi(arm)
        self.power = ArmPowerApi(arm)
        self.defender = ArmDefenderApi(arm)
        self.clock = clock
        self.connector = MemoryConnector(clock)
        self.progress = RecordedProgress()
        self.warnings: list[str] = []

    def draw(self) -> float:
        return 0.5

    def warn(self, sentence: str) -> None:
        self.warnings.append(sentence)


@pytest.fixture(scope="module")
def slow_simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSimulator]:
    """The demo fleet, where everything takes two seconds."""
    options = ("--fleet", "demo", "--data-plane", "off", "--provisioning", "2s")
    with running_simulator(tmp_path_factory.mktemp("slow"), *options) as simulator:
        yield simulator


@pytest.fixture
def simulator(slow_simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch) -> RunningSimulator:
    slow_simulator.reset()
    for name, value in slow_simulator.variables.items():
        monkeypatch.setenv(name, value)
    return slow_simulator


def open_everything(simulator: RunningSimulator, read_timeout: float) -> Outcome:
    """Cover two VMs, start the one that is off, open both and wait for their rules."""
    variables = simulator.variables
    sign_in = SignIn(
        Way.SECRET,
        "task",
        tenant=variables["AZURE_TENANT"],
        client_id=variables["AZURE_CLIENT_ID"],
        secret=variables["AZURE_SECRET"],
        cloud_environment=variables["AZURE_CLOUD_ENVIRONMENT"],
        disable_instance_discovery=True,
    )
    arm = connect(sign_in, "faults", time.time, read_timeout=read_timeout)
    wishes = [Wish(vm(name), (), Origin(("203.0.113.7",))) for name in ("batch-01", "db-01")]
    ours, patient = Ourselves("who"), timedelta(seconds=120)
    request = OpenRequest(wishes, "why", ours, "rule", patient, PATIENCE, start_vms=True)
    return open_access(request, Services(arm, SimulatorClock(simulator)), "#ref", check_mode=False)


def vm(name: str) -> VmId:
    found = VmId.find_in(IDS[name])
    assert found is not None
    return found


def policies(simulator: RunningSimulator) -> list[Json]:
    listed: list[Json] = simulator.arm(
        "GET", f"/subscriptions/{PRODUCTION}/providers/Microsoft.Security/jitNetworkAccessPolicies"
    )["value"]
    return [policy for policy in listed if "/rg-data/" in policy["id"].lower()]


def granted(simulator: RunningSimulator) -> Counter[str]:
    """Count the windows that Azure lists as open, by VM."""
    return Counter(
        entry["id"].rpartition("/")[2].lower()
        for policy in policies(simulator)
        for request in policy["properties"]["requests"]
        for entry in request["virtualMachines"]
        for port in entry["ports"]
        if port["status"] == "Initiated"
    )


def covered(simulator: RunningSimulator) -> set[str]:
    return {
        entry["id"].rpartition("/")[2].lower()
        for policy in policies(simulator)
        for entry in policy["properties"]["virtualMachines"]
    }


def is_running(simulator: RunningSimulator, name: str) -> bool:
    view = simulator.arm("GET", f"{IDS[name]}/instanceView", api_version="2024-07-01")
    return "PowerState/running" in {status["code"] for status in view["statuses"]}


def test_each_call_is_made(simulator: RunningSimulator) -> None:
    """Otherwise the faults would meet nobody."""
    for method, path in CALLS.values():
        simulator.fault(method=method, path=path, times=0)
    outcome = open_everything(simulator, CALM)

    assert [found.state for found in outcome.vms] == ["opened", "opened"], outcome
    seen = Counter((request["method"], request["path"]) for request in simulator.journal())
    for name, (method, path) in CALLS.items():
        wanted = path.rstrip("$").lower()
        assert any(verb == method and wanted in where.lower() for verb, where in seen), name


# What comes after an effect makes no difference to a reading, which has none, nor does the kind of failure.
OF_READINGS = ("429", "502", "time-out, and the effect comes later", "reset before the effect", "cut short")
CASES = [
    (call, fault)
    for call in CALLS
    for fault in FAULTS
    if call in ("the write", "the start", "the request") or fault in (*OF_READINGS, "the token expired")
]


@pytest.mark.parametrize(("call", "fault"), CASES)
def test_the_report_is_what_is_or_says_that_it_does_not_know(
    simulator: RunningSimulator, call: str, fault: str
) -> None:
    method, path = CALLS[call]
    simulator.fault(method=method, path=path, times=1, **FAULTS[fault])

    try:
        outcome = open_everything(simulator, HASTY if "delay" in FAULTS[fault] else CALM)
    except AzureError:
        simulator.advance(30)
        assert not granted(simulator), "what was not reported must not have happened"
        assert not covered(simulator)
        return

    simulator.advance(30)
    windows = granted(simulator)
    assert all(count == 1 for count in windows.values()), "nothing was asked for twice"
    for found in outcome.vms:
        name = found.vm.name
        if found.state == "opened":
            assert windows[name] == 1
        elif found.state == "failed":
            accepted = any(port.details.get("accepted") for port in found.ports)
            assert windows[name] == (1 if accepted else 0), found
        else:
            assert found.state == "unknown"
        if found.details.get("enabled"):
            assert name in covered(simulator)
        if found.details.get("started"):
            assert is_running(simulator, name)
