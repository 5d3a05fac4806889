# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask a fork server to run something. Imports next to nothing, for it is started anew for each module."""

from __future__ import annotations

import _socket  # `socket` by its longer name takes as much time as Python's start
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any


def ask(folder: str, wish: Mapping[str, Any], streams: Sequence[int]) -> int:
    """Give the exit code of what was wished, below zero for a signal."""
    connection = _socket.socket(_socket.AF_UNIX)
    try:
        connection.connect(f"{folder}/socket")
        handed = (_socket.SOL_SOCKET, _socket.SCM_RIGHTS, struct.pack(f"{len(streams)}i", *streams))
        connection.sendmsg([b"\n"], [handed])
        connection.sendall(f"{wish!a}\n".encode())
        answer = b""
        while not answer.endswith(b"\n"):
            if not (part := connection.recv(64)):
                raise ConnectionError("the fork server is gone")
            answer += part
    finally:
        connection.close()  # whoever gives up waiting ends what runs
    return int(answer)
