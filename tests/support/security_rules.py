# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Security groups and rules, as Azure Resource Manager writes them, in as few words as possible."""

from __future__ import annotations

from typing import Any

from ansible_collections.jitfleet.azure.plugins.module_utils._jit.endpoints import (
    Endpoint,
    Layer,
    NoGroup,
    PublicAddress,
)
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.security_rules import SecurityGroup, read_group

Json = dict[str, Any]

GROUP_ID = (
    "/subscriptions/00000000-0000-4000-8000-00000000000a/resourceGroups/Rg-Desktops"
    "/providers/Microsoft.Network/networkSecurityGroups"
)
GRANT_NAME = "MicrosoftDefenderForCloud-JITRule-1153098436-0123456789abcdef0123456789ABCDEF"
DENY_NAME = "MicrosoftDefenderForCloud-JITRule_-1153098436_0123456789abcdef0123456789ABCDEF"


def wire_rule(name: str = "rule", priority: int | None = 300, access: str = "Allow", **changes: Any) -> Json:
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


def group_of(*rules: Json, name: str = "nsg") -> SecurityGroup:
    return read_group(wire_group(*rules, name=name))


def allow(source: str = "*", port: int | str = 22, priority: int = 300, name: str = "allow", **more: Any) -> Json:
    more.setdefault("sourceAddressPrefix", source)
    return wire_rule(name, priority, "Allow", destinationPortRange=str(port), **more)


def deny(source: str = "*", port: int | str = "*", priority: int = 4000, name: str = "deny", **more: Any) -> Json:
    more.setdefault("sourceAddressPrefix", source)
    return wire_rule(name, priority, "Deny", destinationPortRange=str(port), **more)


def jit_deny(*ports: int, priority: int = 4096, address: str = "10.0.0.4") -> Json:
    """Write the standing deny of a VM."""
    return wire_rule(
        DENY_NAME,
        priority,
        "Deny",
        destinationAddressPrefix=address,
        destinationPortRange=None,
        destinationPortRanges=[str(port) for port in ports or (22,)],
    )


def jit_grant(source: str = "203.0.113.7", port: int = 22, priority: int = 100, address: str = "10.0.0.4") -> Json:
    """Write the rule of a grant."""
    return allow(source, port, priority, GRANT_NAME, destinationAddressPrefix=address)


def endpoint(
    *,
    subnet: Layer = NoGroup.NONE,
    nic: Layer = NoGroup.NONE,
    address: str = "10.0.0.4",
    public: PublicAddress = PublicAddress.STANDARD,
    **more: Any,
) -> Endpoint:
    """Describe an IP configuration with a Standard public address."""
    return Endpoint(address, subnet, nic, public=public, **more)
