# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ARM resource ids, taken apart."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b


@dataclass(frozen=True, slots=True)
class ResourceId:
    """The parts of `/subscriptions/S/resourceGroups/G/providers/NAMESPACE/TYPE/NAME`."""

    subscription_id: str
    group: str
    kind: str
    name: str


def parse(text: str) -> ResourceId | None:
    """Take an id apart, without regard to case; None when it isn't one of a resource in a group."""
    parts = text.split("/")
    if len(parts) != 9 or parts[0] or not all(parts[1:]):
        return None
    words = [parts[1].lower(), parts[3].lower(), parts[5].lower()]
    if words != ["subscriptions", "resourcegroups", "providers"]:
        return None
    return ResourceId(parts[2], parts[4], f"{parts[6]}/{parts[7]}", parts[8])


def guid(*parts: object) -> str:
    """Make the GUID that belongs to these parts, always the same."""
    digest = blake2b("/".join(map(str, parts)).encode(), digest_size=16).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-a{digest[17:20]}-{digest[20:]}"


def etag(*parts: object) -> str:
    """Make the weak ETag that belongs to these parts."""
    return f'W/"{guid("etag", *parts)}"'
