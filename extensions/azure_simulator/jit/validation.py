# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies read from the body of a PUT, with the refusals known or guessed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..compute.models import MACHINES
from ..errors import ArmError, invalid_json, resource_not_found
from ..exchange import Call, Json
from ..moments import DAY, MINUTE, parse_iso_duration
from ..resource_ids import ResourceId, parse
from ..world import World
from .errors import internal_error, invalid_policy, linked_authorization_failed, linked_permission_missing
from .models import Policy

# Policy name and VM name together [docs].
_LONGEST_NAMES = 56
# Needed on each VM that a policy is to cover [docs].
_LINKED_ACTION = f"{MACHINES}/write"

Refusal = Callable[[str], ArmError]


def read_policy(world: World, call: Call, policy: Policy) -> tuple[str, dict[str, Json]]:
    """Return kind and VM entries by lower-case id; fields that nobody knows are kept. Raises ArmError."""
    body = call.json()
    properties = body.get("properties")
    if not isinstance(properties, dict) or not isinstance(properties.get("virtualMachines"), list):
        raise invalid_policy("The policy must have 'properties.virtualMachines'.")
    vms: dict[str, Json] = {}
    for entry in properties["virtualMachines"]:
        key = _check_vm(world, call, policy, entry)
        if key in vms:
            raise invalid_policy(f"Virtual machine '{entry['id']}' appears more than once.")
        vms[key] = read_entry(entry)
    kind = body.get("kind", "Basic")
    if kind != "Basic":
        raise invalid_policy(f"'{kind}' is not a kind of policy: allowed is Basic.")
    return kind, vms


def _check_vm(world: World, call: Call, policy: Policy, entry: Any) -> str:
    """Return the lower-case id of an entry's VM, which must exist. Raises ArmError."""
    _check_form(entry)
    vm_id = parse(entry["id"])
    if vm_id is None or vm_id.kind.lower() != MACHINES.lower():
        raise linked_authorization_failed(policy.id, _linked_subscription(entry["id"]))
    _check_exists(world, policy, vm_id)
    if not call.may(_LINKED_ACTION, entry["id"]):
        raise linked_permission_missing(call, policy.id, _LINKED_ACTION, entry["id"])
    if len(policy.name) + len(vm_id.name) > _LONGEST_NAMES:
        raise invalid_policy(
            f"The names of policy '{policy.name}' and virtual machine '{vm_id.name}' have more than "
            f"{_LONGEST_NAMES} characters together."
        )
    return str(entry["id"]).lower()


def _check_form(entry: Any) -> None:
    """Raise ArmError unless an entry has an id and ports."""
    if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
        raise invalid_json()
    if not isinstance(entry.get("ports"), list) or not entry["ports"]:
        raise invalid_policy(f"Virtual machine '{entry['id']}' has no ports.")


def read_entry(entry: Any) -> Json:
    """Return a VM entry as it will be shown; the VM itself is not looked for. Raises ArmError."""
    _check_form(entry)
    return dict(entry) | {"ports": [_read_rule(rule) for rule in entry["ports"]]}


def _linked_subscription(text: str) -> str:
    """Return what a malformed id has where the subscription belongs."""
    parts = text.split("/")
    return parts[2] if len(parts) > 2 else text


def _check_exists(world: World, policy: Policy, vm_id: ResourceId) -> None:
    """Raise ArmError unless the VM exists: one deleted VM breaks every later PUT [issue: azure-docs 11987]."""
    subscription = world.subscriptions.get(vm_id.subscription_id.lower())
    if subscription is None:
        raise linked_authorization_failed(policy.id, vm_id.subscription_id)
    group = subscription.groups.get(vm_id.group.lower())
    if group is None or vm_id.name.lower() not in group.vms:
        raise resource_not_found(MACHINES, vm_id.name, vm_id.group)


def _read_rule(rule: Any) -> Json:
    """Return a port rule as it will be shown. Raises ArmError."""
    if not isinstance(rule, dict):
        raise invalid_json()
    number = read_port_number(rule, invalid_policy)
    if rule.get("protocol") not in ("TCP", "UDP", "*"):
        raise internal_error()
    read_sources(rule, invalid_policy)
    duration = rule.get("maxRequestAccessDuration")
    try:
        length = parse_iso_duration(str(duration))
    except ValueError as error:
        raise invalid_policy(f"Port {number}: maxRequestAccessDuration: {error}.") from None
    if not 5 * MINUTE <= length <= DAY:
        raise invalid_policy(
            f"Port {number}: maxRequestAccessDuration '{duration}' is not between 5 minutes and 1 day."
        )
    return rule | {"number": number}


def read_port_number(port: Json, refuse: Refusal) -> int:
    """Return a port's number; the service takes it as a text too [issue: azurerm 3661]. Raises ArmError."""
    number = port.get("number")
    if isinstance(number, str) and number.isdecimal():
        number = int(number)
    if type(number) is not int or not 0 <= number <= 65535:
        raise refuse(f"'{number}' is not a port number: allowed is 0 to 65535.")
    return number


def read_sources(port: Json, refuse: Refusal) -> tuple[tuple[str, ...], bool]:
    """Return a port's sources and whether they came in the plural field. Raises ArmError."""
    one, many = port.get("allowedSourceAddressPrefix"), port.get("allowedSourceAddressPrefixes")
    if one is not None and many:
        raise refuse("'allowedSourceAddressPrefix' and 'allowedSourceAddressPrefixes' are mutually exclusive.")
    values = many if many else [one] if one is not None else []
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise refuse("Source addresses must be texts.")
    return tuple(values), bool(many)
