# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The portal's three tabs of a simulated cloud: which VM stands in which, and why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import AzureRefused
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ids import VmId
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.read_posture import Reading
from closing_scene import Scene, make_scene
from cloud import Cloud, JitPolicyClient, rule
from demo_fleet import IDS, PRODUCTION, WORKPLACE
from posture_scene import JSON, of, report, resource, services_of, surround
from samples import SUBSCRIPTION


@pytest.fixture
def demo() -> Cloud:
    return Cloud("demo")


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return make_scene(tmp_path)


def test_the_demonstration_fleet_stands_in_its_three_tabs(demo: Cloud) -> None:
    found = report(services_of(demo), PRODUCTION, WORKPLACE)

    assert found["summary"] == {
        "vms": 13,
        "configured": 1,
        "not_configured": 11,
        "unsupported": 1,
        "reasons": {"no_nsg": 1},
        "open": 0,
        "missing": 0,
        "exposure": {
            "internet": {"open": 1, "partial": 0, "unknown": 0, "closed": 12},
            "virtual_network": {"open": 13, "partial": 0, "unknown": 0, "closed": 0},
        },
        "not_guarded": 0,
        "disagreements": 0,
    }
    assert of(found, "jump-01")["jit_status"] == "configured"
    assert of(found, "legacy-01")["reason"] == "no_nsg"
    assert of(found, "batch-01")["notes"] == ["powered_off"]
    assert of(found, "web-02")["internet_ports"] == [22]
    assert of(found, "web-02")["exposure"][0]["rule"]["name"] == "allow-ssh-migration"


def test_both_sources_report_the_same(demo: Cloud) -> None:
    by_graph = report(services_of(demo), PRODUCTION, WORKPLACE)
    services = services_of(demo)
    services.fleet = services.lists  # type: ignore[assignment]
    by_lists = report(services, PRODUCTION, WORKPLACE, reading=Reading(ask_graph=False))

    assert not [name for name in services.arm.sent if "ResourceGraph" in name]
    assert by_lists["summary"] == by_graph["summary"]
    key: Callable[[JSON], str] = lambda vm: vm["id"]  # noqa: E731
    assert sorted(by_lists["vms"], key=key) == sorted(by_graph["vms"], key=key)


def test_without_resource_graph_lists_are_read_and_that_is_said(demo: Cloud) -> None:
    services = services_of(demo)

    def forbid() -> None:
        raise AzureRefused("POST resources", 403, "AuthorizationFailed", "no graph")

    services.arm.hooks.append(("Microsoft.ResourceGraph", forbid))
    found = report(services, PRODUCTION)

    assert found["summary"]["vms"] == 7
    assert any("Azure Resource Graph can't be asked" in warning for warning in services.warnings)


def test_all_policies_that_hold_a_vm_are_told(scene: Scene) -> None:
    second = JitPolicyClient(scene.cloud, SUBSCRIPTION, "rg-vdi", "westeurope", "second")
    second.put({"id": str(scene.vm("vm-2")).upper(), "ports": [rule(5986)]})
    scene.settle()

    vm = of(report(services_of(scene.cloud), SUBSCRIPTION), "vm-2")

    assert [policy["id"].rpartition("/")[2] for policy in vm["policies"]] == ["default", "second"]
    assert [port["port"] for policy in vm["policies"] for port in policy["ports"]] == [22, 3389, 5986]
    assert [deny["port"] for deny in vm["standing_deny"]] == [22, 3389, 5986]


def test_a_deleted_vm_that_a_policy_holds_is_missing(scene: Scene) -> None:
    deleted = str(scene.vm("vm-3"))
    scene.cloud.call("DELETE", f"{deleted}?api-version=2024-07-01")
    scene.settle()

    found = report(services_of(scene.cloud), SUBSCRIPTION)

    (missing,) = found["missing"]
    assert missing["id"].lower() == deleted.lower()
    assert missing["policy_id"].endswith("/default")
    assert found["summary"]["missing"] == 1
    assert found["summary"]["vms"] == 2


def test_a_deleted_vm_is_missing_beside_vms_that_are_named_if_a_policy_holds_both(scene: Scene) -> None:
    deleted = str(scene.vm("vm-3"))
    scene.cloud.call("DELETE", f"{deleted}?api-version=2024-07-01")
    scene.settle()

    beside = report(services_of(scene.cloud), named={scene.vm("vm-2"): ()})
    elsewhere = report(services_of(scene.cloud), named={VmId.of(SUBSCRIPTION, "rg-vdi", "no-such"): ()})

    assert [one["id"].lower() for one in beside["missing"]] == [deleted.lower()]
    assert elsewhere["missing"] == []


def test_only_what_lies_in_the_asked_for_groups_can_be_missing(scene: Scene) -> None:
    scene.cloud.call("DELETE", f"{scene.vm('vm-3')}?api-version=2024-07-01")
    found = report(services_of(scene.cloud), SUBSCRIPTION, resource_groups=["rg-other"])
    assert found["missing"] == []
    assert "rg-other" in found["nothing"]


@pytest.mark.parametrize(
    ("tier", "sub_plan", "reason", "said"),
    [
        ("Free", None, "defender_plan_missing", "free"),
        ("Standard", "P1", "defender_plan_missing", "standard P1"),
        ("Standard", "P2", None, None),
        ("Standard", None, None, None),
    ],
)
def test_the_plan_decides(
    demo: Cloud, tier: str, sub_plan: str | None, reason: str | None, said: str | None
) -> None:
    servers = demo.world.subscriptions[WORKPLACE].pricings["virtualmachines"]
    servers.tier, servers.sub_plan = tier, sub_plan
    demo.world.touch()

    vm = of(report(services_of(demo), WORKPLACE), "vdi-win-01")

    assert vm["reason"] == reason
    assert (vm["detail"] or "").endswith(said or "")


def test_single_plans_are_asked_for_only_where_a_subscription_is_covered_in_part(demo: Cloud) -> None:
    services = services_of(demo)
    exchange = services.arm._exchange
    small = IDS["vdi-win-01"].lower()

    def partly(method: str, url: str, **options: Any) -> Any:
        answer = exchange(method, url, **options)
        if "/pricings/" in url and WORKPLACE in url:
            properties = answer.document["properties"]
            properties["resourcesCoverageStatus"] = "PartiallyCovered"
            if small in url.lower():
                properties.update(pricingTier="Standard", subPlan="P1")
        return answer

    services.arm._exchange = partly  # type: ignore[method-assign]
    found = report(services, PRODUCTION, WORKPLACE)

    assert of(found, "vdi-win-01")["reason"] == "defender_plan_missing"
    assert of(found, "vdi-win-02")["reason"] is None
    asked = [name for name in services.arm.sent if "/pricings/" in name]
    assert len(asked) == 2 + 6


def test_a_vm_whose_own_plan_may_not_be_read_has_no_plan_that_is_known(demo: Cloud) -> None:
    services = services_of(demo)
    exchange = services.arm._exchange

    def partly(method: str, url: str, **options: Any) -> Any:
        if "/pricings/" in url and IDS["vdi-win-01"].lower() in url.lower():
            raise AzureRefused("GET pricing", 403, "AuthorizationFailed", "no price")
        answer = exchange(method, url, **options)
        if "/pricings/" in url and "virtualmachines/vdi" not in url.lower():
            answer.document["properties"]["resourcesCoverageStatus"] = "PartiallyCovered"
        return answer

    services.arm._exchange = partly  # type: ignore[method-assign]
    found = report(services, WORKPLACE)

    assert of(found, "vdi-win-01")["defender_plan"] is None
    assert "defender_plan_unknown" in of(found, "vdi-win-01")["notes"]
    assert of(found, "vdi-win-02")["defender_plan"] is not None


def test_a_plan_that_may_not_be_read_is_unknown_and_said_once(demo: Cloud) -> None:
    services = services_of(demo)

    def forbid() -> None:
        raise AzureRefused("GET pricing", 403, "AuthorizationFailed", "no plans")

    services.arm.hooks.append(("/pricings/", forbid))
    found = report(services, PRODUCTION, WORKPLACE)

    assert "defender_plan_unknown" in of(found, "vdi-win-01")["notes"]
    assert of(found, "vdi-win-01")["defender_plan"] is None
    (warning,) = services.warnings
    assert PRODUCTION in warning
    assert WORKPLACE in warning


def test_the_assessments_late_word_is_told_beside(demo: Cloud) -> None:
    services = services_of(demo)
    exchange = services.arm._exchange

    def late(method: str, url: str, **options: Any) -> Any:
        answer = exchange(method, url, **options)
        if "SecurityResources" in str((options.get("body") or {}).get("query")):
            for row in answer.document["data"]:
                if row["id"].lower().startswith(IDS["web-01"].lower()):
                    row["properties"]["status"] = {
                        "code": "Healthy",
                        "statusChangeDate": (services.clock.now() - timedelta(hours=5)).isoformat(),
                    }
        return answer

    services.arm._exchange = late  # type: ignore[method-assign]
    found = report(services, PRODUCTION)

    assert of(found, "web-01")["assessment"]["agrees"] is False
    assert of(found, "web-01")["assessment"]["age_seconds"] == 5 * 3600
    assert of(found, "web-01")["jit_status"] == "not_configured"
    assert found["summary"]["disagreements"] == 1


def test_assessments_can_be_left_out(demo: Cloud) -> None:
    services = services_of(demo)
    found = report(services, PRODUCTION, reading=Reading(check_assessments=False))
    assert of(found, "web-01")["assessment"] is None
    assert services.arm.sent["POST /providers/Microsoft.ResourceGraph/resources"] == 3


def test_named_vms_are_told_with_their_hosts(scene: Scene) -> None:
    gone = VmId.of(SUBSCRIPTION, "rg-vdi", "not-there")
    named = {scene.vm("vm-3"): ("c",), scene.vm("vm-2"): ("a", "b"), gone: ("d",)}
    found = report(services_of(scene.cloud), named=named)

    assert [vm["name"] for vm in found["vms"]] == ["vm-3", "vm-2"]
    assert found["hosts"] == {"a": 1, "b": 1, "c": 0}
    assert found["not_found"] == [str(gone)]
    assert found["missing"] == []


def test_a_named_vm_that_was_deleted_is_missing_from_its_policy(scene: Scene) -> None:
    scene.cloud.call("DELETE", f"{scene.vm('vm-3')}?api-version=2024-07-01")
    scene.settle()
    found = report(services_of(scene.cloud), named={scene.vm("vm-3"): ("c",), scene.vm("vm-2"): ("a",)})

    assert [entry["name"].lower() for entry in found["missing"]] == ["vm-3"]
    assert [vm["name"] for vm in found["vms"]] == ["vm-2"]


def test_a_handful_of_requests_whatever_the_number_of_vms() -> None:
    counts = []
    for number in (40, 400):
        services = services_of(Cloud(f"vms={number},subscriptions=2,groups=20,jit=half", page_size=1000))
        found = report(services)
        assert found["summary"]["vms"] == number
        assert found["summary"]["configured"] > 0
        counts.append(sum(services.arm.sent.values()))
    # subscriptions, four queries, and for each subscription policies, plan and security groups
    assert counts == [1 + 4 + 2 * 3] * 2


def test_classic_vms_are_unsupported(demo: Cloud) -> None:
    services = services_of(demo)
    surround(services, resource("Microsoft.ClassicCompute/virtualMachines", "old-01"))
    found = report(services, PRODUCTION)

    assert of(found, "old-01")["reason"] == "classic_vm"
    assert found["summary"]["reasons"] == {"no_nsg": 1, "classic_vm": 1}
    assert found["summary"]["vms"] == 8
