# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator's demo fleet, as its users know it."""

from __future__ import annotations

from typing import Any

WORKPLACE = "5b1f6f0e-3c5a-4d0f-9a53-2f1e7c0d1a01"
PRODUCTION = "5b1f6f0e-3c5a-4d0f-9a53-2f1e7c0d1a02"


def vm_id(subscription_id: str, group: str, name: str) -> str:
    return (
        f"/subscriptions/{subscription_id}/resourceGroups/{group}"
        f"/providers/Microsoft.Compute/virtualMachines/{name}"
    )


_DESKTOPS = ("vdi-win-01", "vdi-win-02", "vdi-win-03", "vdi-win-04", "vdi-lnx-01", "vdi-lnx-02")
_WEB = ("web-01", "web-02", "jump-01", "legacy-01")
_DATA = ("db-01", "db-02", "batch-01")

IDS = {
    **{name: vm_id(WORKPLACE, "rg-vdi", name) for name in _DESKTOPS},
    **{name: vm_id(PRODUCTION, "rg-web", name) for name in _WEB},
    **{name: vm_id(PRODUCTION, "rg-data", name) for name in _DATA},
}
HOSTS: dict[str, dict[str, Any]] = {name: {"azure_vm_id": vm} for name, vm in IDS.items()}
