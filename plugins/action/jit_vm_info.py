# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run jit_vm_info once for the whole batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..plugin_utils._action import BatchAction


class ActionModule(BatchAction):
    module = "jit_vm_info"

    def _tell(self, result: Mapping[str, Any]) -> None:
        """Say nothing: what was read is for the tasks that follow, and nothing became of any VM."""
