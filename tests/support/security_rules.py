# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Security groups and rules, as Azure Resource Manager writes them, in as few words as possible."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

GROUP_ID = (
    "/subscriptions/00000000-0000-4000-8000-00000000000a/resourceGroups/Rg-Desktops"
    "/providers/Microsoft.Network/networkSecurityGroups"
)
GRANT_NAME = "MicrosoftDefenderForCloud-JITRule-1153098436-0123456789abcdef0123456789ABCDEF"
DENY_NAME = "MicrosoftDefenderForCloud-JITRule_-1153098436_0123456789abcdef0123456789ABCDEF"


def wire_rule(name: str = "rule", priority: int = 300, access: str = "Allow", **changes: Any) -> Json:
    """Write an inbound rule that matches everything; `None` takes a property away."""
    properties = {
        "protocol": "*",
        "sourcePortRange": "*",
        "destinationPortRange": "*",
        "sourceAddressPrefix": "*",
        "destinationAddressPrefix": "*",
        "access": access,
        "priority": priority,
        "direction": "Inbound",
        **changes,
    }
    return {
        "id": f"{GROUP_ID}/nsg/securityRules/{name}",
        "name": name,
        "properties": {key: value for key, value in properties.items() if value is not None},
    }


def wire_group(*rules: Json, name: str = "nsg", defaults: list[Json] | None = None) -> Json:
    properties: Json = {"securityRules": list(rules)}
    if defaults is not None:
        properties["defaultSecurityRules"] = defaults
    return {"id": f"{GROUP_ID}/{name}", "name": name, "properties": properties}
