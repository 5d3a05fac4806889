# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run jit_policy once for all hosts, on the controller."""

from __future__ import annotations

from ..plugin_utils._action import BatchAction


class ActionModule(BatchAction):
    module = "jit_policy"
    host_wishes = {"ports": "jit_policy_ports"}  # noqa: RUF012
