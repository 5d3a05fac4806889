# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's own address, as a service on the web sees it; by the same proxies and authorities as Azure."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

from .._jit.errors import InvalidOption, NoAddress
from .._jit.own_address import LONGEST_ANSWER, read_own_address
from . import sdk
from .arm import pipeline_client

CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 10.0
MOST_HOPS = 3


def check_url(option: str, raw: Any) -> str:
    """Read the URL of such a service. What is wrong is said without the URL, which may hold a secret."""
    url = str(raw).strip()
    parts = _split(url)
    if parts is None or parts.scheme not in ("https", "http") or not parts.hostname:
        raise InvalidOption(
            option, "it is no URL of the form https://HOST/PATH that answers with the caller's address"
        )
    return url


def without_secrets(url: str) -> str:
    """Name a URL by scheme, host and path: sign-in and query are nobody's business."""
    parts = _split(url)
    if parts is None:
        return "the URL"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def redirected(url: str, location: str) -> str | None:
    """Give the URL that an answer leads to; None where it leads off the web, or from https to http."""
    try:
        target = urljoin(url, location)
    except ValueError:  # brackets that enclose no address
        return None
    parts, before = _split(target), _split(url)
    if parts is None or before is None or not parts.hostname:
        return None
    allowed = ("https",) if before.scheme == "https" else ("https", "http")
    return target if parts.scheme in allowed else None


def ask_own_address(url: str, user_agent: str) -> str:
    """Ask a service for the address that we come from. No token goes with it."""
    sdk.require()
    asked, current = without_secrets(url), url
    client = pipeline_client(url, user_agent)
    for _hop in range(MOST_HOPS + 1):
        status, location, text = _get(client, current, asked)
        if status in (301, 302, 303, 307, 308):
            target = redirected(current, location)
            if target is None:
                raise NoAddress(f"{asked} leads to {without_secrets(location)!r}, where nobody goes from there")
            current = target
            continue
        if status != 200:
            raise NoAddress(f"{asked} answered with status {status}")
        try:
            return read_own_address(text)
        except ValueError as error:
            raise NoAddress(f"{asked} was asked, and {error}") from None
    raise NoAddress(f"{asked} leads on and on")


def _get(client: Any, url: str, asked: str) -> tuple[int, str, str]:
    """Give the answer's status, where it leads, and the beginning of its text."""
    request = sdk.HttpRequest("GET", url, headers={"Accept": "text/plain, application/json"})
    try:
        response = client.send_request(
            request,
            stream=True,
            retry_total=0,
            connection_timeout=CONNECT_TIMEOUT,
            read_timeout=READ_TIMEOUT,
        )
        content = b""
        for part in response.iter_bytes():
            content += part
            if len(content) > LONGEST_ANSWER:
                raise NoAddress(f"{asked} answered at length, which is no IP address")
    except sdk.exceptions.AzureError as error:
        raise NoAddress(f"{asked} can't be asked: {_without_query(error.message)}") from error
    return response.status_code, str(response.headers.get("Location") or ""), content.decode(errors="replace")


def _without_query(text: str) -> str:
    """Take queries out of what the library says: it quotes URLs whole."""
    first = text.strip().splitlines()[0] if text.strip() else "no further explanation"
    return re.sub(r"\?[^\s'\")]*", "?...", first)


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  a port that is no number is found here
    except ValueError:
        return None
    return parts
