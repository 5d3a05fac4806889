# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Defender's assessment of whether just-in-time access guards a VM.

Azure's own comes hours late [docs]; this one is always up to date.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..compute.models import MACHINES, VirtualMachine
from ..exchange import Call, Json, Reply
from ..paging import page
from ..subscriptions.models import ResourceGroup, Subscription
from ..world import World
from .errors import assessment_not_found

ASSESSMENT = "805651bc-6ecd-4c73-9b55-97a19d0582d0"
KIND = "Microsoft.Security/assessments"
_TITLE = "Management ports of virtual machines should be protected with just-in-time network access control"


def list_assessments(world: World, call: Call, subscription_id: str) -> Reply:
    """Answer the assessments of a subscription."""
    subscription = world.subscription(subscription_id)
    shown = [show_assessment(world, vm) for vm in _assessed(subscription)]
    return Reply(body=page(call, world.behaviour, shown, lambda item: item), headers={"Server": "Kestrel"})


def get_assessment(
    world: World, call: Call, subscription_id: str, group_name: str, vm_name: str, assessment_name: str
) -> Reply:
    """Answer one assessment of a VM."""
    group = world.group(subscription_id, group_name)
    vm = group.vms.get(vm_name.lower())
    if vm is None or assessment_name.lower() != ASSESSMENT or not _is_assessed(group.subscription):
        raise assessment_not_found(assessment_name)
    return Reply(body=show_assessment(world, vm), headers={"Server": "Kestrel"})


def _assessed(subscription: Subscription) -> Iterator[VirtualMachine]:
    """Yield the VMs that are assessed."""
    if _is_assessed(subscription):
        for group in subscription.groups.values():
            yield from group.vms.values()


def group_assessments(world: World, group: ResourceGroup) -> Iterator[Json]:
    """Yield the assessments of a resource group."""
    if _is_assessed(group.subscription):
        yield from (show_assessment(world, vm) for vm in group.vms.values())


def _is_assessed(subscription: Subscription) -> bool:
    """Tell whether the plan includes just-in-time access; without it there is no such assessment [inf]."""
    return subscription.pricings["virtualmachines"].sub_plan == "P2"


def show_assessment(world: World, vm: VirtualMachine) -> Json:
    """Write the assessment of a VM [rec]."""
    shout = world.behaviour.mixed_case_ids
    vm_id = vm.group.shouted_id(MACHINES, vm.name) if shout else vm.id
    return {
        "type": KIND,
        "id": f"{vm_id}/providers/{KIND}/{ASSESSMENT}",
        "name": ASSESSMENT,
        "properties": {
            "resourceDetails": {"Source": "Azure", "Id": vm_id},
            "displayName": _TITLE,
            "status": _status(world, vm),
        },
    }


def _status(world: World, vm: VirtualMachine) -> Json:
    """Judge a VM: texts as recorded, but for Unhealthy [rec]."""
    if any(vm.key in policy.vms for policy in world.policies.select(vm.group.subscription.id)):
        return {"code": "Healthy", "cause": "JitIsEnabled", "description": "JIT is enabled."}
    if not any(True for nic in vm.nics for _ in nic.security_groups()):
        return {
            "code": "NotApplicable",
            "cause": "NoNsgOrFwOnVm",
            "description": "This recommendation is relevant only for VMs protected by a network security group or "
            "Azure Firewall",
        }
    return {"code": "Unhealthy"}
