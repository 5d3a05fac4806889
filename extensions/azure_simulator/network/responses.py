# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers to reads of network resources."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from ..errors import resource_not_found
from ..exchange import Call, Json, Reply
from ..paging import page
from ..subscriptions.visible import visible_groups
from ..world import World
from .errors import rule_not_found
from .models import ADDRESSES, GROUPS, INTERFACES, NETWORKS, NetworkInterface, NetworkSecurityGroup, VirtualNetwork
from .shapes import (
    show_address,
    show_default_rules,
    show_interface,
    show_network,
    show_nsg,
    show_rule,
    show_subnet,
)

Resource = TypeVar("Resource")


def list_all_interfaces(world: World, call: Call, subscription_id: str) -> Reply:
    """Answer the network interfaces of a subscription."""
    return _page(
        world,
        call,
        (nic for group in visible_groups(world, call, subscription_id) for nic in group.nics.values()),
        show_interface,
    )


def list_interfaces(world: World, call: Call, subscription_id: str, group_name: str) -> Reply:
    """Answer the network interfaces of a resource group."""
    return _page(world, call, world.group(subscription_id, group_name).nics.values(), show_interface)


def get_interface(world: World, call: Call, subscription_id: str, group_name: str, name: str) -> Reply:
    """Answer one network interface."""
    return Reply(body=show_interface(find_interface(world, subscription_id, group_name, name)))


def list_all_addresses(world: World, call: Call, subscription_id: str) -> Reply:
    """Answer the public addresses of a subscription."""
    groups = visible_groups(world, call, subscription_id)
    return _page(world, call, (item for group in groups for item in group.public_addresses.values()), show_address)


def list_addresses(world: World, call: Call, subscription_id: str, group_name: str) -> Reply:
    """Answer the public addresses of a resource group."""
    return _page(world, call, world.group(subscription_id, group_name).public_addresses.values(), show_address)


def get_address(world: World, call: Call, subscription_id: str, group_name: str, name: str) -> Reply:
    """Answer one public address."""
    group = world.group(subscription_id, group_name)
    return Reply(body=show_address(_find(group.public_addresses, ADDRESSES, name, group_name)))


def list_all_nsgs(world: World, call: Call, subscription_id: str) -> Reply:
    """Answer the security groups of a subscription."""
    return _page(
        world,
        call,
        (nsg for group in visible_groups(world, call, subscription_id) for nsg in group.nsgs.values()),
        show_nsg,
    )


def list_nsgs(world: World, call: Call, subscription_id: str, group_name: str) -> Reply:
    """Answer the security groups of a resource group."""
    return _page(world, call, world.group(subscription_id, group_name).nsgs.values(), show_nsg)


def get_nsg(world: World, call: Call, subscription_id: str, group_name: str, nsg_name: str) -> Reply:
    """Answer one security group."""
    return Reply(body=show_nsg(find_nsg(world, subscription_id, group_name, nsg_name)))


def list_rules(world: World, call: Call, subscription_id: str, group_name: str, nsg_name: str) -> Reply:
    """Answer the rules of a security group."""
    nsg = find_nsg(world, subscription_id, group_name, nsg_name)
    return _page(world, call, nsg.rules.values(), lambda rule: show_rule(nsg, rule))


def list_default_rules(world: World, call: Call, subscription_id: str, group_name: str, nsg_name: str) -> Reply:
    """Answer the rules that every security group has."""
    return Reply(body={"value": show_default_rules(find_nsg(world, subscription_id, group_name, nsg_name))})


def get_rule(
    world: World, call: Call, subscription_id: str, group_name: str, nsg_name: str, rule_name: str
) -> Reply:
    """Answer one rule."""
    nsg = find_nsg(world, subscription_id, group_name, nsg_name)
    rule = nsg.rules.get(rule_name.lower())
    if rule is None:
        raise rule_not_found(nsg, rule_name)
    return Reply(body=show_rule(nsg, rule))


def list_all_networks(world: World, call: Call, subscription_id: str) -> Reply:
    """Answer the virtual networks of a subscription."""
    groups = visible_groups(world, call, subscription_id)
    return _page(world, call, (item for group in groups for item in group.networks.values()), show_network)


def list_networks(world: World, call: Call, subscription_id: str, group_name: str) -> Reply:
    """Answer the virtual networks of a resource group."""
    return _page(world, call, world.group(subscription_id, group_name).networks.values(), show_network)


def get_network(world: World, call: Call, subscription_id: str, group_name: str, network_name: str) -> Reply:
    """Answer one virtual network."""
    return Reply(body=show_network(_find_network(world, subscription_id, group_name, network_name)))


def list_subnets(world: World, call: Call, subscription_id: str, group_name: str, network_name: str) -> Reply:
    """Answer the subnets of a virtual network."""
    network = _find_network(world, subscription_id, group_name, network_name)
    return _page(world, call, network.subnets.values(), show_subnet)


def get_subnet(
    world: World, call: Call, subscription_id: str, group_name: str, network_name: str, subnet_name: str
) -> Reply:
    """Answer one subnet."""
    network = _find_network(world, subscription_id, group_name, network_name)
    return Reply(body=show_subnet(_find(network.subnets, f"{NETWORKS}/subnets", subnet_name, group_name)))


def find_nsg(world: World, subscription_id: str, group_name: str, nsg_name: str) -> NetworkSecurityGroup:
    """Return a security group. Raises ArmError."""
    group = world.group(subscription_id, group_name)
    return _find(group.nsgs, GROUPS, nsg_name, group_name)


def find_interface(world: World, subscription_id: str, group_name: str, name: str) -> NetworkInterface:
    """Return a network interface. Raises ArmError."""
    group = world.group(subscription_id, group_name)
    return _find(group.nics, INTERFACES, name, group_name)


def _find_network(world: World, subscription_id: str, group_name: str, network_name: str) -> VirtualNetwork:
    """Return a virtual network. Raises ArmError."""
    group = world.group(subscription_id, group_name)
    return _find(group.networks, NETWORKS, network_name, group_name)


def _find(resources: dict[str, Resource], kind: str, name: str, group_name: str) -> Resource:
    """Return a resource by name. Raises ArmError."""
    found = resources.get(name.lower())
    if found is None:
        raise resource_not_found(kind, name, group_name)
    return found


def _page(world: World, call: Call, items: Iterable[Resource], show: Callable[[Resource], Json]) -> Reply:
    """Answer a page of resources."""
    return Reply(body=page(call, world.behaviour, list(items), show))
