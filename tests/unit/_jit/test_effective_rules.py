# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Azure's own list of the rules in effect, read as security groups."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.effective_rules import read_effective
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.endpoints import Endpoint, Layer, NoGroup, Unread
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.exposure import judge_rules
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.layout import read_layout
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.security_rules import SecurityRule
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.sight import see_in_effect
from fleet_rows import interface, network_id, vm_row

NSG = network_id("networkSecurityGroups", "nsg-nic")
SUBNET_NSG = network_id("networkSecurityGroups", "nsg-subnet")
NIC = network_id("networkInterfaces", "nic-1")
DESK = "203.0.113.7"


def rule(
    name: str, priority: int, access: str, source: str | list[str], port: str = "0-65535", **more: Any
) -> Any:
    """Write a rule as Microsoft's examples show it [docs]."""
    sources = [source] if isinstance(source, str) else source
    return {
        "name": name,
        "protocol": "All",
        "sourcePortRange": "0-65535",
        "destinationPortRange": port,
        "sourceAddressPrefix": sources[0],
        "sourceAddressPrefixes": sources,
        "destinationAddressPrefix": "0.0.0.0/0",
        "destinationAddressPrefixes": ["0.0.0.0/0"],
        "expandedSourceAddressPrefix": [],
        "expandedDestinationAddressPrefix": None,
        "access": access,
        "priority": priority,
        "direction": "Inbound",
        **more,
    }


NETWORK = rule(
    "defaultSecurityRules/AllowVnetInBound",
    65000,
    "Allow",
    "VirtualNetwork",
    expandedSourceAddressPrefix=["10.9.0.0/16", "168.63.129.16/32", "172.20.0.0/16"],
)
REST = rule("defaultSecurityRules/DenyAllInBound", 65500, "Deny", "0.0.0.0/0")


def group(*rules: Any, nsg: str = NSG, **association: Any) -> dict[str, Any]:
    return {
        "networkSecurityGroup": {"id": nsg},
        "association": association or {"networkInterface": {"id": NIC}},
        "effectiveSecurityRules": [*rules, NETWORK, REST],
    }


def verdict(document: dict[str, Any], source: str, port: int = 22) -> str:
    effective = read_effective(document)
    subnet: Layer = effective.subnet or NoGroup.NONE
    nic: Layer = effective.nic or NoGroup.NONE
    endpoint = Endpoint("10.9.0.4", subnet, nic, network_space=effective.network_space)
    return judge_rules(endpoint, source, port).state


def test_a_default_route_makes_the_internet_a_part_of_the_network() -> None:
    route = {**NETWORK, "expandedSourceAddressPrefix": ["10.9.0.0/16", "0.0.0.0/0"]}
    document = {"value": [{**group(), "effectiveSecurityRules": [route, REST]}]}
    layout = read_layout(vm_row(interfaces=[interface(nic=NIC, privateAddress="10.9.0.4", hasPublic=True)]))
    assert layout is not None
    seen = see_in_effect(layout, {NIC.lower(): read_effective(document)}, frozenset({Unread.ROUTES}))
    (endpoint,) = seen.at_port(seen.view.endpoints(seen.layout), 22)
    assert endpoint.unread == frozenset()
    assert judge_rules(endpoint, "Internet", 22).state == "open"


def test_without_its_addresses_a_tag_leaves_the_routes_unread() -> None:
    plain = {**NETWORK, "expandedSourceAddressPrefix": None}
    document = {"value": [{**group(), "effectiveSecurityRules": [plain, REST]}]}
    layout = read_layout(vm_row(interfaces=[interface(nic=NIC)]))
    assert layout is not None
    seen = see_in_effect(layout, {NIC.lower(): read_effective(document)}, frozenset({Unread.ROUTES}))
    assert seen.unread == {Unread.ROUTES}


@pytest.mark.parametrize(
    ("rules", "source", "state"),
    [
        ([], DESK, "closed"),
        ([], "10.9.1.1", "open"),
        ([], "172.20.0.1", "open"),
        ([rule("securityRules/ssh", 300, "Allow", "0.0.0.0/0", "22-22")], DESK, "open"),
        ([rule("securityRules/ssh", 300, "Allow", "0.0.0.0/0", "23-23")], DESK, "closed"),
        ([rule("securityRules/ssh", 300, "Allow", "Internet", "22-22")], DESK, "open"),
        ([rule("UserRule_ssh", 300, "Allow", [DESK, "198.51.100.0/24"], "22-22")], DESK, "open"),
        ([rule("securityRules/udp", 300, "Allow", "0.0.0.0/0", "22-22", protocol="Udp")], DESK, "closed"),
        (
            [rule("securityRules/out", 300, "Allow", "0.0.0.0/0", "22-22", direction="Outbound")],
            DESK,
            "closed",
        ),
        ([rule("securityRules/tag", 300, "Allow", "AzureCloud.westeurope", "22-22")], DESK, "unknown"),
        (
            [
                rule(
                    "securityRules/tag",
                    300,
                    "Allow",
                    "AzureCloud.westeurope",
                    "22-22",
                    expandedSourceAddressPrefix=["20.50.0.0/16"],
                )
            ],
            DESK,
            "closed",
        ),
        (
            [
                rule(
                    "securityRules/tag",
                    300,
                    "Allow",
                    "AzureCloud.westeurope",
                    "22-22",
                    expandedSourceAddressPrefix=["203.0.112.0/22"],
                )
            ],
            DESK,
            "open",
        ),
        ([rule("securityRules/odd", 300, "Maybe", "0.0.0.0/0", "22-22")], DESK, "unknown"),
        ([{"name": "securityRules/empty"}], DESK, "unknown"),
    ],
)
def test_rules_in_effect_are_judged(rules: list[Any], source: str, state: str) -> None:
    assert verdict({"value": [group(*rules)]}, source) == state


def test_both_levels_have_to_let_in() -> None:
    ssh = rule("securityRules/ssh", 300, "Allow", "0.0.0.0/0", "22-22")
    subnet = group(nsg=SUBNET_NSG, subnet={"id": "/subnet"})
    assert verdict({"value": [subnet, group(ssh)]}, DESK) == "closed"
    subnet = group(ssh, nsg=SUBNET_NSG, subnet={"id": "/subnet"})
    assert verdict({"value": [subnet, group(ssh)]}, DESK) == "open"


def test_rules_have_the_names_and_ids_that_their_groups_give_them() -> None:
    effective = read_effective({"value": [group(rule("UserRule_ssh", 300, "Allow", "0.0.0.0/0", "22-22"))]})
    assert effective.nic is not None
    names = {found.name: found.id for found in effective.nic.rules}
    assert names["ssh"] == f"{NSG}/securityRules/ssh"
    assert names["AllowVnetInBound"] == f"{NSG}/defaultSecurityRules/AllowVnetInBound"
    assert effective.network_space == ("10.9.0.0/16", "172.20.0.0/16")


def test_a_group_whose_rules_are_not_told_leaves_open_who_gets_in() -> None:
    untold = {**group(), "effectiveSecurityRules": None}
    assert verdict({"value": [untold]}, DESK) == "unknown"


@pytest.mark.parametrize("document", [{}, {"value": None}, {"value": []}])
def test_an_interface_without_groups(document: dict[str, Any]) -> None:
    effective = read_effective(document)
    assert (effective.subnet, effective.nic, effective.others) == (None, None, ())


def test_a_managers_rules_leave_open_what_becomes_of_the_ports_that_they_name() -> None:
    admin = group(
        rule("securityRules/no-rdp", 1, "Deny", "0.0.0.0/0", "3389-3389"),
        nsg="/manager",
        networkManager={"id": "/m"},
    )
    layout = read_layout(vm_row("vm", interface()))
    assert layout is not None
    sight = see_in_effect(layout, {NIC.lower(): read_effective({"value": [admin, group()]})}, frozenset())

    def states(port: int) -> list[str]:
        plain = sight.view.endpoints(sight.layout)
        return ["unknown" if one.unread else "told" for one in sight.at_port(plain, port)]

    assert states(3389) == ["unknown"]
    assert states(22) == ["told"]
    (endpoint,) = sight.view.endpoints(sight.layout)
    assert not isinstance(endpoint.nic, NoGroup)
    assert all(isinstance(found, SecurityRule) for found in endpoint.nic.rules)


def test_a_managers_rules_are_no_subnets_whatever_else_they_are_said_to_be_on() -> None:
    admin = group(nsg="/manager", networkManager={"id": "/m"}, subnet={"id": "/subnet"})
    effective = read_effective({"value": [admin]})
    assert effective.subnet is None
    assert [found.id for found in effective.others] == ["/manager"]
