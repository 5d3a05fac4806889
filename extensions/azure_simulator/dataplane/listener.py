# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One listening socket, and the check of each caller's address before its first byte."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import socket
import struct
from collections.abc import Callable

from azure_simulator.reachability import Endpoint

BACKLOG = 128
HIGHEST_PORT = 65535
PAUSE_SECONDS = 1.0

_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
_ADVICE = {
    errno.EADDRINUSE: "another program listens there",
    errno.EADDRNOTAVAIL: "no such address here; on macOS add it with `sudo ifconfig lo0 alias {address}`",
    errno.EACCES: "binding this port needs privileges; use a port offset",
    errno.EMFILE: "too many open files; raise the limit (`ulimit -n`) or simulate fewer VMs",
}


class ListenError(Exception):
    """An endpoint that can't be listened on; the message names address and port."""


class Listener:
    """Listens for one endpoint and hands over each connection with the caller's address."""

    def __init__(self, sock: socket.socket, on_connection: Callable[[socket.socket, str], None]) -> None:
        self._socket = sock
        self._on_connection = on_connection
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(sock, self._accept)

    def close(self) -> None:
        """Stop listening; connections that were handed over live on."""
        self._loop.remove_reader(self._socket)
        self._socket.close()

    def _accept(self) -> None:
        try:
            connection, peer = self._socket.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError as error:
            if error.errno not in _EXHAUSTED:
                raise
            # The caller stays in the queue and the socket readable: without a pause this would spin.
            self._loop.remove_reader(self._socket)
            self._loop.call_later(PAUSE_SECONDS, self._resume)
            return
        connection.setblocking(False)
        self._on_connection(connection, str(peer[0]))

    def _resume(self) -> None:
        if self._socket.fileno() != -1:
            self._loop.add_reader(self._socket, self._accept)


def open_socket(endpoint: Endpoint, port_offset: int) -> socket.socket:
    """Return a listening socket for a loopback endpoint; raise ListenError for anything else."""
    address, port = endpoint.address, endpoint.port + port_offset
    family = _loopback_family(address, endpoint.port)
    if not 0 < port <= HIGHEST_PORT:
        raise ListenError(f"{address} port {endpoint.port}: the offset {port_offset} leads beyond the last port")
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setblocking(False)
        sock.bind((address, port))
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        advice = _ADVICE.get(error.errno or 0, "").format(address=address)
        raise ListenError(f"{address} port {port}: {advice or error.strerror}") from error
    return sock


def reset(connection: socket.socket) -> None:
    """Close with a TCP reset: what a caller sees whom the rules don't let in."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _loopback_family(address: str, port: int) -> socket.AddressFamily:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError as error:
        raise ListenError(f"{address} port {port}: not an IP address") from error
    if not any(parsed in network for network in _LOOPBACK):
        raise ListenError(f"{address} port {port}: refused, only 127.0.0.0/8 and ::1 are listened on")
    return socket.AF_INET if parsed.version == 4 else socket.AF_INET6
