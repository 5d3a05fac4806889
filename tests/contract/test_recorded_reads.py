# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorded reads of network resources and machines, asked again of a fleet: status, spelling, kinds of headers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cloud import Cloud
from demo_fleet import PRODUCTION
from recorded import Exchange, differences, vcr

TRANSPORT = {"content-type", "content-length", "transfer-encoding", "vary"}
# The demonstration fleet's resource of each recorded kind.
NAMES = {
    "resourceGroups": "rg-web",
    "networkInterfaces": "web-01-nic",
    "publicIPAddresses": "web-01-ip",
    "networkSecurityGroups": "nsg-web-01",
    "securityRules": "allow-https",
    "virtualNetworks": "vnet-web",
    "subnets": "web",
    "virtualMachines": "web-01",
}


def moved(path: str) -> str:
    """Return a recorded path with the names of the demonstration fleet."""
    path = re.sub(r"/subscriptions/[^/]+", f"/subscriptions/{PRODUCTION}", path)
    for kind, name in NAMES.items():
        path = re.sub(rf"/{kind}/[^/?]+", f"/{kind}/{name}", path)
    return path


def reads(path: Path) -> list[Exchange]:
    return [item for item in vcr(path) if item.method == "GET" and "/operations/" not in item.path]


@pytest.mark.parametrize(
    "recording",
    [
        "azure-sdk-for-python/azure-mgmt-network-13.0.0.test_mgmt_network.test_network_interface_card.yaml",
        "azure-sdk-for-python/azure-mgmt-network-13.0.0.test_mgmt_network.test_network_security_groups.yaml",
        "azure-sdk-for-python/azure-mgmt-network-13.0.0.test_mgmt_network.test_public_ip_addresses.yaml",
        "cloud-custodian/NetworkInterfaceTest.test_find_by_name.json",
        "cloud-custodian/NetworkSecurityGroupTest.test_find_by_name.json",
        "cloud-custodian/PublicIpAddressTest.test_find_by_name.json",
        "cloud-custodian/VMTest.virtual_machine.json",
        "cloud-custodian/VMTest.virtual_machine_instance.json",
    ],
)
def test_reads(azure_data: Path, recording: str) -> None:
    cloud = Cloud()
    recorded = reads(azure_data / "recordings" / recording)
    assert recorded
    for exchange in recorded:
        reply = cloud.call("GET", moved(exchange.path))
        assert reply.status == exchange.status, (exchange.path, reply.body)
        assert differences(reply.body, exchange.body) == []
        assert exchange.headers.keys() - {name.lower() for name in reply.headers} <= TRANSPORT


def test_etags_are_the_bodys() -> None:
    cloud = Cloud()
    path = f"/subscriptions/{PRODUCTION}/resourceGroups/rg-web/providers/Microsoft.Network/networkSecurityGroups"
    reply = cloud.call("GET", f"{path}/nsg-web-01?api-version=2024-01-01")
    assert reply.headers["ETag"] == reply.body["etag"]
    assert "ETag" not in cloud.call("GET", f"{path}?api-version=2024-01-01").headers
