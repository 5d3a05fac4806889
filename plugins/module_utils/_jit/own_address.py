# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a service answers that tells callers their address."""

from __future__ import annotations

import json
from ipaddress import IPv6Address, ip_address

# The longest is a JSON object with a few words about the address.
LONGEST_ANSWER = 4096
_SHOWN = 60


def read_own_address(text: str) -> str:
    """Read one address from an answer: plain text, a JSON string, or a JSON object's `ip`.

    Raises ValueError that says what came instead.
    """
    said = _said(text.strip())
    try:
        address = ip_address(said)
    except ValueError:
        raise ValueError(f"it answered {_quoted(said)}, which is no IP address") from None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return str(address.ipv4_mapped)
    if address.is_unspecified or address.is_multicast or address.is_link_local:
        raise ValueError(f"it answered {said}, which is nobody's address on the way to Azure")
    return str(address)


def _said(text: str) -> str:
    try:
        document = json.loads(text)
    except ValueError:
        return text
    if isinstance(document, dict):
        document = document.get("ip")
    return document.strip() if isinstance(document, str) else text


def _quoted(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")
