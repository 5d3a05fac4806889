# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state as JSON: what is exported comes back, and goes on as it would have gone on."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from address_machine import Machine
from azure_simulator.clock import Clock
from azure_simulator.fleet.document import FleetError
from azure_simulator.network.view import EffectiveReachability
from azure_simulator.service import Service
from azure_simulator.simulator import Options, WorldMaker
from azure_simulator.state.export import export_state
from cloud import START, Cloud, JitPolicyClient, Json, StoppedClock, rule, wish
from demo_fleet import IDS, WORKPLACE
from hypothesis import given, settings
from hypothesis import strategies as st

SMALL = """\
subscriptions:
  - name: One
    groups:
      - name: rg
        location: westeurope
        networks: [{name: net, address_space: 10.1.0.0/16, subnets: [{name: a, prefix: 10.1.1.0/29}]}]
        vms: [{name: vm-1, os: linux, public_ip: 127.9.0.1}]
"""
DESKTOPS = sorted(name for name in IDS if name.startswith("vdi"))
Step = Callable[[Cloud], object]


def client(cloud: Cloud) -> JitPolicyClient:
    return JitPolicyClient(cloud, WORKPLACE, "rg-vdi", "westeurope")


def put(names: list[str], ports: list[int]) -> Step:
    def step(cloud: Cloud) -> object:
        return client(cloud).put(*({"id": IDS[name], "ports": [rule(port) for port in ports]} for name in names))

    return step


def ask(name: str, port: int, source: str | list[str], minutes: int) -> Step:
    asked = {"id": IDS[name].upper(), "ports": [wish(port, source, duration=f"PT{minutes}M")]}
    return lambda cloud: client(cloud).initiate(asked, justification="a reason")


def of_vm(method: str, name: str, action: str = "") -> Step:
    return lambda cloud: cloud.call(method, f"{IDS[name]}{action}?api-version=2024-07-01")


def delete_first_rule(cloud: Cloud) -> None:
    nsg = next(nsg for group in cloud.world.groups() for nsg in group.nsgs.values() if nsg.rules)
    cloud.call("DELETE", f"{nsg.id}/securityRules/{next(iter(nsg.rules))}?api-version=2024-01-01")


def forward(name: str, kind: str) -> Step:
    def step(cloud: Cloud) -> None:
        for nic in [nic for group in cloud.world.groups() for nic in group.nics.values() if name in nic.name]:
            getattr(nic, kind).append(f"{nic.id}/of-{kind}")

    return step


def buy(plan: str) -> Step:
    path = f"/subscriptions/{WORKPLACE}/providers/Microsoft.Security/pricings/VirtualMachines"
    body = {"properties": {"pricingTier": plan}}
    return lambda cloud: cloud.call("PUT", f"{path}?api-version=2024-01-01", body)


NAMES = st.sampled_from(DESKTOPS)
PORTS = st.sampled_from([22, 3389])
STEPS = st.one_of(
    st.builds(put, st.lists(NAMES, unique=True), st.lists(PORTS, unique=True, min_size=1)),
    st.builds(
        ask, NAMES, PORTS, st.sampled_from(["*", "127.0.0.1", ["127.0.0.1", "10.0.0.0/8"]]), st.integers(5, 90)
    ),
    st.builds(of_vm, st.sampled_from(["POST"]), NAMES, st.sampled_from(["/start", "/deallocate"])),
    st.builds(of_vm, st.sampled_from(["DELETE"]), NAMES),
    st.builds(forward, NAMES, st.sampled_from(["application_groups", "nat_rules", "backend_pools"])),
    st.builds(buy, st.sampled_from(["Free", "Standard"])),
    st.sampled_from([delete_first_rule, lambda cloud: client(cloud).delete()]),
    st.integers(0, 3600).map(lambda seconds: lambda cloud: cloud.advance(seconds)),
)


def export(cloud: Cloud) -> Json:
    return cloud.control("GET", "state").body  # type: ignore[no-any-return]


def without_names(state: Json) -> Any:
    """Return a state without the names of rules, which are drawn anew after a restoration."""
    return json.loads(re.sub(r"JITRule([-_])-?\d+-?_?[0-9A-F]{32}", r"JITRule\1", json.dumps(state)))


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, max_size=12), st.integers(0, 7200))
def test_what_is_exported_comes_back_and_goes_on(steps: list[Step], later: int) -> None:
    cloud = Cloud(provisioning="4s")
    for step in steps:
        step(cloud)
    exported = export(cloud)
    other = Cloud("vms=2,groups=1", provisioning="4s")
    other.clock.offset = 5

    assert other.control("POST", "state", exported | {"tenant": export(other)["tenant"]}).status == 200
    assert export(other) | {"tenant": exported["tenant"]} == exported

    assert cloud.control("POST", "state", exported).status == 200
    assert export(cloud) == exported
    cloud.advance(later)
    other.advance(later)
    assert without_names(export(other))["subscriptions"] == without_names(export(cloud))["subscriptions"]
    assert reachable(other) == reachable(cloud)


def test_a_story_goes_on_as_if_nothing_had_been() -> None:
    cloud, twin = Cloud(provisioning="4s"), Cloud("vms=1,groups=1", provisioning="4s")
    put(["vdi-win-01"], [3389])(cloud)
    cloud.advance(4)
    ask("vdi-win-01", 3389, "127.0.0.1", 60)(cloud)
    twin.control("POST", "state", export(cloud))
    assert client(twin).states() == [(3389, "Initiating", "UserRequested")]
    for seconds, state in [(4, ("Initiated", "UserRequested")), (3600, ("Revoked", "Expired"))]:
        for either in (cloud, twin):
            either.advance(seconds)
        assert client(twin).states() == client(cloud).states() == [(3389, *state)]
        assert reachable(twin) == reachable(cloud)


def reachable(cloud: Cloud) -> set[tuple[str, int]]:
    """Return which ports let the machine's own callers in."""
    view = EffectiveReachability(cloud.world)
    return {
        (endpoint.address, port)
        for endpoint in view.endpoints()
        for port in (22, 3389)
        if view.admits(endpoint.address, port, "127.0.0.1")
    }


def test_settings_faults_journal_and_principals_stay() -> None:
    cloud = Cloud(provisioning="4s")
    cloud.control("POST", "faults", {"path": "/tenants$", "status": 500})
    cloud.call("GET", "/subscriptions?api-version=2022-12-01")
    cloud.control("POST", "state", export(cloud))
    assert cloud.control("GET", "behaviour").body["provisioning"] == 4
    assert len(cloud.control("GET", "faults").body["faults"]) == 1
    assert len(cloud.control("GET", "journal").body["requests"]) == 1
    assert cloud.call("GET", "/subscriptions?api-version=2022-12-01").status == 200


def test_a_reset_brings_the_fleet_back() -> None:
    cloud = Cloud()
    before = export(cloud)
    cloud.control("POST", "state", export(Cloud("vms=2,groups=1")))
    assert cloud.control("GET", "health").body["vms"] == 2
    cloud.control("POST", "reset")
    assert export(cloud) == before


@pytest.fixture(scope="module")
def exported() -> Json:
    cloud = Cloud()
    put(["vdi-win-01"], [3389])(cloud)
    ask("vdi-win-01", 3389, "*", 60)(cloud)
    return export(cloud)


def change(state: Json, path: str, value: Any) -> Json:
    """Return a copy of a state with one place changed."""
    changed = copy.deepcopy(state)
    *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    node: Any = changed
    for part in way:
        node = node[part]
    node[last] = value
    return changed


GROUP = "subscriptions.0.groups.0"
REQUEST = "subscriptions.0.policies.0.requests.0"


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("version", 2, "version: must be 1, not 2"),
        ("offset", -1, "offset: must be a number of seconds"),
        ("address_shift", "40", "address_shift: must be a whole number"),
        ("subscriptions", [], "subscriptions: must be a list with at least one entry"),
        ("subscriptions.0.pricings.0.name", "Nosuch", "subscriptions[0].pricings[0].name: 'Nosuch' is not one of"),
        (f"{GROUP}.colour", "red", "subscriptions[0].groups[0].colour: unknown field"),
        (f"{GROUP}.vms.0.power", "asleep", "groups[0].vms[0].power: 'asleep' is not one of running"),
        (f"{GROUP}.vms.0.created", "soon", "groups[0].vms[0].created: 'soon' is not a timestamp"),
        (f"{GROUP}.vms.0.nics", ["/x"], "groups[0].vms[0].nics: there is no '/x'"),
        (f"{GROUP}.vms.1.name", "vdi-win-01", "groups[0].vms[1].name: 'vdi-win-01' is there twice"),
        (f"{GROUP}.nics.0.subnet", "/x", "groups[0].nics[0].subnet: there is no '/x'"),
        (f"{GROUP}.nics.0.private_address", "ten", "nics[0].private_address: 'ten' is not an IPv4 address"),
        (f"{GROUP}.nsgs.0.rules.0.properties", {}, "nsgs[0].rules[0].properties: "),
        (f"{GROUP}.nsgs.0.rules.0.properties.priority", 1, "nsgs[0].rules[0].properties: "),
        ("subscriptions.0.policies.0.group", "x", "policies[0].group: there is no group 'x'"),
        ("subscriptions.0.policies.0.vms.0.ports", [], "policies[0].vms[0]: "),
        ("subscriptions.0.policies.0.vms.0.id", None, "policies[0].vms[0]: "),
        (f"{REQUEST}.requestor", 7, "policies[0].requests[0].requestor: must be a text"),
        (f"{REQUEST}.start", "", "policies[0].requests[0].start: must be a text"),
        (f"{REQUEST}.vms.0.ports.0.status", "Open", "requests[0].vms[0].ports[0].status: 'Open' is not one of"),
        (f"{REQUEST}.vms.0.ports.0.rules.0.nsg", "/x", "ports[0].rules[0].nsg: there is no '/x'"),
    ],
)
def test_mistakes_are_named_by_place_and_change_nothing(exported: Json, path: str, value: Any, said: str) -> None:
    cloud = Cloud()
    cloud.advance(3)
    before = export(cloud)
    reply = cloud.control("POST", "state", change(exported, path, value))
    assert reply.status == 400
    assert reply.body["error"]["code"] == "InvalidState"
    assert said in reply.body["error"]["message"]
    assert export(cloud) == before


def test_an_export_serves_as_a_fleet_of_any_tenant(tmp_path: Path, exported: Json) -> None:
    path = tmp_path / "yesterday.json"
    path.write_text(json.dumps(exported | {"offset": 90}))
    clock = StoppedClock(START)
    service = Service(WorldMaker(Options(fleet=str(path))), str(path), clock)
    assert export_state(service.world)["subscriptions"] == exported["subscriptions"]
    assert (service.world.tenant.name, clock.offset) == ("Contoso", 900_000_000)


@pytest.mark.parametrize("text", ["{", "[]", "7", '{"subscriptions": []}'])
def test_files_that_are_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "state.json"
    path.write_text(text)
    with pytest.raises(FleetError, match=r"^.*state\.json: "):
        WorldMaker(Options(fleet=str(path)))(Clock())


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FleetError, match="No such file"):
        WorldMaker(Options(fleet=str(tmp_path / "nosuch.json")))


def test_simulators_of_one_exported_state_keep_apart_and_stay_where_they_are(
    tmp_path: Path, exported: Json
) -> None:
    path = tmp_path / "state.json"
    path.write_text(json.dumps(exported))
    machine = Machine()
    clouds = [Cloud(str(path), claim=machine.claim()) for _ in range(2)]
    places = [public_addresses(cloud) for cloud in clouds]

    assert places[0]
    assert not set(places[0]) & set(places[1])
    for cloud in clouds:
        cloud.control("POST", "reset")
    assert [public_addresses(cloud) for cloud in clouds] == places


def test_a_state_that_another_simulator_exported_keeps_apart_from_it(small: str) -> None:
    machine = Machine()
    first, second = (Cloud(fleet, claim=machine.claim()) for fleet in ("demo", small))
    exported, own = export(first), public_addresses(second)

    second.control("POST", "state", exported)

    places = public_addresses(second)
    assert len(places) == len(public_addresses(first))
    assert not set(places) & set(public_addresses(first))
    second.control("POST", "state", export(second))
    assert public_addresses(second) == places
    first.control("POST", "state", export(second))
    assert export(first)["subscriptions"] == exported["subscriptions"]
    second.control("POST", "reset")
    assert public_addresses(second) == own


def test_without_room_for_its_addresses_a_state_changes_nothing(small: str, exported: Json) -> None:
    machine = Machine()
    cloud = Cloud(small, claim=machine.claim())
    cloud.advance(7)
    before = export(cloud)
    machine.claim().cover(f"127.{second}.1.1" for second in range(1, 255) if second != 9)

    reply = cloud.control("POST", "state", exported)

    assert (reply.status, reply.body["error"]["code"]) == (409, "NoLoopbackAddresses")
    assert "--data-plane off" in reply.body["error"]["message"]
    assert export(cloud) == before


def test_without_room_for_its_addresses_a_reset_changes_nothing(small: str) -> None:
    machine = Machine()
    cloud = Cloud(claim=machine.claim())
    cloud.control("POST", "state", export(Cloud(small)))
    cloud.advance(7)
    before = export(cloud)
    machine.claim().cover(f"127.{second}.1.1" for second in range(1, 255) if second != 9)

    reply = cloud.control("POST", "reset")

    assert (reply.status, reply.body["error"]["code"]) == (409, "NoLoopbackAddresses")
    assert export(cloud) == before


@pytest.fixture
def small(tmp_path: Path) -> str:
    """Give the path of a fleet with one VM."""
    path = tmp_path / "small.yml"
    path.write_text(SMALL)
    return str(path)


def public_addresses(cloud: Cloud) -> list[str]:
    return [public.address for public in cloud.world.public_addresses()]
