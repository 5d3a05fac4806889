# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the options that say what to report to the operations' values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._jit.access import Origin
from ._jit.errors import InvalidOption
from ._jit.history import Search
from ._jit.ids import VmId
from ._jit.times import read_moment
from ._operations.read_fleet import Scope
from ._operations.report_policies import Wanted
from ._options import read_origin, read_ports, read_vms
from ._selection import read_scope


def read_wanted(params: Mapping[str, Any]) -> Wanted:
    """Read which policies are wanted; without a scope those of the VMs' subscriptions, or of the credential's."""
    vms = frozenset(selected.vm for selected in read_vms(params, ())) if params["vms"] is not None else frozenset()
    return Wanted(
        scope=_read_scope(params, vms),
        # As people write them: West Europe.
        regions=frozenset(name.replace(" ", "") for name in _names(params["regions"])),
        names=_names(params["names"]),
        vms=vms,
        cross_check=params["cross_check"],
    )


def read_search(params: Mapping[str, Any]) -> tuple[Scope, Search]:
    """Read which requests are wanted, and where to look for them."""
    vms = frozenset(selected.vm for selected in read_vms(params, ())) if params["vms"] is not None else frozenset()
    after = params["started_after"]
    moment = read_moment(after) if after else None
    if after and moment is None:
        raise InvalidOption("started_after", f"{after!r} is not a time; write it as 2026-05-04T18:00:00Z")
    origin = (
        read_origin("sources", params["sources"], allow_any=True) if params["sources"] is not None else Origin()
    )
    if origin.own_address or origin.whole_policy:
        raise InvalidOption("sources", "name addresses or CIDR prefixes; words can't be searched for")
    return _read_scope(params, vms), Search(
        vms=vms,
        ports=frozenset(read_ports("ports", params["ports"])),
        sources=origin.prefixes,
        states=frozenset(params["states"] or ()),
        requestors=_names(params["requestors"]),
        justification=params["justification"] or "",
        started_after=moment,
    )


def _read_scope(params: Mapping[str, Any], vms: frozenset[VmId]) -> Scope:
    if vms and params["subscriptions"] is None and params["resource_groups"] is None:
        by_key = {vm.subscription_id.lower(): vm.subscription_id for vm in sorted(vms)}
        return Scope(tuple(by_key.values()), include_powered_off=True)
    return read_scope(params)


def _names(raw: Any) -> frozenset[str]:
    return frozenset(str(text).strip().lower() for text in raw or ())
