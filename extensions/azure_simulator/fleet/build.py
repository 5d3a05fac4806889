# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Building blocks of a fleet: each adds one resource, wired to the others."""

from __future__ import annotations

from ..compute.models import MACHINES, OperatingSystem, PowerState, VirtualMachine
from ..exchange import Json
from ..jit.effects import apply_policy
from ..jit.models import Policy
from ..network.models import (
    NetworkInterface,
    NetworkSecurityGroup,
    PublicAddress,
    SecurityRule,
    Subnet,
    VirtualNetwork,
)
from ..subscriptions.models import ResourceGroup, Subscription
from ..world import World


def add_subscription(world: World, subscription_id: str, name: str, tier: str, plan: str | None) -> Subscription:
    """Add a subscription with its Defender plan."""
    subscription = Subscription(subscription_id, name, world.tenant.id)
    servers = subscription.pricings["virtualmachines"]
    servers.tier, servers.sub_plan = tier, plan
    if tier == "Standard":
        servers.enabled = world.clock.now()
    world.subscriptions[subscription_id.lower()] = subscription
    return subscription


def add_nsg(group: ResourceGroup, name: str) -> NetworkSecurityGroup:
    """Add a security group without rules."""
    nsg = NetworkSecurityGroup(group, name, group.location)
    group.nsgs[name.lower()] = nsg
    return nsg


def add_rule(
    nsg: NetworkSecurityGroup,
    name: str,
    priority: int,
    access: str,
    protocol: str,
    sources: list[str],
    ports: list[str],
) -> None:
    """Add an inbound rule for any destination."""
    properties: Json = {"protocol": protocol, "sourcePortRange": "*"}
    properties |= {"destinationPortRange": ports[0]} if len(ports) == 1 else {"destinationPortRanges": ports}
    properties |= {"sourceAddressPrefix": sources[0]} if len(sources) == 1 else {"sourceAddressPrefixes": sources}
    properties |= {
        "destinationAddressPrefix": "*",
        "access": access,
        "priority": priority,
        "direction": "Inbound",
    }
    nsg.put(SecurityRule(name, properties))


def add_network(group: ResourceGroup, name: str, prefixes: list[str]) -> VirtualNetwork:
    """Add a virtual network without subnets."""
    network = VirtualNetwork(group, name, group.location, tuple(prefixes))
    group.networks[name.lower()] = network
    return network


def add_subnet(network: VirtualNetwork, name: str, prefix: str, nsg: NetworkSecurityGroup | None) -> Subnet:
    """Add a subnet."""
    subnet = Subnet(network, name, prefix, nsg)
    network.subnets[name.lower()] = subnet
    if nsg is not None:
        nsg.subnets.append(subnet)
    return subnet


def add_public_address(group: ResourceGroup, name: str, address: str, label: str | None) -> PublicAddress:
    """Add a public address."""
    public = PublicAddress(group, name, group.location, address, label=label)
    group.public_addresses[name.lower()] = public
    return public


def add_interface(
    group: ResourceGroup,
    name: str,
    subnet: Subnet,
    private_address: str,
    public: PublicAddress | None,
    nsg: NetworkSecurityGroup | None,
) -> NetworkInterface:
    """Add a network interface."""
    nic = NetworkInterface(group, name, group.location, subnet, private_address, public, nsg)
    group.nics[name.lower()] = nic
    if public is not None:
        public.interface = nic
    if nsg is not None:
        nsg.interfaces.append(nic)
    return nic


def add_vm(
    world: World,
    group: ResourceGroup,
    name: str,
    os: OperatingSystem,
    nic: NetworkInterface,
    *,
    tags: dict[str, str],
    power: PowerState = "running",
    size: str = "Standard_D2s_v5",
    admin: str = "azureuser",
) -> VirtualMachine:
    """Add a VM to its interface."""
    vm = VirtualMachine(group, name, group.location, os, world.born, tags, size, admin, power, (nic,))
    nic.vm = vm
    group.vms[name.lower()] = vm
    return vm


def add_policy(
    world: World, group: ResourceGroup, name: str, entries: list[tuple[VirtualMachine, list[Json]]]
) -> Policy:
    """Add a policy that was made some time ago: settled, with its rules in place.

    Ids are spelled with the group in capitals, as in most of the recorded policies [rec].
    """
    shout = world.behaviour.mixed_case_ids
    policy = Policy(group, group.name.upper() if shout else group.name, group.location, name, visible_from=0)
    for vm, ports in entries:
        vm_id = vm.group.shouted_id(MACHINES, vm.name) if shout else vm.id
        policy.vms[vm.key] = {"id": vm_id, "ports": ports}
    world.policies.add(policy)
    apply_policy(world, policy)
    policy.state = "Succeeded"
    return policy
