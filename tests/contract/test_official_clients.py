# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The official Python clients, unchanged, against the simulator as users run it."""

from __future__ import annotations

import datetime as dt
import io
import json
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.identity import (
    CertificateCredential,
    ClientAssertionCredential,
    ClientSecretCredential,
    ManagedIdentityCredential,
    UsernamePasswordCredential,
)
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.resourcegraph import ResourceGraphClient
from azure.mgmt.security.v2020_01_01 import SecurityCenter
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from demo_fleet import IDS, PRODUCTION, WORKPLACE
from running_simulator import RunningSimulator, running_simulator


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSimulator]:
    with running_simulator(tmp_path_factory.mktemp("sdk"), "--data-plane", "off") as running:
        yield running


@pytest.fixture
def connection(simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return what every management client takes, on a fresh fleet."""
    simulator.reset()
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, simulator.variables[name])
    return {
        "credential": credential(simulator),
        "base_url": simulator.url,
        "credential_scopes": [f"{simulator.url}/.default"],
    }


def credential(simulator: RunningSimulator, **changes: str) -> ClientSecretCredential:
    values = simulator.variables
    return ClientSecretCredential(
        changes.get("tenant", values["AZURE_TENANT"]),
        changes.get("client", values["AZURE_CLIENT_ID"]),
        changes.get("secret", values["AZURE_SECRET"]),
        authority=simulator.url,
        disable_instance_discovery=True,
    )


@pytest.mark.usefixtures("connection")
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"secret": "wrong"}, "AADSTS7000215"),
        ({"client": "11111111-1111-1111-1111-111111111111"}, "AADSTS700016"),
    ],
)
def test_refused_credentials_say_why(simulator: RunningSimulator, change: dict[str, str], code: str) -> None:
    with pytest.raises(ClientAuthenticationError, match=code):
        credential(simulator, **change).get_token(f"{simulator.url}/.default")


def test_compute(connection: dict[str, Any]) -> None:
    client: Any = ComputeManagementClient(subscription_id=WORKPLACE, **connection)
    vms = list(client.virtual_machines.list_all())
    assert len(vms) == 6
    assert vms[0].storage_profile.os_disk.os_type == "Windows"
    assert vms[0].network_profile.network_interfaces[0].id.endswith("vdi-win-01-nic")
    assert [vm.name for vm in client.virtual_machines.list("rg-vdi")] == [vm.name for vm in vms]
    view = client.virtual_machines.instance_view("rg-vdi", "vdi-lnx-01")
    assert [status.code for status in view.statuses] == ["ProvisioningState/succeeded", "PowerState/running"]
    expanded = client.virtual_machines.get("rg-vdi", "vdi-lnx-01", expand="instanceView")
    assert expanded.instance_view.vm_agent.statuses[0].display_status == "Ready"
    client.virtual_machines.begin_deallocate("rg-vdi", "vdi-lnx-01").result()
    assert (
        client.virtual_machines.instance_view("rg-vdi", "vdi-lnx-01").statuses[1].code == "PowerState/deallocated"
    )
    client.virtual_machines.begin_start("rg-vdi", "vdi-lnx-01").result()
    with pytest.raises(ResourceNotFoundError) as caught:
        client.virtual_machines.get("rg-vdi", "nosuch")
    assert caught.value.error is not None
    assert caught.value.error.code == "ResourceNotFound"


def test_network(connection: dict[str, Any]) -> None:
    client: Any = NetworkManagementClient(subscription_id=WORKPLACE, **connection)
    nic = client.network_interfaces.get("rg-vdi", "vdi-win-01-nic")
    assert nic.ip_configurations[0].private_ip_address == "10.11.1.4"
    assert len(list(client.network_interfaces.list_all())) == 6
    assert {item.ip_address for item in client.public_ip_addresses.list_all()} == {
        f"127.11.1.{number}" for number in range(1, 7)
    }
    subnet = client.subnets.get("rg-vdi", "vnet-vdi", "desktops")
    assert subnet.network_security_group.id.endswith("nsg-vdi")
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
    made = client.security_rules.begin_create_or_update("rg-vdi", "nsg-vdi", "https", body).result()
    assert made.provisioning_state == "Succeeded"
    assert [item.name for item in client.security_rules.list("rg-vdi", "nsg-vdi")] == ["https"]
    client.security_rules.begin_delete("rg-vdi", "nsg-vdi", "https").result()
    assert list(client.network_security_groups.get("rg-vdi", "nsg-vdi").security_rules) == []


def test_just_in_time_access(connection: dict[str, Any], simulator: RunningSimulator) -> None:
    client: Any = SecurityCenter(subscription_id=WORKPLACE, asc_location="westeurope", **connection)
    policies = client.jit_network_access_policies
    assert list(policies.list()) == []
    port = {
        "number": 3389,
        "protocol": "*",
        "allowedSourceAddressPrefix": "*",
        "maxRequestAccessDuration": "PT3H",
    }
    body = {"kind": "Basic", "properties": {"virtualMachines": [{"id": IDS["vdi-win-01"], "ports": [port]}]}}
    made = policies.create_or_update("rg-vdi", "westeurope", "default", io.BytesIO(json.dumps(body).encode()))
    assert made.provisioning_state == "Updating"
    wish = {"virtualMachines": [{"id": IDS["vdi-win-01"], "ports": [{"number": 3389, "duration": "PT1H"}]}]}
    request = policies.initiate("rg-vdi", "westeurope", "default", io.BytesIO(json.dumps(wish).encode()))
    assert request.virtual_machines[0].ports[0].status == "Initiating"
    simulator.advance(1)
    for listed in (
        policies.list(),
        policies.list_by_region("westeurope"),
        policies.list_by_resource_group("rg-vdi"),
        policies.list_by_resource_group_and_region("rg-vdi", "westeurope"),
    ):
        (policy,) = listed
        assert policy.provisioning_state == "Succeeded"
        assert policy.requests[0].virtual_machines[0].ports[0].status == "Initiated"
        assert policy.requests[0].start_time_utc == request.start_time_utc
    with pytest.raises(HttpResponseError, match="InvalidInitiateInput"):
        policies.initiate("rg-vdi", "westeurope", "default", io.BytesIO(b'{"virtualMachines": []}'))
    policies.delete("rg-vdi", "westeurope", "default")
    with pytest.raises(ResourceNotFoundError, match="PolicyNotFound"):
        policies.get("rg-vdi", "westeurope", "default")


def test_resource_graph(connection: dict[str, Any]) -> None:
    client: Any = ResourceGraphClient(**connection)
    query = "resources | where type =~ 'microsoft.compute/virtualmachines' | project id, name | order by name asc"
    first = client.resources({"query": query, "options": {"$top": 10}})
    assert (first.total_records, first.count) == (13, 10)
    options = {"$top": 10, "$skipToken": first.skip_token}
    second = client.resources({"query": query, "options": options})
    assert (second.count, second.skip_token) == (3, None)
    with pytest.raises(HttpResponseError, match="ParserFailure"):
        client.resources({"query": "resources | where where"})


@pytest.mark.usefixtures("connection")
def test_managed_identities(simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a VM, and as in App Service."""
    scope = "https://management.azure.com/.default"
    values = simulator.variables
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", values["AZURE_POD_IDENTITY_AUTHORITY_HOST"])
    on_vm = ManagedIdentityCredential().get_token(scope)
    monkeypatch.setenv("IDENTITY_ENDPOINT", values["AZURE_SIMULATOR_IDENTITY_ENDPOINT"])
    monkeypatch.setenv("IDENTITY_HEADER", values["AZURE_SIMULATOR_IDENTITY_HEADER"])
    in_app_service = ManagedIdentityCredential().get_token(scope)
    for token in (on_vm, in_app_service):
        request = urllib.request.Request(
            f"{simulator.url}/subscriptions?api-version=2022-12-01",
            headers={"Authorization": f"Bearer {token.token}"},
        )
        context = ssl.create_default_context(cafile=values["SSL_CERT_FILE"])
        with urllib.request.urlopen(request, context=context) as response:
            assert response.status == 200
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{values['AZURE_POD_IDENTITY_AUTHORITY_HOST']}/subscriptions?api-version=1")


def certificate_of(key: rsa.RSAPrivateKey) -> bytes:
    """Make a certificate, with its key, as a client wants it."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "operator")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM) + private


@pytest.mark.usefixtures("connection")
def test_certificates(simulator: RunningSimulator) -> None:
    """An assertion by the registered certificate is good, one by another is refused."""
    registered, other = (certificate_of(rsa.generate_private_key(65537, 2048)) for _ in range(2))
    body = {"name": "operator", "roles": [], "certificate": registered.decode().partition("-----BEGIN PRIVATE")[0]}
    client_id = simulator.control("POST", "principals", body)["client_id"]

    def sign_in(certificate: bytes) -> str:
        return (
            CertificateCredential(
                simulator.variables["AZURE_TENANT"],
                client_id,
                certificate_data=certificate,
                authority=simulator.url,
                disable_instance_discovery=True,
            )
            .get_token(f"{simulator.url}/.default")
            .token
        )

    assert sign_in(registered)
    with pytest.raises(ClientAuthenticationError, match="AADSTS700027"):
        sign_in(other)


@pytest.mark.usefixtures("connection")
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, None),
        ({"sub": "somebody else"}, "AADSTS700213"),
        ({"iss": "https://elsewhere.example"}, "AADSTS700213"),
        ({"aud": "api://elsewhere"}, "AADSTS700213"),
        ({"exp": 1}, "AADSTS700024"),
    ],
)
def test_federated_tokens(simulator: RunningSimulator, change: dict[str, Any], code: str | None) -> None:
    key = rsa.generate_private_key(65537, 2048)
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    trust = {"issuer": "https://ci.example", "subject": "repo:main", "public_key": public.decode()}
    body = {"name": "pipeline", "roles": [], "federation": trust}
    client_id = simulator.control("POST", "principals", body)["client_id"]
    claims = {"iss": "https://ci.example", "sub": "repo:main", "aud": "api://AzureADTokenExchange", "exp": 4e9}
    assertion = jwt.encode(claims | change, key, algorithm="RS256")
    client = ClientAssertionCredential(
        simulator.variables["AZURE_TENANT"],
        client_id,
        lambda: assertion,
        authority=simulator.url,
        disable_instance_discovery=True,
    )
    if code is None:
        assert client.get_token(f"{simulator.url}/.default").token
    else:
        with pytest.raises(ClientAuthenticationError, match=code):
            client.get_token(f"{simulator.url}/.default")


ASYNCHRONOUS = """
import asyncio, os, sys
from azure.identity.aio import ClientSecretCredential
from azure.mgmt.compute.aio import ComputeManagementClient
from azure.mgmt.security.v2020_01_01.aio import SecurityCenter

async def main(subscription):
    url = os.environ["AZURE_SIMULATOR_URL"]
    who = [os.environ[name] for name in ("AZURE_TENANT", "AZURE_CLIENT_ID", "AZURE_SECRET")]
    there = {"base_url": url, "credential_scopes": [f"{url}/.default"]}
    async with (
        ClientSecretCredential(*who, authority=url, disable_instance_discovery=True) as signed_in,
        SecurityCenter(signed_in, subscription, asc_location="westeurope", **there) as security,
        ComputeManagementClient(signed_in, subscription, **there) as compute,
    ):
        policies = [policy async for policy in security.jit_network_access_policies.list()]
        vms = [vm async for vm in compute.virtual_machines.list_all()]
        print(len(policies), len(vms))

asyncio.run(main(sys.argv[1]))
"""


def test_the_asynchronous_clients(simulator: RunningSimulator) -> None:
    """In a process of their own: their HTTP library reads the certificate authorities when it is imported."""
    simulator.reset()
    command = [sys.executable, "-c", ASYNCHRONOUS, PRODUCTION]
    done = subprocess.run(command, env=simulator.environment, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("1 7\n", 0), done.stderr


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_users(simulator: RunningSimulator, connection: dict[str, Any]) -> None:
    """By name and password; requests carry the name of the user [rec]."""
    upn = "user.a@contoso.onmicrosoft.com"
    roles = [{"role": "Owner", "scope": "/"}]
    made = simulator.control("POST", "principals", {"name": "User A", "upn": upn, "roles": roles})

    def user(name: str, password: str) -> UsernamePasswordCredential:
        return UsernamePasswordCredential(
            "04b07795-8ddb-461a-bbee-02f9e1bf7b46",
            name,
            password,
            # Under any other tenant the library asks the host without its port for the user's realm.
            tenant_id="adfs",
            authority=simulator.url,
            disable_instance_discovery=True,
        )

    with pytest.raises(ClientAuthenticationError, match="AADSTS50126"):
        user(upn, "wrong").get_token(f"{simulator.url}/.default")
    with pytest.raises(ClientAuthenticationError, match="AADSTS50034"):
        user("nobody@contoso.test", "wrong").get_token(f"{simulator.url}/.default")
    connection["credential"] = user(upn, made["secret"])
    client: Any = SecurityCenter(subscription_id=PRODUCTION, asc_location="westeurope", **connection)
    wish = {"virtualMachines": [{"id": IDS["jump-01"], "ports": [{"number": 22, "duration": "PT1H"}]}]}
    request = client.jit_network_access_policies.initiate(
        "rg-web", "westeurope", "default", io.BytesIO(json.dumps(wish).encode())
    )
    assert request.requestor == upn
