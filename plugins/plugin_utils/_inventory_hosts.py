# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts on their way into Ansible's inventory: their names, variables and groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible import constants
from ansible.errors import AnsibleError

from ..module_utils._jit.hostnames import Taken, unique_names
from ..module_utils._jit.hosts import Variables
from ..module_utils._jit.ids import VmId
from ._host_expressions import Failures
from ._inventory_settings import Settings

GROUPS = ("jit_configured", "jit_not_configured", "jit_unsupported", "jit_open")


@dataclass(frozen=True, slots=True)
class Host:
    """A VM on its way into the inventory; `facts` have azure_rm's names, `variables` those of the inventory."""

    id: str
    facts: Variables
    variables: Variables
    groups: tuple[str, ...]


class Filling:
    """Put hosts into a plugin's inventory, with what the file makes of them."""

    def __init__(self, plugin: Any, settings: Settings, failures: Failures) -> None:
        self._plugin = plugin
        self._inventory = plugin.inventory
        self._hosts_first = _HostsFirst(plugin.inventory)
        self._settings = settings
        self._failures = failures

    def add(self, found: Sequence[Host], wished: Mapping[str, str]) -> None:
        """Add hosts, called as wished by their VMs' ids as far as those names are free."""
        for group in GROUPS:
            self._inventory.add_group(group)
        others = self._vms_of_others()
        names = unique_names(wished, self._taken(others))
        for host in found:
            self._add(host, names[host.id])
        # What groups there are is known only now: the values of tags make some.
        if any(name in self._inventory.groups for name in names.values()):
            self._rename(names, unique_names(wished, self._taken(others)))

    def _taken(self, others: Mapping[str, str]) -> Taken:
        groups = (self._plugin._sanitize_group_name(str(name)) for name in self._settings.groups)
        return Taken([name.lower() for name in constants.LOCALHOST], {*self._inventory.groups, *groups}, others)

    def _vms_of_others(self) -> dict[str, str]:
        """Give the ids of the VMs that earlier inventory files made hosts of."""
        ids = ((name, host.vars.get("azure_vm_id")) for name, host in self._inventory.hosts.items())
        return {name.casefold(): vm_id.lower() for name, vm_id in ids if vm_id and VmId.find_in(str(vm_id))}

    def _add(self, host: Host, name: str) -> None:
        inventory = self._inventory
        inventory.add_host(name)
        # Straight to the host: on the way through the inventory each value is copied, to note which file it
        # came from. That takes a third of the time, and tells nobody anything about a value from Azure.
        of_host = inventory.hosts[name]
        for key, value in host.variables.items():
            of_host.set_variable(key, value)
        for group in host.groups:
            inventory.add_host(name, group)
        self._construct(name, host.variables)

    def _construct(self, name: str, variables: Variables) -> None:
        plugin, settings = self._plugin, self._settings
        for option, method, parts in (
            ("compose", plugin._set_composite_vars, settings.compose),
            ("hostvar_expressions", plugin._set_composite_vars, settings.hostvar_expressions),
            ("groups", plugin._add_host_to_composed_groups, settings.groups),
            ("keyed_groups", plugin._add_host_to_keyed_groups, settings.keyed_groups),
        ):
            if not parts:
                continue
            # Keyed groups have groups for children; the others' methods mean the host, whatever a group is called.
            plugin.inventory = self._inventory if option == "keyed_groups" else self._hosts_first
            try:
                self._make(option, method, parts, name, variables)
            finally:
                plugin.inventory = self._inventory

    def _make(self, option: str, method: Any, parts: Any, name: str, variables: Variables) -> None:
        failures = self._settings.failures
        if failures != "tell":
            method(parts, variables, name, strict=failures == "end")
            return
        for part, alone in _one_by_one(parts):
            try:
                method(alone, variables, name, strict=True)
            except AnsibleError as error:
                self._failures.add(option, part, name, error)

    def _rename(self, names: Mapping[str, str], final: Mapping[str, str]) -> None:
        """Call hosts otherwise, with all that they have; the new name of one may be another's old one."""
        hosts = self._inventory.hosts
        renamed = [(hosts.pop(name), final[vm_id]) for vm_id, name in names.items() if final[vm_id] != name]
        # A group knows its hosts by name as well; a host's groups are also those above its own.
        own_groups = [[group for group in host.groups if host.name in group.host_names] for host, _name in renamed]
        for (host, _name), groups in zip(renamed, own_groups, strict=True):
            for group in groups:
                group.host_names.remove(host.name)
        for (host, name), groups in zip(renamed, own_groups, strict=True):
            host.name = host.address = name
            hosts[name] = host
            for group in groups:
                group.host_names.add(name)


class _HostsFirst:
    """An inventory in which a host's name means the host, also where a group has it."""

    def __init__(self, inventory: Any) -> None:
        self._inventory = inventory

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inventory, name)

    def add_child(self, group: str, host: str) -> None:
        self._inventory.add_host(host, group)

    def set_variable(self, host: str, name: str, value: Any) -> None:
        if host in self._inventory.groups:
            self._inventory.hosts[host].set_variable(name, value)
        else:
            self._inventory.set_variable(host, name, value)


def _one_by_one(parts: Mapping[str, Any] | list[Any]) -> Iterable[tuple[Any, Any]]:
    """Give each part, and a whole with that part alone."""
    if isinstance(parts, Mapping):
        return ((f"{key}: {value}", {key: value}) for key, value in parts.items())
    return ((part.get("key") if isinstance(part, Mapping) else part, [part]) for part in parts)
