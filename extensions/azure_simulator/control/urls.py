# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths of the control interface; they take no token, and the server listens on loopback alone."""

from __future__ import annotations

from ..routing import Route
from . import responses

ROUTES = [
    Route("GET", "/_simulator/health", responses.health),
    Route("GET", "/_simulator/usage", responses.usage),
    Route("POST", "/_simulator/reset", responses.reset),
    Route("GET", "/_simulator/state", responses.state),
    Route("POST", "/_simulator/state", responses.restore_state),
    Route("GET", "/_simulator/principals", responses.show_principals),
    Route("POST", "/_simulator/principals", responses.add_principal),
    Route("GET", "/_simulator/clock", responses.show_clock),
    Route("POST", "/_simulator/clock", responses.advance_clock),
    Route("GET", "/_simulator/behaviour", responses.show_behaviour),
    Route("PATCH", "/_simulator/behaviour", responses.change_behaviour),
    Route("GET", "/_simulator/journal", responses.show_journal),
    Route("DELETE", "/_simulator/journal", responses.clear_journal),
    Route("GET", "/_simulator/faults", responses.show_faults),
    Route("POST", "/_simulator/faults", responses.add_fault),
    Route("DELETE", "/_simulator/faults", responses.clear_faults),
]
