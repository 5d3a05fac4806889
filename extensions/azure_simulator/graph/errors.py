# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors in Resource Graph's shape."""

from __future__ import annotations

from typing import Any

from ..errors import ArmError
from ..moments import format_utc
from ..world import World
from .kql.errors import QueryError

_INVALID_QUERY = {
    "code": "InvalidQuery",
    "message": "Query is invalid. Please refer to the documentation for the Azure Resource Graph service and fix "
    "the error before retrying.",
}


def invalid_query(world: World, error: QueryError, correlation_id: str) -> ArmError:
    """Say what is wrong with the query [rec]."""
    return _bad_request(world, correlation_id, [_INVALID_QUERY, error.detail])


def invalid_option(world: World, correlation_id: str, message: str) -> ArmError:
    """Say what is wrong with the request around the query [inf]."""
    return _bad_request(world, correlation_id, [{"code": "InvalidOptions", "message": message}])


def no_valid_scope(world: World, correlation_id: str, given: list[str]) -> ArmError:
    """Say that none of the subscriptions exists [inf]."""
    return _bad_request(
        world,
        correlation_id,
        [
            {
                "code": "NoValidSubscriptionsInQueryRequest",
                "message": "There must be at least one subscription that is eligible to contain resources. "
                f"Given: '{', '.join(given)}'.",
            }
        ],
    )


def _bad_request(world: World, correlation_id: str, details: list[dict[str, Any]]) -> ArmError:
    """Wrap details as recorded."""
    return ArmError(
        400,
        "BadRequest",
        "Please provide below info when asking for support: "
        f"timestamp = {format_utc(world.clock.now())}, correlationId = {correlation_id}.",
        details=details,
    )
