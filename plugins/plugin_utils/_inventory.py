# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From an inventory file's options to hosts, variables and groups."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any

from ansible import constants
from ansible.errors import AnsibleError
from ansible.module_utils.errors import AnsibleFallbackNotFound

from ..module_utils._azure.jit_api import ArmJitApi
from ..module_utils._azure.resource_graph import ResourceGraph
from ..module_utils._azure.session import connect
from ..module_utils._filter import Filter
from ..module_utils._jit import hosts, status
from ..module_utils._jit.errors import InvalidOption, InvalidOptions
from ..module_utils._jit.hostnames import unique_names
from ..module_utils._jit.hosts import Variables
from ..module_utils._jit.ids import VmId
from ..module_utils._jit.policies import Policy
from ..module_utils._operations.read_fleet import Fleet, Scope, read_fleet
from ..module_utils._options import auth_spec, read_sign_in, read_subscriptions

USER_AGENT = "jitfleet.azure"
GROUPS = ("jit_configured", "jit_not_configured", "jit_unsupported", "jit_open")
# Which variable holds the addresses of each way to connect.
_ADDRESSES = {
    "public_ip": "public_ipv4_address",
    "private_ip": "private_ipv4_addresses",
    "dns": "public_dns_hostnames",
}
_CONNECTIONS: Mapping[str, Variables] = {
    "linux": {"ansible_connection": "ssh", "ansible_port": 22},
    "windows": {"ansible_connection": "psrp", "ansible_port": 5986},
}


@dataclass(frozen=True, slots=True)
class Host:
    """A VM on its way into the inventory; `facts` have azure_rm's names, `variables` those of the inventory."""

    id: str
    facts: Variables
    variables: Variables
    groups: tuple[str, ...]


class Builder:
    """Fill an inventory for one plugin and its options."""

    def __init__(self, plugin: Any, config: Mapping[str, Any]) -> None:
        self._plugin = plugin
        self._option = plugin.get_option
        _check_keys(config, plugin.get_options())
        self._scope = _read_scope(self._option)
        self._prefix, self._suffix = _read_affixes(self._option)
        self._filter = Filter("filter", self._option("filter")) if self._option("filter") else None

    def build(self, path: str, *, use_cache: bool) -> None:
        """Read the fleet, from the cache if that holds it, and add its hosts."""
        fleet = self._load(path, use_cache=use_cache)
        found = self._hosts(fleet, datetime.now(UTC))
        names = unique_names({host.id: self._wished_name(host) for host in found}, constants.LOCALHOST)
        self._add(found, names)

    def _load(self, path: str, *, use_cache: bool) -> Fleet:
        if not self._option("cache"):
            return self._read()
        cache, key, scope = self._plugin.cache, self._plugin.get_cache_key(path), self._cache_scope()
        stored = cache.get(key) if use_cache else None
        if isinstance(stored, Mapping) and stored.get("scope") == scope:
            return Fleet.of_json(stored)
        fleet = self._read()
        cache[key] = {"scope": scope, **fleet.to_json()}
        return fleet

    def _cache_scope(self) -> Variables:
        """Say whose view of what is cached, so that another one's isn't taken for it."""
        sign_in = self._sign_in()
        return {
            "cloud": sign_in["cloud_environment"],
            "tenant": sign_in["tenant"],
            "client": sign_in["client_id"],
            "subscriptions": list(self._scope.subscriptions),
            "resource_groups": list(self._scope.resource_groups),
            "include_powered_off": self._scope.include_powered_off,
        }

    def _read(self) -> Fleet:
        sign_in = self._sign_in()
        arm = connect(read_sign_in(sign_in), sign_in["cloud_environment"] or "AzureCloud", USER_AGENT)
        return read_fleet(self._scope, ResourceGraph(arm), ArmJitApi(arm))

    def _sign_in(self) -> Variables:
        """Read the sign-in options; templates, such as a lookup of a secret, are the user's own and resolved."""
        known = self._plugin.get_options()
        values: Variables = {}
        for name, spec in auth_spec().items():
            value = self._option(name) if name in known else None
            if isinstance(value, str):
                value = self._plugin.templar.template(value)
            values[name] = _environment(spec) if value in (None, "") else value
        return values

    def _hosts(self, fleet: Fleet, now: datetime) -> list[Host]:
        policies = (policy for document in fleet.policies if (policy := Policy.read(document)))
        statuses = status.read_statuses(policies, now)
        connect_via = [_ADDRESSES[way] for way in self._option("connect_via")]
        defaults = _CONNECTIONS if self._option("connection_defaults") else {}
        found = []
        for row in fleet.vms:
            if (vm := VmId.find_in(row["id"])) is None:
                continue
            facts = hosts.describe(row)
            jit = status.describe_status(statuses.get(vm.key), unguarded=hosts.is_unguarded(row))
            variables = {f"{self._prefix}{name}{self._suffix}": value for name, value in facts.items()}
            variables.update(azure_vm_id=row["id"], **jit, **defaults.get(hosts.os_of(row), {}))
            if address := next((found for way in connect_via for found in facts[way]), None):
                variables["ansible_host"] = address
            if self._filter is None or self._filter.wants(row["name"], variables):
                found.append(Host(row["id"], facts, variables, _groups_of(jit)))
        return found

    def _wished_name(self, host: Host) -> str:
        """Find the first of the preferred names that the VM has; its own name is there in any case."""
        for preference in self._option("hostnames"):
            if name := str(self._preferred(preference, host) or "").strip():
                return name
        return str(host.facts["name"])

    def _preferred(self, preference: str, host: Host) -> Any:
        if preference in ("name", "computer_name"):
            return host.facts[preference]
        if preference.startswith("tags."):
            return host.facts["tags"].get(preference.removeprefix("tags."))
        templar = self._plugin.templar
        templar.available_variables = host.variables
        try:
            if "{{" in preference or "{%" in preference:
                return templar.template(preference)
            return templar.evaluate_expression(preference)
        except AnsibleError as error:
            if self._option("strict"):
                raise InvalidOption(
                    "hostnames", f"{preference!r} fails for the VM {host.facts['name']}: {error}"
                ) from error
            return None

    def _add(self, found: Iterable[Host], names: Mapping[str, str]) -> None:
        inventory = self._plugin.inventory
        for group in GROUPS:
            inventory.add_group(group)
        for host in found:
            name = names[host.id]
            inventory.add_host(name)
            for key, value in host.variables.items():
                inventory.set_variable(name, key, value)
            for group in host.groups:
                inventory.add_child(group, name)
            self._construct(name, host.variables)

    def _construct(self, name: str, variables: Variables) -> None:
        plugin, strict = self._plugin, self._option("strict")
        if compose := self._option("compose"):
            plugin._set_composite_vars(compose, variables, name, strict=strict)
        if groups := self._option("groups"):
            plugin._add_host_to_composed_groups(groups, variables, name, strict=strict)
        if keyed_groups := self._option("keyed_groups"):
            plugin._add_host_to_keyed_groups(keyed_groups, variables, name, strict=strict)


def _groups_of(jit: Variables) -> tuple[str, ...]:
    group = f"jit_{jit['jit_status']}"
    return (group, "jit_open") if jit["jit_open_ports"] else (group,)


def _environment(spec: Mapping[str, Any]) -> str | None:
    """Look past empty variables, which Ansible takes for values."""
    read, variables = spec["fallback"]
    try:
        value: str = read(*variables)
    except AnsibleFallbackNotFound:
        return None
    return value


def _check_keys(config: Mapping[str, Any], known: Iterable[str]) -> None:
    """Refuse unknown keys: Ansible passes them over, and a misspelt filter would let the whole fleet in."""
    names = {*known, "plugin"}
    problems = []
    for key in config:
        if key not in names:
            near = get_close_matches(str(key), names, 1)
            hint = (
                f"; {near[0]} was meant?"
                if near
                else "; ansible-doc -t inventory jitfleet.azure.jit_vms lists them"
            )
            problems.append(InvalidOption(str(key), f"there is no such option{hint}"))
    if problems:
        raise InvalidOptions(problems)


def _read_scope(option: Any) -> Scope:
    subscriptions = [str(text).strip() for text in option("subscriptions") or ()]
    groups = [str(text).strip() for text in option("resource_groups") or ()]
    return Scope(read_subscriptions(subscriptions), tuple(groups), bool(option("include_powered_off")))


def _read_affixes(option: Any) -> tuple[str, str]:
    prefix, suffix = str(option("hostvars_prefix") or ""), str(option("hostvars_suffix") or "")
    for name, text, pattern in (
        ("hostvars_prefix", prefix, r"([A-Za-z_][A-Za-z0-9_]*)?"),
        ("hostvars_suffix", suffix, r"[A-Za-z0-9_]*"),
    ):
        if not re.fullmatch(pattern, text):
            raise InvalidOption(name, f"{text!r} can't be part of a variable's name: use letters, digits and _")
    return prefix, suffix
