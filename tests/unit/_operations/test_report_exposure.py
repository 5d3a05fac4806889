# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who gets in to the VMs of a simulated cloud, by which window and which rule."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import AzureRefused
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ids import VmId
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.read_posture import Reading
from azure_simulator.network.models import SecurityRule
from closing_scene import COLLEAGUE, DESK, Scene, make_scene
from cloud import Cloud, JitPolicyClient, rule, wish
from demo_fleet import IDS, PRODUCTION, WORKPLACE
from hypothesis import given, settings
from hypothesis import strategies as st
from posture_scene import ELSEWHERE, JSON, of, put, report, resource, services_of, state, surround
from samples import SUBSCRIPTION


@pytest.fixture
def demo() -> Cloud:
    return Cloud("demo")


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return make_scene(tmp_path)


def test_an_older_rule_shadows_the_standing_deny(demo: Cloud) -> None:
    client = JitPolicyClient(demo, PRODUCTION, "rg-web", "westeurope")
    client.put({"id": IDS["web-02"], "ports": [rule(22)]}, {"id": IDS["jump-01"], "ports": [rule(22)]})
    demo.advance(30)

    vm = of(report(services_of(demo), PRODUCTION), "web-02")

    assert vm["jit_status"] == "configured"
    assert state(vm) == "open"
    (deny,) = vm["standing_deny"]
    assert deny["state"] == "shadowed"
    (shadow,) = deny["shadowed_by"]
    assert (shadow["name"], shadow["priority"]) == ("allow-ssh-migration", 310)
    assert shadow["security_group_id"].endswith("/networkSecurityGroups/nsg-web-02")


def test_a_deny_that_a_deployment_removed_is_missing(scene: Scene) -> None:
    before = report(services_of(scene.cloud), SUBSCRIPTION)
    for name in [name for name in scene.subnet_group.rules if "jitrule_" in name]:
        scene.subnet_group.remove(name)
    scene.cloud.world.touch()
    after = report(services_of(scene.cloud), SUBSCRIPTION)

    assert {deny["state"] for deny in of(before, "vm-2")["standing_deny"]} == {"present"}
    assert state(of(before, "vm-2"), source="virtual_network") == "closed"
    assert of(after, "vm-2")["jit_status"] == "configured"
    assert [(deny["port"], deny["state"]) for deny in of(after, "vm-2")["standing_deny"]] == [
        (22, "missing"),
        (3389, "missing"),
    ]
    assert state(of(after, "vm-2"), source="virtual_network") == "open"
    assert after["summary"]["not_guarded"] == 2


def test_open_windows_are_told_with_whose_they_are_and_their_effect(scene: Scene) -> None:
    scene.open("vm-2", 22, source="10.0.9.0/24", why="CHG-1")
    scene.settle()
    found = report(services_of(scene.cloud), SUBSCRIPTION, sources=("10.0.9.7", "10.0.8.7", DESK))

    vm = of(found, "vm-2")
    (window,) = vm["open"]
    assert window["sources"] == ["10.0.9.0/24"]
    assert window["justification"].startswith("CHG-1")
    assert window["effect"] == "effective"
    assert window["state"] == "initiated"
    assert window["policy_id"] == vm["policies"][0]["id"]
    assert 0 < window["remaining_seconds"] <= 3600
    assert state(vm, source="10.0.9.7") == "open"
    assert state(vm, source="10.0.8.7") == "closed"
    assert state(vm, source="virtual_network") == "partial"
    assert state(vm, source=DESK) == "closed", "the VM has no public address"
    assert found["summary"]["open"] == 1


def test_a_window_whose_rule_is_gone_is_not_open(scene: Scene) -> None:
    scene.open("vm-2", 22)
    scene.open("vm-2", 22, source=ELSEWHERE, by=COLLEAGUE)
    scene.settle()
    for name in [name for name in scene.subnet_group.rules if "jitrule-" in name]:
        if scene.subnet_group.rules[name].properties["sourceAddressPrefix"] == ELSEWHERE:
            scene.subnet_group.remove(name)
    scene.cloud.world.touch()

    (window,) = of(report(services_of(scene.cloud), SUBSCRIPTION), "vm-2")["open"]

    assert window["sources"] == [DESK]


def test_a_window_that_was_closed_stays_closed_when_somebody_opens_a_wider_one(scene: Scene) -> None:
    scene.open("vm-2", 22)
    scene.settle()
    for name in [name for name in scene.subnet_group.rules if "jitrule-" in name]:
        scene.subnet_group.remove(name)
    scene.open("vm-2", 22, source="203.0.113.0/24", by=COLLEAGUE)
    scene.settle()

    (window,) = of(report(services_of(scene.cloud), SUBSCRIPTION), "vm-2")["open"]

    assert window["sources"] == ["203.0.113.0/24"]


def test_a_window_that_another_rule_refuses_is_shadowed(scene: Scene) -> None:
    scene.open("vm-both", 22)
    scene.settle()
    nic_group = scene.machine("vm-both").nics[0].nsg
    assert nic_group is not None
    for name in [name for name in nic_group.rules if "jitrule-" in name]:
        nic_group.rules[name].properties["priority"] = 150
        nic_group.put(SecurityRule(nic_group.rules[name].name, nic_group.rules[name].properties))
    put(nic_group, "deny-all", 101, "*", "*", "Deny")
    scene.cloud.world.touch()

    (window,) = of(report(services_of(scene.cloud), SUBSCRIPTION), "vm-both")["open"]

    assert window["effect"] == "shadowed"
    assert "deny-all (101)" in window["effect_reason"]


def test_an_open_window_is_no_exposure(demo: Cloud) -> None:
    client = JitPolicyClient(demo, PRODUCTION, "rg-web", "westeurope")
    client.put({"id": IDS["web-01"], "ports": [rule(22)]}, {"id": IDS["jump-01"], "ports": [rule(22)]})
    demo.advance(30)
    client.initiate({"id": IDS["web-01"], "ports": [wish(22, ELSEWHERE)]})
    demo.advance(30)
    found = report(services_of(demo), PRODUCTION)

    vm = of(found, "web-01")
    (entry,) = [one for one in vm["exposure"] if (one["port"], one["source"]) == (22, "internet")]
    assert (entry["state"], entry["admitted"]) == ("partial", [ELSEWHERE])
    assert entry["besides_windows"] == {"state": "closed"}
    assert vm["internet_ports"] == []
    assert found["summary"]["open"] == 1
    assert found["summary"]["exposure"]["internet"]["partial"] == 0


def test_while_a_policy_is_written_its_windows_are_unknown_but_no_exposure(demo: Cloud) -> None:
    client = JitPolicyClient(demo, PRODUCTION, "rg-web", "westeurope")
    entries = [{"id": IDS[name], "ports": [rule(22)]} for name in ("web-01", "jump-01")]
    client.put(*entries)
    demo.advance(30)
    client.initiate({"id": IDS["web-01"], "ports": [wish(22, ELSEWHERE)]})
    demo.advance(30)
    demo.control("PATCH", "behaviour", {"provisioning": "10s"})
    client.put(*entries)
    found = report(services_of(demo), PRODUCTION)

    vm = of(found, "web-01")
    (entry,) = [one for one in vm["exposure"] if (one["port"], one["source"]) == (22, "internet")]
    assert "policy_updating" in vm["notes"]
    assert (entry["state"], entry["besides_windows"]["state"]) == ("partial", "unknown")
    assert "just being written" in entry["besides_windows"]["reason"]
    assert found["summary"]["exposure"]["internet"] == {"open": 1, "partial": 0, "unknown": 1, "closed": 5}
    assert vm["internet_ports"] == []
    assert of(found, "web-02")["internet_ports"] == [22]
    assert "policy_updating" not in of(found, "web-02")["notes"]
    demo.advance(2)
    assert client.properties()["provisioningState"] == "Updating"
    shown = of(report(services_of(demo), PRODUCTION), "web-01")
    assert "policy_updating" not in shown["notes"]
    assert [window["sources"] for window in shown["open"]] == [[ELSEWHERE]]


def test_while_a_policy_is_written_what_other_rules_let_in_is_told(demo: Cloud) -> None:
    client = JitPolicyClient(demo, PRODUCTION, "rg-web", "westeurope")
    client.put({"id": IDS["web-02"], "ports": [rule(22)]})
    demo.advance(30)
    demo.control("PATCH", "behaviour", {"provisioning": "10s"})
    client.put({"id": IDS["web-02"], "ports": [rule(22)]})

    vm = of(report(services_of(demo), PRODUCTION), "web-02")

    assert "policy_updating" in vm["notes"]
    assert vm["internet_ports"] == [22]


@pytest.mark.parametrize(("late", "ports"), [(60, []), (400, [22])])
def test_a_window_that_ends_while_its_rules_are_read_is_no_exposure_for_a_while(
    demo: Cloud, late: int, ports: list[int]
) -> None:
    client = JitPolicyClient(demo, PRODUCTION, "rg-web", "westeurope")
    client.put({"id": IDS["web-01"], "ports": [rule(22)]})
    demo.advance(30)
    client.initiate({"id": IDS["web-01"], "ports": [wish(22, ELSEWHERE)]})
    demo.advance(30)
    nsg = demo.world.subscriptions[PRODUCTION].groups["rg-web"].vms["web-01"].nics[0].nsg
    assert nsg is not None
    (left,) = [one for one in nsg.rules.values() if "-JITRule-" in one.name]
    demo.advance(3600 + late)
    nsg.put(left)  # as if Azure took its time
    demo.world.touch()

    vm = of(report(services_of(demo), PRODUCTION), "web-01")

    assert vm["open"] == []
    assert state(vm) == "partial"
    assert vm["internet_ports"] == ports


@pytest.mark.parametrize(
    ("asked", "patience"),
    [("/networkSecurityGroups", None), ("/effectiveNetworkSecurityGroups", timedelta(seconds=60))],
)
def test_a_window_that_opens_while_its_rules_are_read_is_no_exposure(
    demo: Cloud, asked: str, patience: timedelta | None
) -> None:
    client = JitPolicyClient(demo, PRODUCTION, "rg-web", "westeurope")
    client.put({"id": IDS["web-01"], "ports": [rule(22)]})
    demo.advance(30)
    services = services_of(demo)
    opened: list[int] = []

    def open_once() -> None:
        if not opened:
            opened.append(client.initiate({"id": IDS["web-01"], "ports": [wish(22, ELSEWHERE)]}).status)
            demo.advance(30)

    services.arm.hooks.append((asked, open_once))
    vm = of(report(services, PRODUCTION, reading=Reading(patience=patience)), "web-01")

    assert opened == [202]
    (entry,) = [one for one in vm["exposure"] if (one["port"], one["source"]) == (22, "internet")]
    assert (entry["state"], entry["admitted"]) == ("partial", [ELSEWHERE])
    assert entry["besides_windows"] == {"state": "closed"}
    assert [window["sources"] for window in vm["open"]] == [[ELSEWHERE]]


def test_a_policy_for_udp_does_not_hide_that_the_port_is_open_by_tcp(demo: Cloud) -> None:
    client = JitPolicyClient(demo, PRODUCTION, "rg-web", "westeurope")
    client.put({"id": IDS["web-02"], "ports": [rule(22, protocol="UDP")]})
    demo.advance(30)
    vm = of(report(services_of(demo), PRODUCTION), "web-02")

    entries = [one for one in vm["exposure"] if (one["port"], one["source"]) == (22, "internet")]
    assert [(one["protocol"], one["state"]) for one in entries] == [("tcp", "open"), ("udp", "closed")]
    assert vm["internet_ports"] == [22]


def test_rules_that_may_not_be_read_leave_open_who_gets_in(demo: Cloud) -> None:
    services = services_of(demo)

    def forbid() -> None:
        raise AzureRefused("GET nsg", 403, "AuthorizationFailed", "no groups")

    services.arm.hooks.append(("networkSecurityGroups", forbid))
    found = report(services, PRODUCTION)

    assert state(of(found, "web-01")) == "unknown"
    assert state(of(found, "web-01"), source="virtual_network") == "unknown"
    assert of(found, "jump-01")["standing_deny"] == [{"port": 22, "state": "unknown"}]
    assert state(of(found, "legacy-01")) == "closed", "it has no group that could let somebody in"


def test_a_vm_with_an_interface_that_may_not_be_read_is_not_called_closed(demo: Cloud) -> None:
    services = services_of(demo)
    exchange = services.arm._exchange

    def hide(method: str, url: str, **options: Any) -> Any:
        answer = exchange(method, url, **options)
        for row in (answer.document or {}).get("data") or ():
            if "web" in row["name"] and "nicCount" in row:
                row["nicCount"] = 2
        return answer

    services.arm._exchange = hide  # type: ignore[method-assign]
    found = report(services, PRODUCTION)

    assert state(of(found, "web-01")) == "unknown"
    assert of(found, "web-01")["exposure"][0]["reason"] == "not all network interfaces of the VM could be read"
    assert of(found, "web-02")["internet_ports"] == [22]
    assert state(of(found, "jump-01")) == "closed"
    (warning,) = services.warnings
    assert "(web-01, web-02" in warning
    assert "Microsoft.Network/networkInterfaces/read" in warning


def test_a_load_balancer_leaves_open_what_it_forwards(demo: Cloud) -> None:
    group = demo.world.subscriptions[PRODUCTION].groups["rg-data"]
    nic = group.vms["db-01"].nics[0]
    assert nic.nsg is not None
    put(nic.nsg, "rdp", 310, "Internet", "3389")
    demo.world.touch()
    alone = of(report(services_of(demo), PRODUCTION), "db-01")
    nic.nat_rules = ["/nat"]
    demo.world.touch()
    balanced = of(report(services_of(demo), PRODUCTION), "db-01")

    assert [state(alone, port) for port in (22, 3389)] == ["closed", "closed"]
    assert [state(balanced, port) for port in (22, 3389)] == ["closed", "unknown"]
    assert balanced["internet_ports"] == []


def test_a_firewall_of_a_policy_leaves_open_what_it_forwards(demo: Cloud) -> None:
    client = JitPolicyClient(demo, PRODUCTION, "rg-data", "northeurope")
    client.put({"id": IDS["db-01"], "ports": [rule(3389)], "publicIpAddress": "198.51.100.9"})
    demo.advance(30)
    vm = of(report(services_of(demo), PRODUCTION), "db-01")

    assert vm["policies"][0]["public_ip_address"] == "198.51.100.9"
    assert state(vm, 3389) == "closed", "the standing deny refuses the firewall too"
    assert state(vm, 22) == "unknown"


def test_the_closing_rules_of_a_firewall_are_not_looked_for_in_groups(demo: Cloud) -> None:
    client = JitPolicyClient(demo, PRODUCTION, "rg-web", "westeurope")
    client.put({"id": IDS["legacy-01"], "ports": [rule(3389)], "publicIpAddress": "198.51.100.9"})
    demo.advance(30)
    found = report(services_of(demo), PRODUCTION)

    assert of(found, "legacy-01")["jit_status"] == "configured"
    assert of(found, "legacy-01")["standing_deny"] == []
    assert found["summary"]["not_guarded"] == 0


def test_azures_own_rules_judge_where_they_are_asked_for(demo: Cloud) -> None:
    services = services_of(demo)
    computed = report(services_of(demo), PRODUCTION)
    asked = report(services, PRODUCTION, reading=Reading(patience=timedelta(seconds=60)))

    def verdicts(found: JSON) -> dict[str, list[tuple[Any, ...]]]:
        return {
            vm["name"]: [(one["port"], one["source"], one["state"], one.get("rule")) for one in vm["exposure"]]
            for vm in found["vms"]
        }

    assert verdicts(asked) == verdicts(computed)
    assert of(asked, "web-02")["rules_from"] == "azure"
    off = of(asked, "batch-01")
    assert off["rules_from"] == "security_groups"
    assert "doesn't run" in off["rules_problem"]
    sent = [name for name in services.arm.sent if name.endswith("/effectiveNetworkSecurityGroups")]
    assert len(sent) == 6, "one for each interface of a VM that runs"


def test_azures_own_rules_are_waited_for() -> None:
    demo = Cloud("demo", network_operation="15s")
    patient, hasty = services_of(demo), services_of(demo)
    vm = VmId.parse("vms", IDS["web-02"])
    told = report(patient, named={vm: ()}, reading=Reading(patience=timedelta(seconds=60)))
    given_up = report(hasty, named={vm: ()}, reading=Reading(patience=timedelta(seconds=5)))

    assert of(told, "web-02")["rules_from"] == "azure"
    assert patient.clock.slept >= 15
    assert of(given_up, "web-02")["rules_from"] == "security_groups"
    assert "didn't come in time" in of(given_up, "web-02")["rules_problem"]
    assert state(of(given_up, "web-02")) == "open"


@cache
def shared_demo() -> Cloud:
    return Cloud("demo")


WRITTEN = st.lists(
    st.tuples(
        st.integers(100, 4000),
        st.sampled_from(["*", "Internet", "VirtualNetwork", "AzureCloud", DESK, "10.21.0.0/24", "0.0.0.0/0"]),
        st.sampled_from(["22", "20-30", "3389", "*"]),
        st.sampled_from(["Allow", "Deny"]),
    ),
    max_size=5,
    unique_by=lambda rule: rule[0],
)


@settings(max_examples=20, deadline=None)
@given(WRITTEN, WRITTEN)
def test_azures_own_rules_say_what_the_groups_say(of_nic: list[Any], of_subnet: list[Any]) -> None:
    cloud = shared_demo()
    group = cloud.world.subscriptions[PRODUCTION].groups["rg-web"]
    nic = group.vms["web-01"].nics[0]
    nic.subnet.nsg = group.nsgs["nsg-jump"]
    assert nic.nsg is not None
    for nsg, rules in ((nic.nsg, of_nic), (nic.subnet.nsg, of_subnet)):
        for name in list(nsg.rules):
            nsg.remove(name)
        for priority, source, port, access in rules:
            put(nsg, f"rule-{priority}", priority, source, port, access)
    cloud.world.touch()
    named = {VmId.parse("vms", IDS["web-01"]): ()}
    computed, asked = (
        report(services_of(cloud), named=named, reading=Reading(patience=patience), sources=(DESK, "10.21.0.9"))
        for patience in (None, timedelta(seconds=60))
    )

    def told(found: JSON) -> list[tuple[Any, ...]]:
        entries = of(found, "web-01")["exposure"]
        return [
            (one["port"], one["source"], one["state"], one.get("rule"), one.get("admitted")) for one in entries
        ]

    assert of(asked, "web-01")["rules_from"] == "azure"
    assert told(asked) == told(computed)


def test_no_rules_are_in_effect_on_vms_that_are_off(demo: Cloud) -> None:
    batch = VmId.parse("vms", IDS["batch-01"])
    services = services_of(demo)
    found = report(services, named={batch: ()}, reading=Reading(patience=timedelta(seconds=60)))

    assert of(found, "batch-01")["rules_from"] == "security_groups"
    assert "doesn't run" in of(found, "batch-01")["rules_problem"]
    assert not [name for name in services.arm.sent if "effective" in name]


def test_without_permission_for_azures_own_rules_the_groups_judge_and_that_is_said(demo: Cloud) -> None:
    services = services_of(demo)

    def forbid() -> None:
        raise AzureRefused("POST effective", 403, "AuthorizationFailed", "no action")

    services.arm.hooks.append(("/effectiveNetworkSecurityGroups", forbid))
    found = report(services, PRODUCTION, reading=Reading(patience=timedelta(seconds=60)))

    assert of(found, "web-02")["rules_from"] == "security_groups"
    assert "no action" in of(found, "web-02")["rules_problem"]
    assert state(of(found, "web-02")) == "open"


@pytest.mark.parametrize(
    ("policy", "status", "reason"),
    [(None, "not_configured", None), ({"id": "/policy"}, "unsupported", "firewall_manager")],
)
def test_a_firewall_stands_in_for_a_group_unless_a_manager_steers_it(
    demo: Cloud, policy: JSON | None, status: str, reason: str | None
) -> None:
    network = f"/subscriptions/{PRODUCTION}/resourceGroups/rg-web/providers/Microsoft.Network/virtualNetworks"
    subnet = {"subnet": {"id": f"{network}/vnet-web/subnets/AzureFirewallSubnet"}}
    services = services_of(demo)
    properties = {"ipConfigurations": [{"properties": subnet}], "firewallPolicy": policy}
    surround(services, resource("Microsoft.Network/azureFirewalls", "fw", **properties))
    vm = of(report(services, PRODUCTION), "legacy-01")

    assert (vm["jit_status"], vm["reason"]) == (status, reason)
    assert state(vm) == "unknown", "it may lead the internet to the VM"


def test_a_default_route_to_the_subnet_of_a_vm_with_a_public_address_lets_the_internet_in(demo: Cloud) -> None:
    services = services_of(demo)
    exchange = services.arm._exchange
    table = f"/subscriptions/{PRODUCTION}/resourceGroups/rg-web/providers/Microsoft.Network/routeTables/out"
    routes = [{"properties": {"addressPrefix": "0.0.0.0/0", "nextHopType": "VirtualAppliance"}}]
    tables: list[JSON] = []

    def route(method: str, url: str, **options: Any) -> Any:
        answer = exchange(method, url, **options)
        if "microsoft.network/routetables" in str((options.get("body") or {}).get("query")):
            for row in answer.document["data"]:
                for subnet in row["properties"].get("subnets") or ():
                    subnet["properties"]["routeTable"] = {"id": table.upper()}
            answer.document["data"] += tables
        return answer

    services.arm._exchange = route  # type: ignore[method-assign]
    unread = of(report(services, PRODUCTION), "web-01")
    tables.append({"id": table, "type": "microsoft.network/routetables", "properties": {"routes": routes}})
    found = report(services, PRODUCTION)

    assert state(unread) == "unknown"
    assert unread["public_ip"]
    assert (state(of(found, "web-01")), of(found, "web-01")["internet_ports"][:1]) == ("open", [22])
    assert of(found, "web-01")["exposure"][0]["rule"]["name"] == "AllowVnetInBound"
    assert state(of(found, "db-01")) == "closed", "it has no public address"
    assert state(of(found, "jump-01")) == "closed", "its closing rule stands before"


def test_a_network_manager_leaves_everything_open_until_azure_is_asked(demo: Cloud) -> None:
    scopes = {"subscriptions": [f"/subscriptions/{PRODUCTION}"]}
    manager = resource("Microsoft.Network/networkManagers", "avnm", networkManagerScopes=scopes)
    services = services_of(demo)
    surround(services, manager)
    computed = report(services, PRODUCTION, WORKPLACE)
    asked = report(services, PRODUCTION, WORKPLACE, reading=Reading(patience=timedelta(seconds=60)))

    assert state(of(computed, "web-02")) == "unknown"
    assert state(of(computed, "vdi-win-01")) == "closed"
    assert state(of(asked, "web-02")) == "open"
    assert state(of(asked, "batch-01")) == "unknown", "it doesn't run"
