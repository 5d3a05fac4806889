# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors of network resources."""

from __future__ import annotations

from ..errors import ArmError
from ..exchange import Call
from .models import NetworkInterface, NetworkSecurityGroup, SecurityRule


def rule_not_found(nsg: NetworkSecurityGroup, name: str) -> ArmError:
    """Say that there is no such rule."""
    rule_id = f"{nsg.id}/securityRules/{name}"
    return ArmError(404, "NotFound", f"Resource {rule_id} not found.", details=[])


def missing_property(rule: str, field: str) -> ArmError:
    """Say that a required field is missing."""
    return ArmError(
        400,
        "SecurityRuleInvalidProperty" if field == "properties" else "SecurityRuleParameterNotSpecified",
        f"Required security rule parameters are missing for security rule with Id: {rule}. "
        f"Security rule must specify {field}.",
        details=[],
    )


def invalid_rule(rule: str, field: str, value: object) -> ArmError:
    """Say that a field has a value that it can't have."""
    return ArmError(
        400,
        "SecurityRuleInvalidParameter",
        f"Security rule parameter {field} for rule with Id {rule} has invalid value '{value}'.",
        details=[],
    )


def priority_out_of_range(rule: str, priority: object) -> ArmError:
    """Say that the priority is none."""
    return ArmError(
        400,
        "SecurityRuleInvalidPriority",
        f"Security rule has invalid Priority. Value provided: {priority} Allowed range 100-4096. Rule: {rule}.",
        details=[],
    )


def priority_conflict(rule: SecurityRule, other: SecurityRule) -> ArmError:
    """Say that another rule has this priority."""
    return ArmError(
        400,
        "SecurityRuleConflict",
        f"Security rule {rule.name} conflicts with rule {other.name}. Rules cannot have the same Priority and "
        "Direction. To learn more, see aka.ms/nsgrules.",
        details=[],
    )


def too_many_rules(nsg: NetworkSecurityGroup, limit: int) -> ArmError:
    """Say that the group is full."""
    return ArmError(
        400,
        "NetworkSecurityGroupRuleLimitExceeded",
        f"Network security group {nsg.id} cannot have more than {limit} rules.",
        details=[],
    )


def scope_locked(nsg: NetworkSecurityGroup, verb: str) -> ArmError:
    """Say that a management lock forbids changes."""
    return ArmError(
        409,
        "ScopeLocked",
        f"The scope '{nsg.id}' cannot perform {verb} operation because following scope(s) are locked: '{nsg.id}'. "
        "Please remove the lock and try again.",
    )


def no_running_vm(nic: NetworkInterface) -> ArmError:
    """Say that an interface has no rules in effect, since no running VM has it [inf]."""
    return ArmError(
        400,
        "NetworkInterfaceNotAttachedToRunningVirtualMachine",
        f"Network interface {nic.id} must be attached to a running virtual machine to perform this operation.",
        details=[],
    )


def another_operation(call: Call, nsg: NetworkSecurityGroup) -> ArmError:
    """Say that a change of this group is under way."""
    uri = (
        f"{call.base_url}/subscriptions/{nsg.group.subscription.id}/providers/Microsoft.Network/locations/"
        f"{nsg.location}/operations/{nsg.busy_with}?api-version={call.api_version}"
    )
    return ArmError(
        429,
        "AnotherOperationInProgress",
        "Another operation on this or dependent resource is in progress. To retrieve status of the operation use "
        f"uri: {uri}",
        details=[],
        headers={"Retry-After": "10"},
    )
