# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resource providers that are served, with the api-versions that they announce."""

from __future__ import annotations

JIT_VERSIONS = ("2020-01-01", "2015-06-01-preview")
PRICING_VERSIONS = ("2024-01-01", "2023-01-01", "2022-03-01", "2018-06-01")

_COMPUTE = ("2025-04-01", "2024-11-01", "2024-07-01", "2024-03-01", "2023-09-01", "2022-11-01", "2019-03-01")
_NETWORK = ("2024-10-01", "2024-05-01", "2023-11-01", "2022-07-01", "2020-07-01", "2018-12-01")

PROVIDERS: dict[str, tuple[str, dict[str, tuple[str, ...]]]] = {
    "microsoft.security": (
        "Microsoft.Security",
        {
            "locations": ("2015-06-01-preview",),
            "locations/jitNetworkAccessPolicies": JIT_VERSIONS,
            "jitNetworkAccessPolicies": JIT_VERSIONS,
            "pricings": PRICING_VERSIONS,
            "assessments": ("2020-01-01",),
        },
    ),
    "microsoft.compute": (
        "Microsoft.Compute",
        {"virtualMachines": _COMPUTE, "locations/operations": _COMPUTE},
    ),
    "microsoft.network": (
        "Microsoft.Network",
        {
            "networkInterfaces": _NETWORK,
            "publicIPAddresses": _NETWORK,
            "networkSecurityGroups": _NETWORK,
            "networkSecurityGroups/securityRules": _NETWORK,
            "virtualNetworks": _NETWORK,
            "virtualNetworks/subnets": _NETWORK,
            "locations/operations": _NETWORK,
        },
    ),
    "microsoft.resourcegraph": (
        "Microsoft.ResourceGraph",
        {"resources": ("2022-10-01", "2021-03-01", "2019-04-01")},
    ),
    "microsoft.resources": (
        "Microsoft.Resources",
        {"subscriptions": ("2022-12-01",), "resourceGroups": ("2022-09-01",), "tenants": ("2022-12-01",)},
    ),
}
