# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates and proxies of the environment, and what is shown of them."""

from __future__ import annotations

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.way_out import check_way_out, with_advice
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import InvalidOption
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.sign_in import without_user_info

PASSWORD = "s3cret"


def check(environment: dict[str, str], *, validates: bool = True) -> None:
    check_way_out(environment, lambda path: path == "/there.pem", validates=validates)


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"REQUESTS_CA_BUNDLE": "/there.pem", "CURL_CA_BUNDLE": "/gone.pem"},
        {"REQUESTS_CA_BUNDLE": "", "CURL_CA_BUNDLE": "/there.pem"},
        {"HTTPS_PROXY": "", "https_proxy": "proxy.example:3128"},
        {"HTTPS_PROXY": "http://user:p%2Fw@proxy.example:3128/", "ALL_PROXY": "socks5h://[::1]:1080"},
        {"HTTP_PROXY": "not asked for"},
    ],
)
def test_what_the_http_library_takes_is_taken(environment: dict[str, str]) -> None:
    check(environment)


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_bundle_that_is_not_there_is_named_with_its_variable(name: str) -> None:
    with pytest.raises(InvalidOption, match=f"{name}: /gone.pem is not there"):
        check({name: "/gone.pem"})
    check({name: "/gone.pem"}, validates=False)


@pytest.mark.parametrize(
    "value",
    [
        f"http://user:{PASSWORD}@127.0.0.1:99999",
        f"http://user:{PASSWORD}/x@proxy:1",
        f"http://user:1#{PASSWORD}@proxy:1",
        f"http://user:1/{PASSWORD}@proxy:1",
        f"http://user:{PASSWORD}@",
        f"http://[{PASSWORD}",
    ],
)
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_proxy_that_is_none_is_named_without_its_password(name: str, value: str) -> None:
    with pytest.raises(InvalidOption, match=f"{name}: it is no address of a proxy") as caught:
        check({name: value})
    assert PASSWORD not in str(caught.value)
    assert caught.value.__cause__ is caught.value.__context__ is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            f"Failed to parse: http://user:{PASSWORD}@127.0.0.1:99999",
            "Failed to parse: http://***@127.0.0.1:99999",
        ),
        (f"at 'https://u:p/{PASSWORD}@h/x' and http://a@b", "at 'https://***@h/x' and http://***@b"),
        ("https://arm.example/x?y=1 for u@example.com", "https://arm.example/x?y=1 for u@example.com"),
    ],
)
def test_users_and_passwords_are_taken_out_of_urls(text: str, shown: str) -> None:
    assert without_user_info(text) == shown


NO_WAY = ". The controller needs a way there by HTTPS; name a proxy, if there is one, in HTTPS_PROXY"


@pytest.mark.parametrize(
    ("cause", "shown"),
    [
        (
            """NewConnectionError("HTTPSConnection(host='arm.example', port=443): Failed to establish a new """
            """connection: [Errno 111] Connection refused")""",
            f"Failed to establish a new connection: [Errno 111] Connection refused{NO_WAY}",
        ),
        (
            "NewConnectionError('<urllib3.connection.HTTPSConnection object at 0x7f12ab>: Failed to establish a "
            "new connection: [Errno 101] Network is unreachable')",
            f"Failed to establish a new connection: [Errno 101] Network is unreachable{NO_WAY}",
        ),
        (
            """NameResolutionError("HTTPSConnection(host='arm.example', port=443): Failed to resolve """
            """'arm.example' ([Errno -2] Name or service not known)")""",
            f"Failed to resolve 'arm.example' ([Errno -2] Name or service not known){NO_WAY}",
        ),
        (
            "ConnectTimeoutError(<HTTPSConnection(host='arm.example', port=443) at 0x7f12ab>, 'Connection to "
            "arm.example timed out. (connect timeout=10)')",
            f"Connection to arm.example timed out. (connect timeout=10){NO_WAY}",
        ),
        (
            """ProxyError('Unable to connect to proxy', NewConnectionError("HTTPSConnection(host='127.0.0.1', """
            """port=9): Failed to establish a new connection: [Errno 111] Connection refused"))""",
            "Unable to connect to proxy: Failed to establish a new connection: [Errno 111] Connection refused. "
            "The proxy is the one that HTTPS_PROXY or ALL_PROXY names",
        ),
        (
            "ProxyError('Unable to connect to proxy', ConnectTimeoutError(<HTTPSConnection(host='proxy.example', "
            "port=3128) at 0x7fc4a323fb90>, 'Connection to proxy.example timed out. (connect timeout=10)'))",
            "Unable to connect to proxy: Connection to proxy.example timed out. (connect timeout=10). "
            "The proxy is the one that HTTPS_PROXY or ALL_PROXY names",
        ),
        (
            """NewConnectionError("HTTPConnection(host='127.0.0.1', port=41741): Failed to establish a new """
            """connection: [Errno 111] Connection refused")""",
            "Failed to establish a new connection: [Errno 111] Connection refused",
        ),
        (
            "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: "
            "unable to get local issuer certificate (_ssl.c:1006)'))",
            "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get local issuer certificate "
            "(_ssl.c:1006). Name a file with the certificate of the authority that signed it in "
            "REQUESTS_CA_BUNDLE",
        ),
    ],
)
def test_of_errors_within_errors_the_cause_is_told(cause: str, shown: str) -> None:
    pool = "HTTPSConnectionPool(host='arm.example', port=443): Max retries exceeded with url: /x"

    assert with_advice(f"{pool} (Caused by {cause})") == shown


@pytest.mark.parametrize("reason", ["certificate has expired", "Hostname mismatch, it is not valid for 'x'"])
def test_another_authority_is_no_cure_for_what_a_certificate_says(reason: str) -> None:
    said = f"[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: {reason} (_ssl.c:1006)"

    assert with_advice(said) == said


@pytest.mark.parametrize("text", ["no route", "timed out (Caused by nobody)", "Connection (of a kind) aborted"])
def test_what_is_worded_otherwise_is_told_as_it_is(text: str) -> None:
    assert with_advice(text) == text
