# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Try real TCP connections and say for each how it went.

knock.py [--from ADDRESS] NAME=ADDRESS:PORT ...
"""

from __future__ import annotations

import argparse
import socket


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="source", help="the address to come from")
    parser.add_argument("doors", nargs="+", metavar="NAME=ADDRESS:PORT")
    given = parser.parse_args()
    for door in given.doors:
        name, _, place = door.partition("=")
        address, _, port = place.rpartition(":")
        print(f"{name:<12} {place:<17} {knock(address, int(port), given.source)}")  # noqa: T201


def knock(address: str, port: int, source: str | None) -> str:
    """Connect, and wait a moment for a reset: a door may open and shut in one's face."""
    try:
        with socket.create_connection((address, port), 2, (source, 0) if source else None) as connection:
            connection.settimeout(0.2)
            try:
                return "accepted" if connection.recv(1) else "refused"
            except TimeoutError:
                return "accepted"
    except TimeoutError:
        return "no answer"
    except OSError:
        return "refused"


if __name__ == "__main__":
    main()
