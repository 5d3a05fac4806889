# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers to writes of just-in-time policies: what is checked on acceptance, what happens on commit."""

from __future__ import annotations

from ..behaviour import Behaviour
from ..exchange import Call, Json, Reply, Write
from ..moments import TICKS_PER_SECOND
from ..world import World
from . import effects
from .initiation import read_initiation
from .models import Policy
from .reads import HEADERS, checked_version, find_policy
from .shapes import show_policy, show_request
from .validation import read_policy


def put(world: World, call: Call, subscription_id: str, group_name: str, location: str, policy_name: str) -> Write:
    """Create a policy or replace its whole VM list [docs]; answer 200 `Updating` without requests [rec]."""
    version = checked_version(call)
    group = world.group(subscription_id, group_name)
    policy = Policy(group, group_name, location.lower(), policy_name, visible_from=0)
    kind, vms = read_policy(world, call, policy)

    def commit(moment: int) -> Reply:
        committed = _replace(world, policy, kind, vms, moment)
        return Reply(200, show_policy(world, committed, version, with_requests=False), dict(HEADERS))

    return _write(world.behaviour, commit)


def _replace(world: World, wish: Policy, kind: str, vms: dict[str, Json], moment: int) -> Policy:
    """Bring a new VM list into effect; grants survive, rules follow after the provisioning time."""
    behaviour = world.behaviour
    policy = world.policies.find(wish.group.subscription.id, wish.group.name, wish.location, wish.name)
    if policy is None:
        policy = wish
        policy.visible_from = moment + behaviour.hidden_after_create
        world.policies.add(policy)
    policy.kind, policy.vms, policy.state = kind, vms, "Updating"
    duration = behaviour.provisioning + behaviour.provisioning_per_vm * len(vms)
    # A GET in the same second shows no requests, a list one second later does [rec].
    policy.requests_hidden_until = moment + min(duration, TICKS_PER_SECOND)
    effects.schedule_settling(world, policy, moment + duration)
    world.touch()
    return policy


def delete(
    world: World, call: Call, subscription_id: str, group_name: str, location: str, policy_name: str
) -> Write:
    """Delete a policy: 200, or 204 when there is none [spec]; its rules go and its grants end."""
    checked_version(call)
    group = world.group(subscription_id, group_name)

    def commit(_: int) -> Reply:
        policy = world.policies.find(group.subscription.id, group.name, location, policy_name)
        if policy is None:
            return Reply(204, headers=dict(HEADERS))
        policy.vms = {}
        policy.generation += 1
        effects.apply_policy(world, policy)
        world.policies.remove(policy)
        world.touch()
        return Reply(200, headers=dict(HEADERS))

    return _write(world.behaviour, commit)


def initiate(
    world: World, call: Call, subscription_id: str, group_name: str, location: str, policy_name: str
) -> Write:
    """Accept a request for access: exactly 202 with the request, no Location header [rec]."""
    checked_version(call)
    wish = read_initiation(call, world.clock.now())
    policy = find_policy(world, subscription_id, group_name, location, policy_name)
    # Users are told by name; of automation an empty text has been recorded [rec].
    upn = call.principal.upn if call.principal else None
    request = wish.check(policy, world.behaviour, upn or world.behaviour.requestor)

    def commit(moment: int) -> Reply:
        policy.accept(request)
        shown = show_request(request)
        effects.schedule_request(world, policy, request, moment)
        world.touch()
        return Reply(202, shown, dict(HEADERS))

    return _write(world.behaviour, commit)


def _write(behaviour: Behaviour, commit: effects.Commit) -> Write:
    """Return a write with the delays of the settings."""
    return Write(commit, behaviour.commit_delay, behaviour.reply_delay)
