# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quotas: what is left, when it is used up, and when it comes back."""

from __future__ import annotations

from typing import Any

import pytest
from azure_simulator.exchange import Reply
from cloud import Cloud, JitPolicyClient, rule
from demo_fleet import IDS, PRODUCTION, WORKPLACE

GROUPS = f"/subscriptions/{WORKPLACE}/resourcegroups?api-version=2022-09-01"
QUERY = "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01"


@pytest.fixture
def cloud() -> Cloud:
    return Cloud(throttle="azure")


def read(cloud: Cloud, subscription: str = WORKPLACE) -> Reply:
    return cloud.call("GET", f"/subscriptions/{subscription}/resourcegroups?api-version=2022-09-01")


def use_up(cloud: Cloud, count: int) -> list[int]:
    return [read(cloud).status for _ in range(count)]


def test_reads_have_a_bucket_of_250(cloud: Cloud) -> None:
    """[docs]"""
    assert read(cloud).headers["x-ms-ratelimit-remaining-subscription-reads"] == "249"
    assert set(use_up(cloud, 249)) == {200}
    reply = read(cloud)
    assert (reply.status, reply.body["error"]["code"]) == (429, "SubscriptionRequestsThrottled")
    assert reply.headers["Retry-After"] == "1"
    assert reply.headers["x-ms-ratelimit-remaining-subscription-reads"] == "0"


def test_the_bucket_refills_at_25_a_second(cloud: Cloud) -> None:
    """[docs]"""
    use_up(cloud, 250)
    cloud.advance(1)
    assert use_up(cloud, 26) == [200] * 25 + [429]
    cloud.advance(3600)
    assert read(cloud).headers["x-ms-ratelimit-remaining-subscription-reads"] == "249"


def test_each_subscription_has_its_own(cloud: Cloud) -> None:
    use_up(cloud, 250)
    assert read(cloud).status == 429
    assert read(cloud, PRODUCTION).status == 200


def test_writes_and_deletes_have_others(cloud: Cloud) -> None:
    """[rec: which header which verb carries]"""
    client = JitPolicyClient(cloud, WORKPLACE, "rg-vdi", "westeurope")
    put = client.put({"id": IDS["vdi-win-01"], "ports": [rule(3389)]})
    assert put.headers["x-ms-ratelimit-remaining-subscription-writes"] == "199"
    assert client.delete().headers["x-ms-ratelimit-remaining-subscription-deletes"] == "199"
    headers = cloud.call("GET", f"{client.path}?api-version=2020-01-01").headers
    assert headers["x-ms-ratelimit-remaining-subscription-resource-requests"] == "749"
    assert "x-ms-ratelimit-remaining-subscription-reads" not in headers


def test_a_subscription_as_a_whole_has_fifteen_times_that(cloud: Cloud) -> None:
    """[docs]"""
    reply = read(cloud)
    assert reply.headers["x-ms-ratelimit-remaining-subscription-global-reads"] == str(250 * 15 - 1)


def ask(cloud: Cloud) -> Reply:
    body: dict[str, Any] = {"query": "resources | project id | limit 1"}
    return cloud.call("POST", QUERY, body)


def test_fifteen_queries_in_five_seconds(cloud: Cloud) -> None:
    """[docs][rec]"""
    replies = [ask(cloud) for _ in range(16)]
    assert [reply.status for reply in replies] == [200] * 15 + [429]
    assert [reply.headers["x-ms-user-quota-remaining"] for reply in replies] == [
        *(str(left) for left in range(14, -1, -1)),
        "0",
    ]
    assert replies[-1].headers["Retry-After"] == "5"
    assert replies[-1].body["error"]["code"] == "RateLimiting"
    cloud.advance(4.9)
    assert ask(cloud).status == 429
    cloud.advance(0.2)
    assert ask(cloud).status == 200


def test_off_by_default() -> None:
    cloud = Cloud()
    assert {read(cloud).status for _ in range(260)} == {200}
    assert read(cloud).headers["x-ms-ratelimit-remaining-subscription-reads"] == "249"
    assert {ask(cloud).status for _ in range(20)} == {200}
