# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fleets described in YAML files; the guide to the simulator has the schema, demo.yml is an example of it."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any, cast

import yaml

from ..compute.models import OperatingSystem, PowerState, VirtualMachine
from ..exchange import Json
from ..moments import DAY, MINUTE, parse_iso_duration
from ..network.models import NetworkSecurityGroup, Subnet
from ..network.rules import read_port_range
from ..resource_ids import guid
from ..subscriptions.models import ResourceGroup
from ..world import World
from . import build
from .document import FleetError, Node
from .generate import default_ports

_TOP = ("tenant", "subscriptions")
_TENANT = ("id", "name", "domain")
_SUBSCRIPTION = ("id", "name", "defender", "groups")
_GROUP = ("name", "location", "tags", "security_groups", "networks", "vms", "jit_policies")
_NSG = ("name", "rules", "locked")
_RULE = ("name", "priority", "access", "protocol", "sources", "ports")
_NETWORK = ("name", "address_space", "subnets")
_SUBNET = ("name", "prefix", "security_group")
_VM = (
    "name",
    "os",
    "tags",
    "size",
    "power",
    "admin",
    "subnet",
    "security_group",
    "private_ip",
    "public_ip",
    "dns_label",
)
_NETWORKS_EXAMPLE = (
    "networks: [{name: vnet, address_space: 10.0.0.0/16, subnets: [{name: default, prefix: 10.0.0.0/24}]}]"
)
_POLICY = ("name", "vms")
_POLICY_VM = ("name", "ports")
_PORT = ("port", "protocol", "sources", "max_duration")
_PROTOCOLS = {"any": "*", "tcp": "Tcp", "udp": "Udp"}
# Of the loopback addresses those that can be moved in their second number, and are nobody else's.
_FIRST_ADDRESS, _LAST_ADDRESS = IPv4Address("127.1.0.0"), IPv4Address("127.254.255.255")


@dataclass(frozen=True, slots=True)
class FleetFile:
    """A file's content, parsed but not yet checked."""

    source: str
    content: Any

    def root(self) -> Node:
        """Return the document. Raises FleetError."""
        return Node(self.source, "", self.content, _TOP)

    def tenant(self) -> tuple[str, str, str]:
        """Return id, name and domain of the tenant. Raises FleetError."""
        node = self.root().node("tenant", _TENANT)
        name = node.text("name", "Contoso")
        domain = node.text("domain", f"{name.lower().replace(' ', '')}.onmicrosoft.com")
        return node.guid("id", guid("tenant", domain)), name, domain


def read_file(path: Path) -> FleetFile:
    """Read a fleet file. Raises FleetError."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FleetError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise FleetError(f"{path}: not a text in UTF-8") from None
    except yaml.YAMLError as error:
        raise FleetError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    return FleetFile(str(path), content)


def demo() -> FleetFile:
    """Return the demonstration fleet."""
    return read_file(Path(__file__).with_name("demo.yml"))


def populate(world: World, fleet: FleetFile) -> None:
    """Fill an empty world. Raises FleetError."""
    used: set[str] = set()
    for node in fleet.root().nodes("subscriptions", _SUBSCRIPTION, required=True):
        name = node.text("name")
        plan = node.node("defender", ("tier", "plan"))
        tier = plan.choice("tier", ("standard", "free"), "standard")
        sub_plan = plan.choice("plan", ("P1", "P2"), "P2") if tier == "standard" else None
        subscription_id = node.guid("id", guid("subscription", world.tenant.id, name))
        if subscription_id in world.subscriptions:
            raise node.wrong("name", f"'{name}' is there twice")
        subscription = build.add_subscription(world, subscription_id, name, tier.capitalize(), sub_plan)
        for group_node in node.nodes("groups", _GROUP, required=True):
            group_name = group_node.name(subscription.groups)
            group = subscription.add_group(group_name, group_node.location(), group_node.tags("tags"))
            _Group(world, group, group_node, used).populate()


class _Group:
    """Fills one resource group; names in it refer to resources of the same group."""

    def __init__(self, world: World, group: ResourceGroup, node: Node, used: set[str]) -> None:
        """Keep the group and the addresses used so far."""
        self._world, self._group, self._node, self._used = world, group, node, used

    def populate(self) -> None:
        """Add everything, in the order in which it refers to each other. Raises FleetError."""
        for node in self._node.nodes("security_groups", _NSG):
            self._add_nsg(node)
        for node in self._node.nodes("networks", _NETWORK):
            self._add_network(node)
        for node in self._node.nodes("vms", _VM):
            self._add_vm(node)
        for node in self._node.nodes("jit_policies", _POLICY):
            self._add_policy(node)

    def _add_nsg(self, node: Node) -> None:
        """Add a security group with its rules."""
        nsg = build.add_nsg(self._group, node.name(self._group.nsgs))
        for rule in node.nodes("rules", _RULE):
            priority = rule.number("priority", 100, 4096)
            if priority in nsg.priorities:
                raise rule.wrong("priority", f"{priority} is there twice in this security group")
            ports = rule.texts("ports", ["*"])
            _check_ports(rule, ports)
            build.add_rule(
                nsg,
                rule.name(nsg.rules),
                priority,
                rule.choice("access", ("allow", "deny"), "allow").capitalize(),
                _PROTOCOLS[rule.choice("protocol", tuple(_PROTOCOLS), "any")],
                rule.texts("sources", ["*"]),
                ports,
            )
        nsg.locked = node.yes("locked")

    def _add_network(self, node: Node) -> None:
        """Add a virtual network with its subnets."""
        network = build.add_network(self._group, node.name(self._group.networks), [node.prefix("address_space")])
        space = IPv4Network(network.prefixes[0], strict=False)
        for subnet in node.nodes("subnets", _SUBNET, required=True):
            name, prefix = subnet.name(network.subnets), subnet.prefix("prefix")
            if not IPv4Network(prefix, strict=False).subnet_of(space):
                raise subnet.wrong("prefix", f"{prefix} is not within the address space {network.prefixes[0]}")
            for other in network.subnets.values():
                if IPv4Network(prefix, strict=False).overlaps(IPv4Network(other.prefix, strict=False)):
                    raise subnet.wrong("prefix", f"{prefix} overlaps {other.prefix} of subnet {other.name}")
            build.add_subnet(network, name, prefix, self._nsg(subnet))

    def _add_vm(self, node: Node) -> None:
        """Add a VM with its interface and addresses."""
        name = node.name(self._group.vms)
        public = self._public_address(node)
        subnet, nsg = self._subnet(node), self._nsg(node)
        address = (
            build.add_public_address(self._group, f"{name}-ip", public, node.optional_text("dns_label"))
            if public
            else None
        )
        nic = build.add_interface(
            self._group, f"{name}-nic", subnet, self._private_address(node, subnet), address, nsg
        )
        build.add_vm(
            self._world,
            self._group,
            name,
            cast(OperatingSystem, node.choice("os", ("windows", "linux")).capitalize()),
            nic,
            tags=node.tags("tags"),
            power=cast(PowerState, node.choice("power", ("running", "stopped", "deallocated"), "running")),
            size=node.text("size", "Standard_D2s_v5"),
            admin=node.text("admin", "azureuser"),
        )

    def _nsg(self, node: Node) -> NetworkSecurityGroup | None:
        """Return the security group that a node names."""
        name = node.optional_text("security_group")
        if name is None:
            return None
        nsg = self._group.nsgs.get(name.lower())
        if nsg is None:
            raise node.wrong(
                "security_group", f"there is no security group '{name}' in group '{self._group.name}'"
            )
        return nsg

    def _subnet(self, node: Node) -> Subnet:
        """Return the subnet that a VM names, or the only one of the group."""
        subnets = {
            f"{network.name}/{subnet.name}".lower(): subnet
            for network in self._group.networks.values()
            for subnet in network.subnets.values()
        }
        name = node.optional_text("subnet")
        if name is None and len(subnets) == 1:
            return next(iter(subnets.values()))
        if name is None or name.lower() not in subnets:
            if not subnets:
                raise node.wrong(
                    "subnet", f"this group has no networks. Give it some, such as {_NETWORKS_EXAMPLE}"
                )
            known = ", ".join(sorted(subnets))
            raise node.wrong("subnet", f"must be one of this group's network/subnet: {known}")
        return subnets[name.lower()]

    def _private_address(self, node: Node, subnet: Subnet) -> str:
        """Return the private address given, or the next free one; Azure keeps the first four of a subnet."""
        taken = {nic.private_address for nic in self._group.nics.values() if nic.subnet is subnet}
        network = IPv4Network(subnet.prefix, strict=False)
        if not node.has("private_ip"):
            free = (str(network[place]) for place in range(4, network.num_addresses - 1))
            address = next((text for text in free if text not in taken), None)
            if address is None:
                raise node.wrong("subnet", f"{subnet.prefix} has no address left")
            return address
        given = node.address("private_ip")
        if IPv4Address(given) not in network:
            raise node.wrong("private_ip", f"{given} is not within {subnet.prefix} of subnet {subnet.name}")
        if given in taken:
            raise node.wrong("private_ip", f"{given} is there twice")
        return given

    def _public_address(self, node: Node) -> str | None:
        """Return the public address, which must be a loopback address of its own: nothing real is ever met."""
        if not node.has("public_ip"):
            return None
        given = node.address("public_ip")
        if not _FIRST_ADDRESS <= IPv4Address(given) <= _LAST_ADDRESS:
            raise node.wrong("public_ip", f"{given} is not one of {_FIRST_ADDRESS} to {_LAST_ADDRESS}")
        if given in self._used:
            raise node.wrong("public_ip", f"{given} is there twice")
        self._used.add(given)
        return given

    def _add_policy(self, node: Node) -> None:
        """Add a settled policy."""
        entries: list[tuple[VirtualMachine, list[Json]]] = []
        for entry in node.nodes("vms", _POLICY_VM, required=True):
            vm = self._group.vms.get(entry.text("name").lower())
            if vm is None:
                raise entry.wrong("name", f"there is no VM '{entry.text('name')}' in group '{self._group.name}'")
            ports = [_read_port(port) for port in entry.nodes("ports", _PORT)]
            entries.append((vm, ports or default_ports(vm.os)))
        name = node.text("name", "default")
        if self._world.policies.find(self._group.subscription.id, self._group.name, self._group.location, name):
            raise node.wrong("name", f"'{name}' is there twice")
        build.add_policy(self._world, self._group, name, entries)


def _read_port(node: Node) -> Json:
    """Read one port of a policy."""
    duration = node.text("max_duration", "PT3H")
    try:
        length = parse_iso_duration(duration)
    except ValueError as error:
        raise node.wrong("max_duration", str(error)) from None
    if not 5 * MINUTE <= length <= DAY:
        raise node.wrong("max_duration", f"'{duration}' is not between PT5M and P1D")
    sources = node.texts("sources", ["*"])
    port: Json = {
        "number": node.number("port", 0, 65535),
        "protocol": _PROTOCOLS[node.choice("protocol", tuple(_PROTOCOLS), "any")].upper(),
    }
    port |= (
        {"allowedSourceAddressPrefix": sources[0]}
        if len(sources) == 1
        else {"allowedSourceAddressPrefixes": sources}
    )
    return port | {"maxRequestAccessDuration": duration}


def _check_ports(node: Node, ports: list[str]) -> None:
    """Raise FleetError unless all are ports, ranges or `*`."""
    for port in ports:
        try:
            read_port_range(port)
        except ValueError:
            raise node.wrong("ports", f"'{port}' is not a port, a range such as 8000-8010, or '*'") from None
