# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bodies that the operations send, against Microsoft's API description."""

from __future__ import annotations

import copy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.access import Ask
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.merge import Wish, merge
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.policies import Policy, body_of
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.initiate import Batch
from api_description import STABLE, Description
from samples import entry, policy_id, port, rule, vm_id

SOURCES = [("*",), ("203.0.113.7",), ("198.51.100.0/24", "203.0.113.7")]


@pytest.fixture(scope="session")
def jit(azure_data: Path) -> Description:
    return Description(azure_data / STABLE / "jitNetworkAccessPolicies.json")


@pytest.mark.parametrize("sources", SOURCES)
@pytest.mark.parametrize("protocol", ["TCP", "UDP", "*"])
def test_a_new_policy_is_what_the_description_says(
    jit: Description, sources: tuple[str, ...], protocol: str
) -> None:
    wish = Wish(vm_id(), (rule(22, protocol, sources=sources), rule(3389, hours=0.5)))

    body = body_of(None, merge([], [wish]))

    jit.check("JitNetworkAccessPolicy", body)
    assert body["kind"] == "Basic"
    assert body["properties"]["virtualMachines"][0]["ports"][1]["maxRequestAccessDuration"] == "PT30M"


def test_a_changed_policy_goes_back_without_what_the_service_owns(jit: Description) -> None:
    document = {
        "id": str(policy_id()),
        "kind": "Basic",
        "properties": {
            "virtualMachines": [entry(vm_id("theirs"), port(22), publicIpAddress="203.0.113.1")],
            "requests": [],
            "provisioningState": "Succeeded",
            "appendMode": False,
        },
    }
    policy = Policy.read(document)
    assert policy is not None

    body = body_of(policy, merge(policy.entries, [Wish(vm_id(), (rule(),))]))

    jit.check("JitNetworkAccessPolicy", body)
    assert list(body["properties"]) == ["virtualMachines"]


@pytest.mark.parametrize("sources", [(), *SOURCES[:2]])
def test_a_request_is_what_the_description_says_but_for_its_duration(
    jit: Description, sources: tuple[str, ...]
) -> None:
    asks = {vm_id(name): (Ask(22, sources, timedelta(hours=2)),) for name in ("vm-1", "vm-2")}

    body = Batch(policy_id(), asks, "patch night").body("#1")

    jit.check("JitNetworkAccessPolicyInitiateRequest", with_end_time(body))


def with_end_time(body: dict[str, Any]) -> dict[str, Any]:
    """Say the end as the description does: `duration`, which the service takes as well [rec], isn't in it."""
    described = copy.deepcopy(body)
    for vm in described["virtualMachines"]:
        for asked in vm["ports"]:
            assert asked.pop("duration") == "PT2H"
            asked["endTimeUtc"] = "2026-03-02T14:00:00.0000000Z"
    return described
