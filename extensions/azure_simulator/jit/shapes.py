# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies and requests as JSON, in the shapes recorded from Azure."""

from __future__ import annotations

from ..exchange import Json
from ..moments import format_utc
from ..resource_ids import guid
from ..world import World
from .models import KIND, AccessRequest, Grant, Policy

_PREVIEW = "2015-06-01-preview"


def show_policy(world: World, policy: Policy, version: str, with_requests: bool = True) -> Json:
    """Write a policy; the preview version knows no `appendMode` [rec]."""
    requests: list[Json] = []
    if with_requests and world.clock.now() >= policy.requests_hidden_until:
        requests = [show_request(request) for request in _ordered(world, policy)]
    properties: Json = {
        "virtualMachines": list(policy.vms.values()),
        "requests": requests,
        "provisioningState": "Succeeded" if version == _PREVIEW else policy.state,
    }
    if version != _PREVIEW:
        properties["appendMode"] = False
    return {
        "kind": policy.kind,
        "properties": properties,
        "id": policy.id,
        "name": policy.name,
        "type": KIND,
        "location": policy.location,
    }


def show_request(request: AccessRequest) -> Json:
    """Write a request."""
    shown: Json = {
        "virtualMachines": [
            {"id": vm_id, "ports": [show_grant(grant) for grant in grants]} for vm_id, grants in request.vms
        ],
        "startTimeUtc": format_utc(request.start),
        "requestor": request.requestor,
    }
    if request.justification is not None:
        shown["justification"] = request.justification
    return shown


def show_grant(grant: Grant) -> Json:
    """Write one port of a request."""
    shown: Json = {"number": grant.number}
    if grant.plural:
        shown["allowedSourceAddressPrefixes"] = list(grant.sources)
    else:
        shown["allowedSourceAddressPrefix"] = grant.sources[0]
    return shown | {"endTimeUtc": format_utc(grant.ends), "status": grant.status, "statusReason": grant.reason}


def _ordered(world: World, policy: Policy) -> list[AccessRequest]:
    """Return the requests in an order that tells nothing [rec], the same at each call."""
    if not world.behaviour.unordered_requests:
        return policy.requests
    numbered = enumerate(policy.requests)
    return [request for _, request in sorted(numbered, key=lambda pair: guid("order", pair[1].start, pair[0]))]
