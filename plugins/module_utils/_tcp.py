# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TCP connections to thousands of ports, by one thread."""

from __future__ import annotations

import asyncio
import resource
import socket
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ._jit.reach import Miss, Target

# A port that is open on the other side of the world answers in less.
PATIENCE = 3.0
# Connections under way at once, if the process may have so many files open.
CONNECTIONS = 1000
_OTHER_FILES = 100
# Names are looked up by threads: the library's lookup blocks.
_LOOKUPS = 32


class TcpConnector:
    """Connects and hangs up."""

    def try_all(self, targets: Collection[Target], seconds: float) -> Mapping[Target, Miss | None]:
        """Try each target once, within so many seconds in all."""
        return asyncio.run(_try_all(list(targets), seconds))


async def _try_all(targets: list[Target], seconds: float) -> dict[Target, Miss | None]:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(_LOOKUPS))
    slots = asyncio.Semaphore(_connections_allowed())
    end = loop.time() + seconds

    async def attempt(target: Target) -> Miss | None:
        async with slots:
            patience = min(PATIENCE, end - loop.time())
            return await _try(loop, target, patience) if patience > 0 else Miss("timed_out")

    answers = await asyncio.gather(*map(attempt, targets))
    return dict(zip(targets, answers, strict=True))


def _connections_allowed() -> int:
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return CONNECTIONS if soft == resource.RLIM_INFINITY else max(1, min(CONNECTIONS, soft - _OTHER_FILES))


async def _try(loop: asyncio.AbstractEventLoop, target: Target, patience: float) -> Miss | None:
    try:
        async with asyncio.timeout(patience):
            found = await loop.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
            return await _first_answer(loop, found)
    except TimeoutError:
        return Miss("timed_out")
    except socket.gaierror as error:
        return Miss("no_name", str(error.strerror or error))
    except UnicodeError:  # a name with an empty or an overlong part
        return Miss("no_name", "it is no name of a machine")


async def _first_answer(loop: asyncio.AbstractEventLoop, found: Collection[Any]) -> Miss | None:
    """Try all addresses of a name, one after the other; the last failure counts."""
    miss: Miss | None = Miss("no_name")
    for family, kind, protocol, _name, address in found:
        with socket.socket(family, kind, protocol) as connection:
            connection.setblocking(False)
            try:
                await loop.sock_connect(connection, address)
            except ConnectionRefusedError:
                miss = Miss("refused")
            except TimeoutError:
                miss = Miss("timed_out")
            except OSError as error:
                miss = Miss("unreachable", str(error.strerror or error))
            else:
                return None
    return miss
