# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of permissions, and what is made from it."""

from __future__ import annotations

import itertools
import json
import re

import permission_files as tool
import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.allowed_actions import Granted
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.permissions import (
    CLOSE_BY_RULE,
    COVER,
    DEEDS,
    OPEN,
    ROLES,
    SET_PLAN,
    CustomRole,
    Deed,
    Place,
    smallest_role,
)
from running_simulator import ROOT

REQUESTER, OPERATOR, ADMINISTRATOR = ROLES


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_a_roles_file_is_made_from_the_table(role: CustomRole) -> None:
    path = ROOT / "extensions" / "roles" / role.file_name
    assert path.read_text() == tool.definition(role), "run python tests/tools/permission_files.py"


def test_there_is_no_other_role_file() -> None:
    names = {path.name for path in (ROOT / "extensions" / "roles").iterdir()}
    assert names == {role.file_name for role in ROLES}


def test_the_guides_tables_are_made_from_the_table() -> None:
    current = tool.GUIDE.read_text()
    assert current == tool.guide(current), "run python tests/tools/permission_files.py"
    assert all(need.action in current for deed in DEEDS for need in deed.needs)


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_a_role_is_as_azure_takes_it(role: CustomRole) -> None:
    """As the documentation of `az role definition create` describes it [docs]."""
    document = json.loads((ROOT / "extensions" / "roles" / role.file_name).read_text())
    assert document["Name"] == role.name
    assert document["IsCustom"] is True
    assert all(re.fullmatch(r"/subscriptions/[0-9a-f-]{36}", scope) for scope in document["AssignableScopes"])
    assert len(document["Actions"]) == len({action.lower() for action in document["Actions"]})
    assert document["NotActions"] == document["DataActions"] == document["NotDataActions"] == []
    assert all(re.fullmatch(r"Microsoft\.\w+(/[\w*]+)+", action) for action in document["Actions"])


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_a_role_permits_what_it_is_for(role: CustomRole) -> None:
    granted = Granted(role.actions)
    assert all(granted.permits(need.action) for deed in role.deeds for need in deed.needs)


def test_each_role_has_all_of_the_one_before_and_more() -> None:
    for smaller, larger in itertools.pairwise(ROLES):
        assert set(smaller.actions) < set(larger.actions)
        assert set(smaller.deeds) < set(larger.deeds)


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_no_role_permits_what_this_collection_never_does(role: CustomRole) -> None:
    granted = Granted(role.actions)
    for action in (
        "Microsoft.Authorization/roleAssignments/write",
        "Microsoft.Compute/virtualMachines/delete",
        "Microsoft.Compute/virtualMachines/deallocate/action",
        "Microsoft.Compute/virtualMachines/runCommand/action",
        "Microsoft.Network/networkSecurityGroups/write",
        "Microsoft.Network/networkSecurityGroups/securityRules/write",
        "Microsoft.Network/networkInterfaces/write",
    ):
        assert not granted.permits(action)


def test_only_reading_and_asking_is_for_requesters() -> None:
    changing = [action for action in REQUESTER.actions if not action.endswith("/read")]
    assert changing == ["Microsoft.Security/locations/jitNetworkAccessPolicies/initiate/action"]


def test_where_microsoft_asks_for_all_that_can_be_read_below_the_thing_itself_is_listed_too() -> None:
    for deed in DEEDS:
        actions = {need.action for need in deed.needs}
        assert all(action.replace("/*/", "/") in actions for action in actions if "*" in action)


@pytest.mark.parametrize(
    ("deeds", "role"),
    [
        ([OPEN], REQUESTER),
        ([OPEN, CLOSE_BY_RULE], OPERATOR),
        ([COVER], ADMINISTRATOR),
        ([SET_PLAN], ADMINISTRATOR),
    ],
)
def test_the_smallest_role_is_named(deeds: list[Deed], role: CustomRole) -> None:
    assert smallest_role({need.action for deed in deeds for need in deed.needs}) is role
    assert smallest_role({"Microsoft.Compute/virtualMachines/delete"}) is None


def test_plans_alone_change_something_on_the_subscription() -> None:
    changing = {
        need.action
        for deed in DEEDS
        for need in deed.needs
        if need.place is Place.SUBSCRIPTION and not need.action.endswith("/read")
    }
    assert changing == {"Microsoft.Security/pricings/write"}
