# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What policies say about VMs."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ids import PolicyId, VmId
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.policies import Policy
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.status import (
    abridged,
    describe_status,
    read_statuses,
)
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.times import write_moment
from samples import HOUR, NOON, entry, policy_id, port, vm_id

VM = vm_id()


def request(vm: VmId, *ports: tuple[int, str, timedelta]) -> dict[str, Any]:
    """Write a request as the service does; a port is its number, status and time until it ends."""
    return {
        "virtualMachines": [
            {
                "id": str(vm).upper(),
                "ports": [
                    {"number": number, "status": status, "endTimeUtc": write_moment(NOON + ends_in)}
                    for number, status, ends_in in ports
                ],
            }
        ],
        "startTimeUtc": "2026-03-02T11:00:00.0000000Z",
        "requestor": "anna@example.com",
        "justification": "maintenance",
    }


def policy(
    *entries: dict[str, Any], requests: tuple[dict[str, Any], ...] = (), of: PolicyId | None = None
) -> Policy:
    properties = {"virtualMachines": list(entries), "requests": list(requests), "provisioningState": "Succeeded"}
    document = {"id": str(of or policy_id()), "kind": "Basic", "properties": properties}
    read = Policy.read(document)
    assert read is not None
    return read


def described(*policies: Policy) -> dict[str, Any]:
    return describe_status(read_statuses(policies, NOON).get(VM.key), unguarded=False)


@pytest.mark.parametrize(("unguarded", "word"), [(False, "not_configured"), (True, "unsupported")])
def test_a_vm_without_policy_is_closed(unguarded: bool, word: str) -> None:
    assert describe_status(None, unguarded=unguarded) == {
        "jit_status": word,
        "jit_policy_id": None,
        "jit_ports": [],
        "jit_open_ports": [],
        "jit_open_until": None,
    }


def test_ports_have_the_form_that_jit_policy_takes() -> None:
    variables = described(
        policy(entry(str(VM).upper(), port(22), port(3389, "TCP", source="10.0.0.0/8", hours=1)))
    )
    assert variables["jit_status"] == "configured"
    assert variables["jit_policy_id"] == str(policy_id())
    assert variables["jit_ports"] == [
        {"port": 22, "protocol": "any", "sources": ["*"], "max_duration": "3h"},
        {"port": 3389, "protocol": "tcp", "sources": ["10.0.0.0/8"], "max_duration": "1h"},
    ]
    assert variables["jit_open_ports"] == []
    assert variables["jit_open_until"] is None


def test_open_are_the_ports_in_effect_now_until_the_last_of_them_closes() -> None:
    requests = (
        request(VM, (3389, "Initiated", HOUR), (22, "Initiated", 2 * HOUR)),
        request(VM, (22, "initiated", HOUR)),
        request(VM, (5985, "Initiating", 3 * HOUR)),
        request(VM, (5986, "Revoked", 3 * HOUR)),
        request(VM, (5986, "Initiated", -HOUR)),
        request(vm_id("other"), (5986, "Initiated", HOUR)),
    )
    variables = described(policy(entry(VM, port(22)), requests=requests))
    assert variables["jit_open_ports"] == [22, 3389]
    assert variables["jit_open_until"] == "2026-03-02T14:00:00Z"


def test_several_policies_of_a_vm_are_added_up_under_the_first() -> None:
    first, second = policy_id("a"), policy_id("b")
    variables = described(
        policy(entry(VM, port(22), port(3389)), of=second, requests=(request(VM, (3389, "Initiated", HOUR)),)),
        policy(entry(VM, port(22)), of=first),
    )
    assert variables["jit_policy_id"] == str(first)
    assert [held["port"] for held in variables["jit_ports"]] == [22, 3389]
    assert variables["jit_open_ports"] == [3389]


def test_an_abridged_policy_says_the_same_and_forgets_who_asked_and_what_ended() -> None:
    requests = (
        request(VM, (22, "Initiated", HOUR), (3389, "Expired", -HOUR)),
        request(VM, (5986, "Expired", -HOUR)),
    )
    whole = policy(entry(VM, port(22)), requests=requests)
    short = Policy.read(json.loads(json.dumps(abridged(whole))))
    assert short is not None
    assert described(short) == described(whole)
    assert len(short.requests) == 1
    text = json.dumps(short.document)
    assert "anna" not in text
    assert "maintenance" not in text
