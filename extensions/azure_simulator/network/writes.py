# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes of security rules: asynchronous, one at a time in each security group."""

from __future__ import annotations

from typing import Any

from ..exchange import Call, Reply
from ..operations.models import Operation
from ..operations.responses import accepted
from ..world import World
from .errors import (
    another_operation,
    invalid_rule,
    missing_property,
    priority_conflict,
    priority_out_of_range,
    scope_locked,
    too_many_rules,
)
from .models import NetworkSecurityGroup, SecurityRule
from .responses import find_nsg
from .shapes import show_rule

_REQUIRED = ("protocol", "access", "direction", "priority")
_CHOICES = {
    "protocol": ("*", "tcp", "udp", "icmp", "esp", "ah"),
    "access": ("allow", "deny"),
    "direction": ("inbound", "outbound"),
}


def put_rule(
    world: World, call: Call, subscription_id: str, group_name: str, nsg_name: str, rule_name: str
) -> Reply:
    """Create or replace a rule; 201 when it is new [rec]."""
    nsg = find_nsg(world, subscription_id, group_name, nsg_name)
    _check_free(call, nsg, "write")
    properties = call.json().get("properties")
    rule = read(rule_name, properties)
    existing = nsg.rules.get(rule_name.lower())
    _check_room(world, nsg, rule, existing)
    operation = _begin(world, nsg)
    nsg.put(rule)
    _finish(world, nsg, operation, remove=None)
    headers: dict[str, str | list[str]] = {
        "Azure-AsyncOperation": accepted(call, operation, subscription_id)["Azure-AsyncOperation"]
    }
    return Reply(200 if existing else 201, show_rule(nsg, rule, "Updating"), headers)


def delete_rule(
    world: World, call: Call, subscription_id: str, group_name: str, nsg_name: str, rule_name: str
) -> Reply:
    """Delete a rule: 202, gone when the operation is over [rec]; 204 when there is none."""
    nsg = find_nsg(world, subscription_id, group_name, nsg_name)
    if rule_name.lower() not in nsg.rules:
        return Reply(204)
    _check_free(call, nsg, "delete")
    operation = _begin(world, nsg)
    _finish(world, nsg, operation, remove=rule_name)
    return Reply(202, headers=accepted(call, operation, subscription_id))


def read(name: str, properties: Any) -> SecurityRule:
    """Read a rule from a body. Raises ArmError."""
    if not isinstance(properties, dict):
        raise missing_property(name, "properties")
    for field in _REQUIRED:
        if properties.get(field) in (None, ""):
            raise missing_property(name, field)
    for field, allowed in _CHOICES.items():
        if str(properties[field]).lower() not in allowed:
            raise invalid_rule(name, field, properties[field])
    if type(properties["priority"]) is not int or not 100 <= properties["priority"] <= 4096:
        raise priority_out_of_range(name, properties["priority"])
    try:
        return SecurityRule(name, {key: value for key, value in properties.items() if key != "provisioningState"})
    except (TypeError, ValueError):
        raise invalid_rule(name, "destinationPortRange", properties.get("destinationPortRange")) from None


def _check_room(
    world: World, nsg: NetworkSecurityGroup, rule: SecurityRule, existing: SecurityRule | None
) -> None:
    """Raise ArmError when the priority is taken or the group is full."""
    for other in nsg.rules.values():
        taken = other.match.priority == rule.match.priority and other.match.inbound == rule.match.inbound
        if taken and other is not existing:
            raise priority_conflict(rule, other)
    if existing is None and len(nsg.rules) >= world.behaviour.rules_per_nsg:
        raise too_many_rules(nsg, world.behaviour.rules_per_nsg)


def _check_free(call: Call, nsg: NetworkSecurityGroup, verb: str) -> None:
    """Raise ArmError when the group is locked, or while another change of it is under way."""
    if nsg.locked:
        raise scope_locked(nsg, verb)
    if nsg.busy_with is not None:
        raise another_operation(call, nsg)


def _begin(world: World, nsg: NetworkSecurityGroup) -> Operation:
    """Open an operation on a security group."""
    operation = world.operations.start(world, "Microsoft.Network", nsg.location, world.clock.now())
    nsg.busy_with = operation.id
    return operation


def _finish(world: World, nsg: NetworkSecurityGroup, operation: Operation, remove: str | None) -> None:
    """Let the operation end after its time, taking the rule away then."""

    def end(moment: int) -> None:
        if remove is not None:
            nsg.remove(remove)
        nsg.busy_with = None
        nsg.revision += 1
        operation.ended = moment

    world.agenda.at(world.clock.now() + world.behaviour.network_operation, end)
    world.touch()
