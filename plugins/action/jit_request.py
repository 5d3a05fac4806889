# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run jit_request once for all hosts, on the controller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..plugin_utils._action import BatchAction
from ..plugin_utils._requester import find_requester, this_machine, this_user


class ActionModule(BatchAction):
    module = "jit_request"
    host_wishes = {  # noqa: RUF012
        "ports": "jit_request_ports",
        "sources": "jit_request_sources",
        "duration": "jit_request_duration",
    }

    def arguments(self, arguments: dict[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        requester = find_requester(variables, this_user(), this_machine())
        for option, text in (("requested_by", requester.who), ("requested_in", requester.job)):
            if arguments.get(option) is None:
                arguments[option] = text
        return arguments
