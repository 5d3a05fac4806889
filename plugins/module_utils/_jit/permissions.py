# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each thing that this collection does takes of permissions in Azure, where, and which role has them.

The one table behind the custom roles, the guide and the check before anything is sent. What Microsoft documents is
[docs]; the rest follows from the requests that are sent [inf].
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import Enum

_POLICIES = "Microsoft.Security/locations/jitNetworkAccessPolicies"
_PRICINGS = "Microsoft.Security/pricings"
_MACHINES = "Microsoft.Compute/virtualMachines"
_INTERFACES = "Microsoft.Network/networkInterfaces"
_ADDRESSES = "Microsoft.Network/publicIPAddresses"
_NETWORKS = "Microsoft.Network/virtualNetworks"
_GROUPS = "Microsoft.Network/networkSecurityGroups"


class Place(Enum):
    """Where a permission is needed; a role assigned there or above gives it. The value says it in words."""

    SUBSCRIPTION = "subscription"
    VM = "the VMs' resource groups"
    POLICY = "the policies' resource groups"
    INTERFACE = "the network interfaces' resource groups"
    NETWORK = "the virtual networks' resource groups"
    SECURITY_GROUP = "the network security groups' resource groups"


@dataclass(frozen=True, slots=True)
class Need:
    """One action at one place. One with a wildcard is what Microsoft asks for beside the action itself [docs]."""

    action: str
    place: Place

    @property
    def is_wide(self) -> bool:
        return "*" in self.action


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that this collection does. `title` says it to users, `options` how they ask for it."""

    name: str
    title: str
    options: str
    needs: tuple[Need, ...]


@dataclass(frozen=True, slots=True)
class CustomRole:
    """A role that Azure doesn't have; `deeds` are what it is for."""

    name: str
    description: str
    deeds: tuple[Deed, ...]

    @property
    def file_name(self) -> str:
        return f"{self.name.lower().replace(' ', '_')}.json"

    @property
    def actions(self) -> tuple[str, ...]:
        return actions_of(self.deeds)


def actions_of(deeds: Iterable[Deed]) -> tuple[str, ...]:
    """List what several deeds need, each action once, in order."""
    return tuple(sorted({need.action for deed in deeds for need in deed.needs}, key=str.lower))


def _at(place: Place, *actions: str) -> tuple[Need, ...]:
    return tuple(Need(action, place) for action in actions)


_READ_VMS = _at(Place.VM, f"{_MACHINES}/read")
_READ_INTERFACES = _at(Place.INTERFACE, f"{_INTERFACES}/read")
# A subnet is read as a part of its network.
_READ_NETWORKS = _at(Place.NETWORK, f"{_NETWORKS}/read", f"{_NETWORKS}/subnets/read")
_READ_ADDRESSES = _at(Place.INTERFACE, f"{_ADDRESSES}/read")
_READ_RULES = _at(Place.SECURITY_GROUP, f"{_GROUPS}/read", f"{_GROUPS}/securityRules/read")
_READ_POLICIES = _at(Place.POLICY, f"{_POLICIES}/read")
_READ_LAYOUT = (*_READ_VMS, *_READ_INTERFACES, *_READ_NETWORKS)

CHECK = Deed(
    "check",
    "ask what the credential may do",
    "permissions_check",
    _at(Place.POLICY, "Microsoft.Authorization/permissions/read"),
)
FIND = Deed(
    "find",
    "find VMs and their addresses",
    "inventory jit_vms; options subscriptions, resource_groups",
    (
        *_at(Place.SUBSCRIPTION, "Microsoft.Resources/subscriptions/read"),
        *_READ_LAYOUT,
        *_READ_ADDRESSES,
        *_READ_POLICIES,
    ),
)
LOOK = Deed(
    "look",
    "report policies, requests and what is open",
    "jit_policy_info, jit_request_info",
    (*_READ_POLICIES, *_READ_LAYOUT, *_READ_RULES),
)
OPEN = Deed(
    "open",
    "open ports",
    "jit_request",
    (
        *_READ_POLICIES,
        *_at(Place.POLICY, f"{_POLICIES}/*/read", f"{_POLICIES}/initiate/action"),
        *_READ_VMS,
        *_READ_INTERFACES,
        *_at(Place.INTERFACE, f"{_INTERFACES}/*/read"),
        *_READ_ADDRESSES,
    ),
)
WAIT_FOR_RULE = Deed(
    "wait_for_rule",
    "wait until network rules let one in",
    "jit_request: wait_for rule or port",
    (*_READ_LAYOUT, *_READ_RULES),
)
CLOSE_BY_RULE = Deed(
    "close_by_rule",
    "close ports early, window by window",
    "jit_request: state closed",
    (
        *_READ_POLICIES,
        *_READ_LAYOUT,
        *_READ_RULES,
        *_at(Place.SECURITY_GROUP, f"{_GROUPS}/securityRules/delete"),
    ),
)
START_VMS = Deed(
    "start_vms",
    "start VMs that are off",
    "jit_request: start_vms",
    (*_READ_VMS, *_at(Place.VM, f"{_MACHINES}/instanceView/read", f"{_MACHINES}/start/action")),
)
READ_PLAN = Deed(
    "read_plan",
    "read the plan of Defender for Servers",
    "defender_plan_info; jit_policy: skip_ineligible",
    _at(Place.SUBSCRIPTION, f"{_PRICINGS}/read"),
)
INSPECT = Deed(
    "inspect",
    "report what guards each VM, and what doesn't",
    "jit_vm_info",
    (
        *FIND.needs,
        *_READ_RULES,
        *_at(Place.VM, f"{_MACHINES}/instanceView/read"),
        *READ_PLAN.needs,
        *_at(
            Place.SUBSCRIPTION,
            "Microsoft.Security/assessments/read",
            "Microsoft.Network/azureFirewalls/read",
            "Microsoft.Network/networkManagers/read",
            "Microsoft.Network/routeTables/read",
            "Microsoft.ClassicCompute/virtualMachines/read",
        ),
    ),
)
EFFECTIVE_RULES = Deed(
    "effective_rules",
    "have Azure work out an interface's effective rules",
    "jit_vm_info: effective_rules azure",
    (
        *_at(Place.INTERFACE, f"{_INTERFACES}/effectiveNetworkSecurityGroups/action"),
        *_at(Place.SUBSCRIPTION, "Microsoft.Network/locations/operationResults/read"),
    ),
)
COVER = Deed(
    "cover",
    "cover VMs with policies",
    "jit_policy; jit_request: enable_missing",
    (
        *_READ_POLICIES,
        *_at(Place.POLICY, f"{_POLICIES}/write"),
        *_READ_VMS,
        *_at(Place.VM, f"{_MACHINES}/write"),
    ),
)
UNCOVER = Deed(
    "uncover",
    "take VMs out of policies, also deleted ones",
    "jit_policy: state absent, prune_missing_vms",
    (*COVER.needs, *_at(Place.POLICY, f"{_POLICIES}/delete")),
)
CLOSE_BY_POLICY = Deed(
    "close_by_policy",
    "close ports early for everybody",
    "jit_request: close_method policy",
    UNCOVER.needs,
)
SET_PLAN = Deed(
    "set_plan",
    "turn Defender for Servers on or off",
    "defender_plan",
    (*READ_PLAN.needs, *_at(Place.SUBSCRIPTION, f"{_PRICINGS}/write")),
)

_REQUESTER = (FIND, LOOK, OPEN, WAIT_FOR_RULE, CHECK)
_OPERATOR = (*_REQUESTER, CLOSE_BY_RULE, START_VMS, READ_PLAN, INSPECT, EFFECTIVE_RULES)
_ADMINISTRATOR = (*_OPERATOR, COVER, UNCOVER, CLOSE_BY_POLICY, SET_PLAN)
DEEDS = _ADMINISTRATOR

# From the smallest to the largest, each with all that the one before has.
ROLES = (
    CustomRole("JIT requester", "Find VMs and open their ports by just-in-time access.", _REQUESTER),
    CustomRole(
        "JIT operator",
        "All of JIT requester; also close ports early by deleting rules, start VMs, and report what guards them.",
        _OPERATOR,
    ),
    CustomRole(
        "JIT administrator",
        "All of JIT operator; also write policies, and the plan of Defender for Servers, which costs money.",
        _ADMINISTRATOR,
    ),
)


def smallest_role(actions: Collection[str]) -> CustomRole | None:
    """Name the smallest of our roles that has all of these actions."""
    return next((role for role in ROLES if set(actions) <= set(role.actions)), None)
