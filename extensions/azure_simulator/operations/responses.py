# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers about asynchronous operations."""

from __future__ import annotations

from ..exchange import Call, Json, Reply
from ..moments import format_offset
from ..world import World
from .errors import operation_not_found
from .models import Operation


def accepted(call: Call, operation: Operation, subscription_id: str) -> dict[str, str | list[str]]:
    """Return the headers that lead a client to its operation [rec]."""
    provider = f"/subscriptions/{subscription_id}/providers/{operation.namespace}"
    base = f"{call.base_url}{provider}/locations/{operation.location}"
    query = f"?api-version={call.api_version}"
    return {
        "Azure-AsyncOperation": f"{base}/operations/{operation.id}{query}",
        "Location": f"{base}/operationResults/{operation.id}{query}",
    }


def get_status(
    world: World, call: Call, subscription_id: str, namespace: str, location: str, operation_id: str
) -> Reply:
    """Answer an operation's status; compute tells times and name, network the status alone [rec]."""
    operation = _find(world, operation_id)
    body: Json = {"status": operation.status}
    if operation.error:
        body["error"] = operation.error
    if namespace.lower() == "microsoft.compute":
        body |= {"startTime": format_offset(operation.started), "name": operation.id}
        if operation.ended is not None:
            body["endTime"] = format_offset(operation.ended)
    return Reply(body=body)


def get_result(
    world: World, call: Call, subscription_id: str, namespace: str, location: str, operation_id: str
) -> Reply:
    """Answer 202 while the operation runs; once it is over what it found, or 204 where it was to find nothing."""
    operation = _find(world, operation_id)
    if operation.ended is None:
        return Reply(202, headers=accepted(call, operation, subscription_id))
    return Reply(204) if operation.result is None else Reply(body=operation.result)


def _find(world: World, operation_id: str) -> Operation:
    """Return an operation. Raises ArmError."""
    operation = world.operations.get(operation_id)
    if operation is None:
        raise operation_not_found(operation_id)
    return operation
