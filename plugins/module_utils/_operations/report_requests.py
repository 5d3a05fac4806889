# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read requests for access, to report who asked for what and what is open."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Protocol

from .._jit.history import ACTIVE, STATES, Search, describe, open_now, search, told_by_rules
from .._jit.policies import Json
from .ended_early import find_ended
from .outcomes import count
from .read_fleet import FleetApi, Scope
from .report_policies import Wanted, read_policies_of
from .seams import JitApi, LayoutApi, NetworkApi, RegionLists, Warn


class Services(Protocol):
    """What the report needs of the outside world."""

    @property
    def fleet(self) -> FleetApi: ...
    @property
    def jit(self) -> JitApi: ...
    @property
    def regions(self) -> RegionLists: ...
    @property
    def layouts(self) -> LayoutApi: ...
    @property
    def network(self) -> NetworkApi: ...


def report_requests(
    scope: Scope, wanted: Search, services: Services, now: datetime, warn: Warn, *, check_rules: bool = True
) -> Json:
    """Search the policies' histories; what is open now is told whatever states are asked for.

    With `check_rules` a window whose network rule is gone counts as closed.
    """
    read = Wanted(scope, vms=wanted.vms)
    policies, _missed = read_policies_of(read, services.fleet, services.jit, services.regions, warn)
    hidden = [str(policy.id) for policy in policies if policy.hides_requests]
    if hidden:
        warn(
            f"policy {', '.join(hidden)} is just being written, and shown without requests: what is open by it "
            "is missing here, ask again in some seconds"
        )
    everything = dataclasses.replace(wanted, states=frozenset())
    pasts = search(policies, everything, now)
    if check_rules:
        running = [past.grant for past in pasts if past.state == ACTIVE]
        ended = find_ended(running, services.layouts, services.network)
        pasts = [told_by_rules(past, ended) for past in pasts]
    asked = [past for past in pasts if wanted.wants(past)]
    still_open = open_now(pasts, now)
    return {
        "requests": [describe(past, now) for past in asked],
        "open_now": still_open,
        "summary": {**count((past.state for past in asked), STATES), "vms_open": len(still_open)},
    }
