# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths of virtual machines."""

from __future__ import annotations

from ..routing import Route
from . import responses
from .models import MACHINES, SCALE_SETS

_PROVIDER = "providers/Microsoft.Compute"
_SUBSCRIPTION = f"/subscriptions/{{subscription_id}}/{_PROVIDER}"
_IN_GROUP = f"/subscriptions/{{subscription_id}}/resourceGroups/{{group_name}}/{_PROVIDER}"
_GROUP = f"{_IN_GROUP}/virtualMachines"
_VM = f"{_GROUP}/{{vm_name}}"

ROUTES = [
    Route("GET", f"{_SUBSCRIPTION}/virtualMachines", responses.list_all, action=f"{MACHINES}/read", filtered=True),
    Route(
        "GET",
        f"{_SUBSCRIPTION}/locations/{{location}}/virtualMachines",
        responses.list_by_location,
        action=f"{MACHINES}/read",
        filtered=True,
    ),
    Route(
        "GET", f"{_SUBSCRIPTION}/virtualMachineScaleSets", responses.list_scale_sets, action=f"{SCALE_SETS}/read"
    ),
    Route("GET", f"{_IN_GROUP}/virtualMachineScaleSets", responses.list_scale_sets, action=f"{SCALE_SETS}/read"),
    Route("GET", _GROUP, responses.list_by_group, action=f"{MACHINES}/read"),
    Route("GET", _VM, responses.get, action=f"{MACHINES}/read"),
    Route("GET", f"{_VM}/instanceView", responses.get_instance_view, action=f"{MACHINES}/instanceView/read"),
    Route("DELETE", _VM, responses.delete, action=f"{MACHINES}/delete"),
    Route("POST", f"{_VM}/start", responses.start, action=f"{MACHINES}/start/action"),
    Route("POST", f"{_VM}/powerOff", responses.power_off, action=f"{MACHINES}/powerOff/action"),
    Route("POST", f"{_VM}/deallocate", responses.deallocate, action=f"{MACHINES}/deallocate/action"),
]
