# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The document behind a report: what it counts and what it finds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.findings import Limits, describe_policies
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.report_document import (
    About,
    Source,
    build_document,
    open_vms,
)
from report_samples import policy_id, sample_vm, vm_id

NOW = datetime(2026, 5, 4, 18, 0, tzinfo=UTC)
LIMITS = Limits(timedelta(hours=8))
VM = vm_id("s", "rg", "vm-1")


WIDE = {"port": 22, "protocol": "any", "sources": ["any"], "max_duration": "3h"}


def document_of(**source: Any) -> dict[str, Any]:
    return build_document(Source(**{"vms": [], **source}), About("Title", "all", 7, LIMITS), NOW)


def vm(**fields: Any) -> dict[str, Any]:
    return {**sample_vm(5), "id": VM, "name": "vm-1", "exposure": [], **fields}


def request(start: str, state: str = "expired", port: int = 3389, **fields: Any) -> dict[str, Any]:
    return {
        "id": VM.upper(),
        "name": "vm-1",
        "policy_id": policy_id("s", "rg"),
        "port": port,
        "sources": ["203.0.113.7"],
        "state": state,
        "start_time": start,
        "end_time": "2026-05-04T21:00:00Z",
        "requestor": "ada@example.com",
        "justification": "CHG-1",
        **fields,
    }


def verdict(state: str, source: str = "internet", port: int = 22) -> dict[str, Any]:
    return {"port": port, "source": source, "state": state, "reason": "r", "rule": None}


def test_a_vm_has_what_the_portal_shows_of_it() -> None:
    requests = [
        request("2026-05-04T18:00:00Z", "active"),
        request("2026-05-04T18:00:00Z", "active", port=5986),
        request("2026-05-02T08:00:00Z", requestor="bob@example.com"),
    ]

    (shown,) = document_of(vms=[vm()], requests=requests)["vms"]

    assert shown["approved"] == 2, "one request for two ports, and one before"
    assert shown["last_access"] == "2026-05-04T18:00:00Z"
    assert shown["last_user"] == "ada@example.com"
    assert shown["open_ports"] == [3389, 5986]
    assert shown["open_until"] == "2026-05-04T21:00:00Z"


@pytest.mark.parametrize(
    ("others", "approved"),
    [
        ([], 1),
        ([{"port": 5986}], 1),
        ([{"requestor": "bob@example.com"}], 2),
        ([{"justification": "CHG-2"}], 2),
        # The same person, twice in one second: no request names a port twice.
        ([{}], 2),
        ([{"port": 5986}, {}, {"port": 5986}], 2),
    ],
)
def test_requests_of_one_second_are_counted_apart(others: list[dict[str, Any]], approved: int) -> None:
    at = "2026-05-04T18:00:00Z"
    requests = [request(at), *(request(at, **other) for other in others)]
    (shown,) = document_of(vms=[vm()], requests=requests)["vms"]
    assert shown["approved"] == approved


def test_a_vm_without_requests_was_not_accessed() -> None:
    (shown,) = document_of(vms=[vm()])["vms"]
    assert (shown["approved"], shown["last_access"], shown["last_user"], shown["open_ports"]) == (0, None, "", [])


@pytest.mark.parametrize(
    ("verdicts", "exposed", "doubtful"),
    [
        ([], 0, 0),
        ([verdict("closed")], 0, 0),
        ([verdict("open")], 1, 0),
        ([verdict("partial")], 1, 0),
        ([verdict("unknown")], 0, 1),
        ([verdict("open"), verdict("open", port=3389)], 1, 0),
        ([verdict("open", "virtual_network")], 0, 0),
        ([verdict("unknown", "virtual_network")], 0, 0),
        ([verdict("open", "203.0.113.0/24")], 1, 0),
    ],
)
def test_who_gets_in_from_outside_is_counted_by_vm(verdicts: list[Any], exposed: int, doubtful: int) -> None:
    summary = document_of(vms=[vm(exposure=verdicts)])["summary"]
    assert (summary["exposed_vms"], summary["doubtful_vms"]) == (exposed, doubtful)


def test_what_is_closed_is_left_out_and_all_else_names_its_rule() -> None:
    rule = {"name": "allow", "priority": 310, "security_group_id": "/x/networkSecurityGroups/nsg-web"}
    (shown,) = document_of(vms=[vm(exposure=[verdict("closed"), {**verdict("open"), "rule": rule}])])["vms"]
    (exposure,) = shown["exposures"]
    assert exposure["rule"] == {"name": "allow", "priority": 310, "group": "nsg-web"}


def test_a_window_tells_whether_its_rule_lets_anybody_in() -> None:
    window = {
        "port": 3389,
        "end_time": "2026-05-04T21:00:00Z",
        "effect": "shadowed",
        "effect_reason": "by deny-all",
    }
    active, old = document_of(
        vms=[vm(open=[window])],
        requests=[request("2026-05-04T18:00:00Z", "active"), request("2026-05-04T17:00:00Z", "revoked")],
    )["requests"]
    assert (active["effect"], active["effect_reason"]) == ("shadowed", "by deny-all")
    assert old["effect"] == ""


def test_nothing_is_open_on_a_vm_that_was_deleted() -> None:
    asked = [request("2026-05-04T18:00:00Z", "active"), request("2026-05-04T17:00:00Z", "expired")]
    document = document_of(requests=asked, missing=[{"id": VM.upper(), "name": "vm-1", "policy_id": "/p/1"}])
    assert [one["state"] for one in document["requests"]] == ["closed", "expired"]
    assert (document["summary"]["open_windows"], document["summary"]["open_vms"]) == (0, 0)


def test_a_deleted_vm_stands_once_with_its_policies() -> None:
    entries = [
        {"id": VM, "name": "vm-1", "policy_id": "/p/1"},
        {"id": VM.lower(), "name": "vm-1", "policy_id": "/p/2"},
    ]
    (gone,) = document_of(missing=entries)["missing_vms"]
    assert (gone["name"], gone["resource_group"], gone["policies"]) == ("vm-1", "rg", ["/p/1", "/p/2"])


def test_vms_in_several_policies_show_each_port_once() -> None:
    rule = {"port": 22, "protocol": "any", "sources": ["any"], "max_duration": "3h"}
    other = {**rule, "max_duration": "1h"}
    held = [{"id": "/p/1", "ports": [rule]}, {"id": "/p/2", "ports": [rule, other]}]
    (shown,) = document_of(vms=[vm(policies=held)])["vms"]
    assert shown["policies"] == ["/p/1", "/p/2"]
    assert shown["ports"] == [rule, other]


@pytest.mark.parametrize(
    ("rule", "kinds"),
    [
        ({"sources": ["any"], "max_duration": "3h"}, ["any_source"]),
        ({"sources": ["0.0.0.0/0"], "max_duration": "3h"}, ["any_source"]),
        ({"sources": ["Internet"], "max_duration": "8h"}, ["any_source"]),
        ({"sources": ["203.0.113.0/24"], "max_duration": "8h"}, []),
        ({"sources": ["203.0.113.0/24"], "max_duration": "8h1m"}, ["long_maximum"]),
        ({"sources": ["203.0.113.0/24", "*"], "max_duration": "24h"}, ["any_source", "long_maximum"]),
        ({"sources": ["203.0.113.0/24"], "max_duration": "nonsense"}, []),
    ],
)
def test_wide_and_long_rules_are_found(rule: dict[str, Any], kinds: list[str]) -> None:
    policy = {
        "id": "/p",
        "name": "default",
        "subscription_id": "s",
        "resource_group": "rg",
        "location": "westeurope",
        "vms": [{"id": VM, "ports": [{"port": 22, "protocol": "any", **rule}]}],
    }
    (described,) = describe_policies([policy], LIMITS)
    assert [finding["kind"] for finding in described["findings"]] == kinds
    assert all(finding["vms"] == [VM] for finding in described["findings"])


def test_reports_of_the_same_data_differ_by_their_moment_alone() -> None:
    one = build_document(Source([vm()]), About("T", "", 7, LIMITS), NOW)
    later = build_document(Source([vm()]), About("T", "", 7, LIMITS), NOW + timedelta(hours=1))
    other = build_document(Source([vm(tags={"a": "b"})]), About("T", "", 7, LIMITS), NOW)
    assert one != later
    assert {**one, "generated": ""} == {**later, "generated": ""}
    assert {**one, "generated": ""} != {**other, "generated": ""}


def test_vms_and_groups_are_spelled_in_one_way_in_all_tables() -> None:
    """Azure keeps the case in which somebody once wrote an id."""
    policy = {
        "id": policy_id("s", "RG"),
        "name": "default",
        "subscription_id": "S",
        "resource_group": "RG",
        "location": "westeurope",
        "vms": [{"id": VM.upper(), "name": "VM-1", "ports": [WIDE]}, {"id": "/GONE", "name": "GONE", "ports": []}],
    }
    own = vm(subscription_id="s", resource_group="rg")
    document = document_of(vms=[own], policies=[policy], requests=[request("2026-05-04T18:00:00Z", name="VM-1")])
    (described,) = document["policies"]
    assert (described["resource_group"], described["vms"]) == ("rg", [VM, "/GONE"])
    assert [finding["vms"] for finding in described["findings"]] == [[VM]]
    assert [(one["id"], one["name"]) for one in document["requests"]] == [(VM, "vm-1")]


def test_only_vms_with_that_port_open_are_to_be_connected_to() -> None:
    document = document_of(
        vms=[vm(), vm(id=vm_id("s", "rg", "vm-2"), name="vm-2")],
        requests=[request("2026-05-04T18:00:00Z", "active")],
    )
    assert [one["name"] for one in open_vms(document, 3389)] == ["vm-1"]
    assert open_vms(document, 22) == []


@pytest.mark.parametrize(
    ("assessment", "shown"),
    [
        (None, None),
        (
            {"status": "Unhealthy", "cause": "c", "changed": "2026-05-01T00:00:00Z", "agrees": False, "more": 1},
            {"status": "Unhealthy", "cause": "c", "changed": "2026-05-01T00:00:00Z", "agrees": False},
        ),
    ],
)
def test_what_defender_says_of_a_vm_is_shown(assessment: dict[str, Any] | None, shown: Any) -> None:
    (described,) = document_of(vms=[vm(assessment=assessment)])["vms"]
    assert described["assessment"] == shown
