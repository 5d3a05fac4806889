# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One spelling for each VM and group: policies and requests keep the case in which somebody once wrote them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .policies import Json


class Spelling:
    """How the VMs of a report are spelled, by which its tables can be joined."""

    def __init__(self, vms: Sequence[Mapping[str, Any]]) -> None:
        self._vms = {str(vm["id"]).lower(): (vm["id"], vm["name"]) for vm in vms}
        self._groups = {
            (str(vm["subscription_id"]).lower(), str(vm["resource_group"]).lower()): vm["resource_group"]
            for vm in vms
        }

    def of_vm(self, row: Mapping[str, Any]) -> Json:
        """Spell the `id` and `name` of a row as its VM has them."""
        vm_id, name = self._vms.get(str(row["id"]).lower(), (row["id"], row.get("name")))
        return {**row, "id": vm_id, "name": name}

    def of_policy(self, policy: Mapping[str, Any]) -> Json:
        """Spell a policy's group as VMs there have it, and the VMs that it holds."""
        place = (str(policy["subscription_id"]).lower(), str(policy["resource_group"]).lower())
        return {
            **policy,
            "resource_group": self._groups.get(place, policy["resource_group"]),
            "vms": [self.of_vm(vm) for vm in policy["vms"]],
        }
