# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From an inventory file to hosts, variables and groups."""

from __future__ import annotations

import gc
import re
import time
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from ansible.errors import AnsibleError

from ..module_utils._auth_options import AUTH_OPTIONS, read_sign_in
from ..module_utils._azure.arm import Arm
from ..module_utils._azure.arm_fleet import ArmFleet
from ..module_utils._azure.jit_api import ArmJitApi
from ..module_utils._azure.network_api import ArmNetworkApi
from ..module_utils._azure.resource_graph import ResourceGraph
from ..module_utils._azure.session import connect
from ..module_utils._jit import hosts, status
from ..module_utils._jit.errors import AzureError, AzureRefused, InvalidOption
from ..module_utils._jit.hostnames import fit_for_ansible
from ..module_utils._jit.hosts import Variables
from ..module_utils._jit.ids import VmId
from ..module_utils._jit.policies import Policy
from ..module_utils._jit.sign_in import SignIn
from ..module_utils._operations.either_fleet import EitherFleet
from ..module_utils._operations.read_fleet import Fleet, FleetApi, read_fleet
from ._host_expressions import Failures, any_is_true, evaluate
from ._inventory_hosts import Filling, Host
from ._inventory_settings import Expression, read_settings

USER_AGENT = "jitfleet.azure"
# Which variable holds the addresses of each way to connect.
_ADDRESSES = {
    "public_ip": "public_ipv4_address",
    "private_ip": "private_ipv4_addresses",
    "dns": "public_dns_hostnames",
}
# The value of one tag; what else begins so is a tag of a stranger name, or an expression.
_ONE_TAG = re.compile(r"tags\.[^\s()\[\]{}|+~'\"]+")
_PORTS = {"ssh": 22, "psrp": 5986, "winrm": 5986}


class Builder:
    """Fill an inventory for one plugin and its options."""

    def __init__(self, plugin: Any, config: Mapping[str, Any]) -> None:
        self._plugin = plugin
        self._option = plugin.get_option
        self._config = config
        self._settings = read_settings(
            config, plugin.option_definitions, self._resolved, lambda: self._sign_in.subscription_id
        )
        if self._settings.keeps_hyphens:
            plugin._sanitize_group_name = _with_hyphens
        self._failures = Failures()
        self._told: list[str] = []

    def build(self, path: str, *, use_cache: bool) -> None:
        """Read the fleet, from the cache if that holds it, and add its hosts."""
        warn = self._plugin.display.warning
        for warning in self._settings.warnings:
            warn(warning)
        fleet = self._load(path, use_cache=use_cache)
        found = self._hosts(fleet, datetime.now(UTC))
        wished = {host.id: fit_for_ansible(self._wished_name(host)) for host in found}
        Filling(self._plugin, self._settings, self._failures).add(found, wished)
        # Hosts and their variables last as long as the process. To walk through them again and again for garbage,
        # here and in every worker that is forked, took a tenth of the time of a play over 10,000 VMs.
        gc.freeze()
        self._failures.tell(warn)

    def _load(self, path: str, *, use_cache: bool) -> Fleet:
        if not self._option("cache"):
            return self._read()
        who = self._principal()
        if who is None:
            return self._read()
        cache, key, scope = self._plugin.cache, self._plugin.get_cache_key(path), self._cache_scope(who)
        stored = cache.get(key) if use_cache else None
        if isinstance(stored, Mapping) and stored.get("scope") == scope:
            for text in stored["told"]:
                self._plugin.display.warning(text)
            return Fleet.of_json(stored)
        fleet = self._read()
        cache[key] = {"scope": scope, "told": self._told, **fleet.to_json()}
        return fleet

    def _tell(self, text: str) -> None:
        """Warn of what isn't seen, also when the cache answers."""
        self._told.append(text)
        self._plugin.display.warning(text)

    def _principal(self) -> Variables | None:
        """Say as whom Azure is asked; None where that can't be told, so that nothing may be kept for others."""
        sign_in = self._sign_in
        if sign_in.says_who:
            return sign_in.identity
        known_as = self._arm.principal()
        return {**sign_in.identity, "principal": known_as} if known_as else None

    def _cache_scope(self, who: Variables) -> Variables:
        """Say whose view of what is cached, so that another one's isn't taken for it; nothing of it is secret."""
        scope = self._settings.scope
        return {
            "rows": hosts.FORM_OF_ROWS,
            "principal": who,
            "source": self._settings.source,
            "subscriptions": list(scope.subscriptions),
            "management_groups": list(scope.management_groups),
            "resource_groups": list(scope.resource_groups),
            "include_powered_off": scope.include_powered_off,
            "condition": repr(scope.condition),
            "whole_interfaces": scope.whole_interfaces,
        }

    def _read(self) -> Fleet:
        arm = self._arm
        # Whoever says `strict` wants all or nothing.
        strict = bool(self._option("strict"))
        graph, lists = ResourceGraph(arm), ArmFleet(arm, self._tell, leaves_out=not strict)
        sources: Mapping[str, FleetApi] = {
            "resource_graph": graph,
            "arm": lists,
            "auto": EitherFleet(graph, lists, self._tell),
        }
        try:
            return read_fleet(
                self._settings.scope,
                sources[self._settings.source],
                ArmJitApi(arm),
                ArmNetworkApi(arm),
                None if strict else self._tell,
            )
        except AzureRefused as error:
            raise AzureError(f"{error}{_way_out(error)}") from None

    @cached_property
    def _arm(self) -> Arm:
        return connect(self._sign_in, USER_AGENT, time.time)

    @cached_property
    def _sign_in(self) -> SignIn:
        """Choose who signs in by what the file says; the choice reads the environment by itself."""
        given = {name: self._resolved(name) for name in AUTH_OPTIONS if name in self._config}
        return read_sign_in(given, self._plugin.display.warning)

    def _resolved(self, name: str) -> Any:
        """Give an option; templates in those of the sign-in, such as a lookup of a secret, are the user's own."""
        value = self._option(name)
        if not isinstance(value, str) or name not in AUTH_OPTIONS:
            return value
        try:
            return self._plugin.templar.template(value)
        except AnsibleError as error:
            raise InvalidOption(name, f"its template fails: {error}") from None

    def _hosts(self, fleet: Fleet, now: datetime) -> list[Host]:
        policies = (policy for document in fleet.policies if (policy := Policy.read(document)))
        statuses = status.read_statuses(policies, now)
        found = []
        for row in fleet.vms:
            if (vm := VmId.find_in(row["id"])) is None:
                continue
            facts = hosts.describe(row)
            if self._settings.plain_names:
                facts["default_inventory_hostname"] = facts["name"]
            jit = status.describe_status(statuses.get(vm.key), unguarded=hosts.is_unguarded(row))
            host = Host(row["id"], facts, self._variables(row, facts, jit), _groups_of(jit))
            if self._wants(host):
                found.append(host)
        return found

    def _variables(self, row: hosts.VmRow, facts: Variables, jit: Variables) -> Variables:
        settings = self._settings
        variables = {f"{settings.prefix}{name}{settings.suffix}": value for name, value in facts.items()}
        variables.update(azure_vm_id=row["id"], **jit)
        if connection := settings.connections.get(hosts.os_of(row)):
            variables.update(ansible_connection=connection, ansible_port=_PORTS[connection])
        addresses = (found for way in settings.connect_via for found in facts[_ADDRESSES[way]])
        if address := next(addresses, None):
            variables["ansible_host"] = address
        return variables

    def _wants(self, host: Host) -> bool:
        settings, name = self._settings, host.facts["name"]
        if settings.filter is not None and not settings.filter.wants(name, host.variables):
            return False
        return not self._meets("exclude_host_filters", settings.excluded, host) and self._meets(
            "include_host_filters", settings.included, host
        )

    def _meets(self, option: str, conditions: Collection[Expression], host: Host) -> bool:
        return any_is_true(
            self._plugin.templar,
            option,
            conditions,
            host.facts["name"],
            host.variables,
            may_fail=self._settings.filters_may_fail,
        )

    def _wished_name(self, host: Host) -> str:
        """Find the first of the preferred names that the VM has; its own name is there in any case."""
        for preference in self._settings.hostnames:
            if name := str(self._preferred(preference, host) or "").strip():
                return name
        return str(host.facts["name"])

    def _preferred(self, preference: Expression, host: Host) -> Any:
        words = {"default": "default_inventory_hostname", "name": "name", "computer_name": "computer_name"}
        if preference in words:
            return host.facts[words[str(preference)]]
        tag = str(preference).removeprefix("tags.")
        if _ONE_TAG.fullmatch(str(preference)) or (tag != preference and tag in host.facts["tags"]):
            return host.facts["tags"].get(tag)
        try:
            return evaluate(self._plugin.templar, preference, host.variables)
        except AnsibleError as error:
            if self._settings.failures == "end":
                raise InvalidOption(
                    "hostnames", f"{preference!r} fails for the VM {host.facts['name']}: {error}"
                ) from error
            return None


def _way_out(error: AzureRefused) -> str:
    """Say what to do where Resource Graph refuses the query."""
    if "ResourceGraph" not in error.request or error.status == 400:
        return ""
    return ". Resource Manager's lists can be read instead: say source: arm, or source: auto where it is forbidden"


def _with_hyphens(name: str) -> str:
    """Make a group's name as the inventory script of old did."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)


def _groups_of(jit: Variables) -> tuple[str, ...]:
    group = f"jit_{jit['jit_status']}"
    return (group, "jit_open") if jit["jit_open_ports"] else (group,)
