# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task that runs once on the controller and takes what it works on from its options alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._action import BatchAction


class ScopeAction(BatchAction):
    """Run a module to which the play's hosts are no matter."""

    def _batch_arguments(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Say nothing about the play's hosts. Empty texts count as not set."""
        return {name: value for name, value in self._task.args.items() if value != ""}

    def _tell(self, result: Mapping[str, Any]) -> None:
        """Say nothing: the result is for the tasks that follow, and nothing became of any VM."""
