# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a filter goes to Azure: never so much that another VM comes through."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._azure.resource_graph import query, write_condition
from ansible_collections.jitfleet.azure.plugins.module_utils._filter import Filter
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.conditions import (
    LOCATION,
    POWER_STATE,
    RESOURCE_GROUP,
    TAG,
    AllOf,
    AnyOf,
    Condition,
    Is,
    Property,
    holds,
)
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import InvalidOption
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.hosts import describe
from azure_simulator.graph.kql.parser import parse
from fleet_rows import vm_row
from hypothesis import given, settings
from hypothesis import strategies as st

VDI = Is(TAG, "vdi", "role")
WEST = Is(LOCATION, "westeurope")


@pytest.mark.parametrize(
    ("expression", "condition"),
    [
        ("tags.role == 'vdi'", VDI),
        ("'vdi' == tags.role", VDI),
        ("tags.\"cost center\" == '42'", Is(TAG, "42", "cost center")),
        ("location == 'westeurope'", WEST),
        ("resource_group == 'rg-a'", Is(RESOURCE_GROUP, "rg-a")),
        ("resource_group != 'rg-a'", Is(RESOURCE_GROUP, "rg-a", negated=True)),
        ("powerstate == 'running'", Is(POWER_STATE, "running")),
        ("tags.role == 'vdi' && location == 'westeurope'", AllOf((VDI, WEST))),
        ("tags.role == 'vdi' || location == 'westeurope'", AnyOf((VDI, WEST))),
        ("name == 'x' && tags.role == 'vdi'", VDI),
        ("tags.role == 'vdi' && starts_with(name, 'x')", VDI),
        ("(tags.role == 'vdi' || location == 'westeurope') && !zones", AnyOf((VDI, WEST))),
    ],
)
def test_plain_cases_are_found(expression: str, condition: Condition) -> None:
    assert Filter("filter", expression).plain_part() == condition


@pytest.mark.parametrize(
    "expression",
    [
        "resource_group != 'RG-A'",
        "powerstate != 'Running'",
        "tags.role",
        "tags.role != 'vdi'",
        "tags.role.x == 'vdi'",
        "tags.role == `1`",
        "tags.role == name",
        "tags == 'vdi'",
        "location.x == 'y'",
        "powerstate == 'unknown'",
        "powerstate != ''",
        "location > 'a'",
        "!(location == 'westeurope')",
        "contains(['westeurope'], location)",
        "tags.role == 'vdi' || name == 'x'",
        "starts_with(name, 'x') && tags.role == 'vdi'",
        "[location == 'westeurope']",
    ],
)
def test_what_azure_might_see_otherwise_stays_here(expression: str) -> None:
    assert Filter("filter", expression).plain_part() is None


def test_variables_are_known_by_the_names_that_the_user_gave_them() -> None:
    names: dict[str, Property] = {"az_location": LOCATION, "az_tags": TAG}
    expression = "az_location == 'westeurope' && az_tags.role == 'vdi' && location == 'x'"
    assert Filter("filter", expression).plain_part(names) == AllOf((WEST, VDI))


def test_conditions_are_written_in_the_query_language() -> None:
    condition = AllOf((AnyOf((VDI, WEST)), Is(POWER_STATE, "running", negated=True), Is(RESOURCE_GROUP, "it's")))
    assert write_condition(condition) == (
        "((tostring(tags['role']) == 'vdi' or location == 'westeurope')"
        " and tostring(properties.extended.instanceView.powerState.code) !~ 'PowerState/running'"
        r" and resourceGroup =~ 'it\'s')"
    )
    parse(query([], include_powered_off=False, condition=condition))


TEXTS = st.sampled_from(["vdi", "westeurope", "rg-a", "RG-A", "running", "deallocated", "unknown", "", "it's"])
LITERALS = TEXTS.map(lambda text: "'" + text.replace("'", "\\'") + "'") | st.sampled_from(
    ["`1`", "`null`", "name"]
)
FIELDS = st.sampled_from(["location", "resource_group", "powerstate", "tags.role", 'tags."it\'s"', "tags", "name"])
COMPARISONS = st.builds("{} {} {}".format, FIELDS, st.sampled_from(["==", "!="]), LITERALS)
# The functions fail for some VMs: there may be no tag, and tags are no text.
FUNCTIONS = st.sampled_from(["starts_with(tags.role, 'v')", "length(location)", "contains(tags, 'x')", "zones"])
EXPRESSIONS = st.recursive(
    COMPARISONS | FUNCTIONS,
    lambda inner: (
        st.builds("({} {} {})".format, inner, st.sampled_from(["&&", "||"]), inner)
        | st.builds("!({})".format, inner)
    ),
    max_leaves=6,
)
ROWS = st.builds(
    lambda group, **changes: vm_row("vm", group=group.lower(), **changes),
    st.sampled_from(["rg-a", "RG-A", "rg-b"]),
    location=st.sampled_from(["westeurope", "WestEurope", "eastus"]),
    powerState=st.sampled_from(["PowerState/running", "PowerState/Deallocated", "", None]),
    tags=st.none() | st.dictionaries(st.sampled_from(["role", "Role", "it's"]), TEXTS),
)


def answer(wanted: Filter, variables: dict[str, Any]) -> bool | str:
    try:
        return wanted.wants("vm", variables)
    except InvalidOption:
        return "an error"


@settings(max_examples=400, deadline=None)
@given(EXPRESSIONS, ROWS)
def test_a_vm_that_azure_leaves_out_would_not_have_come_through(expression: str, row: Any) -> None:
    wanted = Filter("filter", expression)
    condition = wanted.plain_part()
    if condition is not None and not holds(condition, row):
        assert answer(wanted, describe(row)) is False
