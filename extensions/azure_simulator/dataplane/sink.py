# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service behind every port that isn't SSH: it accepts, listens politely and says nothing."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

CHUNK = 65536


async def serve_sink(connection: socket.socket, idle_limit: float) -> None:
    """Swallow what the client sends until it closes, or says nothing for `idle_limit` seconds."""
    reader, writer = await asyncio.open_connection(sock=connection)
    try:
        with suppress(TimeoutError, OSError):
            while await asyncio.wait_for(reader.read(CHUNK), idle_limit):
                pass
    finally:
        writer.close()
