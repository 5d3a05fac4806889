# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the host allows: how many sockets, and which ports."""

from __future__ import annotations

import resource
import socket

# Kept free for everything that isn't a listener: connections, children's pipes, the HTTP side.
HEADROOM = 256

UNPRIVILEGED_OFFSET = 20000


def room_for_listeners(wanted: int) -> int:
    """Return how many listeners fit, raising the soft limit on open files when `wanted` would not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + HEADROOM
    if soft == resource.RLIM_INFINITY or needed <= soft:
        return wanted
    # Where there is no hard limit, asking for no limit fails on macOS: ask for what is needed.
    soft = needed if hard == resource.RLIM_INFINITY else hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return min(wanted, max(0, soft - HEADROOM))


def port_offset() -> int:
    """Return what to add to every port: 0 where ports such as 22 may be bound, else 20000."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.bind(("127.0.0.1", 22))
        except PermissionError:
            return UNPRIVILEGED_OFFSET
        except OSError:
            # Somebody has the port: the kernel looks at privileges first, so they were enough.
            return 0
    return 0
