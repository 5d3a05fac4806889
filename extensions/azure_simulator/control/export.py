# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state as JSON, for tests to look at."""

from __future__ import annotations

from ..compute.models import VirtualMachine
from ..exchange import Json
from ..jit.models import Policy
from ..jit.shapes import show_request
from ..moments import format_utc
from ..network.models import NetworkSecurityGroup
from ..subscriptions.models import ResourceGroup, Subscription
from ..world import World


def export_state(world: World) -> Json:
    """Write subscriptions, groups, VMs, security rules and policies."""
    return {
        "now": format_utc(world.clock.now()),
        "tenant": {"id": world.tenant.id, "name": world.tenant.name, "domain": world.tenant.domain},
        "subscriptions": [_subscription(world, item) for item in world.subscriptions.values()],
    }


def _subscription(world: World, subscription: Subscription) -> Json:
    """Write a subscription."""
    plan = subscription.pricings["virtualmachines"]
    return {
        "id": subscription.id,
        "name": subscription.name,
        "defender": {"tier": plan.tier, "plan": plan.sub_plan},
        "groups": [_group(group) for group in subscription.groups.values()],
        "policies": [_policy(policy) for policy in world.policies.select(subscription.id)],
    }


def _group(group: ResourceGroup) -> Json:
    """Write a resource group."""
    return {
        "name": group.name,
        "location": group.location,
        "vms": [_vm(vm) for vm in group.vms.values()],
        "nsgs": [_nsg(nsg) for nsg in group.nsgs.values()],
    }


def _vm(vm: VirtualMachine) -> Json:
    """Write a VM."""
    return {
        "id": vm.id,
        "name": vm.name,
        "os": vm.os,
        "location": vm.location,
        "tags": vm.tags,
        "power": vm.power,
        "private_addresses": [nic.private_address for nic in vm.nics],
        "public_addresses": [nic.public_address.address for nic in vm.nics if nic.public_address],
        "nsgs": [nsg.name for nic in vm.nics for nsg in nic.security_groups()],
    }


def _nsg(nsg: NetworkSecurityGroup) -> Json:
    """Write a security group."""
    return {"name": nsg.name, "rules": [{"name": rule.name} | rule.properties for rule in nsg.rules.values()]}


def _policy(policy: Policy) -> Json:
    """Write a policy with its requests, and with the rules that stand for each grant."""
    return {
        "id": policy.id,
        "state": policy.state,
        "vms": list(policy.vms.values()),
        "requests": [show_request(request) for request in policy.requests],
    }
