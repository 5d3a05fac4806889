# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tools ask that know nothing of the type of a resource: lists of all types, and providers [docs]."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from cloud import Cloud
from demo_fleet import IDS, PRODUCTION, WORKPLACE


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


def test_resources_of_all_types_are_listed(cloud: Cloud) -> None:
    resources = cloud.get(f"/subscriptions/{WORKPLACE}/resources")["value"]
    types = {resource["type"].partition("/")[2] for resource in resources}
    assert types == {
        "virtualMachines",
        "networkInterfaces",
        "publicIPAddresses",
        "networkSecurityGroups",
        "virtualNetworks",
    }
    assert {
        "id": IDS["vdi-win-01"],
        "name": "vdi-win-01",
        "type": "Microsoft.Compute/virtualMachines",
        "location": "westeurope",
        "tags": {"role": "vdi", "owner": "finance"},
    } in resources


def test_a_group_lists_its_own(cloud: Cloud) -> None:
    data = cloud.get(f"/subscriptions/{PRODUCTION}/resourceGroups/RG-DATA/resources")["value"]
    assert {resource["id"].split("/")[4] for resource in data} == {"rg-data"}


def test_lists_can_be_narrowed_to_a_type(cloud: Cloud) -> None:
    narrow = quote("resourceType eq 'microsoft.compute/VirtualMachines'")
    reply = cloud.call("GET", f"/subscriptions/{WORKPLACE}/resources?api-version=2022-09-01&$filter={narrow}")
    assert len(reply.body["value"]) == 6


def test_other_filters_are_refused(cloud: Cloud) -> None:
    path = f"/subscriptions/{WORKPLACE}/resources?api-version=2022-09-01&$filter="
    for text in ("name eq 'web-01'", "resourceType eq 'a/b' and name eq 'web-01'"):
        reply = cloud.call("GET", path + quote(text))
        assert (reply.status, reply.body["error"]["code"]) == (400, "InvalidFilterInQueryString")


def test_providers_are_listed(cloud: Cloud) -> None:
    providers = cloud.get(f"/subscriptions/{WORKPLACE}/providers")["value"]
    security = next(provider for provider in providers if provider["namespace"] == "Microsoft.Security")
    assert security == cloud.get(f"/subscriptions/{WORKPLACE}/providers/microsoft.security")
    types = {kind["resourceType"]: kind["apiVersions"] for kind in security["resourceTypes"]}
    assert types["locations/jitNetworkAccessPolicies"][0] == "2020-01-01"
    # azure.azcollection looks a nested type's version up under its first word.
    assert types["locations"] == ["2015-06-01-preview"]


@pytest.mark.parametrize("scope", ["", "/resourceGroups/rg-vdi"])
def test_fleets_have_no_scale_sets(cloud: Cloud, scope: str) -> None:
    path = f"/subscriptions/{WORKPLACE}{scope}/providers/Microsoft.Compute/virtualMachineScaleSets"
    assert cloud.get(path) == {"value": []}
    missing = path.replace("rg-vdi", "nosuch") if scope else path.replace(WORKPLACE, "0" * 8 + WORKPLACE[8:])
    assert cloud.call("GET", f"{missing}?api-version=2024-07-01").status == 404
