# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking a service for one's own address, over a socket."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.own_address import (
    ask_own_address,
    check_url,
    redirected,
    without_secrets,
)
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import InvalidOption, NoAddress

Answer = tuple[int, dict[str, str], bytes]


class Service(ThreadingHTTPServer):
    """Answers by path, and remembers what it was sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, Answer] = {}
        self.seen: list[tuple[str, dict[str, str]]] = []

    def url(self, path: str, user: str = "") -> str:
        return f"http://{user}127.0.0.1:{self.server_port}{path}"


class _Handler(BaseHTTPRequestHandler):
    server: Service

    def do_GET(self) -> None:
        self.server.seen.append((self.path, dict(self.headers.items())))
        status, headers, body = self.server.answers[self.path.partition("?")[0]]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as service:
        threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield service
        service.shutdown()


def test_the_address_is_asked_for_once_and_no_token_goes_with_it(service: Service) -> None:
    service.answers["/ip"] = (200, {}, b"203.0.113.7\n")

    assert ask_own_address(service.url("/ip?token=x"), "jitfleet.azure") == "203.0.113.7"

    ((path, headers),) = service.seen
    assert path == "/ip?token=x"
    assert "Authorization" not in headers
    assert headers["User-Agent"].startswith("jitfleet.azure")


def test_a_sign_in_of_the_url_goes_with_it(service: Service) -> None:
    service.answers["/ip"] = (200, {}, b'{"ip": "2001:db8::7"}')

    assert ask_own_address(service.url("/ip", "ada:secret@"), "x") == "2001:db8::7"

    assert service.seen[0][1]["Authorization"] == f"Basic {base64.b64encode(b'ada:secret').decode()}"


def test_a_redirection_is_followed(service: Service) -> None:
    service.answers = {"/ip": (302, {"Location": "/v2"}, b""), "/v2": (200, {}, b"203.0.113.7")}

    assert ask_own_address(service.url("/ip"), "x") == "203.0.113.7"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((200, {}, b"<html>sign in"), "which is no IP address"),
        ((200, {}, b"\xff\xfe"), "which is no IP address"),
        ((200, {}, b" " * 100_000), "which is no IP address"),
        ((500, {}, b"203.0.113.7"), "status 500"),
        ((429, {"Retry-After": "3600"}, b""), "status 429"),
        ((302, {"Location": "/ip"}, b""), "leads on and on"),
        ((302, {"Location": "file:///etc/passwd"}, b""), "leads to 'file:///etc/passwd'"),
        ((302, {"Location": "ftp://ada:secret@127.0.0.1/?secret"}, b""), "leads to 'ftp://127.0.0.1/'"),
    ],
    ids=["a page", "no text", "no end", "broken", "too often", "a circle", "a file", "off the web"],
)
def test_what_is_no_answer_is_named_without_secrets(service: Service, answer: Answer, said: str) -> None:
    service.answers["/ip"] = answer

    with pytest.raises(NoAddress) as caught:
        ask_own_address(service.url("/ip?token=secret", "ada:secret@"), "x")

    assert said in str(caught.value)
    assert service.url("/ip") in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_service_that_nobody_reaches_is_named_without_secrets() -> None:
    with pytest.raises(NoAddress) as caught:
        ask_own_address("http://ada:secret@127.0.0.1:9/ip?token=secret", "x")

    assert "http://127.0.0.1:9/ip can't be asked" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["https://ip.example/", " http://10.0.0.1:8080/ip ", "https://a:b@ip.example/?t=1"]
)
def test_a_url_of_the_web_is_taken_as_it_is(url: str) -> None:
    assert check_url("my_ip_url", url) == url.strip()


@pytest.mark.parametrize(
    "url",
    ["ip.example", "file:///etc/passwd", "ftp://ip.example/", "https:///ip", "https://[::1", "https://h:port/"],
)
def test_what_is_no_url_of_the_web_is_refused_without_quoting_it(url: str) -> None:
    with pytest.raises(InvalidOption) as caught:
        check_url("my_ip_url", url)
    assert url not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("https://ip.example", "https://ip.example"),
        ("https://ada:secret@ip.example:8443/v1?token=secret#x", "https://ip.example:8443/v1"),
        ("https://[::1", "the URL"),
    ],
)
def test_a_url_is_named_without_sign_in_and_query(url: str, named: str) -> None:
    assert without_secrets(url) == named


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/v2", "https://ip.example/v2"),
        ("https://other.example/", "https://other.example/"),
        ("http://ip.example/", None),
        ("file:///etc/passwd", None),
        ("ftp://ip.example/", None),
        ("https://[", None),
        ("", "https://ip.example/v1"),
    ],
)
def test_nobody_is_led_off_the_web_or_out_of_encryption(location: str, target: str | None) -> None:
    assert redirected("https://ip.example/v1", location) == target


def test_a_plain_url_may_lead_to_an_encrypted_one() -> None:
    assert redirected("http://ip.example/", "https://ip.example/") == "https://ip.example/"
