# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding a cloud by its name or by its metadata."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.clouds import (
    Cloud,
    metadata_url,
    read_metadata,
    resolve,
)
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import AzureUnreachable, InvalidOption

Json = dict[str, Any]

URL = "https://arm.local:8443/metadata/endpoints?api-version=2022-09-01"


def metadata(host: str = "arm.local:8443", **changes: Any) -> Json:
    return {
        "name": "Stack",
        "resourceManager": f"https://{host}/",
        "authentication": {
            "loginEndpoint": f"https://login.{host}/",
            "audiences": [f"https://tokens.{host}/", "https://other/"],
        },
        **changes,
    }


STACK = Cloud("Stack", "https://arm.local:8443", "https://login.arm.local:8443", "https://tokens.arm.local:8443/")


def never(url: str) -> Any:
    raise AssertionError(f"{url} must not be fetched")


@pytest.mark.parametrize(
    ("name", "manager", "authority"),
    [
        ("AzureCloud", "management.azure.com", "login.microsoftonline.com"),
        ("azurecloud", "management.azure.com", "login.microsoftonline.com"),
        ("AzureUSGovernment", "management.usgovcloudapi.net", "login.microsoftonline.us"),
        ("AZURECHINACLOUD", "management.chinacloudapi.cn", "login.chinacloudapi.cn"),
    ],
)
def test_a_known_cloud_is_found_by_its_name_in_any_case(name: str, manager: str, authority: str) -> None:
    cloud = resolve(name, never)
    assert cloud.resource_manager == f"https://{manager}"
    assert cloud.authority == f"https://{authority}"
    assert cloud.scope == f"https://{manager}/.default"


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://arm.local:8443", URL),
        ("https://arm.local:8443/", URL),
        (" https://arm.local:8443 ", URL),
        ("https://arm.local:8443/metadata/endpoints", URL),
        ("https://arm.local:8443/metadata/endpoints/", URL),
        (URL, URL),
        ("https://arm.local/metadata/endpoints?api-version=2015-01-01",) * 2,
        ("https://arm.local/base", "https://arm.local/base/metadata/endpoints?api-version=2022-09-01"),
        ("https://arm.local#part", "https://arm.local/metadata/endpoints?api-version=2022-09-01"),
    ],
)
def test_a_metadata_url_is_completed(text: str, url: str) -> None:
    assert metadata_url(text) == url


@pytest.mark.parametrize(
    "text", ["", "MyCloud", "arm.local", "http://arm.local", "https://", "ftp://arm.local", "https://[arm.local"]
)
def test_what_is_neither_a_cloud_nor_an_https_url_is_refused(text: str) -> None:
    assert metadata_url(text) is None
    with pytest.raises(InvalidOption, match="AzureUSGovernment") as caught:
        resolve(text, never)
    assert caught.value.option == "cloud_environment"
    assert repr(text) in caught.value.problem


def test_a_cloud_is_read_from_where_the_user_points() -> None:
    fetched: list[str] = []

    def fetch(url: str) -> Any:
        fetched.append(url)
        return metadata()

    assert resolve("https://arm.local:8443", fetch) == STACK
    assert fetched == [URL]


def test_metadata_that_cant_be_fetched_is_the_options_fault() -> None:
    def fetch(url: str) -> Any:
        raise AzureUnreachable("arm.local can't be reached")

    with pytest.raises(InvalidOption, match=r"arm\.local can't be reached") as caught:
        resolve("https://arm.local:8443", fetch)
    assert caught.value.option == "cloud_environment"


def test_metadata_is_one_object_or_a_list() -> None:
    assert read_metadata(URL, metadata()) == STACK
    assert read_metadata(URL, [metadata()]) == STACK


def test_of_several_clouds_the_one_that_was_asked_is_taken() -> None:
    others = [metadata("first.local"), metadata(), metadata("last.local")]
    assert read_metadata(URL, others) == STACK
    assert read_metadata(URL, others[::2]).resource_manager == "https://first.local"


def test_a_cloud_without_a_name_goes_by_its_host() -> None:
    assert read_metadata(URL, metadata(name=None)).name == "arm.local:8443"


def test_tokens_are_asked_for_the_first_audience() -> None:
    assert read_metadata(URL, metadata()).scope == "https://tokens.arm.local:8443/.default"


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        "text",
        7,
        [None],
        {"error": {"code": "NotFound"}},
        metadata(resourceManager=None),
        metadata(resourceManager="arm.local"),
        metadata(resourceManager="http://arm.local"),
        metadata(authentication=None),
        metadata(authentication={}),
        metadata(authentication={"loginEndpoint": "https://login.local", "audiences": []}),
        metadata(authentication={"loginEndpoint": "https://login.local", "audiences": None}),
        metadata(authentication={"loginEndpoint": None, "audiences": ["https://x"]}),
        metadata(authentication={"audiences": ["https://x"]}),
    ],
)
def test_a_document_that_is_no_metadata_is_refused(document: Any) -> None:
    with pytest.raises(InvalidOption, match="metadata endpoint") as caught:
        read_metadata(URL, document)
    assert caught.value.option == "cloud_environment"
    assert URL in caught.value.problem
