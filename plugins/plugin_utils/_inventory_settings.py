# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From an inventory file's options, ours and azure.azcollection's, to what they mean."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Literal

from ansible.module_utils.parsing.convert_bool import BOOLEANS

from ..module_utils._filter import Filter
from ..module_utils._jit.errors import InvalidOption, InvalidOptions
from ..module_utils._operations.read_fleet import Scope
from ..module_utils._options import read_subscriptions
from ..module_utils._pushdown import PLAIN

# Options that only azure.azcollection's inventory has: a file with one of them was written for it.
AZURE_RM_OPTIONS = (
    "api_profile",
    "batch_fetch",
    "batch_fetch_interval",
    "batch_fetch_timeout",
    "conditional_groups",
    "default_host_filters",
    "exclude_host_filters",
    "fail_on_template_errors",
    "hostvar_expressions",
    "include_arc_resource_groups",
    "include_hcivm_resource_groups",
    "include_host_filters",
    "include_vm_resource_groups",
    "include_vmss_resource_groups",
    "log_mode",
    "log_path",
    "plain_host_names",
    "use_contrib_script_compatible_sanitization",
)
# What those name is no virtual machine of Azure's, which just-in-time access could be had to.
_OTHER_MACHINES = {
    "include_vmss_resource_groups": "instances of scale sets in uniform orchestration (flexible ones are VMs)",
    "include_hcivm_resource_groups": "virtual machines of Azure Stack HCI",
    "include_arc_resource_groups": "machines of Azure Arc",
}
_VARIABLES = "JIT_VMS_"
_AZURE_RM_GROUPS = "ANSIBLE_AZURE_VM_RESOURCE_GROUPS"
_DEFAULT_HOST_FILTERS = ('powerstate != "running"', 'provisioning_state != "succeeded"')
_RUNNING_ONLY = re.compile(r"""\s*powerstate\s*!=\s*(["'])running\1\s*""")

_WAYS = ("public_ip", "private_ip", "dns")
_AZURE_RM_WAYS = ("public_ip", "private_ip")

Option = Callable[[str], Any]
Expression = str | bool
# What becomes of a template that fails: it ends the inventory, it is told, or it is passed over.
Failures = Literal["end", "tell", "pass"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What an inventory file asks for."""

    scope: Scope
    source: str
    filter: Filter | None
    excluded: tuple[Expression, ...]
    included: tuple[Expression, ...]
    filters_may_fail: bool
    hostnames: tuple[Expression, ...]
    plain_names: bool
    connect_via: tuple[str, ...]
    connections: Mapping[str, str]
    prefix: str
    suffix: str
    compose: Mapping[str, Any]
    hostvar_expressions: Mapping[str, Any]
    groups: Mapping[str, Any]
    keyed_groups: list[Any]
    failures: Failures
    keeps_hyphens: bool
    warnings: tuple[str, ...]


def forget_empty_variables() -> None:
    """Unset our variables that are set to nothing, which Ansible takes for values that are wrong."""
    for name in [name for name, value in os.environ.items() if name.startswith(_VARIABLES) and not value.strip()]:
        del os.environ[name]


def read_settings(
    config: Mapping[str, Any],
    known: Mapping[str, Mapping[str, Any]],
    option: Option,
    usual_subscription: Callable[[], str | None],
) -> Settings:
    """Read the options of a file; `option` gives their values as Ansible sees them, `known` are their definitions.

    `usual_subscription` is that of whoever signs in.
    """
    _check_keys(config, known)
    _check_flags(config, known)
    prefix, suffix = _read_affixes(option)
    as_azure_rm = _flag(option, "azure_rm_defaults", any(name in config for name in AZURE_RM_OPTIONS))
    fails = _flag(option, "fail_on_template_errors", True)
    wanted = Filter("filter", option("filter")) if option("filter") else None
    default_filters = _default_filters(option, as_azure_rm)
    return Settings(
        scope=replace(
            _read_scope(config, option, wanted, default_filters, as_azure_rm=as_azure_rm),
            subscriptions=_subscriptions(config, option, usual_subscription if as_azure_rm else lambda: None),
        ),
        source=option("source"),
        filter=wanted,
        excluded=(*_expressions(option, "exclude_host_filters"), *default_filters),
        included=_expressions(option, "include_host_filters") or (True,),
        filters_may_fail=not fails,
        hostnames=_expressions(option, "hostnames") or ("default",),
        plain_names=_flag(option, "plain_host_names", not as_azure_rm),
        connect_via=tuple(_texts(option, "connect_via")) or (_AZURE_RM_WAYS if as_azure_rm else _WAYS),
        connections=_read_connections(option, as_azure_rm=as_azure_rm),
        prefix=prefix,
        suffix=suffix,
        compose=option("compose") or {},
        hostvar_expressions=option("hostvar_expressions") or {},
        groups={**(option("groups") or {}), **(option("conditional_groups") or {})},
        keyed_groups=list(option("keyed_groups") or ()),
        failures="end" if option("strict") else "tell" if as_azure_rm and fails else "pass",
        keeps_hyphens=bool(option("use_contrib_script_compatible_sanitization")),
        warnings=tuple(
            f"{name}: {what} are no hosts of this inventory"
            for name, what in _OTHER_MACHINES.items()
            if option(name)
        ),
    )


def _flag(option: Option, name: str, default: bool) -> bool:
    value = option(name)
    return default if value is None else bool(value)


def _texts(option: Option, name: str) -> list[str]:
    """Read a list of texts; an empty one, as an environment variable that is set to nothing, counts for none."""
    return [text for value in option(name) or () if (text := str(value).strip())]


def _expressions(option: Option, name: str) -> tuple[Expression, ...]:
    """Read Jinja expressions as they are: a copy would lose the mark that lets them be evaluated."""
    return tuple(value for value in option(name) or () if isinstance(value, bool) or str(value).strip())


def _default_filters(option: Option, as_azure_rm: bool) -> tuple[Expression, ...]:
    if option("default_host_filters") is not None:
        return _expressions(option, "default_host_filters")
    return _DEFAULT_HOST_FILTERS if as_azure_rm else ()


def _read_connections(option: Option, *, as_azure_rm: bool) -> Mapping[str, str]:
    """Say by which plugin to connect to each operating system, if that is wished."""
    if not _flag(option, "connection_defaults", not as_azure_rm):
        return {}
    return {"linux": "ssh", "windows": option("windows_connection")}


def _read_scope(
    config: Mapping[str, Any],
    option: Option,
    wanted: Filter | None,
    default_filters: tuple[Expression, ...],
    *,
    as_azure_rm: bool,
) -> Scope:
    prefix, suffix = _read_affixes(option)
    names = {f"{prefix}{name}{suffix}": wanted_property for name, wanted_property in PLAIN.items()}
    powered_off = as_azure_rm and not any(_is_running_only(text) for text in default_filters)
    return Scope(
        resource_groups=tuple(_read_groups(config, option, as_azure_rm=as_azure_rm)),
        include_powered_off=_flag(option, "include_powered_off", powered_off),
        management_groups=tuple(_texts(option, "management_groups")),
        condition=wanted.plain_part(names) if wanted else None,
        whole_interfaces=as_azure_rm,
    )


def _is_running_only(expression: Expression) -> bool:
    return isinstance(expression, str) and _RUNNING_ONLY.fullmatch(expression) is not None


def _subscriptions(
    config: Mapping[str, Any], option: Option, usual_subscription: Callable[[], str | None]
) -> tuple[str, ...]:
    """Read the subscriptions, or the one that azure.azcollection's inventory is about."""
    named = _texts(option, "subscriptions")
    if named or _texts(option, "management_groups"):
        return read_subscriptions(named)
    in_file = str((config.get("subscription_id") and option("subscription_id")) or "").strip()
    one = in_file or usual_subscription()
    return read_subscriptions([one] if one else [], "subscription_id")


def _read_groups(config: Mapping[str, Any], option: Option, *, as_azure_rm: bool) -> list[str]:
    own = _texts(option, "resource_groups")
    if strange := next((name for name in own if set("*?") & set(name)), None):
        raise InvalidOption(
            "resource_groups",
            f"{strange!r} is no name of a group, and there are no wildcards; leave it out for all",
        )
    theirs = os.environ.get(_AZURE_RM_GROUPS, "") if as_azure_rm else ""
    if not theirs and "include_vm_resource_groups" not in config:
        return own
    if own:
        raise InvalidOption(
            "include_vm_resource_groups", "it can't be combined with resource_groups: keep one of them"
        )
    named = theirs.split(",") if theirs else option("include_vm_resource_groups") or ()
    groups = [text for name in named if (text := str(name).strip())]
    if not groups:
        raise InvalidOption(
            "include_vm_resource_groups", "it names no group, and there are no hosts but virtual machines here"
        )
    return [] if "*" in groups else groups


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


def _check_flags(config: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse what is neither yes nor no: Ansible takes it for no."""
    problems = []
    for name, definition in known.items():
        if definition.get("type") != "bool":
            continue
        given = [config.get(name), *(os.environ.get(variable["name"]) for variable in definition.get("env") or ())]
        strange = [value for value in given if value is not None and not _is_flag(value)]
        problems += [InvalidOption(name, f"{value!r} is neither true nor false") for value in strange]
    if problems:
        raise InvalidOptions(problems)


def _is_flag(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip().lower() in BOOLEANS
    return isinstance(value, int | float) and value in BOOLEANS


def _read_affixes(option: Option) -> tuple[str, str]:
    prefix, suffix = str(option("hostvars_prefix") or ""), str(option("hostvars_suffix") or "")
    for name, text, pattern in (
        ("hostvars_prefix", prefix, r"([A-Za-z_][A-Za-z0-9_]*)?"),
        ("hostvars_suffix", suffix, r"[A-Za-z0-9_]*"),
    ):
        if not re.fullmatch(pattern, text):
            raise InvalidOption(name, f"{text!r} can't be part of a variable's name: use letters, digits and _")
    return prefix, suffix
