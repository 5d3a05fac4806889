# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each module by itself, against the simulator: a prediction, the work, and nothing left to do."""

from __future__ import annotations

from typing import Any

import pytest
from doors import run_module
from small_fleet import DESK, SUBSCRIPTIONS, SmallFleet

from playbooks import IN_A_HURRY

Json = dict[str, Any]
GROUP: Json = {"resource_groups": ["rg-small"], "subscriptions": [SUBSCRIPTIONS["desk"]]}


@pytest.fixture(autouse=True)
def _signed_in(fleet: SmallFleet, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in fleet.cloud.variables.items():
        monkeypatch.setenv(name, value)
    fleet.cloud.forget()


def cover(**options: Any) -> Json:
    return run_module("jit_policy", **{**IN_A_HURRY, **options})


def ask(**options: Any) -> Json:
    return run_module("jit_request", **{"sources": [DESK], "requested_by": "ada@desk", **options})


def summary(result: Json) -> Json:
    """Give the counts that aren't zero."""
    assert "failed" not in result, result["msg"]
    return {name: count for name, count in result["summary"].items() if count}


def test_a_policy_is_predicted_written_and_left_alone(fleet: SmallFleet) -> None:
    wish: Json = {"vms": [{"id": fleet.vm("desk-4"), "ports": [443]}, fleet.vm("desk-1")], "ports": ["ssh"]}

    predicted = cover(check=True, diff=True, **wish)
    assert fleet.cloud.writes() == []
    done, again = cover(diff=True, **wish), cover(**wish)

    assert predicted["changed"]
    assert predicted["diff"] == done["diff"]
    assert not again["changed"]
    gone = cover(state="absent", vms=[fleet.vm("desk-4")])
    assert gone["changed"]
    assert not cover(state="absent", vms=[fleet.vm("desk-4")])["changed"]


def test_templates_leave_out_what_has_no_tag_of_theirs(fleet: SmallFleet) -> None:
    options: Json = {"templates": {"vdi": {"ports": ["rdp"]}}, "template_tag": "role", "without_template": "skip"}

    result = cover(on_failure="report", check=True, **GROUP, **options)

    assert not result["changed"]


@pytest.mark.parametrize("permissions_check", [False, True])
def test_ports_are_opened_and_closed_again(fleet: SmallFleet, permissions_check: bool) -> None:
    wish: Json = {"vms": [fleet.vm("desk-1"), fleet.vm("lab-1")], "permissions_check": permissions_check}

    predicted = ask(check=True, diff=True, **wish)
    assert fleet.cloud.writes() == []
    opened, again = ask(diff=True, wait_for="rule", justification="CHG-4711", **wish), ask(**wish)
    closing = ask(state="closed", check=True, **wish)
    assert len(fleet.grants("desk-1")) == 1
    closed, none = ask(state="closed", **wish), ask(state="closed", **wish)

    assert summary(predicted) == summary(opened)
    assert predicted["diff"]["before"] == opened["diff"]["before"]
    assert not again["changed"]
    assert summary(closing) == summary(closed)
    assert fleet.grants("desk-1") == []
    assert not none["changed"]


def test_what_is_missing_is_covered_and_started_on_the_way(fleet: SmallFleet) -> None:
    result = ask(vms=[fleet.vm("desk-4")], ports=[22], enable_missing=True, start_vms=True, **IN_A_HURRY)

    assert result["vms"][0]["enabled"]
    assert result["vms"][0]["state"] == "opened"


def test_all_windows_of_a_vm_end_by_its_policy(fleet: SmallFleet) -> None:
    fleet.open("desk-1", "somebody's")

    result = ask(
        state="closed",
        close_method="policy",
        all_grants=True,
        vms=[fleet.vm("desk-1")],
        sources=None,
        **IN_A_HURRY,
    )

    assert result["changed"], result
    assert fleet.grants("desk-1") == []


def test_a_vm_that_fails_fails_the_task_unless_that_is_reported(fleet: SmallFleet) -> None:
    wish: Json = {"vms": [fleet.vm("desk-4"), fleet.vm("desk-1")], "ports": [22]}

    failed, reported = ask(check=True, **wish), ask(on_failure="report", check=True, **wish)

    assert failed["failed"]
    assert "desk-4" in failed["msg"]
    assert summary(reported) == {"failed": 1, "opened": 1}


def test_a_selection_of_nothing_fails_or_is_said(fleet: SmallFleet) -> None:
    nothing: Json = {"resource_groups": ["rg-none"], "subscriptions": [SUBSCRIPTIONS["desk"]]}

    assert ask(**nothing)["failed"]
    assert not ask(on_failure="report", **nothing)["changed"]


def test_what_azure_refuses_is_told_with_its_words(fleet: SmallFleet) -> None:
    fleet.cloud.fault(
        path="jitNetworkAccessPolicies",
        status=400,
        body={"error": {"code": "Odd", "message": "their words"}},
        times=9,
    )

    result = cover(vms=[fleet.vm("desk-4")])

    assert result["failed"]
    assert (result["azure_error"]["status"], result["azure_error"]["message"]) == (400, "their words")


def test_requests_are_reported(fleet: SmallFleet) -> None:
    fleet.open("desk-1", "CHG-4711")
    fleet.open("lab-1", "CHG-4712")

    everywhere = run_module("jit_request_info", subscriptions=list(SUBSCRIPTIONS.values()))
    one = run_module(
        "jit_request_info", **GROUP, states=["active"], justification="CHG-4711", query="requests[].name"
    )

    assert {request["justification"] for request in everywhere["requests"]} == {"CHG-4711", "CHG-4712"}
    assert one["query_result"] == ["desk-1"]


def test_policies_are_reported(fleet: SmallFleet) -> None:
    everywhere = run_module("jit_policy_info", subscriptions=list(SUBSCRIPTIONS.values()), cross_check=True)
    of_vm = run_module("jit_policy_info", vms=[fleet.vm("lab-2")], query="policies[].name")

    assert len(everywhere["policies"]) == 2
    assert of_vm["query_result"] == ["default"]


@pytest.mark.parametrize("source", ["auto", "arm", "resource_graph"])
def test_vms_are_reported(fleet: SmallFleet, source: str) -> None:
    fleet.expose("desk-1")

    found = run_module("jit_vm_info", **GROUP, source=source, ports=["ssh"], permissions_check=True)
    told = run_module(
        "jit_vm_info", **GROUP, source=source, query="vms[?internet_ports].name", on_failure="report"
    )

    assert [vm["name"] for vm in found["vms"]] == ["desk-1", "desk-2", "desk-3", "desk-4"]
    assert sorted(told["query_result"]) == ["desk-1", "desk-2", "desk-3", "desk-4"]


def test_azures_own_rules_are_reported(fleet: SmallFleet) -> None:
    found = run_module("jit_vm_info", vms=[fleet.vm("desk-1")], effective_rules="azure")

    assert found["vms"][0]["rules_from"] == "azure"


def test_the_plan_is_turned_off_and_on_and_reported(fleet: SmallFleet) -> None:
    scope: Json = {"subscriptions": [SUBSCRIPTIONS["lab"]]}

    predicted = run_module("defender_plan", **scope, tier="standard", sub_plan="P1", check=True, diff=True)
    done = run_module("defender_plan", **scope, tier="standard", sub_plan="P1", diff=True)
    again = run_module("defender_plan", **scope, tier="standard", sub_plan="P1")

    assert predicted["diff"] == done["diff"]
    assert not again["changed"]
    report = run_module("defender_plan_info", **scope)
    assert [plan["sub_plan"] for plan in report["subscriptions"]] == ["P1"]
    asked = run_module("defender_plan_info", **scope, query="subscriptions[].tier")
    assert asked["query_result"] == ["standard"]
