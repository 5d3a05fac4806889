# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the SDK's answers and exceptions to documents and the project's own errors."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.arm import page_items, send_json, send_object
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import (
    AzureError,
    AzureRefused,
    AzureUnreachable,
    ReplyLost,
)
from azure.core import exceptions

URL = "https://management.azure.com/subscriptions/s/things?api-version=2020-01-01"


@dataclass
class Answer:
    """An answer of the SDK's client."""

    status_code: int = 200
    content: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    reason: str | None = None

    def text(self) -> str:
        return self.content.decode()


class Client:
    """Stands for the SDK's client: gives the answer, or raises it."""

    def __init__(self, answer: Answer | Exception) -> None:
        self._answer = answer
        self.requests: list[Any] = []
        self.options: dict[str, Any] = {}

    def send_request(self, request: Any, **options: Any) -> Answer:
        self.requests.append(request)
        self.options = options
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def refusal(**answer: Any) -> AzureRefused:
    with pytest.raises(AzureRefused) as caught:
        send_json(Client(Answer(**answer)), "PUT", URL, {})
    return caught.value


def arm_error(code: str = "AuthorizationFailed", message: str = "no right") -> bytes:
    return json.dumps({"error": {"code": code, "message": message}}).encode()


def test_an_answers_document_is_read() -> None:
    assert send_json(Client(Answer(content=b'{"value": [1]}')), "GET", URL) == {"value": [1]}


@pytest.mark.parametrize("status", [200, 202, 204])
def test_an_empty_answer_is_an_empty_document(status: int) -> None:
    assert send_json(Client(Answer(status)), "DELETE", URL) == {}


def test_a_body_and_options_are_handed_on() -> None:
    client = Client(Answer())
    send_json(client, "POST", URL, {"a": 1}, retry_total=0)
    (request,) = client.requests
    assert (request.method, request.url) == ("POST", URL)
    assert json.loads(request.content) == {"a": 1}
    assert request.headers["Accept"] == "application/json"
    assert client.options == {"retry_total": 0}


def test_a_request_without_a_body_has_none() -> None:
    client = Client(Answer())
    send_json(client, "GET", URL)
    assert client.requests[0].content is None


def test_an_error_in_arms_form_keeps_its_parts() -> None:
    error = refusal(
        status_code=403,
        content=arm_error(),
        headers={"x-ms-request-id": "id-1", "x-ms-correlation-request-id": "id-2", "Retry-After": "17"},
    )
    assert (error.status, error.code, error.message) == (403, "AuthorizationFailed", "no right")
    assert error.request == "PUT /subscriptions/s/things"
    assert error.request_id == "id-1"
    assert error.retry_after == 17
    assert "api-version" not in str(error)


def test_the_action_that_the_credential_lacks_stands_before_azures_long_text() -> None:
    said = (
        "The client 'aaaa' with object id 'bbbb' does not have authorization to perform action "
        "'Microsoft.Security/locations/jitNetworkAccessPolicies/initiate/action' over scope '/subscriptions/s' or "
        "the scope is invalid. If access was recently granted, please refresh your credentials."
    )

    error = refusal(status_code=403, content=arm_error(message=said))

    assert str(error) == (
        "PUT /subscriptions/s/things was refused with 403 AuthorizationFailed: the credential lacks the action "
        f"Microsoft.Security/locations/jitNetworkAccessPolicies/initiate/action. {said}"
    )
    assert error.message == said


def test_the_correlation_id_stands_in_for_the_request_id() -> None:
    assert refusal(status_code=400, headers={"x-ms-correlation-request-id": "id-2"}).request_id == "id-2"


@pytest.mark.parametrize("header", [None, "", "soon", "Wed, 21 Oct 2026 07:28:00 GMT", "-1"])
def test_a_retry_after_that_is_no_number_of_seconds_is_none(header: str | None) -> None:
    headers = {} if header is None else {"Retry-After": header}
    assert refusal(status_code=429, headers=headers).retry_after is None


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        (b"<html>bad gateway</html>", "Bad Gateway", "<html>bad gateway</html>"),
        (b"", "Bad Gateway", "no further explanation"),
        (b"[1]", "Bad Gateway", "[1]"),
        (b'{"error": "text"}', "Bad Gateway", '{"error": "text"}'),
        (b'{"error": {"code": "", "message": null}}', "Bad Gateway", '{"error": {"code": "", "message": null}}'),
        (b"x" * 5000, "Bad Gateway", "x" * 300),
    ],
)
def test_a_gateways_error_is_told_as_it_came_and_in_brief(content: bytes, code: str, message: str) -> None:
    error = refusal(status_code=502, content=content, reason="Bad Gateway")
    assert (error.code, error.message) == (code, message)


def test_an_error_that_says_nothing_is_still_an_error() -> None:
    assert "418 Error: no further explanation" in str(refusal(status_code=418))


@pytest.mark.parametrize(
    ("status", "left_open"),
    [(400, False), (403, False), (408, True), (409, False), (429, False), (500, True), (503, True)],
)
def test_an_error_tells_whether_the_request_may_have_taken_effect(status: int, left_open: bool) -> None:
    assert refusal(status_code=status).left_outcome_open is left_open


@pytest.mark.parametrize("content", [b"<html>", b'{"value": [', b"\xff\xfe"])
def test_an_answer_that_cant_be_read_is_a_lost_reply(content: bytes) -> None:
    with pytest.raises(ReplyLost, match="unreadable content"):
        send_json(Client(Answer(200, content)), "PUT", URL, {})


@pytest.mark.parametrize("content", [b"[1, 2]", b'"oops"', b"null"])
def test_an_answer_of_another_kind_is_a_lost_reply(content: bytes) -> None:
    with pytest.raises(ReplyLost, match="JSON that is no object"):
        send_object(Client(Answer(202, content)), "POST", URL, {})


@pytest.mark.parametrize(
    ("raised", "expected", "words"),
    [
        (
            exceptions.ServiceRequestError("no route\nto host"),
            AzureUnreachable,
            "management.azure.com can't be reached: no route",
        ),
        (
            exceptions.ServiceRequestError(
                "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate"
            ),
            AzureUnreachable,
            "certificate. Name .* in REQUESTS_CA_BUNDLE$",
        ),
        (exceptions.ServiceRequestTimeoutError("slow"), AzureUnreachable, "can't be reached: slow"),
        (exceptions.ServiceResponseError("reset"), ReplyLost, "PUT /subscriptions/s/things was sent.*lost: reset"),
        (exceptions.ServiceResponseTimeoutError("slow"), ReplyLost, "lost: slow"),
        (exceptions.IncompleteReadError("cut"), ReplyLost, "lost: cut"),
        (exceptions.ServiceRequestError(""), AzureUnreachable, "no further explanation"),
        (OSError("no usable bundle /x.pem"), AzureUnreachable, "can't be reached: no usable bundle /x.pem"),
        (
            exceptions.ServiceResponseError("bad http://u:p@proxy:1"),
            ReplyLost,
            r"lost: bad http://\*\*\*@proxy:1$",
        ),
    ],
)
def test_what_the_sdk_raises_comes_out_as_one_of_the_projects_errors(
    raised: Exception, expected: type[AzureError], words: str
) -> None:
    with pytest.raises(AzureError, match=words) as caught:
        send_json(Client(raised), "PUT", URL, {})
    assert type(caught.value) is expected
    # Ansible tells causes, too, and those may quote passwords.
    assert caught.value.__cause__ is caught.value.__context__ is None


@pytest.mark.parametrize("content", [b"<html>", b'{"value": [1', b"[]", b"\xff\xfe", b'{"value": [1]} x'])
def test_a_page_that_cant_be_read_is_a_lost_reply(content: bytes) -> None:
    with pytest.raises(ReplyLost, match="GET /subscriptions/s/things was answered with unreadable content"):
        list(page_items(Client(Answer(200, content)), URL))


@pytest.mark.parametrize("content", [b'{"value": {"a": 1}}', b'{"value": "text"}'])
def test_a_page_without_a_list_is_a_lost_reply(content: bytes) -> None:
    with pytest.raises(ReplyLost, match="something that is no list"):
        list(page_items(Client(Answer(200, content)), URL))


def test_an_answer_without_content_is_an_empty_page() -> None:
    assert list(page_items(Client(Answer(200)), URL)) == []


def test_a_refused_page_is_refused() -> None:
    with pytest.raises(AzureRefused, match="no right"):
        list(page_items(Client(Answer(403, arm_error())), URL))


@pytest.mark.parametrize("status", [301, 302, 303, 304, 307, 308])
def test_an_answer_that_leads_elsewhere_is_no_success(status: int) -> None:
    error = refusal(status_code=status, reason="Found", headers={"Location": "https://gateway.example/"})
    assert (error.status, error.code) == (status, "Found")
    with pytest.raises(AzureRefused):
        list(page_items(Client(Answer(status)), URL))
