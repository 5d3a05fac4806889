# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fleets as the modules report them, of any size, with what no name should hold."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from ansible_collections.jitfleet.azure.plugins.module_utils._jit.findings import Limits
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.report_document import (
    About,
    Source,
    build_document,
)

SUBSCRIPTIONS = {
    f"5b1f6f0e-3c5a-4d0f-9a53-2f1e7c0d1a0{n}": name
    for n, name in enumerate(("Workplace", "Production", "Test"), 1)
}
# It would run if any of it became markup, and it would leave the script's block.
MARKUP = '</script><script>window.planted=1</script><img src=x onerror="window.planted=2">{{ 7*7 }}'
PEOPLE = ("ada@example.com", "grace@example.com", "alan@example.com", "edsger@example.com", "")


def moment(now: datetime, **back: float) -> str:
    return (now - timedelta(**back)).strftime("%Y-%m-%dT%H:%M:%SZ")


def vm_id(subscription: str, group: str, name: str) -> str:
    return (
        f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{name}"
    )


def policy_id(subscription: str, group: str) -> str:
    return (
        f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Security"
        "/locations/westeurope/jitNetworkAccessPolicies/default"
    )


def sample_vm(number: int) -> dict[str, Any]:
    """Make a VM: one in ten can't be covered, two are not, one configured one in twenty is exposed."""
    subscription = list(SUBSCRIPTIONS)[number % 3]
    group = f"rg-{number % 40:02}"
    status = {0: "unsupported", 1: "not_configured", 2: "not_configured"}.get(number % 10, "configured")
    port = 3389 if number % 2 else 22
    covered = status == "configured"
    rule = {"port": port, "protocol": "any", "sources": ["any"], "max_duration": "3h" if number % 9 else "12h"}
    culprit = {"name": "allow-migration", "priority": 310, "security_group_id": f"/nsgs/nsg-{number % 40:02}"}
    return {
        "id": vm_id(subscription, group, f"vm-{number:05}"),
        "name": f"vm-{number:05}",
        "subscription_id": subscription,
        "resource_group": group,
        "location": "westeurope",
        "os": "windows" if number % 2 else "linux",
        "power_state": "deallocated" if number % 7 == 0 else "running",
        "tags": {"role": ("vdi", "web", "db")[number % 3], "owner": f"team-{number % 12}"},
        "public_ip": f"203.0.{number // 250 % 250}.{number % 250 + 1}",
        "private_ip": f"10.{number // 62500}.{number // 250 % 250}.{number % 250 + 1}",
        "jit_status": status,
        "reason": {"unsupported": "no_nsg"}.get(status),
        "detail": "no network security group is on its interfaces or their subnets" if number % 10 == 0 else None,
        "notes": ["powered_off"] if number % 7 == 0 else [],
        "policies": [{"id": policy_id(subscription, group), "ports": [rule]}] if covered else [],
        "exposure": [
            {
                "port": port,
                "source": "internet",
                "state": "open" if number % 20 == 3 else "closed",
                "reason": f"let in by rule allow-migration of nsg-{number % 40:02}",
                "rule": culprit,
            },
            {
                "port": port,
                "source": "virtual_network",
                "state": "open",
                "reason": "let in by default",
                "rule": None,
            },
        ],
        "standing_deny": [{"port": port, "state": "shadowed", "shadowed_by": [culprit]}]
        if number % 20 == 3
        else [],
        "defender_plan": {"tier": "standard", "sub_plan": "P2"},
        "assessment": None,
    }


def sample_requests(vms: list[dict[str, Any]], number: int, now: datetime) -> list[dict[str, Any]]:
    """Make requests of the last week, the newest first; those of the last two hours are open."""
    covered = [vm for vm in vms if vm["policies"]]
    requests = []
    for n in range(number if covered else 0):
        vm, hours = covered[n * 7 % len(covered)], n * 160 / number
        requests.append(
            {
                "id": vm["id"],
                "name": vm["name"],
                "policy_id": vm["policies"][0]["id"],
                "port": vm["policies"][0]["ports"][0]["port"],
                "sources": [f"198.51.100.{n % 40 + 1}"],
                "state": "active" if hours < 2 else "expired",
                "status": "Initiated" if hours < 2 else "Revoked",
                "status_reason": "UserRequested" if hours < 2 else "Expired",
                "start_time": moment(now, hours=hours),
                "end_time": moment(now, hours=hours - 2.5),
                "requestor": PEOPLE[n % len(PEOPLE)],
                "justification": f"CHG-{4700 + n % 90} [deploy@controller-1]",
            }
        )
    return requests


def sample_policies(vms: list[dict[str, Any]]) -> list[dict[str, Any]]:
    held: dict[str, list[dict[str, Any]]] = {}
    for vm in vms:
        for policy in vm["policies"]:
            entry = {"id": vm["id"], "name": vm["name"], "ports": policy["ports"], "open": []}
            held.setdefault(policy["id"], []).append(entry)
    return [
        {
            "id": policy,
            "name": "default",
            "subscription_id": policy.split("/")[2],
            "resource_group": policy.split("/")[4],
            "location": "westeurope",
            "provisioning_state": "Succeeded",
            "vms": members,
        }
        for policy, members in held.items()
    ]


def sample_source(number: int, now: datetime, requests: int | None = None) -> Source:
    vms = [sample_vm(n) for n in range(number)]
    asked = sample_requests(vms, number * 2 if requests is None else requests, now)
    gone = next(iter(SUBSCRIPTIONS))
    return Source(
        vms=vms,
        requests=asked,
        policies=sample_policies(vms),
        missing=[
            {"id": vm_id(gone, "rg-00", "vm-gone"), "name": "vm-gone", "policy_id": policy_id(gone, "rg-00")}
        ],
        subscriptions=SUBSCRIPTIONS,
    )


def sample_document(number: int, now: datetime, requests: int | None = None) -> dict[str, Any]:
    about = About("Just-in-time VM access", "All subscriptions", 7, Limits(timedelta(hours=8)))
    return build_document(sample_source(number, now, requests), about, now)
