# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the options that say what policies shall hold, and how they are written, to the operations' values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from ._jit.errors import InvalidOption
from ._jit.ports import DEFAULT_DURATION, PROTOCOLS, PortRule
from ._jit.sources import ANY, admits_everybody, network_of, normal
from ._jit.times import parse_duration
from ._operations.cover_request import Templates
from ._operations.safe_write import Patience
from ._options import as_list, collect, read_port, read_ports, refuse_empty

# The ports that the portal proposes when JIT is enabled on many VMs at once.
PORTAL_BULK = ("ssh", "rdp", "winrm_http", "winrm_https")
LONGEST_PREFIX = 32


def read_rules(option: str, raw: Any) -> tuple[PortRule, ...]:
    """Read a policy's ports: numbers, service names, `portal_bulk`, or mappings; none where nothing is given."""
    refuse_empty(option, raw)
    elements: list[Any] = []
    for element in as_list(raw):
        elements += PORTAL_BULK if element == "portal_bulk" else [element]
    rules = collect(enumerate(elements), lambda item: _read_rule(f"{option}[{item[0]}]", item[1]))
    for index, rule in enumerate(rules):
        if any(rule.concerns_same_port_as(other) for other in rules[:index]):
            raise InvalidOption(f"{option}[{index}]", f"port {rule.number} is given twice")
    return tuple(rules)


def read_numbers(option: str, raw: Any) -> frozenset[int]:
    """Read the ports that are to be taken out: what is allowed on them makes no difference then.

    None where nothing is given, which means the whole VM.
    """
    refuse_empty(option, raw)
    for index, element in enumerate(as_list(raw)):
        if isinstance(element, Mapping) or element == "portal_bulk":
            raise InvalidOption(
                f"{option}[{index}]", "state: absent takes out whole ports; name them by number or service"
            )
    return frozenset(read_ports(option, raw))


def _read_rule(option: str, raw: Any) -> PortRule:
    if not isinstance(raw, Mapping):
        return PortRule(read_port(option, raw), "*", frozenset({ANY}), DEFAULT_DURATION)
    allowed = {"port", "protocol", "sources", "max_duration"}
    if unknown := sorted(set(raw) - allowed):
        raise InvalidOption(option, f"unknown key {', '.join(unknown)}; known are {', '.join(sorted(allowed))}")
    if raw.get("port") is None:
        raise InvalidOption(option, "the port is missing: give port, a number or a service name")
    protocol = str(raw.get("protocol") or "any").lower()
    if protocol not in PROTOCOLS:
        # Azure answers an unknown protocol with a bare 500 [issue].
        raise InvalidOption(f"{option}.protocol", f"{protocol!r} is not one of {', '.join(PROTOCOLS)}")
    refuse_empty(f"{option}.sources", raw.get("sources"))
    sources = enumerate(as_list(raw.get("sources")) or ["any"])
    prefixes = collect(sources, lambda item: _read_policy_source(f"{option}.sources[{item[0]}]", item[1]))
    return PortRule(
        number=read_port(f"{option}.port", raw["port"]),
        protocol=PROTOCOLS[protocol],
        sources=frozenset(prefixes),
        max_duration=_read_longest(f"{option}.max_duration", raw.get("max_duration")),
    )


def _read_longest(option: str, raw: Any) -> timedelta:
    return DEFAULT_DURATION if raw is None else parse_duration(option, str(raw))


def _read_policy_source(option: str, raw: Any) -> str:
    text = str(raw)
    if admits_everybody(text):
        return ANY
    if network_of(text) is None:
        raise InvalidOption(option, f"{text!r} is neither an address, a CIDR prefix nor the word any")
    return normal(text)


def read_address(option: str, raw: Any) -> str | None:
    """Read a single IP address."""
    network = network_of(str(raw))
    if network is None or network.prefixlen != network.max_prefixlen:
        raise InvalidOption(option, f"{raw!r} is not an IP address")
    return str(network.network_address)


def read_templates(params: Mapping[str, Any]) -> Templates | None:
    """Read the ports by the value of a tag."""
    templates, tag, only = params["templates"], params["template_tag"], params["without_template"] == "skip"
    if not templates and not tag:
        if only:
            raise InvalidOption("without_template", "skip leaves everybody out where there are no templates")
        return None
    if not templates or not tag:
        raise InvalidOption("template_tag" if templates else "templates", "templates and template_tag go together")
    if params["state"] == "absent":
        raise InvalidOption("templates", "they say what VMs shall have; with state: absent leave them out")
    read = collect(templates.items(), lambda item: (str(item[0]), _read_template(f"templates.{item[0]}", item[1])))
    return Templates(tag, dict(read), only)


def _read_template(option: str, raw: Any) -> tuple[PortRule, ...]:
    if not isinstance(raw, Mapping) or set(raw) != {"ports"}:
        raise InvalidOption(option, "a template is a mapping with the one key ports")
    if raw["ports"] is None:
        raise InvalidOption(f"{option}.ports", "name at least one port")
    return read_rules(f"{option}.ports", raw["ports"])


def read_policy_name(params: Mapping[str, Any]) -> str:
    """Read a policy's name; what would change the path that it is part of is found here, not by Azure."""
    name = str(params["policy_name"])
    if not re.fullmatch(r"(?!\.+$)[A-Za-z0-9._-]+", name):
        raise InvalidOption("policy_name", f"{name!r} is no name of a policy; use letters, digits, -, _ and .")
    return name


def read_widest_prefix(params: Mapping[str, Any]) -> int:
    length: int = params["widest_prefix"]
    if not 0 <= length <= LONGEST_PREFIX:
        raise InvalidOption("widest_prefix", f"{length} is not the length of a prefix, from 0 to {LONGEST_PREFIX}")
    return length


def refuse_with_absent(params: Mapping[str, Any]) -> None:
    """Refuse options that mean nothing where VMs are taken out."""
    if params["mode"] != "merge":
        raise InvalidOption("mode", f"{params['mode']} says what VMs shall have; with state: absent leave it out")


def refuse_address(option: str, _raw: Any) -> None:
    raise InvalidOption(option, "with state: absent there is nothing to give an address to; leave it out")


def writing_spec() -> dict[str, Any]:
    """Options of the documentation fragment `jitfleet.azure.writing`."""
    return {
        "write_budget": {"type": "float", "default": 5.0},
        "quiet_window": {"type": "float", "default": 6.0},
    }


def read_patience(params: Mapping[str, Any]) -> Patience:
    """Read how safely policies are written; a module without the option `wait` waits."""
    wait = params.get("wait", True)
    budget, quiet, timeout = params["write_budget"], params["quiet_window"], params["wait_timeout"]
    if budget <= 0:
        raise InvalidOption("write_budget", f"{budget:g} is too short; give a number of seconds above 0")
    if quiet < budget:
        raise InvalidOption(
            "quiet_window",
            f"{quiet:g} is shorter than write_budget, {budget:g}; then a change that another writer is about to "
            "undo would count as done",
        )
    if timeout <= 0:
        raise InvalidOption("wait_timeout", f"{timeout} is too short; give a number of seconds above 0")
    if wait and timeout <= quiet:
        raise InvalidOption(
            "wait_timeout", f"{timeout} is not longer than quiet_window, {quiet:g}; then no change could be done"
        )
    return Patience(timedelta(seconds=budget), timedelta(seconds=quiet), timedelta(seconds=timeout), wait=wait)
