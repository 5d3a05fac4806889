# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run jit_request once for all hosts, on the controller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..plugin_utils._action import BatchAction
from ..plugin_utils._requester import find_requester, this_machine, this_run, this_user


class ActionModule(BatchAction):
    module = "jit_request"
    host_wishes = {  # noqa: RUF012
        "ports": "jit_request_ports",
        "sources": "jit_request_sources",
        "duration": "jit_request_duration",
    }

    def variables_wanted(self, arguments: Mapping[str, Any]) -> Mapping[str, str]:
        """Ask for addresses only where something connects to them: they cost room in the module's arguments."""
        if arguments.get("wait_for") != "port":
            return self.host_wishes
        return {**self.host_wishes, "address": "ansible_host"}

    def arguments(self, arguments: dict[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        requester = find_requester(variables, this_user(), this_machine(), this_run())
        for option, text in (("requested_by", requester.who), ("requested_in", requester.job)):
            if arguments.get(option) is None:
                arguments[option] = text
        if arguments.get("wait_for") == "port":
            self._complete_addresses(arguments.get("vms"))
        return arguments

    def _complete_addresses(self, vms: Any) -> None:
        """Take a host's name where the inventory gives it no address, as Ansible does."""
        for vm in vms if isinstance(vms, list) else ():
            if isinstance(vm, dict) and vm.get("hosts"):
                vm["address"] = vm.get("address") or vm["hosts"][0]
