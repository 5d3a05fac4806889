# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors of subscriptions and providers."""

from __future__ import annotations

from ..errors import ArmError


def unknown_namespace(namespace: str) -> ArmError:
    """Say that there is no such resource provider."""
    return ArmError(404, "InvalidResourceNamespace", f"The resource namespace '{namespace}' is invalid.")


def invalid_filter(text: str) -> ArmError:
    """Say that a list can't be narrowed in that way; Azure knows more ways [inf]."""
    return ArmError(400, "InvalidFilterInQueryString", f"Invalid $filter '{text}' specified in the query string.")


def no_such_management_group(name: str) -> ArmError:
    """Say that there is no such management group [inf]."""
    return ArmError(404, "NotFound", f"The management group '{name}' cannot be found.")
