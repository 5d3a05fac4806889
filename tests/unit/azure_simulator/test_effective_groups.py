# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules in effect on an interface, as Microsoft describes the answer."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from closing_scene import FLEET
from cloud import BASE, Cloud, Json
from demo_fleet import PRODUCTION
from samples import SUBSCRIPTION

# Names of the fields of a rule [spec: EffectiveNetworkSecurityRule].
FIELDS = {
    "name",
    "protocol",
    "sourcePortRange",
    "destinationPortRange",
    "sourcePortRanges",
    "destinationPortRanges",
    "sourceAddressPrefix",
    "destinationAddressPrefix",
    "sourceAddressPrefixes",
    "destinationAddressPrefixes",
    "expandedSourceAddressPrefix",
    "expandedDestinationAddressPrefix",
    "access",
    "priority",
    "direction",
}
VERSION = "api-version=2024-05-01"


def path(cloud: Cloud, name: str) -> str:
    machines = (vm for group in cloud.world.groups() for vm in group.vms.values())
    return next(f"{vm.nics[0].id}/effectiveNetworkSecurityGroups?{VERSION}" for vm in machines if vm.name == name)


def answer(cloud: Cloud, name: str) -> list[Json]:
    reply = cloud.call("POST", path(cloud, name))
    assert reply.status == 202, reply.body
    location = urlsplit(str(reply.headers["Location"]))
    assert f"{location.scheme}://{location.netloc}" == BASE
    found = cloud.call("GET", f"{location.path}?{location.query}")
    assert found.status == 200
    return found.body["value"]  # type: ignore[no-any-return]


def test_the_rules_of_an_interface_have_the_described_form() -> None:
    (group,) = answer(Cloud("demo"), "web-02")

    assert group["networkSecurityGroup"]["id"].endswith("/nsg-web-02")
    assert group["association"].keys() == {"networkInterface"}
    rules = {rule["name"]: rule for rule in group["effectiveSecurityRules"]}
    assert all(rule.keys() == FIELDS for rule in rules.values())
    ssh = rules["securityRules/allow-ssh-migration"]
    assert (ssh["protocol"], ssh["destinationPortRange"], ssh["sourceAddressPrefix"]) == (
        "Tcp",
        "22-22",
        "0.0.0.0/0",
    )
    network = rules["defaultSecurityRules/AllowVnetInBound"]
    assert network["protocol"] == "All"
    assert network["destinationPortRanges"] == ["0-65535"]
    assert network["sourceAddressPrefix"] == "VirtualNetwork"
    assert network["expandedSourceAddressPrefix"] == ["10.21.0.0/16", "168.63.129.16/32"]


def test_both_levels_are_told_and_where_they_come_from(tmp_path: Path) -> None:
    file = tmp_path / "fleet.yml"
    file.write_text(FLEET)
    cloud = Cloud(str(file))

    groups = answer(cloud, "vm-both")

    assert [next(iter(group["association"])) for group in groups] == ["subnet", "networkInterface"]
    assert SUBSCRIPTION in groups[0]["networkSecurityGroup"]["id"]


def test_an_interface_without_any_group_has_an_empty_answer() -> None:
    assert answer(Cloud("demo"), "legacy-01") == []


def test_the_answer_takes_its_time() -> None:
    cloud = Cloud("demo", network_operation="10s")
    location = urlsplit(str(cloud.call("POST", path(cloud, "web-02")).headers["Location"]))
    early = cloud.call("GET", f"{location.path}?{location.query}")
    cloud.advance(10)
    late = cloud.call("GET", f"{location.path}?{location.query}")

    assert (early.status, late.status) == (202, 200)
    assert early.headers["Location"]


def test_a_vm_that_does_not_run_has_none() -> None:
    cloud = Cloud("demo")
    reply = cloud.call("POST", path(cloud, "batch-01"))
    assert reply.status == 400
    assert "running virtual machine" in reply.body["error"]["message"]


@pytest.mark.parametrize(("action", "status"), [("*/read", 403), ("*", 202)])
def test_reading_the_interface_is_not_permission_enough(action: str, status: int) -> None:
    cloud = Cloud("demo")
    roles = [{"scope": f"/subscriptions/{PRODUCTION}", "actions": [action]}]
    made = cloud.control("POST", "principals", {"name": "reader", "roles": roles})
    assert made.status in (200, 201), made.body
    principal = cloud.world.principals[made.body["client_id"]]
    token = cloud.world.tokens.issue(principal, f"{BASE}/", 3600)
    reply = cloud.call("POST", path(cloud, "web-02"), headers={"authorization": f"Bearer {token}"})
    assert reply.status == status
