# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles: what a caller may do, see, and is told."""

from __future__ import annotations

from typing import Any

import pytest
from azure_simulator.identity.access import scope_of
from azure_simulator.identity.roles import ROLES, Assignment, Role
from cloud import BASE, Cloud, JitPolicyClient, rule, wish
from demo_fleet import IDS, PRODUCTION, WORKPLACE

GROUP = f"/subscriptions/{WORKPLACE}/resourceGroups/rg-vdi"
ENTRY = {"id": IDS["vdi-win-01"], "ports": [rule(3389)]}
JIT = "Microsoft.Security/locations/jitNetworkAccessPolicies"


@pytest.mark.parametrize(
    ("pattern", "action", "matches"),
    [
        ("*", "Microsoft.Compute/virtualMachines/write", True),
        ("*/read", "Microsoft.Compute/virtualMachines/read", True),
        ("*/read", "Microsoft.Compute/virtualMachines/write", False),
        ("Microsoft.Network/*/read", "Microsoft.Network/virtualNetworks/subnets/read", True),
        ("microsoft.network/networkinterfaces/read", "Microsoft.Network/networkInterfaces/read", True),
        ("Microsoft.Network/networkInterfaces/*/read", "Microsoft.Network/networkInterfaces/read", False),
        (
            "Microsoft.Network/networkInterfaces/*",
            "Microsoft.Network/networkInterfaces/ipConfigurations/read",
            True,
        ),
        ("Microsoft.Compute/virtualMachines/start", "Microsoft.Compute/virtualMachines/start/action", False),
    ],
)
def test_wildcards(pattern: str, action: str, matches: bool) -> None:
    """`x/*/read` does not match `x/read` [docs]."""
    assert Role("one", (pattern,)).permits(action) is matches


def test_not_actions_take_away_from_one_role_only() -> None:
    contributor = ROLES["Contributor"]
    assert contributor.permits("Microsoft.Compute/virtualMachines/write")
    assert not contributor.permits("Microsoft.Authorization/roleAssignments/write")


@pytest.mark.parametrize(
    ("scope", "at", "reaches"),
    [
        ("/", GROUP, True),
        (f"/subscriptions/{WORKPLACE.upper()}", GROUP, True),
        (GROUP, GROUP, True),
        (GROUP, f"{GROUP}-other", False),
        (GROUP, f"/subscriptions/{WORKPLACE}", False),
    ],
)
def test_scopes(scope: str, at: str, reaches: bool) -> None:
    assert Assignment(ROLES["Owner"], scope).reaches(at) is reaches


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("/subscriptions/s", "/subscriptions/s"),
        ("/subscriptions/s/resourceGroups/g", "/subscriptions/s/resourceGroups/g"),
        ("/subscriptions/s/providers/Microsoft.Compute/virtualMachines", "/subscriptions/s"),
        ("/subscriptions/s/resourceGroups/g/providers/N/t/n", "/subscriptions/s/resourceGroups/g/providers/N/t/n"),
        (
            "/subscriptions/s/resourceGroups/g/providers/N/t/n/verb",
            "/subscriptions/s/resourceGroups/g/providers/N/t/n",
        ),
    ],
)
def test_the_scope_that_a_refusal_names(path: str, scope: str) -> None:
    assert scope_of(path) == scope


def signed_in(*roles: dict[str, Any], **behaviour: Any) -> Cloud:
    """Return a cloud whose client has these roles."""
    cloud = Cloud(**behaviour)
    made = cloud.control("POST", "principals", {"name": "operator", "roles": list(roles)})
    assert made.status == 201, made.body
    principal = cloud.world.principals[made.body["client_id"]]
    assert principal.knows(made.body["secret"])
    cloud.token = cloud.world.tokens.issue(principal, f"{BASE}/", 36_000_000_000)
    return cloud


def policy(cloud: Cloud) -> JitPolicyClient:
    return JitPolicyClient(cloud, WORKPLACE, "rg-vdi", "westeurope")


def put_as_owner(cloud: Cloud) -> None:
    """Let the owner cover a VM, then go on as before."""
    token, owner = cloud.token, next(iter(cloud.world.principals.values()))
    cloud.token = cloud.world.tokens.issue(owner, f"{BASE}/", 36_000_000_000)
    assert policy(cloud).put(ENTRY).status == 200
    cloud.token = token


def test_a_requester_may_ask_but_not_configure() -> None:
    cloud = signed_in({"role": "JIT requester", "scope": GROUP})
    put_as_owner(cloud)
    client = policy(cloud)
    assert client.get().status == 200
    assert client.initiate({"id": IDS["vdi-win-01"], "ports": [wish(3389)]}).status == 202
    reply = client.put(ENTRY)
    assert (reply.status, reply.body["error"]["code"]) == (403, "AuthorizationFailed")
    principal = list(cloud.world.principals.values())[-1]
    assert reply.body["error"]["message"] == (
        f"The client '{principal.client_id}' with object id '{principal.object_id}' does not have authorization "
        f"to perform action '{JIT}/write' over scope '{client.path}' or the scope is invalid. If access was "
        "recently granted, please refresh your credentials."
    )
    assert client.delete().status == 403


def test_a_configurator_may_configure_but_not_ask() -> None:
    cloud = signed_in({"role": "JIT configurator", "scope": GROUP})
    client = policy(cloud)
    assert client.put(ENTRY).status == 200
    reply = client.initiate({"id": IDS["vdi-win-01"], "ports": [wish(3389)]})
    assert reply.status == 403
    assert f"'{JIT}/initiate/action'" in reply.body["error"]["message"]


def test_covering_a_vm_takes_permission_on_the_vm() -> None:
    """[docs] Microsoft.Compute/virtualMachines/write"""
    cloud = signed_in({"actions": [f"{JIT}/*"], "scope": GROUP})
    reply = policy(cloud).put(ENTRY)
    assert (reply.status, reply.body["error"]["code"]) == (403, "LinkedAuthorizationFailed")
    assert IDS["vdi-win-01"] in reply.body["error"]["message"]
    assert "Microsoft.Compute/virtualMachines/write" in reply.body["error"]["message"]


def test_a_reader_reads() -> None:
    cloud = signed_in({"role": "Reader", "scope": "/"})
    put_as_owner(cloud)
    assert policy(cloud).get().status == 200
    assert cloud.call("GET", f"{IDS['web-01']}?api-version=2024-07-01").status == 200
    assert cloud.call("POST", f"{IDS['web-01']}/start?api-version=2024-07-01").status == 403
    assert cloud.call("DELETE", f"{IDS['web-01']}?api-version=2024-07-01").status == 403


def test_lists_show_what_the_caller_may_see() -> None:
    cloud = signed_in({"role": "Reader", "scope": f"/subscriptions/{PRODUCTION}/resourceGroups/rg-data"})
    assert [item["subscriptionId"] for item in cloud.get("/subscriptions")["value"]] == [PRODUCTION]
    assert [item["name"] for item in cloud.get(f"/subscriptions/{PRODUCTION}/resourcegroups")["value"]] == [
        "rg-data"
    ]
    vms = cloud.get(f"/subscriptions/{PRODUCTION}/providers/Microsoft.Compute/virtualMachines")["value"]
    assert [item["name"] for item in vms] == ["db-01", "db-02", "batch-01"]
    rows = cloud.query("resources | where type =~ 'microsoft.compute/virtualmachines' | project name")["data"]
    assert sorted(row["name"] for row in rows) == ["batch-01", "db-01", "db-02"]
    path = f"/subscriptions/{PRODUCTION}/providers/Microsoft.Security/jitNetworkAccessPolicies"
    reply = cloud.call("GET", f"{path}?api-version=2020-01-01")
    assert (reply.status, reply.body["error"]["code"]) == (403, "AuthorizationFailed")
    assert f"over scope '/subscriptions/{PRODUCTION}'" in reply.body["error"]["message"]


def test_the_permissions_api_answers_from_the_same_table() -> None:
    cloud = signed_in(
        {"role": "Reader", "scope": f"/subscriptions/{WORKPLACE}"},
        {"role": "JIT requester", "scope": GROUP},
        {"role": "Contributor", "scope": f"{GROUP}x"},
    )
    suffix = "providers/Microsoft.Authorization/permissions"
    found = cloud.get(f"{GROUP}/{suffix}", "2022-04-01")["value"]
    assert [entry["actions"] for entry in found] == [
        list(ROLES["Reader"].actions),
        list(ROLES["JIT requester"].actions),
    ]
    assert set(found[0]) == {"actions", "notActions", "dataActions", "notDataActions"}
    assert len(cloud.get(f"/subscriptions/{WORKPLACE}/{suffix}", "2022-04-01")["value"]) == 1
    assert len(cloud.get(f"{IDS['vdi-win-01']}/{suffix}", "2022-04-01")["value"]) == 2


def test_the_permissions_api_takes_a_permission_itself() -> None:
    cloud = signed_in({"role": "JIT requester", "scope": GROUP})
    reply = cloud.call("GET", f"{GROUP}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01")
    assert (reply.status, reply.body["error"]["code"]) == (403, "AuthorizationFailed")


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"roles": []}, "'name'"),
        ({"name": "x"}, "'roles'"),
        ({"name": "x", "roles": [{"role": "King", "scope": "/"}]}, "King"),
        ({"name": "x", "roles": [{"role": "Owner"}]}, "'scope'"),
        ({"name": "x", "roles": [{"role": ["Owner"], "scope": "/"}]}, "['Owner']"),
        ({"name": "x", "roles": [{"actions": "*", "scope": "/"}]}, "'actions'"),
    ],
)
def test_principals_that_are_refused(body: dict[str, Any], named: str) -> None:
    reply = Cloud().control("POST", "principals", body)
    assert reply.status == 400
    assert named in reply.body["error"]["message"]


def test_secrets_of_principals_are_told_once() -> None:
    cloud = signed_in({"role": "Reader", "scope": "/"})
    shown = cloud.control("GET", "principals").body["principals"]
    assert [item["name"] for item in shown] == ["azure-simulator", "operator"]
    assert all("secret" not in item for item in shown)
