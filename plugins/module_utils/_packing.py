# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A result's VMs as one text on the way from the module to the action plugin.

Ansible looks for secrets in every part of a result by itself, and reads and writes it with encoders of its own.
With ten thousand VMs that takes longer than to decide about them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

# Set by the action plugin, which unpacks.
PACKING_VARIABLE = "JITFLEET_PACKING"
PACKED = "packed"
_PARTS = ("vms", "hosts")


def pack(result: Mapping[str, Any], secrets: Collection[str]) -> dict[str, Any]:
    """Give a result with its VMs packed; as it is where a secret stands among them, which Ansible then masks."""
    text = json.dumps({name: result[name] for name in _PARTS if name in result})
    if any(form in text for secret in secrets for form in (secret, json.dumps(secret)[1:-1])):
        return dict(result)
    return {**{name: value for name, value in result.items() if name not in _PARTS}, PACKED: text}


def unpack(result: dict[str, Any]) -> None:
    """Put a packed result's VMs where they belong."""
    if isinstance(text := result.pop(PACKED, None), str):
        result.update(json.loads(text))
