# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers to reads of just-in-time policies."""

from __future__ import annotations

from ..errors import unregistered_api_version
from ..exchange import Call, Reply
from ..headers import backend_ids
from ..paging import page
from ..subscriptions.providers import JIT_VERSIONS
from ..world import World
from .errors import policy_not_found
from .models import KIND, Policy
from .shapes import show_policy

HEADERS: dict[str, str | list[str]] = {"Server": "Kestrel", "x-ms-request-id": ""}


def list_all(world: World, call: Call, subscription_id: str) -> Reply:
    """Answer the policies of a subscription."""
    subscription = world.subscription(subscription_id)
    return _page(world, call, world.policies.select(subscription.id), fans_out=True)


def list_by_region(world: World, call: Call, subscription_id: str, location: str) -> Reply:
    """Answer the policies of a subscription in one region."""
    subscription = world.subscription(subscription_id)
    return _page(world, call, world.policies.select(subscription.id, location=location.lower()))


def list_by_group(world: World, call: Call, subscription_id: str, group_name: str) -> Reply:
    """Answer the policies of a resource group."""
    group = world.group(subscription_id, group_name)
    return _page(world, call, world.policies.select(group.subscription.id, group.name.lower()), fans_out=True)


def list_by_group_and_region(
    world: World, call: Call, subscription_id: str, group_name: str, location: str
) -> Reply:
    """Answer the policies of a resource group in one region."""
    group = world.group(subscription_id, group_name)
    return _page(world, call, world.policies.select(group.subscription.id, group.name.lower(), location.lower()))


def get(world: World, call: Call, subscription_id: str, group_name: str, location: str, policy_name: str) -> Reply:
    """Answer one policy."""
    version = checked_version(call)
    policy = find_policy(world, subscription_id, group_name, location, policy_name)
    return Reply(body=show_policy(world, policy, version), headers={"Server": "Kestrel"})


def find_policy(world: World, subscription_id: str, group_name: str, location: str, policy_name: str) -> Policy:
    """Return a policy that can be seen already. Raises ArmError."""
    group = world.group(subscription_id, group_name)
    policy = world.policies.find(group.subscription.id, group.name, location, policy_name)
    if policy is None or world.clock.now() < policy.visible_from:
        raise policy_not_found(policy_name)
    return policy


def checked_version(call: Call) -> str:
    """Return the api-version asked for. Raises ArmError."""
    if call.api_version not in JIT_VERSIONS:
        raise unregistered_api_version(KIND.removeprefix("Microsoft.Security/"), call.api_version, JIT_VERSIONS)
    return call.api_version


def _page(world: World, call: Call, policies: list[Policy], fans_out: bool = False) -> Reply:
    """Answer a page of policies; wide lists tell the ids of the backends' own requests [rec]."""
    version = checked_version(call)
    now = world.clock.now()
    visible = [policy for policy in policies if now >= policy.visible_from]
    body = page(call, world.behaviour, visible, lambda policy: show_policy(world, policy, version))
    headers: dict[str, str | list[str]] = {"Server": "Kestrel"}
    if fans_out:
        headers["x-ms-original-request-ids"] = backend_ids(world)
    return Reply(body=body, headers=headers)
