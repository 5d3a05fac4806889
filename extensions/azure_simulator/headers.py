# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The headers that every answer of ARM carries, as recorded."""

from __future__ import annotations

import uuid

from .exchange import Call, Reply
from .moments import TICKS_PER_SECOND, format_http, format_utc
from .world import World


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
    reply.headers = common | reply.headers


def _compact(moment: int) -> str:
    """Write a moment as routing ids have it: `20221117T094450Z`."""
    text = format_utc(moment // TICKS_PER_SECOND * TICKS_PER_SECOND)
    return text.replace("-", "").replace(":", "")
