# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP side: reads requests into calls, and writes replies."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl

from aiohttp import StreamReader, web
from aiohttp.http_parser import RawRequestMessage
from multidict import CIMultiDict

from .exchange import Call, Reply
from .identity.managed import PATHS as MANAGED_IDENTITY_PATHS
from .service import Disconnect, Service

# The state of 50,000 VMs takes 150 MB.
_MAX_BODY = 512 * 1024 * 1024
_JSON = "application/json; charset=utf-8"
# Bodies are made for their answer, so there is no circle to look for.
_ENCODER = json.JSONEncoder(separators=(",", ":"), check_circular=False)


class HttpServer:
    """Serves one service on a loopback port. `settled` runs before each answer leaves."""

    def __init__(self, service: Service, context: ssl.SSLContext | None) -> None:
        """Keep what to serve; without TLS that is managed identities alone."""
        self._service = service
        self._context = context
        self._runner: web.ServerRunner | None = None
        self.settled: Callable[[], Awaitable[None]] | None = None
        self.port = 0

    async def start(self, port: int) -> None:
        """Listen; port 0 takes a free one. Raises OSError."""
        server = web.Server(self._handle, request_factory=_make_request, access_log=None)
        self._runner = web.ServerRunner(server, handle_signals=False, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port, ssl_context=self._context)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        call = await _read(request)
        if self._context is None and not call.path.startswith(MANAGED_IDENTITY_PATHS):
            return web.Response(status=404)
        try:
            reply = await self._service.answer(call)
        except Disconnect:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=500)
        if self.settled is not None:
            await self.settled()
        return await _write(request, reply)


def _make_request(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: web.RequestHandler,
    writer: object,
    task: asyncio.Task[None],
) -> web.BaseRequest:
    """Make a request that may carry a policy of many thousand VMs."""
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=_MAX_BODY)  # type: ignore[arg-type]


async def _read(request: web.BaseRequest) -> Call:
    """Turn a request into a call."""
    body = await request.read() if request.body_exists else b""
    path, _, query = request.raw_path.partition("?")
    scheme = "https" if request.secure else "http"
    return Call(
        method=request.method,
        path=path,
        query={name.lower(): value for name, value in parse_qsl(query, keep_blank_values=True)},
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
        base_url=f"{scheme}://{request.host}",
        caller=request.remote or "127.0.0.1",
    )


async def _write(request: web.BaseRequest, reply: Reply) -> web.StreamResponse:
    """Turn a reply into a response."""
    headers: CIMultiDict[str] = CIMultiDict()
    truncate = reply.headers.pop(":truncate", None)
    for name, value in reply.headers.items():
        for single in value if isinstance(value, list) else [value]:
            headers.add(name, single)
    body = _encode(reply.body)
    if body and "Content-Type" not in headers:
        headers["Content-Type"] = _JSON
    if truncate is None:
        return web.Response(status=reply.status, body=body, headers=headers)
    return await _write_part(request, reply.status, headers, body, int(str(truncate)))


def _encode(body: object) -> bytes:
    """Write a body; texts go out as they are."""
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    return _ENCODER.encode(body).encode()


async def _write_part(
    request: web.BaseRequest, status: int, headers: CIMultiDict[str], body: bytes, length: int
) -> web.StreamResponse:
    """Announce a whole body, send its beginning, and break the connection."""
    response = web.StreamResponse(status=status, headers=headers)
    response.content_length = len(body)
    await response.prepare(request)
    await response.write(body[:length])
    if request.transport is not None:
        # What was written leaves first, then the connection ends: a body cut short.
        request.transport.close()
    return response
