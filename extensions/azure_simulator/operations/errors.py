# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors of asynchronous operations."""

from __future__ import annotations

from ..errors import ArmError


def operation_not_found(operation_id: str) -> ArmError:
    """Say that there is no such operation."""
    return ArmError(404, "OperationNotFound", f"The operation '{operation_id}' was not found.")
