# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What policies and requests do to network rules as time goes by."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ..compute.models import VirtualMachine
from ..exchange import Reply
from ..resource_ids import parse
from ..world import World
from . import rules
from .models import AccessRequest, Grant, Policy

Commit = Callable[[int], Reply]


def apply_policy(world: World, policy: Policy) -> None:
    """Make the standing deny rules agree with the policy; VMs that left it lose their grants."""
    for key in list(policy.applied):
        entry, places = policy.applied[key]
        wanted = policy.vms.get(key)
        if wanted is not None and wanted["ports"] == entry["ports"]:
            continue
        rules.remove(places)
        del policy.applied[key]
        if world.behaviour.port_edit_revokes:
            _revoke(policy, key)
    # Recorded of VMs whose policy went on; that the removal is what did it is inferred [rec][inf].
    for key in policy.vms_asked_for() - policy.vms.keys():
        _revoke(policy, key)
    for key, entry in policy.vms.items():
        if key not in policy.applied:
            vm = find_vm(world, entry["id"])
            places = rules.write_denies(world, policy, vm, entry["ports"]) if vm is not None else []
            policy.applied[key] = (entry, places)


def _revoke(policy: Policy, vm_key: str) -> None:
    """End all grants of a VM."""
    for grant in policy.live_grants(vm_key):
        end_grant(policy, grant, "UserManuallyRevoked")


def schedule_settling(world: World, policy: Policy, settles: int) -> None:
    """Let the rules follow the policy at a moment, unless another write comes first."""
    policy.settles = settles
    policy.generation += 1
    resume_settling(world, policy)


def resume_settling(world: World, policy: Policy) -> None:
    """Put on the agenda what is still to come of a write."""
    generation = policy.generation

    def settle(_: int) -> None:
        if policy.generation == generation:
            apply_policy(world, policy)
            policy.state, policy.settles = "Succeeded", None

    if policy.settles is not None:
        world.agenda.at(policy.settles, settle)


def schedule_request(world: World, policy: Policy, request: AccessRequest, moment: int) -> None:
    """Let the ports open after the provisioning time, and close when each one's time is over."""
    request.opens = moment + world.behaviour.provisioning
    resume_request(world, policy, request)


def resume_request(world: World, policy: Policy, request: AccessRequest) -> None:
    """Put on the agenda what is still to come of a request."""

    def open_ports(_: int) -> None:
        request.opens = None
        for vm_id, grants in request.vms:
            if vm_id.lower() not in policy.vms:
                _revoke(policy, vm_id.lower())
            _open(world, policy, find_vm(world, vm_id), [grant for grant in grants if grant.is_live])

    if request.opens is not None:
        world.agenda.at(request.opens, open_ports)
    by_end: dict[int, list[Grant]] = {}
    for grant in request.grants():
        if grant.is_live:
            by_end.setdefault(grant.ends, []).append(grant)
    for end, grants in by_end.items():
        world.agenda.at(end, partial(_expire, policy, grants))


def _open(world: World, policy: Policy, vm: VirtualMachine | None, grants: list[Grant]) -> None:
    """Write the grant rules of one VM; where that fails the grants stay `Initiating` [inf]."""
    if vm is None or not grants:
        return
    if world.behaviour.newer_request_supersedes:
        _supersede(policy, grants)
    for grant in rules.write_grants(world, policy, vm, grants):
        grant.status = "Initiated"


def _supersede(policy: Policy, grants: list[Grant]) -> None:
    """End the older grants that the new ones repeat."""
    for grant in grants:
        for older in policy.live_grants(grant.vm_key):
            if older not in grants and older.is_like(grant):
                end_grant(policy, older, "NewerRequestInitiated")


def _expire(policy: Policy, grants: list[Grant], _: int) -> None:
    """End the grants whose time is over."""
    for grant in grants:
        if grant.is_live:
            end_grant(policy, grant, "Expired")


def end_grant(policy: Policy, grant: Grant, reason: str) -> None:
    """End one grant and take its rules away."""
    grant.status, grant.reason = "Revoked", reason
    rules.release(policy, grant)


def find_vm(world: World, vm_id: str) -> VirtualMachine | None:
    """Return the VM of an id, if it still exists."""
    parts = parse(vm_id)
    subscription = world.subscriptions.get(parts.subscription_id.lower()) if parts else None
    group = subscription.groups.get(parts.group.lower()) if subscription and parts else None
    return group.vms.get(parts.name.lower()) if group and parts else None
