# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run jit_request_info once, on the controller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..plugin_utils._action import BatchAction


class ActionModule(BatchAction):
    module = "jit_request_info"

    def _batch_arguments(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Say nothing about the play's hosts: the options say what to report. Empty texts count as not set."""
        return {name: value for name, value in self._task.args.items() if value != ""}

    def _tell(self, result: Mapping[str, Any]) -> None:
        """Say nothing: what was read is for the tasks that follow, and nothing became of any VM."""
