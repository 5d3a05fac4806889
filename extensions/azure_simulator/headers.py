# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The headers that every answer of ARM carries, as recorded."""

from __future__ import annotations

import uuid

from .exchange import Call, Reply
from .moments import TICKS_PER_SECOND, format_http, format_utc
from .resource_ids import guid
from .world import World

# As recorded; nothing is counted [rec].
_COMPUTE_QUOTA = "Microsoft.Compute/LowCostGet3Min;3999,Microsoft.Compute/LowCostGet30Min;31999"


def add_common(reply: Reply, call: Call, world: World) -> None:
    """Add what is not yet there."""
    now = world.clock.now()
    request_id = str(uuid.uuid4())
    common: dict[str, str | list[str]] = {
        "Cache-Control": "no-cache",
        "Pragma": "no-cache",
        "Expires": "-1",
        "Date": format_http(now),
        "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
        "X-Content-Type-Options": "nosniff",
        "x-ms-request-id": request_id,
        "x-ms-correlation-request-id": request_id,
        "x-ms-routing-request-id": f"SIMULATOR:{_compact(now)}:{request_id}",
    }
    common |= call.quota
    client_id = call.headers.get("x-ms-client-request-id")
    if client_id and call.headers.get("x-ms-return-client-request-id", "").lower() == "true":
        common["x-ms-client-request-id"] = client_id
    if reply.status < 400:
        common |= _of_provider(reply, call, world)
    reply.headers = common | reply.headers


def _of_provider(reply: Reply, call: Call, world: World) -> dict[str, str | list[str]]:
    """Return what network and compute add: lists of a subscription tell the backends' requests [rec]."""
    path = call.path.lower()
    if not ("/microsoft.network/" in path or "/microsoft.compute/" in path):
        return {}
    if "/resourcegroups/" not in path and "/locations/" not in path:
        return {"x-ms-original-request-ids": backend_ids(world)}
    if "/microsoft.compute/" in path:
        return {"x-ms-ratelimit-remaining-resource": _COMPUTE_QUOTA} if call.method == "GET" else {}
    found: dict[str, str | list[str]] = {
        "Server": "Microsoft-HTTPAPI/2.0",
        "x-ms-arm-service-request-id": str(uuid.uuid4()),
    }
    if call.method == "GET" and isinstance(reply.body, dict) and "etag" in reply.body:
        found["ETag"] = reply.body["etag"]
    return found


def backend_ids(world: World) -> list[str]:
    """Return the ids under which an answer's backends were asked."""
    return [guid("backend", world.clock.now(), number) for number in range(world.behaviour.fan_out)]


def _compact(moment: int) -> str:
    """Write a moment as routing ids have it: `20221117T094450Z`."""
    text = format_utc(moment // TICKS_PER_SECOND * TICKS_PER_SECOND)
    return text.replace("-", "").replace(":", "")
