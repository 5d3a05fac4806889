# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Azure Resource Manager, as JSON in and JSON out over the SDK's pipeline.

The SDK's pipeline follows Retry-After and honours proxies and CA bundles. Its models are not
used: they drop fields that they don't know, and a policy that is read, changed and written must lose nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from .._jit.errors import AzureError, AzureRefused, AzureUnreachable, ReplyLost
from .._jit.own_name import principal, user_name
from .._jit.sign_in import without_user_info
from . import sdk
from .clouds import Cloud
from .pages import Items, read_items
from .tokens import Authentication, Tokens
from .way_out import with_advice

CONNECT_TIMEOUT = 15.0
READ_TIMEOUT = 100.0
# Enough to ride out a restart of the service or a short throttling, some 25 s without Retry-After.
READ_RETRIES = 5
CONNECTIONS = 32
# The SDK copies what was read in blocks of this size: a page of tens of megabytes in one, and so not at all.
BLOCK = 2**30
_LONGEST_QUOTE = 300
# Between two looks for an answer that comes later, where Azure doesn't say how long.
_PAUSE = 2.0

Params = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: a status of success, headers, and the content as JSON."""

    status: int
    headers: Mapping[str, str]
    document: Any


class Arm:
    """A signed-in connection to one cloud. Safe to use from several threads.

    `before_write` runs before each request that changes something and may raise to prevent it.
    """

    def __init__(
        self,
        cloud: Cloud,
        tokens: Tokens,
        user_agent: str,
        before_write: Callable[[], None],
        *,
        validates: bool = True,
        read_timeout: float = READ_TIMEOUT,
    ) -> None:
        self._base_url = cloud.resource_manager
        self._before_write = before_write
        self._tokens = tokens
        authentication = Authentication(tokens)
        self._client = pipeline_client(
            cloud.resource_manager, user_agent, authentication, validates=validates, read_timeout=read_timeout
        )

    def user_name(self) -> str:
        """Give the name of the user who is signed in, as Azure records it; empty for an application."""
        return user_name(self._tokens.current())

    def principal(self) -> str:
        """Say as whom Azure knows who is signed in; empty where its token doesn't tell."""
        return principal(self._tokens.current())

    def get(self, path: str, api_version: str, params: Params | None = None) -> Any:
        return self._send("GET", self._url(path, api_version, params))

    def find(self, path: str, api_version: str) -> Any | None:
        """Read a resource; None where it doesn't exist."""
        try:
            return self.get(path, api_version)
        except AzureRefused as error:
            if error.status == 404:
                return None
            raise

    def items(self, path: str, api_version: str, params: Params | None = None) -> Iterator[Any]:
        """Read a list over all its pages, of any size, also zero; `nextLink` is followed as it is."""
        url: str | None = self._url(path, api_version, params)
        while url:
            page = yield from self._page(url)
            url = self._own(page.get("nextLink"))

    def query(self, path: str, api_version: str, body: Any) -> Any:
        """Send a POST that only reads, and so may be repeated."""
        methods = ["GET", "POST"]
        return self._send("POST", self._url(path, api_version, None), body, retry_on_methods=methods)

    def ask(self, path: str, api_version: str, pause: Callable[[float], bool]) -> Any:
        """Send a POST that only reads and is answered later: 202, and `Location` says where [docs].

        `pause` waits for some seconds, or tells by False that there is no time left.
        """
        answer = self._exchange("POST", self._url(path, api_version, None), retry_on_methods=["GET", "POST"])
        while answer.status == 202:
            location = self._own(answer.headers.get("Location"))
            if not location:
                raise ReplyLost(f"POST {path} was accepted, but Azure doesn't say where its answer will be")
            if not pause(_seconds(answer.headers.get("Retry-After")) or _PAUSE):
                raise ReplyLost(f"POST {path} was accepted, but its answer didn't come in time")
            answer = self._exchange("GET", location)
        return answer.document

    def write(self, method: str, path: str, api_version: str, body: Any = None) -> Any:
        """Send what changes something, once: whether to send it again is for the caller to find out."""
        self._before_write()
        return self._send(method, self._url(path, api_version, None), body, retry_total=0)

    def _url(self, path: str, api_version: str, params: Params | None) -> str:
        return f"{self._base_url}{path}?{urlencode({'api-version': api_version, **(params or {})})}"

    def _own(self, link: str | None) -> str | None:
        """Accept a link to the next page only if it stays in this cloud: the token goes with it."""
        if link and urlsplit(link)[:2] != urlsplit(self._base_url)[:2]:
            raise ReplyLost(f"a list's next page lies outside {self._base_url}: {link}")
        return link

    def _page(self, url: str) -> Items:
        return page_items(self._client, url)

    def _exchange(self, method: str, url: str, **options: Any) -> Answer:
        return exchange(self._client, method, url, **options)

    def _send(self, method: str, url: str, body: Any = None, **options: Any) -> Any:
        return send_object(self._client, method, url, body, **options)


def pipeline_client(
    base_url: str,
    user_agent: str,
    authentication: Authentication | None = None,
    *,
    validates: bool = True,
    read_timeout: float = READ_TIMEOUT,
) -> Any:
    """Make the SDK's client with its usual policies; `validates` certificates or takes any.

    Left out are those that follow redirects (with a token), register resource providers (a write that nobody
    asked for), and log requests.
    """
    policies: list[Any] = [
        sdk.policies.RequestIdPolicy(),
        sdk.policies.UserAgentPolicy(user_agent),
        sdk.policies.ProxyPolicy(),
        sdk.policies.RetryPolicy(retry_total=READ_RETRIES, retry_status=READ_RETRIES),
    ]
    if authentication is not None:
        policies.append(authentication)
    session = sdk.requests.Session()
    session.mount("https://", sdk.requests.adapters.HTTPAdapter(pool_maxsize=CONNECTIONS))
    transport = sdk.RequestsTransport(
        session=session,
        connection_timeout=CONNECT_TIMEOUT,
        read_timeout=read_timeout,
        connection_verify=validates,
        connection_data_block_size=BLOCK,
    )
    return sdk.ARMPipelineClient(base_url, policies=policies, transport=transport)


def send_object(client: Any, method: str, url: str, body: Any = None, **options: Any) -> dict[str, Any]:
    """Send one request to Resource Manager, which answers with a JSON object or with nothing."""
    document = send_json(client, method, url, body, **options)
    if not isinstance(document, dict):
        raise ReplyLost(f"{method} {urlsplit(url).path} was answered with JSON that is no object")
    return document


def send_json(client: Any, method: str, url: str, body: Any = None, **options: Any) -> Any:
    """Send one request and read its answer's content."""
    return exchange(client, method, url, body, **options).document


def page_items(client: Any, url: str) -> Items:
    """Read a page of a list item by item; gives what else the page says."""
    name, response = _respond(client, "GET", url)
    content = response.content or b"{}"
    del response  # with its own copy
    try:
        page = yield from read_items(content)
    except ValueError as error:
        raise ReplyLost(f"{name} was answered with unreadable content") from error
    if page.get("value"):
        raise ReplyLost(f"{name} was answered with something that is no list")
    return page


def exchange(client: Any, method: str, url: str, body: Any = None, **options: Any) -> Answer:
    """Send one request and read its answer; every failure comes out as one of the project's errors."""
    name, response = _respond(client, method, url, body, **options)
    try:
        document = json.loads(response.content) if response.content else {}
    except ValueError as error:
        raise ReplyLost(f"{name} was answered with {response.status_code} and unreadable content") from error
    return Answer(response.status_code, response.headers, document)


def _respond(client: Any, method: str, url: str, body: Any = None, **options: Any) -> tuple[str, sdk.HttpResponse]:
    """Send one request; give its name for errors, and an answer of success with its content unread."""
    request = sdk.HttpRequest(method, url, json=body) if body is not None else sdk.HttpRequest(method, url)
    request.headers["Accept"] = "application/json"
    name = f"{method} {urlsplit(url).path}"
    try:
        response = client.send_request(request, **options)
    except (sdk.exceptions.ServiceRequestError, OSError) as error:
        problem: AzureError = AzureUnreachable(
            f"{urlsplit(url).netloc} can't be reached: {with_advice(_first_line(error))}"
        )
    except sdk.exceptions.AzureError as error:
        problem = ReplyLost(f"{name} was sent, but its answer was lost: {_first_line(error)}")
    else:
        # What leads elsewhere, such as to the sign-in of a gateway on the way, isn't followed.
        if response.status_code >= 300:
            raise _refusal(name, response)
        return name, response
    # Raised out here: the SDK's error may quote a proxy's password.
    raise problem


def _refusal(name: str, response: sdk.HttpResponse) -> AzureRefused:
    """Read an error in ARM's form, or in whatever form a gateway on the way gave it."""
    try:
        document = json.loads(response.content)
    except ValueError:
        document = None
    said = document.get("error") if isinstance(document, dict) else None
    said = said if isinstance(said, dict) else {}
    headers = response.headers
    return AzureRefused(
        name,
        response.status_code,
        str(said.get("code") or response.reason or "Error"),
        _message(said) or response.text()[:_LONGEST_QUOTE] or "no further explanation",
        request_id=headers.get("x-ms-request-id") or headers.get("x-ms-correlation-request-id"),
        retry_after=_seconds(headers.get("Retry-After")),
    )


def _message(said: Mapping[str, Any]) -> str:
    """Read the message with its details, which alone say what is wrong where the message asks to call support."""
    details = said.get("details")
    entries = [entry for entry in details if isinstance(entry, dict)] if isinstance(details, list) else []
    texts = [said.get("message"), *(entry.get("message") for entry in entries)]
    return " ".join(dict.fromkeys(str(text).strip() for text in texts if text))


def _seconds(header: str | None) -> float | None:
    return float(header) if header and header.isdigit() else None


def _first_line(error: Exception) -> str:
    text = str(getattr(error, "message", None) or error).strip()
    return without_user_info(text.splitlines()[0]) if text else "no further explanation"
