# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors of virtual machines."""

from __future__ import annotations

from ..errors import ArmError, resource_not_found
from .models import MACHINES


def vm_not_found(name: str, group: str) -> ArmError:
    """Say that there is no such VM."""
    return resource_not_found(MACHINES, name, group)
