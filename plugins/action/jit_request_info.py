# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run jit_request_info once, on the controller."""

from __future__ import annotations

from ..plugin_utils._scope_action import ScopeAction


class ActionModule(ScopeAction):
    module = "jit_request_info"
