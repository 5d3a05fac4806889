# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths of batches."""

from __future__ import annotations

from ..routing import Route
from . import responses

ROUTES = [
    Route("POST", "/batch", responses.send),
    Route("GET", f"{responses.RESULTS}/{{batch_id}}", responses.get_result),
]
