# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several requests in one, in the shapes that azure.azcollection reads (measured); nothing documents them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from azure_simulator.exchange import Reply
from cloud import BASE, Cloud, Json
from demo_fleet import IDS, WORKPLACE

VERSION = "api-version=2015-11-01"
VMS = f"/subscriptions/{WORKPLACE}/providers/Microsoft.Compute/virtualMachines?api-version=2024-07-01"
VM = f"{IDS['vdi-win-01']}?api-version=2024-07-01"


def get(url: str, name: str | None = None) -> Json:
    request = {"httpMethod": "GET", "url": url}
    return request | {"name": name} if name else request


def send(cloud: Cloud, *requests: Json) -> Reply:
    return cloud.call("POST", f"/batch?{VERSION}", {"requests": list(requests)})


def fetch(cloud: Cloud, reply: Reply) -> Reply:
    location = reply.headers["Location"]
    assert isinstance(location, str)
    assert location.startswith(f"{BASE}/")
    return cloud.call("GET", location.removeprefix(BASE))


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


def test_answers_come_under_their_names(cloud: Cloud) -> None:
    reply = send(
        cloud, get(f"{BASE}{VMS}", "all"), get(VM, "one"), get(f"{BASE}{VM.replace('01?', '99?')}", "none")
    )
    assert reply.status == 200
    answers = {answer["name"]: answer for answer in reply.body["responses"]}
    assert [answers[name]["httpStatusCode"] for name in ("all", "one", "none")] == [200, 200, 404]
    assert len(answers["all"]["content"]["value"]) == 6
    assert answers["one"]["content"]["name"] == "vdi-win-01"
    assert answers["none"]["content"]["error"]["code"] == "ResourceNotFound"
    assert answers["one"]["headers"]["x-ms-request-id"]
    assert answers["one"]["contentLength"] > 0


def test_requests_without_a_name_are_told_by_their_order(cloud: Cloud) -> None:
    (answer,) = send(cloud, get(VM)).body["responses"]
    assert "name" not in answer
    assert answer["content"]["name"] == "vdi-win-01"


def test_requests_may_carry_a_body(cloud: Cloud) -> None:
    query = {
        "httpMethod": "POST",
        "url": "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01",
        "content": {"query": "resources | where type =~ 'microsoft.compute/virtualmachines' | count"},
    }
    (answer,) = send(cloud, query).body["responses"]
    assert answer["content"]["data"] == [{"Count": 13}]


def test_faults_are_met_inside_a_batch(cloud: Cloud) -> None:
    cloud.control("POST", "faults", {"path": "vdi-win-01", "status": 429})
    answers = send(cloud, get(VMS, "all"), get(VM, "one")).body["responses"]
    assert [answer["httpStatusCode"] for answer in answers] == [200, 429]


def test_later_answers_wait_at_the_location(cloud: Cloud) -> None:
    cloud.control("PATCH", "behaviour", {"batch": "asynchronous", "batch_duration": 5})
    accepted = send(cloud, get(VM, "one"))
    assert (accepted.status, accepted.body, accepted.headers["Retry-After"]) == (202, None, "1")
    waiting = fetch(cloud, accepted)
    assert (waiting.status, waiting.headers["Location"]) == (202, accepted.headers["Location"])
    cloud.advance(5)
    done = fetch(cloud, accepted)
    assert done.status == 200
    (answer,) = done.body["value"]
    assert (answer["name"], answer["httpStatusCode"]) == ("one", 200)
    assert answer["content"]["name"] == "vdi-win-01"


def test_how_long_to_wait_can_be_left_open(cloud: Cloud) -> None:
    cloud.control("PATCH", "behaviour", {"batch": "asynchronous", "batch_retry_after": 0})
    assert "Retry-After" not in send(cloud, get(VM)).headers


def test_a_hundred_requests_are_the_most(cloud: Cloud) -> None:
    assert len(send(cloud, *[get(VM)] * 100).body["responses"]) == 100
    reply = send(cloud, *[get(VM)] * 101)
    assert (reply.status, reply.body["error"]["code"]) == (400, "InvalidBatchRequest")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "'requests'"),
        ({"requests": ["x"]}, "'url'"),
        ({"requests": [{"url": VM, "httpMethod": "DANCE"}]}, "'httpMethod'"),
        ({"requests": [get("https://elsewhere.test/subscriptions")]}, "not an address of this cloud"),
        ({"requests": [get(VM), get(f"/batch?{VERSION}")]}, "index 1 .* another"),
    ],
)
def test_what_can_not_be_read_is_refused_whole(cloud: Cloud, body: Any, message: str) -> None:
    reply = cloud.call("POST", f"/batch?{VERSION}", body)
    assert reply.status == 400
    assert re.search(message, reply.body["error"]["message"])


def test_unknown_batches_are_not_found(cloud: Cloud) -> None:
    reply = cloud.call("GET", f"/batch/operationResults/nosuch?{VERSION}")
    assert (reply.status, reply.body["error"]["code"]) == (404, "BatchNotFound")


def test_batches_need_a_token(cloud: Cloud) -> None:
    body = {"requests": [get(VM)]}
    assert cloud.call("POST", f"/batch?{VERSION}", body, headers={}).status == 401
