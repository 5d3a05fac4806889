# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bodies of a just-in-time policy of one desktop and of a request for it, as other clients send them."""

from __future__ import annotations

from typing import Any

from demo_fleet import IDS

VM = IDS["vdi-win-01"]


def policy_body(number: int = 3389) -> dict[str, Any]:
    """Cover the desktop."""
    rule = {
        "number": number,
        "protocol": "*",
        "allowedSourceAddressPrefix": "*",
        "maxRequestAccessDuration": "PT3H",
    }
    return {"kind": "Basic", "properties": {"virtualMachines": [{"id": VM, "ports": [rule]}]}}


def initiate_body(number: int = 3389, source: str = "198.51.100.7", **end: str) -> dict[str, Any]:
    """Ask for the desktop, for one hour unless told otherwise."""
    port = {"number": number, "allowedSourceAddressPrefix": source, **(end or {"duration": "PT1H"})}
    return {"virtualMachines": [{"id": VM, "ports": [port]}], "justification": "rehearsal"}
