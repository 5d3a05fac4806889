# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policy bodies against the schema by which Azure's templates are checked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cloud import Cloud, JitPolicyClient, Json, rule, wish
from demo_fleet import IDS, WORKPLACE
from jsonschema import Draft4Validator
from recorded import powershell

SCHEMA = Path("spec") / "azure-resource-manager-schemas" / "2020-01-01" / "Microsoft.Security.json"
KIND = "Microsoft.Security/locations/jitNetworkAccessPolicies"
EXPRESSION = {"type": "string", "pattern": r"^\[([^\[].*)?\]$"}


def closed(schema: Any) -> Any:
    """Return the schema with the one definition that it takes from elsewhere: a template's `[expression]`."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if str(schema.get("$ref", "")).endswith("definitions.json#/definitions/expression"):
        return EXPRESSION
    return {name: closed(value) for name, value in schema.items()}


@pytest.fixture(scope="session")
def template(azure_data: Path) -> Draft4Validator:
    """Return what judges a policy in a template."""
    document = closed(json.loads((azure_data / SCHEMA).read_text()))
    resource = document["resourceDefinitions"]["locations_jitNetworkAccessPolicies"]
    return Draft4Validator({"definitions": document["definitions"], **resource})


def mistakes(template: Draft4Validator, body: Json) -> list[str]:
    """Return what is wrong with a policy's body, seen as a resource of a template."""
    resource = {"name": "default", "apiVersion": "2020-01-01", "type": KIND, **body}
    return [
        f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in template.iter_errors(resource)
    ]


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


def client(cloud: Cloud) -> JitPolicyClient:
    return JitPolicyClient(cloud, WORKPLACE, "rg-vdi", "westeurope")


def body(**changes: Any) -> Json:
    port = {name: value for name, value in (rule(3389) | changes).items() if value is not None}
    return {"kind": "Basic", "properties": {"virtualMachines": [{"id": IDS["vdi-win-01"], "ports": [port]}]}}


GOOD = [
    body(),
    body(protocol="UDP", number=0),
    body(allowedSourceAddressPrefix=None, allowedSourceAddressPrefixes=["10.0.0.0/8", "192.0.2.1"]),
    {"properties": {"virtualMachines": []}},
]
BAD = [
    {"kind": "Basic"},
    {"properties": {}},
    {"properties": {"virtualMachines": [{"id": IDS["vdi-win-01"]}]}},
    {"properties": {"virtualMachines": [{"ports": [rule(22)]}]}},
    {"properties": {"virtualMachines": "all"}},
    body(number=None),
    body(number=65536),
    body(protocol="tcp"),
    body(protocol=None),
    body(maxRequestAccessDuration=None),
    body(allowedSourceAddressPrefix=7),
]


@pytest.mark.parametrize("policy", GOOD)
def test_what_the_schema_allows_is_taken(template: Draft4Validator, cloud: Cloud, policy: Json) -> None:
    assert mistakes(template, policy) == []
    assert cloud.call("PUT", f"{client(cloud).path}?api-version=2020-01-01", policy).status == 200


@pytest.mark.parametrize("policy", BAD)
def test_what_the_schema_forbids_is_refused(template: Draft4Validator, cloud: Cloud, policy: Json) -> None:
    assert mistakes(template, policy)
    assert cloud.call("PUT", f"{client(cloud).path}?api-version=2020-01-01", policy).status >= 400
    assert client(cloud).get().status == 404


def test_policies_shown_are_what_a_template_would_hold(template: Draft4Validator, cloud: Cloud) -> None:
    """The schema's lists of states are older than `Initiating` and `UserManuallyRevoked` [rec]."""
    asked = {"id": IDS["vdi-win-01"], "ports": [wish(3389)]}
    cloud.call("PUT", f"{client(cloud).path}?api-version=2020-01-01", body())
    client(cloud).initiate(asked, justification="a reason")
    for states in ({("Initiated", "UserRequested")}, {("Revoked", "Expired")}):
        shown = client(cloud).get().body
        assert {(status, reason) for _, status, reason in client(cloud).states()} == states
        assert mistakes(template, {"kind": shown["kind"], "properties": shown["properties"]}) == []
        cloud.advance(3600)


def test_recorded_policies_are_what_a_template_would_hold(azure_data: Path, template: Draft4Validator) -> None:
    sent = [
        exchange.sent
        for path in sorted((azure_data / "recordings" / "azure-powershell").glob("*.json"))
        if "EXCERPT" not in path.name
        for exchange in powershell(path)
        if exchange.method == "PUT" and "/jitNetworkAccessPolicies/" in exchange.path
    ]
    assert sent
    for policy in sent:
        assert mistakes(template, policy) == []
