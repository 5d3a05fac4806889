# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the asynchronous clients of Microsoft's Python SDKs find and do, as JSON; run in an environment of theirs.

aiohttp reads SSL_CERT_FILE. `base_url` and `credential_scopes` lead the clients here; the credential takes its
authority from AZURE_AUTHORITY_HOST and must be told not to look it up at Microsoft's.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import sys
from typing import Any

from azure.core.exceptions import HttpResponseError
from azure.identity.aio import ClientSecretCredential
from azure.mgmt.compute.aio import ComputeManagementClient
from azure.mgmt.network.aio import NetworkManagementClient
from azure.mgmt.resource.resources.aio import ResourceManagementClient
from azure.mgmt.resourcegraph.aio import ResourceGraphClient
from azure.mgmt.resourcegraph.models import QueryRequest
from azure.mgmt.security.v2020_01_01.aio import SecurityCenter

Found = dict[str, Any]


async def main() -> None:
    """Run each client at the same time as the others."""
    variables, given = os.environ, json.load(sys.stdin)
    url = variables["AZURE_SIMULATOR_URL"]
    credential = ClientSecretCredential(
        variables["AZURE_TENANT"],
        variables["AZURE_CLIENT_ID"],
        variables["AZURE_SECRET"],
        disable_instance_discovery=True,
    )
    place = {"base_url": url, "credential_scopes": [f"{url}/.default"]}
    own: Found = {"credential": credential, "subscription_id": variables["AZURE_SUBSCRIPTION_ID"], **place}
    async with credential:
        parts = await asyncio.gather(
            resources(own),
            machines(own),
            network(own),
            graph({"credential": credential, **place}),
            access(own, given),
        )
    print(json.dumps({name: value for part in parts for name, value in part.items()}))  # noqa: T201


async def resources(own: Found) -> Found:
    """Look at the resource groups."""
    async with ResourceManagementClient(**own) as client:
        groups = [group.name async for group in client.resource_groups.list()]
        everything = [item.name async for item in client.resources.list_by_resource_group(groups[0])]
        return {"groups": groups, "resources": len(everything)}


async def machines(own: Found) -> Found:
    """Look at the VMs, and stop one of them."""
    async with ComputeManagementClient(**own) as client:
        names = [vm.name async for vm in client.virtual_machines.list_all()]
        stopping = await client.virtual_machines.begin_power_off("rg-vdi", "vdi-lnx-02")
        await stopping.result()
        view = await client.virtual_machines.instance_view("rg-vdi", "vdi-lnx-02")
        return {"vms": names, "power": [status.code for status in view.statuses or []]}


async def network(own: Found) -> Found:
    """Look at addresses; make a rule and delete it."""
    async with NetworkManagementClient(**own) as client:
        addresses = [item.ip_address async for item in client.public_ip_addresses.list_all()]
        rule = {
            "protocol": "Tcp",
            "access": "Allow",
            "direction": "Inbound",
            "priority": 300,
            "sourceAddressPrefix": "*",
            "sourcePortRange": "*",
            "destinationAddressPrefix": "*",
            "destinationPortRange": "443",
        }
        body = io.BytesIO(json.dumps({"properties": rule}).encode())
        making = await client.security_rules.begin_create_or_update("rg-vdi", "nsg-vdi", "https", body)
        made = await making.result()
        deleting = await client.security_rules.begin_delete("rg-vdi", "nsg-vdi", "https")
        await deleting.result()
        return {"addresses": addresses, "rule": made.provisioning_state}


async def graph(own: Found) -> Found:
    """Count the VMs in Resource Graph."""
    async with ResourceGraphClient(**own) as client:
        query = "resources | where type =~ 'microsoft.compute/virtualmachines' | count"
        answer = await client.resources(QueryRequest(query=query))
        return {"count": answer.data}


async def access(own: Found, given: Found) -> Found:
    """Cover a VM, open a port of it, and ask for more than is allowed."""
    async with SecurityCenter(asc_location="westeurope", **own) as client:
        policies, where = client.jit_network_access_policies, ("rg-vdi", "westeurope", "default")
        made = await policies.create_or_update(*where, stream(given["policy"]))
        request = await policies.initiate(*where, stream(given["initiate"]))
        try:
            await policies.initiate(*where, stream(given["too_much"]))
        except HttpResponseError as error:
            refusal = error.error.code if error.error else ""
        return {
            "state": made.provisioning_state,
            "status": request.virtual_machines[0].ports[0].status,
            "refusal": refusal,
            "policies": [policy.id async for policy in policies.list()],
        }


def stream(body: Found) -> io.BytesIO:
    """Return a body that the SDK sends as it is, without its models."""
    return io.BytesIO(json.dumps(body).encode())


asyncio.run(main())
