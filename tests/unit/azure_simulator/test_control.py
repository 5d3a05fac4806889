# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control interface: clock, journal, faults, behaviour, state, reset."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from azure_simulator.service import Disconnect
from cloud import Cloud, JitPolicyClient, rule
from demo_fleet import IDS, WORKPLACE

SUBSCRIPTIONS = "/subscriptions?api-version=2022-12-01"


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


def statuses(cloud: Cloud, count: int, path: str = SUBSCRIPTIONS) -> list[int]:
    return [cloud.call("GET", path).status for _ in range(count)]


def test_health(cloud: Cloud) -> None:
    assert cloud.control("GET", "health").body == {
        "status": "ok",
        "fleet": "demo",
        "subscriptions": 2,
        "groups": 3,
        "vms": 13,
        "policies": 1,
    }


def test_the_clock_advances(cloud: Cloud) -> None:
    assert cloud.control("POST", "clock", {"advance": 90.5}).body["now"] == "2026-01-05T08:01:30.6234567Z"
    assert cloud.control("GET", "clock").body["offset"] == 90.5


@pytest.mark.parametrize("advance", [-1, "5", None, True, 1e300, float("nan"), float("inf")])
def test_the_clock_goes_forward_by_numbers_only(cloud: Cloud, advance: Any) -> None:
    assert cloud.control("POST", "clock", {"advance": advance}).status == 400


@pytest.mark.parametrize(
    ("method", "name"),
    [("POST", n) for n in ("clock", "faults", "principals", "state")] + [("PATCH", "behaviour")],
)
def test_a_body_that_is_no_object_is_refused_in_plain_words(cloud: Cloud, method: str, name: str) -> None:
    reply = cloud.control(method, name, [1])
    assert (reply.status, reply.body["error"]["message"]) == (400, "The body has to be a JSON object.")


def test_the_journal_tells_each_request_but_not_its_own(cloud: Cloud) -> None:
    cloud.call("GET", SUBSCRIPTIONS)
    cloud.call("GET", "/nosuch/path?api-version=1")
    first, second = cloud.control("GET", "journal").body["requests"]
    assert (first["method"], first["path"], first["query"], first["status"]) == (
        "GET",
        "/subscriptions",
        "api-version=2022-12-01",
        200,
    )
    assert second["status"] == 404
    assert first["time"] == "2026-01-05T08:00:00.1234567Z"
    assert cloud.control("DELETE", "journal").status == 204
    assert cloud.control("GET", "journal").body == {"requests": []}


def test_a_fault_strikes_as_often_as_ordered(cloud: Cloud) -> None:
    order = {
        "method": "GET",
        "path": "^/subscriptions$",
        "status": 503,
        "times": 2,
        "headers": {"Retry-After": "7"},
    }
    assert cloud.control("POST", "faults", order).status == 201
    reply = cloud.call("GET", SUBSCRIPTIONS)
    assert (reply.status, reply.headers["Retry-After"]) == (503, "7")
    assert reply.body["error"]["code"] == "InjectedFault"
    assert statuses(cloud, 2) == [503, 200]
    assert cloud.control("GET", "faults").body["faults"][0]["hits"] == 2


def test_a_fault_leaves_no_trace_in_the_answers_after_it(cloud: Cloud) -> None:
    path = (
        f"/subscriptions/{WORKPLACE}/providers/Microsoft.Security/pricings/VirtualMachines?api-version=2024-01-01"
    )
    order = {"path": "pricings", "times": 1, "truncate": 10, "headers": {"X-Broken": "yes"}, "content_type": "a/b"}
    assert cloud.control("POST", "faults", order).status == 201
    assert ":truncate" in cloud.call("GET", path).headers
    assert not {":truncate", "X-Broken"} & set(cloud.call("GET", path).headers)


def test_faults_strike_what_they_match(cloud: Cloud) -> None:
    cloud.control("POST", "faults", {"method": "PUT", "path": "subscriptions", "status": 500, "times": 9})
    cloud.control("POST", "faults", {"path": "/tenants$", "status": 500, "times": 9})
    assert statuses(cloud, 1) == [200]
    assert statuses(cloud, 1, "/tenants?api-version=2022-12-01") == [500]
    assert cloud.control("DELETE", "faults").status == 204
    assert statuses(cloud, 1, "/tenants?api-version=2022-12-01") == [200]


def test_faults_can_let_the_first_pass(cloud: Cloud) -> None:
    cloud.control("POST", "faults", {"path": "subscriptions", "status": 429, "skip": 2})
    assert statuses(cloud, 4) == [200, 200, 429, 200]


def test_faults_can_strike_at_random_and_in_the_same_way_again(cloud: Cloud) -> None:
    order = {"path": "subscriptions", "status": 500, "times": 1000, "probability": 0.3}
    runs = []
    for _ in range(2):
        cloud.control("POST", "faults", order)
        runs.append(statuses(cloud, 100))
        cloud.control("DELETE", "faults")
    assert runs[0] == runs[1]
    assert 15 <= runs[0].count(500) <= 45


def put_policy(cloud: Cloud) -> int:
    client = JitPolicyClient(cloud, WORKPLACE, "rg-vdi", "westeurope")
    return client.put({"id": IDS["vdi-win-01"], "ports": [rule(3389)]}).status


def has_policy(cloud: Cloud) -> bool:
    return JitPolicyClient(cloud, WORKPLACE, "rg-vdi", "westeurope").get().status == 200


@pytest.mark.parametrize(("applied", "there"), [(False, False), (True, True)])
def test_a_status_fault_comes_without_or_with_the_effect(cloud: Cloud, applied: bool, there: bool) -> None:
    cloud.control("POST", "faults", {"method": "PUT", "path": "jit", "status": 500, "applied": applied})
    assert put_policy(cloud) == 500
    assert has_policy(cloud) is there


@pytest.mark.parametrize(("reset", "there"), [("before", False), ("after", True)])
def test_a_reset_comes_before_or_after_the_effect(cloud: Cloud, reset: str, there: bool) -> None:
    cloud.control("POST", "faults", {"method": "PUT", "path": "jit", "reset": reset})
    with pytest.raises(Disconnect):
        put_policy(cloud)
    assert has_policy(cloud) is there
    assert cloud.control("GET", "journal").body["requests"][0]["status"] == 0


def test_bodies_and_content_types_can_be_wrong(cloud: Cloud) -> None:
    order = {"path": "subscriptions", "body": "<html>", "content_type": "text/html", "status": 200}
    cloud.control("POST", "faults", order)
    reply = cloud.call("GET", SUBSCRIPTIONS)
    assert (reply.status, reply.body, reply.headers["Content-Type"]) == (200, "<html>", "text/html")


@pytest.mark.parametrize(
    ("order", "named"),
    [
        ({"frequency": 1}, "'frequency'"),
        ({"times": "2"}, "'times'"),
        ({"reset": "during"}, "'reset'"),
        ({"path": "("}, "'path'"),
        ({"delay": "soon"}, "'delay'"),
        ({"probability": 2}, "'probability'"),
        ({"headers": ["Retry-After"]}, "'headers'"),
        ({"delay": "9" * 400}, "'delay'"),
    ],
)
def test_wrong_orders_are_refused_by_field(cloud: Cloud, order: dict[str, Any], named: str) -> None:
    reply = cloud.control("POST", "faults", order)
    assert reply.status == 400
    assert named in reply.body["error"]["message"]


def test_behaviour_is_shown_and_changed(cloud: Cloud) -> None:
    assert cloud.control("GET", "behaviour").body["provisioning"] == 0
    body = cloud.control("PATCH", "behaviour", {"provisioning": "2s", "deny_rules": "per_port"}).body
    assert (body["provisioning"], body["deny_rules"]) == (2, "per_port")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"nosuch": 1}, "nosuch"),
        ({"deny_rules": "all"}, "deny_rules"),
        ({"provisioning": "soon"}, "soon"),
        ({"fan_out": "3"}, "fan_out"),
        ({"mixed_case_ids": 1}, "mixed_case_ids"),
        ({"page_size": 0}, "page_size"),
        ({"fan_out": -1}, "fan_out"),
        ({"batch_retry_after": -1}, "batch_retry_after"),
        ({"rules_per_nsg": -1}, "rules_per_nsg"),
        ({"deny_priority": 4097}, "deny_priority"),
        ({"latency": "9" * 400}, "is not a duration"),
    ],
)
def test_wrong_behaviours_are_refused_by_name(cloud: Cloud, change: dict[str, Any], named: str) -> None:
    reply = cloud.control("PATCH", "behaviour", change)
    assert reply.status == 400
    assert named in reply.body["error"]["message"]


def test_a_reset_brings_the_start_back(cloud: Cloud) -> None:
    before = cloud.control("GET", "state").body
    put_policy(cloud)
    cloud.advance(60)
    cloud.control("PATCH", "behaviour", {"provisioning": "9s"})
    cloud.control("POST", "faults", {"path": "x"})
    assert cloud.control("GET", "state").body != before
    cloud.control("POST", "reset")
    assert cloud.control("GET", "state").body == before
    assert cloud.control("GET", "behaviour").body["provisioning"] == 0
    assert cloud.control("GET", "faults").body == {"faults": []}
    assert cloud.control("GET", "journal").body == {"requests": []}


def test_unknown_control_paths(cloud: Cloud) -> None:
    assert cloud.control("GET", "nosuch").status == 404
    assert cloud.control("PUT", "health").status == 405


def test_accept_commit_and_reply_are_separate_moments() -> None:
    cloud = Cloud(commit_delay="2s", reply_delay="3s")
    path = JitPolicyClient(cloud, WORKPLACE, "rg-vdi", "westeurope").path
    body = {"properties": {"virtualMachines": [{"id": IDS["vdi-win-01"], "ports": [rule(3389)]}]}}

    async def story() -> list[tuple[bool, bool]]:
        """Return after each moment whether the policy is there and whether the answer is."""
        call = cloud.make_call("PUT", f"{path}?api-version=2020-01-01", body)
        answer = asyncio.ensure_future(cloud.service.answer(call))
        moments = []
        for seconds in (1.9, 0.2, 2.8, 0.2):
            await asyncio.sleep(0)
            cloud.advance(seconds)
            for _ in range(3):
                await asyncio.sleep(0)
            there = any(policy.location == "westeurope" for policy in cloud.world.policies.select(WORKPLACE))
            moments.append((there, answer.done()))
        return moments

    assert asyncio.run(story()) == [(False, False), (True, False), (True, False), (True, True)]


def test_a_write_whose_client_gave_up_still_commits() -> None:
    cloud = Cloud(commit_delay="2s")
    path = JitPolicyClient(cloud, WORKPLACE, "rg-vdi", "westeurope").path
    body = {"properties": {"virtualMachines": [{"id": IDS["vdi-win-01"], "ports": [rule(3389)]}]}}

    async def give_up() -> None:
        call = cloud.make_call("PUT", f"{path}?api-version=2020-01-01", body)
        answer = asyncio.ensure_future(cloud.service.answer(call))
        await asyncio.sleep(0)
        answer.cancel()
        await asyncio.gather(answer, return_exceptions=True)

    asyncio.run(give_up())
    assert not has_policy(cloud)
    cloud.advance(2)
    assert has_policy(cloud)


@pytest.mark.parametrize("behaviour", [{"commit_delay": "2s"}, {"reply_delay": "2s"}])
def test_a_reset_breaks_what_waits(behaviour: dict[str, Any]) -> None:
    cloud = Cloud(**behaviour)
    path = JitPolicyClient(cloud, WORKPLACE, "rg-vdi", "westeurope").path
    body = {"properties": {"virtualMachines": [{"id": IDS["vdi-win-01"], "ports": [rule(3389)]}]}}

    async def wait_in_vain() -> None:
        call = cloud.make_call("PUT", f"{path}?api-version=2020-01-01", body)
        answer = asyncio.ensure_future(cloud.service.answer(call))
        for _ in range(3):
            await asyncio.sleep(0)
            cloud.advance(0)
        cloud.service.reset()
        with pytest.raises(Disconnect):
            await answer

    asyncio.run(wait_in_vain())


def test_latency_is_added_to_every_answer() -> None:
    cloud = Cloud(latency="2s")

    async def story() -> list[bool]:
        answer = asyncio.ensure_future(cloud.service.answer(cloud.make_call("GET", SUBSCRIPTIONS)))
        moments = []
        for seconds in (1.9, 0.2):
            await asyncio.sleep(0)
            cloud.advance(seconds)
            for _ in range(3):
                await asyncio.sleep(0)
            moments.append(answer.done())
        return moments

    assert asyncio.run(story()) == [False, True]


def test_usage_tells_what_the_process_took(cloud: Cloud) -> None:
    first = cloud.control("GET", "usage").body
    second = cloud.control("GET", "usage").body
    assert 0 < first["cpu_seconds"] <= second["cpu_seconds"]
    assert second["peak_memory_bytes"] > 2**20


def test_the_guide_tells_of_every_behaviour(cloud: Cloud) -> None:
    guide = (Path(__file__).parents[3] / "docs" / "docsite" / "rst" / "guide_simulator.rst").read_text()
    assert [name for name in cloud.control("GET", "behaviour").body if f"``{name}``" not in guide] == []
