# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules in effect on an interface, as Azure itself works them out, read as security groups.

Application security groups come as addresses, service tags beside the addresses that they stand for [docs].
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .security_rules import SecurityGroup, read_group
from .sources import ANY, network_of

# These are judged by what they mean; all others only by the addresses that Azure gives for them.
_UNDERSTOOD = frozenset({ANY, "any", "internet", "virtualnetwork", "azureloadbalancer"})
_NETWORK = "virtualnetwork"
_PROBES = "168.63.129.16/32"
# Microsoft's examples show both forms of names [docs].
_MARK = re.compile(r"(?:(?:defaultS|s)ecurityRules/|(?:User|Default)Rule_)")
_FIRST_DEFAULT = 65000

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class EffectiveRules:
    """The groups of an interface and its subnet, None for no group.

    `others` are those of a Virtual Network Manager, which come before both, and of whatever else Azure may name.
    """

    subnet: SecurityGroup | None
    nic: SecurityGroup | None
    others: tuple[SecurityGroup, ...] = ()
    network_space: tuple[str, ...] = ()

    @property
    def groups(self) -> tuple[SecurityGroup, ...]:
        return tuple(group for group in (self.subnet, self.nic) if group)


def read_effective(document: Mapping[str, Any]) -> EffectiveRules:
    """Read Azure's answer about one interface."""
    entries = [entry for entry in document.get("value") or () if isinstance(entry, Mapping)]
    placed = [(_place(entry), _group(entry)) for entry in entries]
    by_place = dict(placed)
    return EffectiveRules(
        subnet=by_place.get("subnet"),
        nic=by_place.get("networkInterface"),
        others=tuple(group for place, group in placed if not place),
        network_space=tuple(dict.fromkeys(prefix for entry in entries for prefix in _space(entry))),
    )


def _place(entry: Mapping[str, Any]) -> str:
    association = entry.get("association") or {}
    if association.get("networkManager"):
        return ""
    return next((place for place in ("subnet", "networkInterface") if association.get(place)), "")


def _group(entry: Mapping[str, Any]) -> SecurityGroup:
    group_id = str((entry.get("networkSecurityGroup") or {}).get("id") or "")
    rules = entry.get("effectiveSecurityRules")
    if not isinstance(rules, list):
        return read_group({"id": group_id})  # which counts as a group whose rules could not be read
    written = [_rule(group_id, rule) for rule in rules if isinstance(rule, Mapping)]
    own = [rule for rule in written if not _is_default(rule)]
    defaults = [rule for rule in written if _is_default(rule)]
    properties = {"securityRules": own, "defaultSecurityRules": defaults}
    return read_group({"id": group_id, "properties": properties})


def _is_default(rule: Json) -> bool:
    priority = rule["properties"].get("priority")
    return isinstance(priority, int) and priority >= _FIRST_DEFAULT


def _rule(group_id: str, rule: Mapping[str, Any]) -> Json:
    """Write a rule as a security group has it."""
    name = _MARK.sub("", str(rule.get("name") or ""), count=1)
    protocol = str(rule.get("protocol") or "")
    properties = {
        **rule,
        "protocol": ANY if protocol.lower() == "all" else protocol,
        **_addresses(rule, "source"),
        **_addresses(rule, "destination"),
    }
    written: Json = {"name": name, "properties": properties}
    written["id"] = f"{group_id}/{'defaultSecurityRules' if _is_default(written) else 'securityRules'}/{name}"
    return written


def _addresses(rule: Mapping[str, Any], end: str) -> Json:
    """Put for tags that say nothing by themselves the addresses that Azure gives for them."""
    texts = _texts(rule, f"{end}AddressPrefix", f"{end}AddressPrefixes")
    expanded = _texts(rule, f"expanded{end.capitalize()}AddressPrefix")
    plain = [text for text in texts if text.lower() in _UNDERSTOOD or network_of(text)]
    if len(plain) < len(texts) and expanded:
        texts = [*plain, *expanded]
    return {f"{end}AddressPrefix": None, f"{end}AddressPrefixes": list(dict.fromkeys(texts))}


def _texts(rule: Mapping[str, Any], *names: str) -> list[str]:
    values = (rule.get(name) for name in names)
    listed = (value if isinstance(value, list) else [value] for value in values if value)
    return [str(text) for texts in listed for text in texts if text]


def _space(entry: Mapping[str, Any]) -> Iterable[str]:
    """Give what belongs to the virtual network, from a rule that is for the whole of it and nothing else."""
    for rule in entry.get("effectiveSecurityRules") or ():
        sources = {text.lower() for text in _texts(rule, "sourceAddressPrefix", "sourceAddressPrefixes")}
        if sources == {_NETWORK}:
            yield from (text for text in _texts(rule, "expandedSourceAddressPrefix") if text != _PROBES)
