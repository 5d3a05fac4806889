# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An exported state read back into an empty world. Errors name the place in the document."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, cast, get_args

from ..compute.models import OperatingSystem, PowerState, VirtualMachine
from ..errors import ArmError
from ..fleet import build
from ..fleet.document import FleetError, Node
from ..moments import MAX_OFFSET, ticks
from ..network.models import NetworkInterface, NetworkSecurityGroup, PublicAddress, Subnet
from ..network.writes import read as read_rule
from ..subscriptions.models import ResourceGroup, Subscription
from ..world import World
from .export import VERSION
from .restore_policies import PolicyReader

_TOP = ("version", "now", "offset", "address_shift", "tenant", "subscriptions")
_SUBSCRIPTION = ("id", "name", "pricings", "groups", "policies")
_GROUP = ("name", "location", "tags", "nsgs", "networks", "public_addresses", "nics", "vms")
_VM = ("name", "location", "os", "created", "tags", "size", "admin", "power", "nics")
_NIC = ("name", "location", "subnet", "private_address", "public_address", "nsg", "forwarding")
_TRANSITIONS: dict[PowerState, PowerState] = {"starting": "running", "deallocating": "deallocated"}

T = TypeVar("T")


def read_file(path: Path) -> Node:
    """Read an exported state. Raises FleetError."""
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise FleetError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise FleetError(f"{path}: not JSON: {error}") from None
    return read_document(content, str(path))


def read_document(content: Any, source: str) -> Node:
    """Return the document, whose parts are checked when they are used. Raises FleetError."""
    if isinstance(content, dict) and content.get("version") != VERSION:
        raise FleetError(f"{source}: version: must be {VERSION}, not {content.get('version')!r}")
    return Node(source, "", content, _TOP)


def read_tenant(document: Node) -> tuple[str, str, str]:
    """Return id, name and domain of the tenant. Raises FleetError."""
    node = document.node("tenant", ("id", "name", "domain"))
    return node.text("id"), node.text("name"), node.text("domain")


def read_offset(document: Node) -> int:
    """Return how far the clock was from real time. Raises FleetError."""
    offset = document.raw("offset")
    if isinstance(offset, bool) or not isinstance(offset, int | float) or not 0 <= offset <= MAX_OFFSET:
        raise document.wrong("offset", "must be a number of seconds, from 0 to a century")
    return ticks(offset)


def restore(world: World, document: Node) -> None:
    """Fill an empty world, whose clock is set already. Raises FleetError."""
    world.address_shift = document.number("address_shift", 0, 254)
    for node in document.nodes("subscriptions", _SUBSCRIPTION, required=True):
        key = node.text("id").lower()
        if key in world.subscriptions:
            raise node.wrong("id", f"'{node.text('id')}' is there twice")
        _add_subscription(world, node)
    restoration = _Resources(world, document)
    restoration.restore()
    for node, subscription in restoration.subscriptions():
        PolicyReader(world, subscription, restoration.nsgs).read(node)


def _add_subscription(world: World, node: Node) -> None:
    """Add a subscription with its Defender plans and its groups, still empty."""
    subscription = Subscription(node.text("id"), node.text("name"), world.tenant.id)
    world.subscriptions[subscription.id.lower()] = subscription
    for plan in node.nodes("pricings", ("name", "tier", "plan", "enabled")):
        pricing = subscription.pricings.get(plan.text("name").lower())
        if pricing is None:
            known = ", ".join(item.name for item in subscription.pricings.values())
            raise plan.wrong("name", f"'{plan.text('name')}' is not one of {known}")
        pricing.tier = plan.choice("tier", ("Free", "Standard"))
        pricing.sub_plan = plan.optional_text("plan")
        pricing.enabled = plan.optional_moment("enabled")
    for group in node.nodes("groups", _GROUP):
        name = group.text("name")
        if name.lower() in subscription.groups:
            raise group.wrong("name", f"'{name}' is there twice in this subscription")
        subscription.add_group(name, group.text("location"), group.tags("tags"))


class _Resources:
    """Reads the resources of all groups; those that others refer to come first, whatever their group."""

    def __init__(self, world: World, document: Node) -> None:
        """Begin with nothing known."""
        self._world, self._document = world, document
        self.nsgs: dict[str, NetworkSecurityGroup] = {}
        self._subnets: dict[str, Subnet] = {}
        self._addresses: dict[str, PublicAddress] = {}
        self._nics: dict[str, NetworkInterface] = {}

    def subscriptions(self) -> list[tuple[Node, Subscription]]:
        """Return the subscriptions with their places in the document."""
        return [
            (node, self._world.subscriptions[node.text("id").lower()])
            for node in self._document.nodes("subscriptions", _SUBSCRIPTION)
        ]

    def restore(self) -> None:
        """Add everything. Raises FleetError."""
        groups = [
            (node, subscription.groups[node.text("name").lower()])
            for place, subscription in self.subscriptions()
            for node in place.nodes("groups", _GROUP)
        ]
        for node, group in groups:
            for nsg in node.nodes("nsgs", ("name", "location", "tags", "locked", "rules")):
                self._add_nsg(group, nsg)
        for node, group in groups:
            for network in node.nodes("networks", ("name", "location", "address_space", "subnets")):
                self._add_network(group, network)
            for address in node.nodes("public_addresses", ("name", "location", "address", "sku", "label")):
                self._add_address(group, address)
        for node, group in groups:
            for nic in node.nodes("nics", _NIC):
                self._add_nic(group, nic)
        for node, group in groups:
            for vm in node.nodes("vms", _VM):
                self._add_vm(group, vm)

    def _add_nsg(self, group: ResourceGroup, node: Node) -> None:
        """Add a security group with its rules."""
        nsg = build.add_nsg(group, _new_name(node, group.nsgs))
        nsg.location, nsg.tags = node.text("location"), node.tags("tags")
        self.nsgs[nsg.id.lower()] = nsg
        priorities: set[tuple[bool, int]] = set()
        for place in node.nodes("rules", ("name", "properties")):
            try:
                rule = read_rule(_new_name(place, nsg.rules), place.raw("properties"))
            except ArmError as error:
                raise place.wrong("properties", str(error)) from None
            priority = (rule.match.inbound, rule.match.priority)
            if priority in priorities:
                raise place.wrong("properties.priority", f"{priority[1]} is there twice in this direction")
            priorities.add(priority)
            nsg.put(rule)
        nsg.locked = node.yes("locked")

    def _add_network(self, group: ResourceGroup, node: Node) -> None:
        """Add a virtual network with its subnets."""
        name = _new_name(node, group.networks)
        network = build.add_network(group, name, node.texts("address_space"))
        network.location = node.text("location")
        for place in node.nodes("subnets", ("name", "prefix", "nsg")):
            nsg = _optional(place, "nsg", self.nsgs)
            subnet = build.add_subnet(network, _new_name(place, network.subnets), place.prefix("prefix"), nsg)
            self._subnets[subnet.id.lower()] = subnet

    def _add_address(self, group: ResourceGroup, node: Node) -> None:
        """Add a public address, at this run's place on the machine."""
        name, address = _new_name(node, group.public_addresses), node.address("address")
        public = build.add_public_address(group, name, address, node.optional_text("label"))
        public.location, public.sku = node.text("location"), node.choice("sku", ("Standard", "Basic"))
        self._addresses[public.id.lower()] = public

    def _add_nic(self, group: ResourceGroup, node: Node) -> None:
        """Add a network interface."""
        public = _optional(node, "public_address", self._addresses)
        if public is not None and public.interface is not None:
            raise node.wrong("public_address", f"'{public.id}' belongs to another interface already")
        nic = build.add_interface(
            group,
            _new_name(node, group.nics),
            _referred(node, "subnet", node.text("subnet"), self._subnets),
            node.address("private_address"),
            public,
            _optional(node, "nsg", self.nsgs),
        )
        nic.location = node.text("location")
        for place in node.nodes("forwarding", ("kind", "ids")):
            ids = place.texts("ids")
            _forwarding(nic)[place.choice("kind", tuple(_forwarding(nic)))].extend(ids)
        self._nics[nic.id.lower()] = nic

    def _add_vm(self, group: ResourceGroup, node: Node) -> None:
        """Add a VM; what was starting or stopping goes on doing so."""
        nics = tuple(_referred(node, "nics", text, self._nics) for text in node.texts("nics"))
        for nic in nics:
            if nic.vm is not None:
                raise node.wrong("nics", f"'{nic.id}' belongs to another VM already")
        vm = VirtualMachine(
            group,
            _new_name(node, group.vms),
            node.text("location"),
            cast(OperatingSystem, node.choice("os", get_args(OperatingSystem))),
            node.moment("created"),
            node.tags("tags"),
            node.text("size"),
            node.text("admin"),
            cast(PowerState, node.choice("power", get_args(PowerState))),
            nics,
        )
        group.vms[vm.name.lower()] = vm
        for nic in nics:
            nic.vm = vm
        if vm.power in _TRANSITIONS:
            self._finish_switch(vm)

    def _finish_switch(self, vm: VirtualMachine) -> None:
        """Let a change of the power state end after the time that such an operation takes."""
        before, then = vm.power, _TRANSITIONS[vm.power]

        def arrive(_: int) -> None:
            if vm.power == before:
                vm.power = then

        self._world.agenda.at(self._world.clock.now() + self._world.behaviour.network_operation, arrive)


def _forwarding(nic: NetworkInterface) -> dict[str, list[str]]:
    """Return what an interface's address is referred to by, by kind."""
    return {
        "application_group": nic.application_groups,
        "nat_rule": nic.nat_rules,
        "backend_pool": nic.backend_pools,
    }


def _new_name(node: Node, known: Mapping[str, object]) -> str:
    """Return a resource's name, which must be new. Raises FleetError."""
    name = node.text("name")
    if name.lower() in known:
        raise node.wrong("name", f"'{name}' is there twice")
    return name


def _optional(node: Node, field: str, known: Mapping[str, T]) -> T | None:
    """Return what an id refers to, if one is given. Raises FleetError."""
    text = node.optional_text(field)
    return None if text is None else _referred(node, field, text, known)


def _referred(node: Node, field: str, text: str, known: Mapping[str, T]) -> T:
    """Return what an id refers to. Raises FleetError."""
    found = known.get(text.lower())
    if found is None:
        raise node.wrong(field, f"there is no '{text}'")
    return found
