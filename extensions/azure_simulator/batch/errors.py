# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors of batches; what ARM says there is not known [inf]."""

from __future__ import annotations

from ..errors import ArmError


def too_many_requests(limit: int) -> ArmError:
    """Say that the batch is too large."""
    return ArmError(400, "InvalidBatchRequest", f"A batch can hold at most {limit} requests.")


def invalid_request(place: int, message: str) -> ArmError:
    """Say what is wrong with one of the requests."""
    return ArmError(400, "InvalidBatchRequest", f"The request at index {place} of the batch is invalid: {message}")


def no_requests() -> ArmError:
    """Say that there is nothing to do."""
    return ArmError(400, "InvalidBatchRequest", "The batch must have 'requests'.")


def batch_not_found(batch_id: str) -> ArmError:
    """Say that there is no such batch."""
    return ArmError(404, "BatchNotFound", f"The batch '{batch_id}' was not found.")
