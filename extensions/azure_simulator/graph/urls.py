# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Path of Resource Graph."""

from __future__ import annotations

from ..routing import Route
from . import responses

ROUTES = [
    Route("POST", "/providers/Microsoft.ResourceGraph/resources", responses.query_resources),
]
