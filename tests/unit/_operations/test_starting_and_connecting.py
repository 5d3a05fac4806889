# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opening VMs that are off, and waiting until a port answers."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.access import Wish
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import AzureUnreachable, ReplyLost
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ids import VmId
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.reach import Miss, Target
from memory_azure import MemoryAzure, raising, refused
from open_services import OpenServices
from opening_scene import DESK, covered, error, run, states
from samples import HOUR, access, entry, policy_id, port, vm_id

LOST = ReplyLost("POST was sent, but its answer was lost")


@pytest.fixture
def azure() -> MemoryAzure:
    return MemoryAzure()


@pytest.fixture
def services(azure: MemoryAzure) -> OpenServices:
    return OpenServices(azure)


def powered_off(azure: MemoryAzure, *names: str) -> list[VmId]:
    """Have VMs that are off, in the default policy of their group."""
    vms = [azure.add_vm(vm_id(name), is_running=False) for name in names]
    azure.hold(policy_id(), *(entry(vm, port(22)) for vm in vms))
    return vms


# -- VMs that are off -------------------------------------------------------------------------------------


def test_vms_that_are_off_are_warned_about_where_their_state_was_read_anyway(services: OpenServices) -> None:
    off = powered_off(services.azure, "vm-1", "vm-2")

    outcome = run(services.azure, *(access(vm=vm) for vm in off), services=services)

    assert states(outcome) == ["opened", "opened"]
    assert services.warnings == [
        "vm-1, vm-2: powered off, so nobody answers there; start_vms: true starts them first"
    ]
    assert services.azure.count("start", "power") == 0


def test_named_ports_cost_no_look_at_the_vms(services: OpenServices) -> None:
    off = powered_off(services.azure, "vm-1")

    run(services.azure, access(22, vm=off[0]), services=services)

    assert services.azure.count("vms", "power") == 0
    assert services.warnings == []


def test_vms_are_started_before_they_are_opened(services: OpenServices) -> None:
    azure = services.azure
    (running,) = covered(azure, "up", group="rg-2")
    off = powered_off(azure, "vm-1", "vm-2", "vm-3", "vm-4", "vm-5")

    outcome = run(azure, *(access(22, vm=vm) for vm in [running, *off]), services=services, start_vms=True)

    assert outcome.summary["opened"] == 6
    assert [vm.details for vm in outcome.vms] == [{}, *[{"started": True}] * 5]
    assert all(azure.is_running(vm) for vm in off)
    assert azure.count("start") == 5
    assert 2 <= azure.count("power") <= 12, "one look for all of them"
    verbs = [call.verb for call in azure.calls]
    assert verbs.index("initiate") > max(index for index, verb in enumerate(verbs) if verb == "power")
    assert outcome.before["vm-1"] == {"power": "off", "22": "closed"}
    assert outcome.after["vm-1"].keys() == {"power", "22"}
    assert "power" not in outcome.after["up"]


def test_an_open_vm_that_is_off_is_started_and_that_is_a_change(services: OpenServices) -> None:
    (vm,) = powered_off(services.azure, "vm-1")
    services.azure.grant(policy_id(), vm, 22, source=DESK)

    outcome = run(services.azure, access(22, vm=vm), services=services, start_vms=True)
    again = run(services.azure, access(22, vm=vm, minimum_remaining=HOUR), services=services, start_vms=True)

    assert states(outcome) == ["already_open"]
    assert outcome.changed
    assert outcome.after == {"vm-1": {"power": "running"}}
    assert not again.changed
    assert services.azure.count("start") == 1


def test_check_mode_says_which_vms_would_be_started_and_starts_none(services: OpenServices) -> None:
    (vm,) = powered_off(services.azure, "vm-1")

    outcome = run(services.azure, access(22, vm=vm), services=services, start_vms=True, check_mode=True)

    assert outcome.vms[0].details == {"started": True}
    assert outcome.after["vm-1"]["power"] == "running"
    assert services.azure.writes == []
    assert services.azure.count("start") == 0


def test_a_vm_that_may_not_be_started_fails_by_itself_and_names_the_permission(services: OpenServices) -> None:
    azure = services.azure
    first, second = powered_off(azure, "vm-1", "vm-2")
    azure.on("start", raising(refused(403, "AuthorizationFailed")))

    outcome = run(azure, access(22, vm=first), access(22, vm=second), services=services, start_vms=True)

    assert sorted(map(str, states(outcome))) == ["failed", "opened"]
    (failed,) = outcome.failures
    assert "Microsoft.Compute/virtualMachines/start/action" in str(failed.error)
    assert not failed.changed
    assert not azure.is_open(failed.vm, 22, DESK)


@pytest.mark.parametrize(
    "trouble",
    [
        LOST,
        AzureUnreachable("management.azure.com can't be reached"),
        refused(429, "TooManyRequests", retry_after=5),
        refused(409, "OperationNotAllowed"),
        refused(503, "ServiceUnavailable"),
    ],
    ids=str,
)
def test_a_start_that_is_disturbed_is_asked_for_again(services: OpenServices, trouble: Exception) -> None:
    (vm,) = powered_off(services.azure, "vm-1")
    services.azure.on("start", raising(trouble), times=2)

    outcome = run(services.azure, access(22, vm=vm), services=services, start_vms=True)

    assert states(outcome) == ["opened"]


def test_a_locked_vm_is_not_waited_for(services: OpenServices) -> None:
    (vm,) = powered_off(services.azure, "vm-1")
    services.azure.on("start", raising(refused(409, "ScopeLocked")), times=99)

    outcome = run(services.azure, access(22, vm=vm), services=services, start_vms=True)

    assert "ScopeLocked" in error(outcome)
    assert services.azure.clock.slept == 0


def test_a_vm_that_does_not_come_up_fails_and_was_changed(services: OpenServices) -> None:
    (vm,) = powered_off(services.azure, "vm-1")
    services.azure.starting = timedelta(hours=1)

    outcome = run(services.azure, access(22, vm=vm), services=services, start_vms=True, timeout=90)

    assert states(outcome) == ["failed"]
    assert "not seen running within 90 s" in error(outcome)
    assert outcome.vms[0].changed
    assert services.azure.writes == []


# -- waiting for a port -----------------------------------------------------------------------------------


def at(*addresses: str, vm: VmId, ports: tuple[int, ...] = (22,)) -> Wish:
    """Wish for ports of a VM that has these addresses."""
    return dataclasses.replace(access(*ports, vm=vm), addresses=addresses)


def test_a_port_is_waited_for_until_it_answers(services: OpenServices) -> None:
    (vm,) = covered(services.azure, "vm-1")
    services.connector.listen("vm-1.example", 22, after=30)

    outcome = run(
        services.azure,
        at("vm-1.example", vm=vm),
        services=services,
        wait_for="port",
    )

    assert states(outcome) == ["opened"]
    assert 30 <= services.azure.clock.slept < 40
    assert len(services.connector.rounds) < 15, "with pauses that grow"


def test_only_what_did_not_answer_is_tried_again(services: OpenServices) -> None:
    first, second = covered(services.azure, "a", "b")
    services.connector.listen("10.0.0.1", 22)
    services.connector.listen("10.0.0.2", 22, after=60)
    wishes = [at("10.0.0.1", vm=first), at("10.0.0.2", vm=second)]

    run(services.azure, *wishes, services=services, wait_for="port")

    assert services.connector.rounds[0] == {Target("10.0.0.1", 22), Target("10.0.0.2", 22)}
    assert set().union(*services.connector.rounds[1:]) == {Target("10.0.0.2", 22)}
    assert services.progress.vms[0] == (0, 2)
    assert (1, 2) in services.progress.vms
    assert services.progress.vms[-1] == (2, 2)


@pytest.mark.parametrize(
    ("miss", "state", "said"),
    [
        (Miss("refused"), "failed", "10.0.0.1:22 refused the connection"),
        (Miss("timed_out"), "unknown", "10.0.0.1:22 didn't answer in time"),
        (Miss("no_name", "Name or service not known"), "unknown", "the name 10.0.0.1 is not known here (Name or"),
        (Miss("unreachable", "No route to host"), "unknown", "10.0.0.1:22 can't be reached from here (No route"),
    ],
    ids=lambda value: value.kind if isinstance(value, Miss) else None,
)
def test_a_port_that_never_answers_is_told_with_what_happened_and_what_was_granted(
    services: OpenServices, miss: Miss, state: str, said: str
) -> None:
    (vm,) = covered(services.azure, "vm-1")
    services.connector.misses[Target("10.0.0.1", 22)] = miss
    wish = at("10.0.0.1", vm=vm)

    outcome = run(services.azure, wish, services=services, wait_for="port", timeout=60)

    assert states(outcome) == [state]
    assert said in error(outcome)
    assert outcome.vms[0].changed
    (found,) = outcome.vms[0].ports
    assert found.details == {"accepted": True, "sources": [DESK], "end_time": "2026-03-02T15:00:00Z"}
    assert services.azure.clock.slept == 60


def test_an_open_port_is_tried_too(services: OpenServices) -> None:
    (vm,) = covered(services.azure, "vm-1")
    services.azure.grant(policy_id(), vm, 22, source=DESK)
    wish = at("10.0.0.1", vm=vm)

    silent = run(services.azure, wish, services=services, wait_for="port", timeout=60)
    services.connector.listen("10.0.0.1", 22)
    answered = run(services.azure, wish, services=services, wait_for="port", timeout=60)

    assert states(silent) == ["unknown"]
    assert not silent.changed
    assert states(answered) == ["already_open"]


def test_all_addresses_of_a_vm_with_several_hosts_must_answer(services: OpenServices) -> None:
    (vm,) = covered(services.azure, "vm-1")
    services.connector.listen("10.0.0.1", 22)
    wish = at("10.0.0.1", "10.0.0.2", vm=vm)

    outcome = run(services.azure, wish, services=services, wait_for="port", timeout=60)

    assert "10.0.0.2:22 didn't answer" in error(outcome)
    assert "10.0.0.1" not in error(outcome)


@pytest.mark.parametrize(
    ("public", "private", "tried"),
    [("198.51.100.1", "10.0.0.1", "198.51.100.1"), (None, "10.0.0.1", "10.0.0.1")],
)
def test_without_a_host_the_public_address_is_tried_else_the_private_one(
    services: OpenServices, public: str | None, private: str, tried: str
) -> None:
    vm = services.azure.add_vm("vm-1", public_address=public, private_address=private)
    services.azure.hold(policy_id(), entry(vm, port(22)))
    services.connector.listen(tried, 22)

    outcome = run(services.azure, access(22, vm=vm), services=services, wait_for="port", timeout=60)

    assert states(outcome) == ["opened"]
    assert set().union(*services.connector.rounds) == {Target(tried, 22)}


def test_a_vm_whose_address_nobody_knows_is_unknown_at_once(services: OpenServices) -> None:
    (vm,) = covered(services.azure, "vm-1")

    outcome = run(services.azure, access(22, vm=vm), services=services, wait_for="port")

    assert states(outcome) == ["unknown"]
    assert "ansible_host" in error(outcome)
    assert services.connector.rounds == []


def test_a_port_for_udp_alone_is_not_connected_to(services: OpenServices) -> None:
    vm = services.azure.add_vm("vm-1")
    services.azure.hold(policy_id(), entry(vm, port(22), port(3391, "UDP")))
    services.connector.listen("10.0.0.1", 22)
    wish = at("10.0.0.1", vm=vm, ports=(22, 3391))

    outcome = run(services.azure, wish, services=services, wait_for="port")

    assert states(outcome) == ["opened"]
    assert set().union(*services.connector.rounds) == {Target("10.0.0.1", 22)}


def test_what_did_not_open_is_not_connected_to(services: OpenServices) -> None:
    (vm,) = covered(services.azure, "vm-1")
    services.azure.on("initiate", raising(refused(403, "AuthorizationFailed")))
    wish = at("10.0.0.1", vm=vm)

    outcome = run(services.azure, wish, services=services, wait_for="port")

    assert states(outcome) == ["failed"]
    assert services.connector.rounds == []


def test_check_mode_connects_to_nothing(services: OpenServices) -> None:
    (vm,) = covered(services.azure, "vm-1")

    run(services.azure, access(22, vm=vm), services=services, wait_for="port", check_mode=True)

    assert services.connector.rounds == []
