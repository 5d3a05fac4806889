# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests for access that cross with writes of their policy: no port opens for a VM that isn't covered [inf]."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from cloud import Cloud, JitPolicyClient, rule, wish
from demo_fleet import WORKPLACE
from jit_story import VM, jit_rules, policy

REVOKED = [("Revoked", "UserManuallyRevoked")]
Leave = Callable[[JitPolicyClient], object]


@pytest.fixture(params=["put", "delete"])
def leave(request: pytest.FixtureRequest) -> Leave:
    """Return what takes the VM out of its policy."""
    return (lambda client: client.put()) if request.param == "put" else (lambda client: client.delete())


def test_grants_asked_for_while_updating_end_with_the_policy_all_the_same(leave: Leave) -> None:
    cloud = Cloud(provisioning="4s")
    client = policy(cloud)
    client.put({"id": VM, "ports": [rule(3389)]})
    assert client.initiate({"id": VM, "ports": [wish(3389)]}).status == 202
    (request,) = cloud.world.policies.select(WORKPLACE)[0].requests
    leave(client)
    cloud.advance(10)
    assert [(grant.status, grant.reason) for grant in request.grants()] == REVOKED
    assert jit_rules(cloud) == []


def test_a_request_that_commits_after_its_vm_has_left_opens_nothing(leave: Leave) -> None:
    cloud = Cloud()
    client = policy(cloud)
    client.put({"id": VM, "ports": [rule(3389)]})
    (settled,) = cloud.world.policies.select(WORKPLACE)
    # Accepted under the old list, and in effect five seconds later.
    cloud.control("PATCH", "behaviour", {"commit_delay": 5})
    body = {"virtualMachines": [{"id": VM, "ports": [wish(3389)]}]}
    call = cloud.make_call("POST", f"{client.path}/initiate?api-version=2020-01-01", body)

    async def give_up() -> None:
        answer = asyncio.ensure_future(cloud.service.answer(call))
        await asyncio.sleep(0)
        answer.cancel()
        await asyncio.gather(answer, return_exceptions=True)

    asyncio.run(give_up())
    cloud.control("PATCH", "behaviour", {"commit_delay": 0})
    leave(client)
    cloud.advance(5)
    (request,) = settled.requests
    assert [(grant.status, grant.reason) for grant in request.grants()] == REVOKED
    assert jit_rules(cloud) == []
