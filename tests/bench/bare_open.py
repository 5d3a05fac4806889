# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a script of few lines does: ask all policies of a subscription for a port, and wait until it is open.

It sends the same requests as the collection, and looks at nothing else: not at what is open already, not at what
the policies allow, not at answers that were lost.
"""

from __future__ import annotations

import asyncio
import json
import os
import ssl
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode, urlsplit

AT_ONCE = 16
LOOK_EVERY = 1.0
LIST = "/providers/Microsoft.Security/jitNetworkAccessPolicies?api-version=2020-01-01"
Json = dict[str, Any]


class Client:
    """Sends requests over connections that are kept."""

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)
        self._context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._slots = asyncio.Semaphore(AT_ONCE)
        self.token = ""

    async def send(self, method: str, path: str, body: bytes = b"", kind: str = "application/json") -> Any:
        async with self._slots:
            reader, writer = self._idle.pop() if self._idle else await self._connect()
            head = (
                f"{method} {path} HTTP/1.1\r\nHost: {self._url.netloc}\r\nAuthorization: Bearer {self.token}\r\n"
                f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            writer.write(head.encode() + body)
            answer = await self._read(reader)
            self._idle.append((reader, writer))
        return json.loads(answer)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, port = self._url.hostname, self._url.port
        return await asyncio.open_connection(host, port, ssl=self._context, limit=2**24)

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        status = await reader.readline()
        assert status.split()[1] in (b"200", b"202"), status
        headers: dict[str, str] = {}
        while line := (await reader.readline()).strip():
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        return await reader.readexactly(int(headers["content-length"]))


async def main() -> None:
    environment = os.environ
    client = Client(environment["AZURE_SIMULATOR_URL"])
    form = {
        "grant_type": "client_credentials",
        "client_id": environment["AZURE_CLIENT_ID"],
        "client_secret": environment["AZURE_SECRET"],
        "scope": f"{environment['AZURE_SIMULATOR_URL']}/.default",
    }
    path = f"/{environment['AZURE_TENANT']}/oauth2/v2.0/token"
    token = await client.send("POST", path, urlencode(form).encode(), "application/x-www-form-urlencoded")
    client.token = token["access_token"]
    policies = await read_policies(client)
    starts = set(await asyncio.gather(*(initiate(client, policy) for policy in policies)))
    while pending(await read_policies(client), starts):
        await asyncio.sleep(LOOK_EVERY)


async def read_policies(client: Client) -> list[Json]:
    subscriptions = await client.send("GET", "/subscriptions?api-version=2022-12-01")
    lists = await asyncio.gather(*(read_list(client, each["subscriptionId"]) for each in subscriptions["value"]))
    return [policy for policies in lists for policy in policies]


async def read_list(client: Client, subscription: str) -> list[Json]:
    path = f"/subscriptions/{subscription}{LIST}"
    policies: list[Json] = []
    while path:
        page = await client.send("GET", path)
        policies += page["value"]
        link = urlsplit(page.get("nextLink") or "")
        path = f"{link.path}?{link.query}" if link.path else ""
    return policies


async def initiate(client: Client, policy: Json) -> str:
    vms = [
        {
            "id": vm["id"],
            "ports": [
                {"number": port["number"], "duration": "PT1H", "allowedSourceAddressPrefix": "203.0.113.7"}
                for port in vm["ports"][:1]
            ],
        }
        for vm in policy["properties"]["virtualMachines"]
    ]
    body = json.dumps({"virtualMachines": vms, "justification": "bare"}).encode()
    answer = await client.send("POST", f"{policy['id']}/initiate?api-version=2020-01-01", body)
    return str(answer["startTimeUtc"])


def pending(policies: Iterable[Json], starts: set[str]) -> bool:
    return any(
        port["status"] != "Initiated"
        for policy in policies
        for request in policy["properties"]["requests"]
        if request["startTimeUtc"] in starts
        for vm in request["virtualMachines"]
        for port in vm["ports"]
    )


asyncio.run(main())
