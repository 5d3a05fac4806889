# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network rules that just-in-time access writes: a standing deny for each VM, an allow for each grant."""

from __future__ import annotations

from collections.abc import Iterable

from ..compute.models import VirtualMachine
from ..exchange import Json
from ..network.models import NetworkInterface, NetworkSecurityGroup, SecurityRule
from ..world import World
from .models import Grant, Policy, RulePlace

_PREFIX = "MicrosoftDefenderForCloud-JITRule"
_FIRST_GRANT_PRIORITY = 100


def write_denies(world: World, policy: Policy, vm: VirtualMachine, ports: list[Json]) -> list[RulePlace]:
    """Write the standing deny rules of a VM and return where they are."""
    numbers = sorted({int(port["number"]) for port in ports})
    groups = [[number] for number in numbers] if world.behaviour.deny_rules == "per_port" else [numbers]
    places: list[RulePlace] = []
    for nsg, addresses in _targets(world, vm):
        for group in groups:
            priority = _free_below(nsg, world.behaviour.deny_priority)
            if priority is None or not _has_room(world, nsg):
                continue
            # Underscore: the standing deny; hyphen: a grant [docs][issue].
            name = f"{_PREFIX}_{_number(world)}_{_hex(world)}"
            properties = _properties(policy, vm, "Deny", priority, ("*",), addresses, group, "*")
            nsg.put(SecurityRule(name, properties))
            places.append((nsg, name))
    return places


def write_grants(world: World, policy: Policy, vm: VirtualMachine, grants: list[Grant]) -> list[Grant]:
    """Write the allow rules of a VM's grants and return those grants that got theirs in every NSG."""
    opened: list[Grant] = []
    for bundle in _bundles(world, grants):
        shared = _equal_place(world, policy, bundle[0])
        places = shared if shared is not None else _write_grant(world, policy, vm, bundle)
        if places is not None:
            for grant in bundle:
                grant.rules = list(places)
            opened.extend(bundle)
    return opened


def release(policy: Policy, grant: Grant) -> None:
    """Take a grant's rules away, but for those that another live grant shares."""
    places, grant.rules = grant.rules, []
    shared = [place for other in policy.live_grants(grant.vm_key) for place in other.rules]
    remove(place for place in places if place not in shared)


def remove(places: Iterable[RulePlace]) -> None:
    """Take rules away, where they still are and nothing forbids it."""
    for nsg, name in places:
        if not nsg.locked:
            nsg.remove(name)


def _bundles(world: World, grants: list[Grant]) -> list[list[Grant]]:
    """Group the grants that get one rule."""
    if world.behaviour.grant_rules == "per_port":
        return [[grant] for grant in grants]
    bundles: dict[tuple[tuple[str, ...], str, int], list[Grant]] = {}
    for grant in grants:
        bundles.setdefault((grant.sources, grant.protocol, grant.ends), []).append(grant)
    return list(bundles.values())


def _write_grant(world: World, policy: Policy, vm: VirtualMachine, bundle: list[Grant]) -> list[RulePlace] | None:
    """Write one allow rule into each NSG of the VM; None when one of them can't take it."""
    places: list[RulePlace] = []
    first = bundle[0]
    for nsg, addresses in _targets(world, vm):
        priority = _free_above(nsg)
        if priority is None or not _has_room(world, nsg):
            remove(places)
            return None
        name = f"{_PREFIX}-{_number(world)}-{_hex(world)}"
        numbers = sorted({grant.number for grant in bundle})
        properties = _properties(policy, vm, "Allow", priority, first.sources, addresses, numbers, first.protocol)
        nsg.put(SecurityRule(name, properties))
        places.append((nsg, name))
    return places


def _equal_place(world: World, policy: Policy, grant: Grant) -> list[RulePlace] | None:
    """Return the rules of an equal grant where equal ones share [inf]."""
    if world.behaviour.equal_grants == "separate":
        return None
    for older in policy.live_grants(grant.vm_key):
        if older is not grant and older.rules and older.is_like(grant):
            return older.rules
    return None


def _targets(world: World, vm: VirtualMachine) -> list[tuple[NetworkSecurityGroup, list[str]]]:
    """Return the NSGs to write to, each with the private addresses of the VM that it guards."""
    targets: dict[int, tuple[NetworkSecurityGroup, list[str]]] = {}
    for nic in vm.nics:
        for nsg in _groups_of(nic, world.behaviour.rules_in):
            targets.setdefault(id(nsg), (nsg, []))[1].append(nic.private_address)
    return list(targets.values())


def _groups_of(nic: NetworkInterface, where: str) -> list[NetworkSecurityGroup]:
    """Return the NSGs of an interface that the settings name; where only one level has one, that one."""
    groups = list(nic.security_groups())
    if where == "both" or len(groups) < 2:
        return groups
    return groups[:1] if where == "subnet" else groups[1:]


def _properties(
    policy: Policy,
    vm: VirtualMachine,
    access: str,
    priority: int,
    sources: tuple[str, ...],
    addresses: list[str],
    ports: list[int],
    protocol: str,
) -> Json:
    """Write a rule's properties; the description names policy and VM and nothing else [docs]."""
    return (
        {
            "description": f"MDC JIT Network Access rule for policy '{policy.name}' of VM '{vm.name}'.",
            "protocol": protocol if protocol == "*" else protocol.capitalize(),
            "sourcePortRange": "*",
        }
        | _one_or_many("destinationPortRange", "destinationPortRanges", [str(port) for port in ports])
        | _one_or_many("sourceAddressPrefix", "sourceAddressPrefixes", list(sources))
        | _one_or_many("destinationAddressPrefix", "destinationAddressPrefixes", addresses)
        | {"access": access, "priority": priority, "direction": "Inbound"}
    )


def _one_or_many(singular: str, plural: str, values: list[str]) -> Json:
    """Write values into the singular field if there is one, else into the plural."""
    return {singular: values[0]} if len(values) == 1 else {plural: values}


def _has_room(world: World, nsg: NetworkSecurityGroup) -> bool:
    """Tell whether a rule can be added: a lock or a full group makes just-in-time access fail silently [issue]."""
    return not nsg.locked and len(nsg.rules) < world.behaviour.rules_per_nsg


def _free_below(nsg: NetworkSecurityGroup, start: int) -> int | None:
    """Return the highest free priority from `start` downwards."""
    used = nsg.priorities
    return next(
        (priority for priority in range(start, _FIRST_GRANT_PRIORITY - 1, -1) if priority not in used), None
    )


def _free_above(nsg: NetworkSecurityGroup) -> int | None:
    """Return the lowest free priority from 100 upwards."""
    used = nsg.priorities
    return next((priority for priority in range(_FIRST_GRANT_PRIORITY, 4097) if priority not in used), None)


def _number(world: World) -> int:
    """Return the integer of a rule's name, which may be negative."""
    return world.random.randint(-(2**31), 2**31 - 1)


def _hex(world: World) -> str:
    """Return the 32 hex digits of a rule's name."""
    return f"{world.random.getrandbits(128):032X}"
