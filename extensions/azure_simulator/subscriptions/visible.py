# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a caller gets to see of subscriptions and groups."""

from __future__ import annotations

from ..exchange import Call
from ..world import World
from .models import ResourceGroup, Subscription


def visible_subscriptions(world: World, call: Call) -> list[Subscription]:
    """Return the subscriptions in which the caller has any role."""
    principal = call.principal
    return [
        subscription
        for subscription in world.subscriptions.values()
        if principal is not None and principal.sees(f"/subscriptions/{subscription.id}")
    ]


def visible_groups(world: World, call: Call, subscription_id: str) -> list[ResourceGroup]:
    """Return the groups of a subscription where the caller has the permission of this call. Raises ArmError."""
    subscription = world.subscription(subscription_id)
    return groups_with(subscription, call, call.action)


def groups_with(subscription: Subscription, call: Call, action: str) -> list[ResourceGroup]:
    """Return the groups of a subscription where the caller has a permission."""
    groups = list(subscription.groups.values())
    if call.may(action, f"/subscriptions/{subscription.id}"):
        return groups
    return [group for group in groups if call.may(action, group.id)]
