# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that tests are made of, in as few words as possible."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from ansible_collections.jitfleet.azure.plugins.module_utils._jit.access import Origin, Wish
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.grants import Grant
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ids import PolicyId, VmId
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ports import PortRule

SUBSCRIPTION = "00000000-0000-4000-8000-00000000000a"
OTHER_SUBSCRIPTION = "00000000-0000-4000-8000-00000000000b"
GROUP = "Rg-Desktops"
REGION = "westeurope"
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def vm_id(name: str = "vm-1", group: str = GROUP, subscription: str = SUBSCRIPTION) -> VmId:
    return VmId.of(subscription, group, name)


def policy_id(
    name: str = "default", group: str = GROUP, region: str = REGION, subscription: str = SUBSCRIPTION
) -> PolicyId:
    return PolicyId.of(subscription, group, region, name)


def rule(number: int = 22, protocol: str = "*", hours: float = 3, sources: tuple[str, ...] = ("*",)) -> PortRule:
    return PortRule(number, protocol, frozenset(sources), timedelta(hours=hours))


def port(number: int = 22, protocol: str = "*", hours: int = 3, source: str = "*", **more: Any) -> dict[str, Any]:
    """Write a policy's port as the service does."""
    return {
        "number": number,
        "protocol": protocol,
        "allowedSourceAddressPrefix": source,
        "maxRequestAccessDuration": f"PT{hours}H",
        **more,
    }


def entry(vm: VmId | str, *ports: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Write a policy's entry for a VM as the service does."""
    return {"id": str(vm), "ports": list(ports), **more}


def grant(
    number: int = 22,
    sources: tuple[str, ...] = ("203.0.113.7",),
    ends_in: timedelta = 3 * HOUR,
    status: str = "Initiated",
    justification: str = "",
    vm: VmId | None = None,
    start_text: str = "2026-03-02T11:59:00.0000000Z",
) -> Grant:
    return Grant(
        vm=vm or vm_id(),
        port=number,
        sources=sources,
        start_text=start_text,
        end=NOON + ends_in,
        status=status,
        reason="UserRequested",
        requestor="",
        justification=justification,
    )


def access(
    *ports: int,
    sources: tuple[str, ...] = ("203.0.113.7",),
    vm: VmId | None = None,
    duration: timedelta | None = None,
    minimum_remaining: timedelta | None = None,
) -> Wish:
    """Wish for ports of a VM to be open for some prefixes."""
    return Wish(vm or vm_id(), ports, Origin(prefixes=sources), duration, minimum_remaining)
