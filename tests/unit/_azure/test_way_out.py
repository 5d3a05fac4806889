# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates and proxies of the environment, and what is shown of them."""

from __future__ import annotations

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.way_out import check_way_out
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
