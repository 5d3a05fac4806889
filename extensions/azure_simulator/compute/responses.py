# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers about virtual machines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from ..errors import resource_group_not_found
from ..exchange import Call, Json, Reply
from ..operations.responses import accepted
from ..paging import page
from ..subscriptions.visible import visible_groups
from ..world import World
from .errors import vm_not_found
from .models import PowerState, VirtualMachine
from .shapes import show_instance_view, show_status_only, show_vm


def list_all(world: World, call: Call, subscription_id: str) -> Reply:
    """Answer the VMs of a subscription."""
    groups = visible_groups(world, call, subscription_id)
    return _page(world, call, (vm for group in groups for vm in group.vms.values()))


def list_by_location(world: World, call: Call, subscription_id: str, location: str) -> Reply:
    """Answer the VMs of a subscription in one region."""
    groups = visible_groups(world, call, subscription_id)
    vms = (vm for group in groups for vm in group.vms.values() if vm.location == location.lower())
    return _page(world, call, vms)


def list_by_group(world: World, call: Call, subscription_id: str, group_name: str) -> Reply:
    """Answer the VMs of a resource group."""
    return _page(world, call, world.group(subscription_id, group_name).vms.values())


def _page(world: World, call: Call, vms: Iterable[VirtualMachine]) -> Reply:
    """Answer a page of VMs: models, models with instance views, or run-time state alone."""
    expand = "instanceview" in call.query.get("$expand", "").lower()
    status_only = call.query.get("statusonly", "").lower() == "true"

    def show(vm: VirtualMachine) -> Json:
        return show_status_only(vm, world.behaviour) if status_only else show_vm(vm, world.behaviour, expand)

    return Reply(body=page(call, world.behaviour, list(vms), show))


def list_scale_sets(world: World, call: Call, subscription_id: str, group_name: str | None = None) -> Reply:
    """Answer no scale set: fleets have none, but inventories look for them."""
    if group_name is None:
        world.subscription(subscription_id)
    else:
        world.group(subscription_id, group_name)
    return Reply(body={"value": []})


def get(world: World, call: Call, subscription_id: str, group_name: str, vm_name: str) -> Reply:
    """Answer one VM."""
    expand = "instanceview" in call.query.get("$expand", "").lower()
    return Reply(body=show_vm(_find(world, subscription_id, group_name, vm_name), world.behaviour, expand))


def get_instance_view(world: World, call: Call, subscription_id: str, group_name: str, vm_name: str) -> Reply:
    """Answer the run-time state of one VM."""
    return Reply(body=show_instance_view(_find(world, subscription_id, group_name, vm_name)))


def delete(world: World, call: Call, subscription_id: str, group_name: str, vm_name: str) -> Reply:
    """Delete a VM; its interfaces and its place in JIT policies stay [issue: azure-docs 11987]."""
    group = world.group(subscription_id, group_name)
    if vm_name.lower() not in group.vms:
        return Reply(204)
    vm = group.vms[vm_name.lower()]

    def remove() -> None:
        group.vms.pop(vm_name.lower(), None)
        for interface in vm.nics:
            interface.vm = None

    return _operate(world, call, vm, remove)


def start(world: World, call: Call, subscription_id: str, group_name: str, vm_name: str) -> Reply:
    """Start a VM."""
    return _switch(world, call, _find(world, subscription_id, group_name, vm_name), "starting", "running")


def power_off(world: World, call: Call, subscription_id: str, group_name: str, vm_name: str) -> Reply:
    """Stop a VM, which goes on costing."""
    return _switch(world, call, _find(world, subscription_id, group_name, vm_name), "stopped", "stopped")


def deallocate(world: World, call: Call, subscription_id: str, group_name: str, vm_name: str) -> Reply:
    """Stop a VM and give its hardware back."""
    return _switch(world, call, _find(world, subscription_id, group_name, vm_name), "deallocating", "deallocated")


def _switch(world: World, call: Call, vm: VirtualMachine, meanwhile: str, then: str) -> Reply:
    """Change the power state, at once and again when the operation is over."""
    vm.power = cast(PowerState, meanwhile)

    def arrive() -> None:
        vm.power = cast(PowerState, then)

    return _operate(world, call, vm, arrive)


def _operate(world: World, call: Call, vm: VirtualMachine, effect: object) -> Reply:
    """Begin an asynchronous operation that ends with `effect`."""
    assert callable(effect)
    now = world.clock.now()
    operation = world.operations.start(world, "Microsoft.Compute", vm.location, now)

    def finish(moment: int) -> None:
        effect()
        operation.ended = moment

    world.agenda.at(now + world.behaviour.network_operation, finish)
    world.touch()
    return Reply(202, headers=accepted(call, operation, vm.group.subscription.id))


def _find(world: World, subscription_id: str, group_name: str, vm_name: str) -> VirtualMachine:
    """Return a VM. Raises ArmError."""
    group = world.subscription(subscription_id).groups.get(group_name.lower())
    if group is None:
        raise resource_group_not_found(group_name)
    vm = group.vms.get(vm_name.lower())
    if vm is None:
        raise vm_not_found(vm_name, group_name)
    return vm
