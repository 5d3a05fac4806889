# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the options that say what to tell of VMs to the operation's values."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from ._jit.errors import InvalidOption, NothingSelected
from ._jit.exposure_report import MANAGEMENT_PORTS
from ._jit.permissions import Deed
from ._jit.policies import Json
from ._jit.sources import is_unlimited
from ._operations.check_permissions import Services as Permitted
from ._operations.check_permissions import check_permissions
from ._operations.either_fleet import EitherFleet
from ._operations.read_fleet import FleetApi, Scope
from ._operations.read_posture import Reading
from ._operations.report_posture import PostureRequest
from ._operations.seams import Warn
from ._options import Selected, read_origin, read_ports
from ._selection import Selection, read_selection

ARM, GRAPH = "arm", "resource_graph"
# How many VMs a warning names.
NAMED = 20


def read_request(params: Mapping[str, Any]) -> PostureRequest:
    """Read what to report; whatever is wrong is found here."""
    selection: Selection[Selected] = read_selection(params, (), lambda selected: selected)
    named = {selected.vm: selected.hosts for selected in selection.named} if selection.scope is None else None
    return PostureRequest(
        scope=selection.scope or Scope(include_powered_off=True),
        reading=_read_reading(params),
        filter=selection.filter,
        named=named,
        ports=read_ports("ports", params["ports"]) or MANAGEMENT_PORTS,
        sources=_read_sources(params),
    )


def check_report(request: PostureRequest, deeds: Sequence[Deed], services: Permitted) -> None:
    """Ask first what may be read of VMs that are named; of a whole scope nobody knows yet which VMs it has."""
    if request.named is None:
        services.warn("permissions_check is left out: it looks at VMs that are named, and not at whole scopes")
    else:
        check_permissions(deeds, list(request.named), services)


def fleet_for(source: str, graph: FleetApi, lists: FleetApi, warn: Warn) -> FleetApi:
    """Choose where VMs are read from."""
    if source == ARM:
        return lists
    return graph if source == GRAPH else EitherFleet(graph, lists, warn)


def without_nothing(report: Json, on_failure: str, warn: Warn) -> Json:
    """Say that there was nothing to report on: as a failure, or as a warning."""
    nothing = report.pop("nothing", None)
    if nothing and on_failure == "fail":
        raise NothingSelected(nothing)
    for problem in [nothing] if nothing else _not_found(report):
        warn(problem)
    return report


def _not_found(report: Json) -> list[str]:
    lost = report.get("not_found")
    return [f"{len(lost)} of the VMs were not found: {', '.join(lost[:NAMED])}"] if lost else []


def _read_reading(params: Mapping[str, Any]) -> Reading:
    reading = Reading(params["source"] != ARM, check_assessments=params["check_assessments"])
    if params["effective_rules"] != "azure":
        return reading
    return dataclasses.replace(reading, patience=timedelta(seconds=params["wait_timeout"]))


def _read_sources(params: Mapping[str, Any]) -> tuple[str, ...]:
    if params["sources"] is None:
        return ()
    origin = read_origin("sources", params["sources"], allow_any=True)
    if origin.own_address or origin.whole_policy or any(map(is_unlimited, origin.prefixes)):
        raise InvalidOption(
            "sources", "name addresses or CIDR prefixes; the internet and the network are judged anyway"
        )
    return origin.prefixes
