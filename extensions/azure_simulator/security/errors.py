# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors of Defender plans."""

from __future__ import annotations

from ..errors import ArmError


def pricing_not_found(name: str) -> ArmError:
    """Say that there is no such plan [inf]."""
    return ArmError(404, "PricingNotFound", f"Pricing bundle '{name}' was not found.")


def assessment_not_found(name: str) -> ArmError:
    """Say that there is no such assessment [inf]."""
    return ArmError(404, "ResourceNotFound", f"Assessment '{name}' was not found.")


def invalid_pricing(message: str) -> ArmError:
    """Say what is wrong with the plan [inf]."""
    return ArmError(400, "InvalidInput", message)
