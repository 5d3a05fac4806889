# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much the simulator bears: `python tests/bench/simulator.py`. Figures are its own CPU time, not wall time.

Start and memory of a large fleet, JIT reads over kept-alive TLS, requests on a large policy, a run of a command.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import os
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from running_simulator import RunningSimulator, running_simulator  # noqa: E402

LARGE = "vms=50000,subscriptions=200,groups=1000,regions=2,jit=all"
EXECUTED = "vms=10000,subscriptions=10,groups=200,regions=2,jit=all"
CONNECTIONS = 4
RUNS = 3
VERSION = "?api-version=2020-01-01"
QUERY = """\
Resources
| where type =~ 'microsoft.compute/virtualmachines'
| project id, name, tags, power = tostring(properties.extended.instanceView.powerState.code), vm = tolower(id)
| join kind=leftouter (
    Resources
    | where type =~ 'microsoft.network/networkinterfaces'
    | mv-expand part = properties.ipConfigurations
    | project vm = tolower(tostring(properties.virtualMachine.id)),
        address = tostring(part.properties.privateIPAddress)
) on vm
| order by id asc"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reads", type=int, default=3000, help="JIT GETs in each run")
    given = parser.parse_args()
    say(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}; of {RUNS} runs: best, median")
    with simulator("--fleet", LARGE) as cloud:
        usage = cloud.control("GET", "usage")
        say(f"{LARGE}: up after {usage['cpu_seconds']:.2f} s CPU")
        say(f"  all its policies by lists: {whole_fleet(cloud):.2f} s CPU, then {peak(cloud):.0f} MB at the peak")
        say(
            f"  all its VMs by a query that joins: {query(cloud):.2f} s CPU, then {peak(cloud):.0f} MB at the peak"
        )
    with simulator("--fleet", "vms=50,subscriptions=1,groups=1,regions=1,jit=all") as cloud:
        runs = [reads_per_second(cloud, given.reads) for _ in range(RUNS)]
        say(f"JIT GETs of a policy of 50 VMs: {figures(runs, '.0f', highest=True)} for each second of CPU")
    with simulator("--fleet", "vms=500,subscriptions=1,groups=1,regions=1,jit=all") as cloud:
        for vms in (1, 500):
            runs = [initiate(cloud, vms) * 1000 for _ in range(RUNS)]
            say(f"initiate for {vms} VMs on a policy of 500: {figures(runs, '.1f')} ms CPU")
    runs = [execution() for _ in range(RUNS)]
    say(f"exec --fleet {EXECUTED} -- true: {figures(runs, '.2f')} s CPU")


@contextmanager
def simulator(*options: str) -> Iterator[RunningSimulator]:
    with tempfile.TemporaryDirectory() as folder, running_simulator(Path(folder), *options) as cloud:
        yield cloud


def cpu(client: Client, work: Callable[[], object]) -> float:
    """Return the CPU seconds that some work costs the simulator."""
    before = used(client)
    work()
    return used(client) - before


def used(client: Client) -> float:
    return float(client.send("GET", "/_simulator/usage")["cpu_seconds"])


def peak(cloud: RunningSimulator) -> float:
    return float(cloud.control("GET", "usage")["peak_memory_bytes"] / 2**20)


def whole_fleet(cloud: RunningSimulator) -> float:
    """Read all policies, by one list for each subscription."""
    client = Client(cloud)
    listed = client.get("/subscriptions?api-version=2022-12-01")
    subscriptions = [item["subscriptionId"] for item in listed]

    def read() -> None:
        for subscription in subscriptions:
            client.get(
                f"/subscriptions/{subscription}/providers/Microsoft.Security/jitNetworkAccessPolicies{VERSION}"
            )

    return cpu(client, read)


def query(cloud: RunningSimulator) -> float:
    """Ask Resource Graph for all VMs, page after page."""
    client, path = Client(cloud), "/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01"

    def read() -> None:
        options: dict[str, str] = {}
        while True:
            answer = client.send("POST", path, {"query": QUERY, "options": options})
            if "$skipToken" not in answer:
                return
            options = {"$skipToken": answer["$skipToken"]}

    return cpu(client, read)


def reads_per_second(cloud: RunningSimulator, reads: int) -> float:
    """Read one policy again and again over a few connections."""
    client = Client(cloud)
    policy = client.policies()[0]["id"]
    raw = client.raw_get(policy + VERSION)
    return reads / cpu(client, lambda: asyncio.run(hammer(cloud, raw, reads // CONNECTIONS)))


def initiate(cloud: RunningSimulator, vms: int) -> float:
    """Ask for a port of some of the VMs of the one policy, and let the ports open."""
    cloud.reset()
    client = Client(cloud)
    (policy,) = client.policies()
    wishes = [
        {
            "id": vm["id"],
            "ports": [{"number": 22, "duration": "PT1H", "allowedSourceAddressPrefix": "198.51.100.7"}],
        }
        for vm in policy["properties"]["virtualMachines"][:vms]
    ]
    return cpu(
        client, lambda: client.send("POST", f"{policy['id']}/initiate{VERSION}", {"virtualMachines": wishes})
    )


def execution() -> float:
    """Start a simulator for a command that does nothing."""
    command = [sys.executable, "-m", "azure_simulator", "exec", "--fleet", EXECUTED, "--", "true"]
    before = os.times()
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": str(ROOT / "extensions")})
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


class Client:
    """A caller with a token and one kept-alive connection, and no more than that."""

    def __init__(self, cloud: RunningSimulator) -> None:
        self.cloud = cloud
        context = ssl.create_default_context(cafile=cloud.variables["SSL_CERT_FILE"])
        self.connection = http.client.HTTPSConnection(cloud.url.removeprefix("https://"), context=context)
        self.headers = {"Authorization": f"Bearer {self._sign_in()}"}

    def _sign_in(self) -> str:
        values = self.cloud.variables
        form = {
            "grant_type": "client_credentials",
            "client_id": values["AZURE_CLIENT_ID"],
            "client_secret": values["AZURE_SECRET"],
            "scope": f"{self.cloud.url}/.default",
        }
        path = f"/{values['AZURE_TENANT']}/oauth2/v2.0/token"
        self.connection.request("POST", path, urllib.parse.urlencode(form))
        return str(json.load(self.connection.getresponse())["access_token"])

    def send(self, method: str, path: str, body: Any = None) -> Any:
        data = json.dumps(body) if body is not None else None
        self.connection.request(method, path.removeprefix(self.cloud.url), data, self.headers)
        with self.connection.getresponse() as answer:
            assert answer.status < 300, answer.read()
            return json.load(answer)

    def get(self, path: str) -> list[dict[str, Any]]:
        """Read a list with all its pages."""
        items: list[dict[str, Any]] = []
        link: str | None = path
        while link:
            page = self.send("GET", link)
            items += page["value"]
            link = page.get("nextLink")
        return items

    def policies(self) -> list[dict[str, Any]]:
        subscription = self.cloud.variables["AZURE_SUBSCRIPTION_ID"]
        return self.get(
            f"/subscriptions/{subscription}/providers/Microsoft.Security/jitNetworkAccessPolicies{VERSION}"
        )

    def raw_get(self, path: str) -> bytes:
        host = self.cloud.url.removeprefix("https://")
        token = self.headers["Authorization"]
        return f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {token}\r\n\r\n".encode()


async def hammer(cloud: RunningSimulator, raw: bytes, reads: int) -> None:
    """Send one request again and again over each of a few kept-alive connections."""
    context = ssl.create_default_context(cafile=cloud.variables["SSL_CERT_FILE"])
    await asyncio.gather(*(repeat(cloud, context, raw, reads) for _ in range(CONNECTIONS)))


async def repeat(cloud: RunningSimulator, context: ssl.SSLContext, raw: bytes, reads: int) -> None:
    """Send one request again and again over one connection."""
    port = int(cloud.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, limit=2**20)
    for _ in range(reads):
        writer.write(raw)
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        assert head.startswith("HTTP/1.1 200"), head
        length = int(head.lower().partition("content-length: ")[2].partition("\r\n")[0])
        await reader.readexactly(length)
    writer.close()
    await writer.wait_closed()


def figures(runs: list[float], form: str, highest: bool = False) -> str:
    best = max(runs) if highest else min(runs)
    return f"{best:{form}}, {statistics.median(runs):{form}}"


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    started = time.monotonic()
    main()
    say(f"all in {time.monotonic() - started:.0f} s")
