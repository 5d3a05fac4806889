# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors of subscriptions and providers."""

from __future__ import annotations

from ..errors import ArmError


def unknown_namespace(namespace: str) -> ArmError:
    """Say that there is no such resource provider."""
    return ArmError(404, "InvalidResourceNamespace", f"The resource namespace '{namespace}' is invalid.")
