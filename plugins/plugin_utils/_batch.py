# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of a play as a batch of VMs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..module_utils._jit.ids import VmId

# How many hosts an error names before it counts the rest.
NAMED_HOSTS = 20
# The host variables that may name a VM, ours first, then that of azure.azcollection's inventory.
VM_VARIABLES = ("azure_vm_id", "id")
WAYS = (
    "A host's VM comes from its variable azure_vm_id (inventory jitfleet.azure.jit_vms) or from its variable id "
    "(inventory of azure.azcollection). Choose hosts by the option hosts, name VMs by the option vms, say where "
    "they are by resource_groups or subscriptions, or leave such hosts out by unknown_hosts: skip"
)


@dataclass(frozen=True, slots=True)
class Host:
    """A host of the batch with its own variables, templates not yet resolved."""

    name: str
    variables: Mapping[str, Any]


class Batch:
    """The hosts for which a task runs, and how their variables are read."""

    def __init__(
        self, templar: Any, task_vars: Mapping[str, Any], names: Iterable[str], common: Mapping[str, Any]
    ) -> None:
        self._templar = templar
        self._common = common
        self._task_vars = task_vars
        hostvars = task_vars["hostvars"]
        self.hosts = [Host(name, hostvars.raw_get(name)) for name in names]

    def differing(self, conditions: Iterable[Any]) -> list[str]:
        """Name the hosts for which the task's conditions don't hold.

        Ansible evaluates them for the first host only, and then the task runs for all.
        """
        wanted = list(conditions)
        if not wanted:
            return []
        shared = self._shared_variables()
        return [host.name for host in self.hosts if not self._holds(wanted, host, shared)]

    def vms(self, wishes: Mapping[str, str]) -> tuple[list[dict[str, Any]], list[str]]:
        """Give each host's VM as an element of the option `vms`, and the hosts that have none.

        `wishes` maps an element's key to the host variable that says it for one host.
        """
        vms, without = [], []
        for host in self.hosts:
            if vm_id := self._vm_id(host):
                vms.append({"id": vm_id, "hosts": [host.name], **self._own(host, wishes)})
            else:
                without.append(host.name)
        return vms, without

    def _own(self, host: Host, wishes: Mapping[str, str]) -> dict[str, Any]:
        said = {key: host.variables[name] for key, name in wishes.items() if name in host.variables}
        return {key: self._resolve(host, value) for key, value in said.items()}

    def _vm_id(self, host: Host) -> str | None:
        for name in VM_VARIABLES:
            value = host.variables.get(name)
            if value is None:
                continue
            text = self._resolve(host, value)
            if name == VM_VARIABLES[0] or (isinstance(text, str) and VmId.find_in(text)):
                return str(text)
        return None

    def _resolve(self, host: Host, value: Any) -> Any:
        """Resolve templates that the user wrote into a variable; data from Azure is never one."""
        if isinstance(value, str) and "{" not in value:
            return value
        return self._templar.copy_with_new_env(available_variables=host.variables).template(value)

    def _shared_variables(self) -> dict[str, Any]:
        """Give the task's variables without those that are the first host's own."""
        first = self._task_vars["hostvars"].raw_get(self._task_vars["inventory_hostname"])
        missing = object()
        shared = {name: value for name, value in self._task_vars.items() if first.get(name, missing) != value}
        # A play's variable may have the very value that the first host has for itself.
        return {**self._common, **shared}

    def _holds(self, conditions: Iterable[Any], host: Host, shared: Mapping[str, Any]) -> bool:
        templar = self._templar.copy_with_new_env(available_variables={**host.variables, **shared})
        return all(templar.evaluate_conditional(condition) for condition in conditions)


def listed(names: list[str]) -> str:
    """List names for an error, counting those beyond a screenful."""
    more = len(names) - NAMED_HOSTS
    return ", ".join(names[:NAMED_HOSTS]) + (f" and {more} more" if more > 0 else "")
