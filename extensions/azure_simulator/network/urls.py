# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths of network resources."""

from __future__ import annotations

from ..routing import Route
from . import effective, responses, writes
from .models import ADDRESSES, GROUPS, INTERFACES, NETWORKS

_PROVIDER = "providers/Microsoft.Network"
_ALL = f"/subscriptions/{{subscription_id}}/{_PROVIDER}"
_GROUP = f"/subscriptions/{{subscription_id}}/resourceGroups/{{group_name}}/{_PROVIDER}"
_NSG = f"{_GROUP}/networkSecurityGroups/{{nsg_name}}"
_NETWORK = f"{_GROUP}/virtualNetworks/{{network_name}}"

ROUTES = [
    Route(
        "GET",
        f"{_ALL}/networkInterfaces",
        responses.list_all_interfaces,
        action=f"{INTERFACES}/read",
        filtered=True,
    ),
    Route("GET", f"{_GROUP}/networkInterfaces", responses.list_interfaces, action=f"{INTERFACES}/read"),
    Route("GET", f"{_GROUP}/networkInterfaces/{{name}}", responses.get_interface, action=f"{INTERFACES}/read"),
    Route(
        "POST",
        f"{_GROUP}/networkInterfaces/{{name}}/effectiveNetworkSecurityGroups",
        effective.post_effective_groups,
        action=f"{INTERFACES}/effectiveNetworkSecurityGroups/action",
    ),
    Route(
        "GET", f"{_ALL}/publicIPAddresses", responses.list_all_addresses, action=f"{ADDRESSES}/read", filtered=True
    ),
    Route("GET", f"{_GROUP}/publicIPAddresses", responses.list_addresses, action=f"{ADDRESSES}/read"),
    Route("GET", f"{_GROUP}/publicIPAddresses/{{name}}", responses.get_address, action=f"{ADDRESSES}/read"),
    Route("GET", f"{_ALL}/networkSecurityGroups", responses.list_all_nsgs, action=f"{GROUPS}/read", filtered=True),
    Route("GET", f"{_GROUP}/networkSecurityGroups", responses.list_nsgs, action=f"{GROUPS}/read"),
    Route("GET", _NSG, responses.get_nsg, action=f"{GROUPS}/read"),
    Route("GET", f"{_NSG}/securityRules", responses.list_rules, action=f"{GROUPS}/securityRules/read"),
    Route(
        "GET",
        f"{_NSG}/defaultSecurityRules",
        responses.list_default_rules,
        action=f"{GROUPS}/defaultSecurityRules/read",
    ),
    Route("GET", f"{_NSG}/securityRules/{{rule_name}}", responses.get_rule, action=f"{GROUPS}/securityRules/read"),
    Route("PUT", f"{_NSG}/securityRules/{{rule_name}}", writes.put_rule, action=f"{GROUPS}/securityRules/write"),
    Route(
        "DELETE",
        f"{_NSG}/securityRules/{{rule_name}}",
        writes.delete_rule,
        action=f"{GROUPS}/securityRules/delete",
    ),
    Route("GET", f"{_ALL}/virtualNetworks", responses.list_all_networks, action=f"{NETWORKS}/read", filtered=True),
    Route("GET", f"{_GROUP}/virtualNetworks", responses.list_networks, action=f"{NETWORKS}/read"),
    Route("GET", _NETWORK, responses.get_network, action=f"{NETWORKS}/read"),
    Route("GET", f"{_NETWORK}/subnets", responses.list_subnets, action=f"{NETWORKS}/subnets/read"),
    Route("GET", f"{_NETWORK}/subnets/{{subnet_name}}", responses.get_subnet, action=f"{NETWORKS}/subnets/read"),
]
