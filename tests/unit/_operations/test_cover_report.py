# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of VMs and policies: what changed, what isn't known, and what many VMs share."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import AzureUnreachable, ReplyLost
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ids import PolicyId, VmId
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.cover import cover
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.cover_request import CoverRequest, VmWish
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.outcomes import Outcome
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.safe_write import Patience, Writer
from ansible_collections.jitfleet.azure.plugins.module_utils._outcome import failure_of, result_of
from memory_azure import MemoryAzure, raising, refused
from samples import MINUTE, entry, policy_id, port, rule, vm_id

LOST = ReplyLost("PUT was sent, but its answer was lost")


@pytest.fixture
def azure() -> MemoryAzure:
    azure = MemoryAzure()
    azure.provisioning = timedelta(0)
    return azure


def run(
    azure: MemoryAzure,
    *vms: VmId,
    seconds: float = 120,
    warn: Callable[[str], None] = lambda text: None,
    **options: Any,
) -> Outcome:
    rules = () if options.get("state") == "absent" else (rule(22),)
    request = CoverRequest([VmWish(vm, rules) for vm in vms], **options)
    patience = Patience(MINUTE / 12, MINUTE / 10, timedelta(seconds=seconds))
    writer = Writer(azure, azure.clock, lambda: 0.5, patience)
    return cover(request, azure, azure, writer, warn, check_mode=False)


def states(outcome: Outcome) -> list[str | None]:
    return [vm.state for vm in outcome.vms]


def put_by_another(azure: MemoryAzure, policy: PolicyId, *entries: dict[str, Any]) -> Callable[[], None]:
    return lambda: azure.put_policy(policy, {"kind": "Basic", "properties": {"virtualMachines": list(entries)}})


# -- what changed, and what isn't known -------------------------------------------------------------------


def test_what_another_writer_did_meanwhile_is_no_change_of_ours(azure: MemoryAzure) -> None:
    vm = azure.add_vm("vm-1")
    azure.on("get", put_by_another(azure, policy_id(), entry(vm, port(22))))
    outcome = run(azure, vm)
    assert azure.count("put") == 1, "the other writer's"
    assert not outcome.changed
    assert states(outcome) == ["unchanged"]
    assert outcome.vms[0].verified
    assert outcome.summary["policies_changed"] == 0


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_change_that_may_yet_come_is_unverified(azure: MemoryAzure, when: Any) -> None:
    azure.on("put", raising(LOST), when=when)
    outcome = run(azure, azure.add_vm("vm-1"), seconds=3)
    assert states(outcome) == ["unverified"]
    assert (outcome.summary["unverified"], outcome.summary["failed"], outcome.summary["added"]) == (1, 0, 0)
    assert outcome.failures


def test_a_change_that_is_not_in_effect_in_time_is_unverified(azure: MemoryAzure) -> None:
    azure.provisioning = timedelta(hours=1)
    outcome = run(azure, azure.add_vm("vm-1"), seconds=30)
    assert states(outcome) == ["unverified"]
    assert outcome.vms[0].changed


@pytest.mark.parametrize(
    "error",
    [refused(403, "AuthorizationFailed"), refused(429, "Busy"), AzureUnreachable("can't be reached")],
    ids=str,
)
def test_a_change_that_azure_never_took_has_failed(azure: MemoryAzure, error: Exception) -> None:
    azure.on("put", raising(error), times=999)
    outcome = run(azure, azure.add_vm("vm-1"), seconds=60)
    assert states(outcome) == ["failed"]
    assert not outcome.changed


def test_what_azure_says_it_failed_to_do_has_failed(azure: MemoryAzure) -> None:
    azure.on("put", lambda: azure.fail_to_provision(policy_id()), when="after")
    assert states(run(azure, azure.add_vm("vm-1"))) == ["failed"]


def test_an_unchanged_policy_that_azure_failed_to_put_into_effect_is_told_every_time(azure: MemoryAzure) -> None:
    vm, warnings = azure.add_vm("vm-1"), list[str]()
    azure.hold(policy_id(), entry(vm, port(22)))
    azure.fail_to_provision(policy_id())
    outcome = run(azure, vm, warn=warnings.append)
    assert states(outcome) == ["unchanged"]
    (policy,) = outcome.policies
    assert policy["provisioning_state"] == "Failed"
    assert any("failed to put the policy into effect" in text for text in warnings)


# -- VMs in several policies ------------------------------------------------------------------------------


def test_a_vm_in_several_policies_is_told_with_them_also_when_nothing_changes(azure: MemoryAzure) -> None:
    vm, warnings = azure.add_vm("vm-1"), list[str]()
    for name in ("alt", "default"):
        azure.hold(policy_id(name), entry(vm, port(22)))
    outcome = run(azure, vm, warn=warnings.append)
    assert states(outcome) == ["unchanged"]
    assert outcome.vms[0].policy_id == policy_id()
    assert outcome.vms[0].details == {"other_policies": [str(policy_id("alt"))]}
    (warning,) = [text for text in warnings if "several policies" in text]
    assert "vm-1 (alt, default)" in warning
    assert "the others stay as they are" in warning


def test_a_vm_that_leaves_leaves_all_its_policies_and_the_warning_says_so(azure: MemoryAzure) -> None:
    vm, warnings = azure.add_vm("vm-1"), list[str]()
    for name in ("alt", "default"):
        azure.hold(policy_id(name), entry(vm, port(22)))
    outcome = run(azure, vm, state="absent", warn=warnings.append)
    assert states(outcome) == ["removed"]
    (warning,) = [text for text in warnings if "several policies" in text]
    assert "taken out of all of them" in warning


# -- many VMs ---------------------------------------------------------------------------------------------


def many(azure: MemoryAzure, count: int, group: str = "rg") -> list[VmId]:
    return [azure.add_vm(vm_id(f"vm-{number:04}", group)) for number in range(count)]


def hosts(vms: list[VmId]) -> dict[VmId, tuple[str, ...]]:
    return {vm: (vm.name,) for vm in vms}


def test_up_to_a_thousand_vms_all_are_listed(azure: MemoryAzure) -> None:
    vms = many(azure, 1000)
    azure.hold(policy_id(group="rg"), *(entry(vm, port(22)) for vm in vms))
    result = result_of(run(azure, *vms), hosts(vms), diff=False)
    assert len(result["vms"]) == 1000
    assert result["hosts"]["vm-0999"] == 999


def test_of_more_vms_those_that_changed_are_listed_and_all_hosts_have_their_state(azure: MemoryAzure) -> None:
    vms = many(azure, 1001)
    azure.hold(policy_id(group="rg"), *(entry(vm, port(22)) for vm in vms[:-2]))
    result = result_of(run(azure, *vms), hosts(vms), diff=False)
    assert [vm["name"] for vm in result["vms"]] == ["vm-0999", "vm-1000"]
    assert result["summary"]["unchanged"] == 999
    assert (result["hosts"]["vm-0000"], result["hosts"]["vm-1000"]) == ("unchanged", 1)
    assert len(result["hosts"]) == 1001


@pytest.mark.parametrize("is_refused", [False, True])
def test_five_thousand_vms_stay_below_what_awx_keeps(azure: MemoryAzure, is_refused: bool) -> None:
    vms = [vm for number in range(100) for vm in many(azure, 50, f"rg-desktops-weu-{number:03}")]
    if is_refused:
        azure.on("put", raising(refused(403, "AuthorizationFailed")), times=999)
    outcome = run(azure, *vms, seconds=9999)
    write = failure_of if is_refused else result_of
    result = write(outcome, {vm: (f"{vm.resource_group}-{vm.name}",) for vm in vms}, diff=False)
    assert outcome.summary["failed" if is_refused else "added"] == 5000
    assert len(json.dumps(result)) < 700_000
    assert len(result["vms"]) == 700
    assert len(result["hosts"]) == 5000


def test_the_refusal_of_a_policy_is_told_at_length_once(azure: MemoryAzure) -> None:
    vms = many(azure, 60)
    azure.on("put", raising(refused(403, "LinkedAuthorizationFailed")))
    outcome = run(azure, *vms)
    (policy,) = outcome.policies
    assert "the policy names a VM that the credential may not write" in policy["error"]
    assert all("403 LinkedAuthorizationFailed" in str(vm.error) for vm in outcome.vms)
    result = failure_of(outcome, hosts(vms), diff=False)
    assert result["msg"].count("refused with 403") == 1
    assert json.dumps(result).count("may not write") == 1


def test_of_few_vms_each_says_all(azure: MemoryAzure) -> None:
    azure.on("put", raising(refused(403, "LinkedAuthorizationFailed")))
    outcome = run(azure, *many(azure, 3))
    assert all("may not write" in str(vm.error) for vm in outcome.vms)
    message = failure_of(outcome, {}, diff=False)["msg"]
    assert [f"vm-000{number}: PUT" in message for number in range(3)] == [True] * 3
