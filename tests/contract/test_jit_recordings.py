# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorded just-in-time traffic, replayed: the same status, the same body, the same kinds of headers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from azure_simulator.moments import format_utc, parse_utc, ticks
from cloud import Cloud, JitPolicyClient, rule, wish
from recorded import Exchange, powershell, shape, vcr

SUBSCRIPTION = "487bb485-b5b0-471e-9c0d-10717612f869"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/myService1"
# Headers of transport and of caches on the way, not of the service.
TRANSPORT = {"content-length", "transfer-encoding", "vary", "x-msedge-ref", "x-cache", "server"}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?Z$")


def fleet(folder: Path, subscription: str, group: str, location: str, vms: list[str], free: bool = True) -> str:
    """Write a fleet with these VMs and return its path."""
    content = {
        "subscriptions": [
            {
                "name": "Recorded",
                "id": subscription,
                "defender": {"tier": "free" if free else "standard"},
                "groups": [
                    {
                        "name": group,
                        "location": location,
                        "security_groups": [{"name": "nsg"}],
                        "networks": [
                            {
                                "name": "net",
                                "address_space": "10.0.0.0/16",
                                "subnets": [{"name": "a", "prefix": "10.0.0.0/24", "security_group": "nsg"}],
                            }
                        ],
                        "vms": [{"name": name, "os": "windows"} for name in vms],
                    }
                ],
            }
        ]
    }
    path = folder / "recorded.yml"
    path.write_text(yaml.safe_dump(content))
    return str(path)


def recorded_start(exchanges: list[Exchange]) -> str:
    """Return a moment just before the recording's first answer."""
    routing = exchanges[0].headers["x-ms-routing-request-id"][0]
    year, month, day, hour, minute, second = re.search(  # type: ignore[union-attr]
        r":(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z:", routing
    ).groups()
    return f"{year}-{month}-{day}T{hour}:{minute}:{second}.5874583Z"


def same(ours: Any, recorded: Any, path: str = "$") -> list[str]:
    """Tell the differences, where two timestamps are alike and so are exclusion tags, which a user sets."""
    if isinstance(ours, dict) and isinstance(recorded, dict):
        found = [f"{path}: keys {list(ours)} instead of {list(recorded)}"] if list(ours) != list(recorded) else []
        for name in ours.keys() & recorded.keys():
            found += same(ours[name], recorded[name], f"{path}.{name}")
        return found
    if isinstance(ours, list) and isinstance(recorded, list):
        found = [f"{path}: {len(ours)} items instead of {len(recorded)}"] if len(ours) != len(recorded) else []
        for index, (one, other) in enumerate(zip(ours, recorded, strict=False)):
            found += same(one, other, f"{path}[{index}]")
        return found
    alike = isinstance(ours, str) and isinstance(recorded, str) and MOMENT.match(ours) and MOMENT.match(recorded)
    if ours == recorded or alike or path.endswith(".ExclusionTags"):
        return []
    return [f"{path}: {ours!r} instead of {recorded!r}"]


def replay(cloud: Cloud, exchange: Exchange) -> None:
    """Send a recorded request and hold the answer against the recorded one."""
    reply = cloud.call(exchange.method, exchange.path, exchange.sent)
    assert reply.status == exchange.status, (exchange.path, reply.body)
    assert same(reply.body, exchange.body) == []
    missing = exchange.headers.keys() - {name.lower() for name in reply.headers} - TRANSPORT
    if exchange.body is None:
        missing -= {"content-type"}
    assert missing <= {"content-type"}, "the HTTP server adds the content type"


@pytest.mark.parametrize(
    "name",
    [
        "StartResourceGroupLevelResource.2022",
        "SetResourceGroupLevelResource.2022",
        "RemoveResourceGroupLevelResource.2022",
        "GetResourceGroupLevelResource.2020",
        "StartResourceGroupLevelResource.2019",
    ],
)
def test_recorded_sequences(azure_data: Path, tmp_path: Path, name: str) -> None:
    """Requests of one run are at most some seconds apart, which is when policies still show `Updating`."""
    exchanges = list(powershell(azure_data / "recordings" / "azure-powershell" / f"{name}.json"))
    vms = ["testService", "testService1"]
    cloud = Cloud(
        fleet(tmp_path, SUBSCRIPTION, "myService1", "centralus", vms),
        start=recorded_start(exchanges),
        provisioning="5s",
    )
    for exchange in exchanges:
        replay(cloud, exchange)
        cloud.advance(0.4)


def test_the_recorded_subscription_list(azure_data: Path, tmp_path: Path) -> None:
    """One second after an identical PUT: `Updating`, with the grant that runs since nine seconds."""
    path = azure_data / "recordings" / "azure-powershell" / "GetSubscriptionScope.2023.json"
    plan, put, listing = powershell(path)
    start = parse_utc(recorded_start([plan])) - ticks(9)
    cloud = Cloud(
        fleet(tmp_path, SUBSCRIPTION, "myService1", "centralus", ["testService1"]),
        start=format_utc(start),
        provisioning="3s",
    )
    replay(cloud, plan)
    client = JitPolicyClient(cloud, SUBSCRIPTION, "myService1", "centralus")
    client.put(*put.sent["properties"]["virtualMachines"])
    cloud.advance(3)
    end = listing.body["value"][0]["properties"]["requests"][0]["virtualMachines"][0]["ports"][0]["endTimeUtc"]
    vm = put.sent["properties"]["virtualMachines"][0]["id"]
    assert client.initiate({"id": vm, "ports": [wish(22, endTimeUtc=end)]}).status == 202
    cloud.advance(6)
    replay(cloud, put)
    cloud.advance(1)
    replay(cloud, listing)


def test_the_recorded_group_list(azure_data: Path, tmp_path: Path) -> None:
    """Two policies of one group; the preview version shows no `appendMode` and no `Updating`."""
    exchanges = list(
        powershell(azure_data / "recordings" / "azure-powershell" / "GetResourceGroupScope.2019.json")
    )
    plan, put, listing = exchanges
    vms = sorted(
        {
            vm["id"].split("/")[-1]
            for policy in listing.body["value"]
            for vm in policy["properties"]["virtualMachines"]
        }
    )
    cloud = Cloud(fleet(tmp_path, SUBSCRIPTION, "myService1", "centralus", vms), start=recorded_start(exchanges))
    replay(cloud, plan)
    replay(cloud, put)
    for policy in listing.body["value"][1:]:
        path = f"{policy['id']}?api-version=2015-06-01-preview"
        assert cloud.call("PUT", path, {"kind": policy["kind"], "properties": policy["properties"]}).status == 200
    reply = cloud.call("GET", listing.path)
    assert reply.status == 200
    assert len(reply.body["value"]) == len(listing.body["value"])
    for ours, recorded in zip(reply.body["value"], listing.body["value"], strict=True):
        ours["properties"]["requests"] = recorded["properties"]["requests"] = []
        assert same(ours, recorded) == []
    assert isinstance(reply.headers["x-ms-original-request-ids"], list)


def test_the_recorded_history(azure_data: Path, tmp_path: Path) -> None:
    """Expired and revoked requests of the recorded list have the shape of ours."""
    (listing,) = vcr(azure_data / "recordings" / "azure-cli" / "test_security_jit_policy.2021.yaml")
    subscription = "00000000-0000-0000-0000-000000000000"
    cloud = Cloud(fleet(tmp_path, subscription, "Runners", "eastus2euap", ["a", "b"], free=False))
    client = JitPolicyClient(cloud, subscription, "Runners", "eastus2euap")
    base = f"/subscriptions/{subscription}/resourceGroups/Runners/providers/Microsoft.Compute/virtualMachines"
    entries = [{"id": f"{base}/{name}", "ports": [rule(3389)]} for name in ("a", "b")]
    client.put(*entries)
    for name, duration in (("a", "PT5M"), ("b", "PT3H")):
        assert (
            client.initiate({"id": f"{base}/{name}", "ports": [wish(3389, "*", duration=duration)]}).status == 202
        )
    cloud.advance(600)
    client.put(entries[0])
    cloud.advance(600)
    reply = cloud.call("GET", listing.path.split("?")[0] + "?api-version=2020-01-01")
    recorded = listing.body["value"][1]
    assert shape(reply.body["value"][0]) == shape(recorded)
    assert {(status, reason) for _, status, reason in client.states()} == {
        (port["status"], port["statusReason"])
        for request in recorded["properties"]["requests"]
        for vm in request["virtualMachines"]
        for port in vm["ports"]
    }
    assert listing.headers.keys() - {name.lower() for name in reply.headers} <= TRANSPORT | {"content-type"}
