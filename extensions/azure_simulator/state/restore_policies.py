# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies and requests of an exported state, with what is still to come of them."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import ArmError
from ..exchange import Json
from ..fleet.document import Node
from ..jit.effects import resume_request, resume_settling
from ..jit.models import AccessRequest, Grant, Policy, RulePlace
from ..jit.validation import read_entry, read_sources
from ..network.models import NetworkSecurityGroup
from ..subscriptions.models import Subscription
from ..world import World

_POLICY = (
    "group",
    "location",
    "name",
    "kind",
    "state",
    "visible_from",
    "requests_hidden_until",
    "settles",
    "vms",
    "covered",
    "requests",
)
_GRANT = (
    "number",
    "protocol",
    "allowedSourceAddressPrefix",
    "allowedSourceAddressPrefixes",
    "endTimeUtc",
    "status",
    "statusReason",
    "rules",
)


class PolicyReader:
    """Reads the policies of one subscription; `nsgs` are those of all, by lower-case id."""

    def __init__(self, world: World, subscription: Subscription, nsgs: Mapping[str, NetworkSecurityGroup]) -> None:
        """Keep where to put them and what they refer to."""
        self._world, self._subscription, self._nsgs = world, subscription, nsgs

    def read(self, subscription: Node) -> None:
        """Add all policies. Raises FleetError."""
        for node in subscription.nodes("policies", _POLICY):
            policy = self._policy(node)
            if self._world.policies.find(self._subscription.id, policy.group.name, policy.location, policy.name):
                raise node.wrong("name", f"'{policy.name}' is there twice in this group and location")
            self._world.policies.add(policy)
            for request in node.nodes("requests", ("start", "opens", "requestor", "justification", "vms")):
                accepted = self._request(request)
                policy.accept(accepted)
                resume_request(self._world, policy, accepted)
            resume_settling(self._world, policy)

    def _policy(self, node: Node) -> Policy:
        """Read a policy without its requests."""
        name = node.text("group")
        group = self._subscription.groups.get(name.lower())
        if group is None:
            raise node.wrong("group", f"there is no group '{name}' in this subscription")
        policy = Policy(group, name, node.text("location"), node.text("name"), node.moment("visible_from"))
        policy.kind = node.choice("kind", ("Basic",))
        policy.state = node.choice("state", ("Succeeded", "Updating"))
        policy.settles = node.optional_moment("settles")
        policy.requests_hidden_until = node.moment("requests_hidden_until")
        for entry in node.nodes("vms", None):
            checked = _entry(entry)
            key = str(checked["id"]).lower()
            if key in policy.vms:
                raise entry.wrong("id", f"'{checked['id']}' is there twice")
            policy.vms[key] = checked
        for covered in node.nodes("covered", ("vm", "rules")):
            checked = _entry(covered.node("vm", None))
            policy.applied[str(checked["id"]).lower()] = (checked, self._rules(covered))
        return policy

    def _request(self, node: Node) -> AccessRequest:
        """Read a request."""
        vms = [
            (vm.text("id"), [self._grant(vm.text("id"), port) for port in vm.nodes("ports", _GRANT)])
            for vm in node.nodes("vms", ("id", "ports"))
        ]
        requestor = node.raw("requestor")
        if not isinstance(requestor, str):
            raise node.wrong("requestor", "must be a text")
        justification = node.raw("justification")
        if justification is not None and not isinstance(justification, str):
            raise node.wrong("justification", "must be a text")
        return AccessRequest(
            vms, node.moment("start"), requestor, justification, opens=node.optional_moment("opens")
        )

    def _grant(self, vm_id: str, node: Node) -> Grant:
        """Read one port of a request."""
        try:
            sources, plural = read_sources(node.content, _refused)
        except ArmError as error:
            raise node.wrong("", str(error)) from None
        if not sources:
            raise node.wrong("allowedSourceAddressPrefix", "is missing")
        return Grant(
            vm_id.lower(),
            node.number("number", 0, 65535),
            node.choice("protocol", ("TCP", "UDP", "*")),
            sources,
            plural,
            node.moment("endTimeUtc"),
            node.choice("status", ("Initiating", "Initiated", "Revoked")),
            node.text("statusReason"),
            self._rules(node),
        )

    def _rules(self, node: Node) -> list[RulePlace]:
        """Read which rules stand for something; they may have been deleted since."""
        places: list[RulePlace] = []
        for place in node.nodes("rules", ("nsg", "name")):
            nsg = self._nsgs.get(place.text("nsg").lower())
            if nsg is None:
                raise place.wrong("nsg", f"there is no '{place.text('nsg')}'")
            places.append((nsg, place.text("name")))
        return places


def _entry(node: Node) -> Json:
    """Read a VM as it was put; it need not exist any more. Raises FleetError."""
    try:
        return read_entry(node.content)
    except ArmError as error:
        raise node.wrong("", str(error)) from None


def _refused(message: str) -> ArmError:
    """Refuse a part of a request."""
    return ArmError(400, "InvalidState", message)
