# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The security rules in effect on a network interface: asynchronous, and only while its VM runs [docs].

The shape is that of the description and of Microsoft's examples [spec][docs]. No traffic of it was recorded, so
when the answer is ready and the words of a refusal are guesses [inf].
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..exchange import Call, Json, Reply
from ..operations.responses import accepted
from ..world import World
from .errors import no_running_vm
from .models import NetworkInterface, NetworkSecurityGroup
from .responses import find_interface
from .shapes import show_default_rules

_EVERYWHERE = "0.0.0.0/0"
_EVERY_PORT = "0-65535"
_PROBES = "168.63.129.16/32"


def post_effective_groups(world: World, call: Call, subscription_id: str, group_name: str, name: str) -> Reply:
    """Start to collect the rules: 202, and the answer later where `Location` says."""
    nic = find_interface(world, subscription_id, group_name, name)
    if nic.vm is None or not nic.vm.is_running:
        raise no_running_vm(nic)
    operation = world.operations.start(world, "Microsoft.Network", nic.location, world.clock.now())

    def end(moment: int) -> None:
        operation.result = show_effective_groups(nic)
        operation.ended = moment

    world.agenda.at(world.clock.now() + world.behaviour.network_operation, end)
    return Reply(202, headers=accepted(call, operation, subscription_id))


def show_effective_groups(nic: NetworkInterface) -> Json:
    """Write the groups of subnet and interface with their rules."""
    shown = []
    if nic.subnet.nsg is not None:
        shown.append(_show_group(nic, nic.subnet.nsg, {"subnet": {"id": nic.subnet.id}}))
    if nic.nsg is not None:
        shown.append(_show_group(nic, nic.nsg, {"networkInterface": {"id": nic.id}}))
    return {"value": shown}


def _show_group(nic: NetworkInterface, nsg: NetworkSecurityGroup, association: Json) -> Json:
    own = (_show(nic, f"securityRules/{rule.name}", rule.properties) for rule in nsg.rules.values())
    defaults = (
        _show(nic, f"defaultSecurityRules/{rule['name']}", rule["properties"]) for rule in show_default_rules(nsg)
    )
    return {
        "networkSecurityGroup": {"id": nsg.id},
        "association": association,
        "effectiveSecurityRules": [*own, *defaults],
    }


def _show(nic: NetworkInterface, name: str, properties: Json) -> Json:
    """Write a rule: ranges have both their ends, `*` is every address, tags stand beside what they mean."""
    sources = [_address(text) for text in _texts(properties, "sourceAddressPrefix", "es")]
    destinations = [_address(text) for text in _texts(properties, "destinationAddressPrefix", "es")]
    source_ports = [_range(text) for text in _texts(properties, "sourcePortRange", "s")]
    ports = [_range(text) for text in _texts(properties, "destinationPortRange", "s")]
    return {
        "name": name,
        "protocol": "All" if properties["protocol"] == "*" else str(properties["protocol"]).capitalize(),
        "sourcePortRange": source_ports[0],
        "destinationPortRange": ports[0],
        "sourcePortRanges": source_ports,
        "destinationPortRanges": ports,
        "sourceAddressPrefix": sources[0],
        "destinationAddressPrefix": destinations[0],
        "sourceAddressPrefixes": sources,
        "destinationAddressPrefixes": destinations,
        "expandedSourceAddressPrefix": list(_expanded(nic, sources)),
        "expandedDestinationAddressPrefix": list(_expanded(nic, destinations)),
        "access": properties["access"],
        "priority": properties["priority"],
        "direction": properties["direction"],
    }


def _expanded(nic: NetworkInterface, prefixes: Iterable[str]) -> Iterator[str]:
    """Yield what the tags mean; of those whose addresses aren't known here nothing."""
    for prefix in prefixes:
        if prefix == "VirtualNetwork":
            yield from (*nic.subnet.network.prefixes, _PROBES)
        elif prefix == "AzureLoadBalancer":
            yield _PROBES


def _texts(properties: Json, singular: str, ending: str) -> list[str]:
    """Return a field that comes in the singular or in the plural."""
    return [str(text) for text in properties.get(singular + ending) or [properties.get(singular)] if text]


def _address(text: str) -> str:
    return _EVERYWHERE if text == "*" else text


def _range(text: str) -> str:
    if text == "*":
        return _EVERY_PORT
    return text if "-" in text else f"{text}-{text}"
