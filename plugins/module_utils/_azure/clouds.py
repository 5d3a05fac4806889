# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where an Azure cloud's management and identity services are, and how its tokens are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from .._jit.errors import AzureError, InvalidOption

METADATA_PATH = "/metadata/endpoints"
METADATA_API = "2022-09-01"

# Reads a JSON document from a URL without signing in.
Fetch = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Cloud:
    """`resource_manager` and `authority` are base URLs, `audience` is what tokens are issued for."""

    name: str
    resource_manager: str
    authority: str
    audience: str

    @property
    def scope(self) -> str:
        return f"{self.audience.rstrip('/')}/.default"


def _named(name: str, resource_manager: str, authority: str) -> Cloud:
    return Cloud(name, f"https://{resource_manager}", f"https://{authority}", f"https://{resource_manager}")


_CLOUDS = {
    cloud.name.lower(): cloud
    for cloud in (
        _named("AzureCloud", "management.azure.com", "login.microsoftonline.com"),
        _named("AzureUSGovernment", "management.usgovcloudapi.net", "login.microsoftonline.us"),
        _named("AzureChinaCloud", "management.chinacloudapi.cn", "login.chinacloudapi.cn"),
    )
}


def resolve(cloud_environment: str, fetch: Fetch) -> Cloud:
    """Find a cloud by its name, or by the URL of its Resource Manager's metadata."""
    if known := _CLOUDS.get(cloud_environment.lower()):
        return known
    url = metadata_url(cloud_environment)
    if url is None:
        names = ", ".join(cloud.name for cloud in _CLOUDS.values())
        raise InvalidOption(
            "cloud_environment",
            f"{cloud_environment!r} is neither a known cloud ({names}) nor the https URL of a metadata endpoint",
        )
    try:
        document = fetch(url)
    except AzureError as error:
        raise InvalidOption("cloud_environment", f"the cloud's metadata can't be read: {error}") from error
    return read_metadata(url, document)


def metadata_url(text: str) -> str | None:
    """Complete the URL of a metadata endpoint, given with or without its path; None if it is no https URL."""
    try:
        parts = urlsplit(text.strip())
    except ValueError:  # brackets that enclose no address
        return None
    if parts.scheme != "https" or not parts.netloc:
        return None
    path = parts.path.rstrip("/")
    if not path.endswith(METADATA_PATH):
        path += METADATA_PATH
    query = parts.query if "api-version=" in parts.query else f"api-version={METADATA_API}"
    return urlunsplit((parts.scheme, parts.netloc, path, query, ""))


def read_metadata(url: str, document: Any) -> Cloud:
    """Read a cloud from its metadata: one object, or in older versions a list, also of other clouds."""
    try:
        clouds = document if isinstance(document, list) else [document]
        metadata = next((cloud for cloud in clouds if _is_served_by(url, cloud)), clouds[0])
        authentication = metadata["authentication"]
        return Cloud(
            name=str(metadata.get("name") or urlsplit(url).netloc),
            resource_manager=_base_url(metadata["resourceManager"]),
            authority=_base_url(authentication["loginEndpoint"]),
            audience=str(authentication["audiences"][0]),
        )
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise InvalidOption(
            "cloud_environment",
            f"{url} does not answer like a Resource Manager's metadata endpoint ({error!r})",
        ) from error


def _is_served_by(url: str, metadata: Mapping[str, Any]) -> bool:
    return urlsplit(str(metadata["resourceManager"])).netloc == urlsplit(url).netloc


def _base_url(value: Any) -> str:
    """Read the URL of a service that tokens or secrets are sent to."""
    if urlsplit(str(value)).scheme != "https":
        raise ValueError(f"{value!r} is no https URL")
    return str(value).rstrip("/")
