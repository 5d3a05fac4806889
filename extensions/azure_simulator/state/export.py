# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state as JSON, for tests to look at and to go back to."""

from __future__ import annotations

from collections.abc import Iterable

from ..compute.models import VirtualMachine
from ..exchange import Json
from ..jit.models import AccessRequest, Grant, Policy, RulePlace
from ..jit.shapes import show_grant
from ..moments import format_utc, seconds
from ..network.models import NetworkInterface, NetworkSecurityGroup, PublicAddress, VirtualNetwork
from ..security.models import Pricing
from ..subscriptions.models import ResourceGroup, Subscription
from ..world import World

VERSION = 1


def export_state(world: World) -> Json:
    """Write everything that clients can see or change, but for settings and who may sign in."""
    return {
        "version": VERSION,
        "now": format_utc(world.clock.now()),
        "offset": seconds(world.clock.offset),
        "address_shift": world.address_shift,
        "tenant": {"id": world.tenant.id, "name": world.tenant.name, "domain": world.tenant.domain},
        "subscriptions": [_subscription(world, item) for item in world.subscriptions.values()],
    }


def _subscription(world: World, subscription: Subscription) -> Json:
    """Write a subscription."""
    return {
        "id": subscription.id,
        "name": subscription.name,
        "pricings": [_pricing(plan) for plan in subscription.pricings.values()],
        "groups": [_group(group) for group in subscription.groups.values()],
        "policies": [_policy(policy) for policy in world.policies.select(subscription.id)],
    }


def _pricing(plan: Pricing) -> Json:
    """Write the Defender plan of one kind of resource."""
    return {
        "name": plan.name,
        "tier": plan.tier,
        "plan": plan.sub_plan,
        "enabled": None if plan.enabled is None else format_utc(plan.enabled),
    }


def _group(group: ResourceGroup) -> Json:
    """Write a resource group; resources refer to others by their ids."""
    return {
        "name": group.name,
        "location": group.location,
        "tags": group.tags,
        "nsgs": [_nsg(nsg) for nsg in group.nsgs.values()],
        "networks": [_network(network) for network in group.networks.values()],
        "public_addresses": [_public_address(address) for address in group.public_addresses.values()],
        "nics": [_nic(nic) for nic in group.nics.values()],
        "vms": [_vm(vm) for vm in group.vms.values()],
    }


def _nsg(nsg: NetworkSecurityGroup) -> Json:
    """Write a security group with its rules in their own order."""
    return {
        "name": nsg.name,
        "location": nsg.location,
        "tags": nsg.tags,
        "locked": nsg.locked,
        "rules": [{"name": rule.name, "properties": rule.properties} for rule in nsg.rules.values()],
    }


def _network(network: VirtualNetwork) -> Json:
    """Write a virtual network with its subnets."""
    return {
        "name": network.name,
        "location": network.location,
        "address_space": list(network.prefixes),
        "subnets": [
            {"name": subnet.name, "prefix": subnet.prefix, "nsg": subnet.nsg.id if subnet.nsg else None}
            for subnet in network.subnets.values()
        ],
    }


def _public_address(address: PublicAddress) -> Json:
    """Write a public address."""
    return {
        "name": address.name,
        "location": address.location,
        "address": address.address,
        "sku": address.sku,
        "label": address.label,
    }


def _nic(nic: NetworkInterface) -> Json:
    """Write a network interface."""
    return {
        "name": nic.name,
        "location": nic.location,
        "subnet": nic.subnet.id,
        "private_address": nic.private_address,
        "public_address": nic.public_address.id if nic.public_address else None,
        "nsg": nic.nsg.id if nic.nsg else None,
        "forwarding": [
            {"kind": kind, "ids": ids}
            for kind, ids in (
                ("application_group", nic.application_groups),
                ("nat_rule", nic.nat_rules),
                ("backend_pool", nic.backend_pools),
            )
            if ids
        ],
    }


def _vm(vm: VirtualMachine) -> Json:
    """Write a VM."""
    return {
        "name": vm.name,
        "location": vm.location,
        "os": vm.os,
        "created": format_utc(vm.created),
        "tags": vm.tags,
        "size": vm.size,
        "admin": vm.admin,
        "power": vm.power,
        "nics": [nic.id for nic in vm.nics],
    }


def _policy(policy: Policy) -> Json:
    """Write a policy: as put, as it is in effect, and what was asked for."""
    return {
        "group": policy.group_name,
        "location": policy.location,
        "name": policy.name,
        "kind": policy.kind,
        "state": policy.state,
        "visible_from": format_utc(policy.visible_from),
        "requests_hidden_until": format_utc(policy.requests_hidden_until),
        "settles": None if policy.settles is None else format_utc(policy.settles),
        "vms": list(policy.vms.values()),
        "covered": [{"vm": entry, "rules": _rules(places)} for entry, places in policy.applied.values()],
        "requests": [_request(request) for request in policy.requests],
    }


def _request(request: AccessRequest) -> Json:
    """Write a request."""
    return {
        "start": format_utc(request.start),
        "opens": None if request.opens is None else format_utc(request.opens),
        "requestor": request.requestor,
        "justification": request.justification,
        "vms": [{"id": vm_id, "ports": [_grant(grant) for grant in grants]} for vm_id, grants in request.vms],
    }


def _grant(grant: Grant) -> Json:
    """Write one port of a request, as Azure shows it and with its rules."""
    return show_grant(grant) | {"protocol": grant.protocol, "rules": _rules(grant.rules)}


def _rules(places: Iterable[RulePlace]) -> list[Json]:
    """Write which rules stand for something."""
    return [{"nsg": nsg.id, "name": name} for nsg, name in places]
