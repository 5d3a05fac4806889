# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read requests for access, to report who asked for what and what is open."""

from __future__ import annotations

import dataclasses
from datetime import datetime

from .._jit.history import STATES, Search, describe, open_now, search
from .._jit.policies import Json
from .outcomes import count
from .read_fleet import FleetApi, Scope
from .report_policies import Wanted, read_policies_of
from .seams import JitApi, RegionLists, Warn


def report_requests(
    scope: Scope, wanted: Search, fleet: FleetApi, jit: JitApi, regions: RegionLists, now: datetime, warn: Warn
) -> Json:
    """Search the policies' histories; what is open now is told whatever states are asked for."""
    policies, _missed = read_policies_of(Wanted(scope, vms=wanted.vms), fleet, jit, regions, warn)
    everything = dataclasses.replace(wanted, states=frozenset())
    pasts = search(policies, everything, now)
    asked = [past for past in pasts if wanted.wants(past)]
    still_open = open_now(pasts, now)
    return {
        "requests": [describe(past, now) for past in asked],
        "open_now": still_open,
        "summary": {**count((past.state for past in asked), STATES), "vms_open": len(still_open)},
    }
