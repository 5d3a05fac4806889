# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""State of just-in-time policies and requests."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..exchange import Json

if TYPE_CHECKING:
    from ..network.models import NetworkSecurityGroup
    from ..subscriptions.models import ResourceGroup

KIND = "Microsoft.Security/locations/jitNetworkAccessPolicies"

RulePlace = tuple["NetworkSecurityGroup", str]


@dataclass(slots=True, eq=False)
class Grant:
    """One port of one VM asked for; `ends` in ticks, `rules` are the allow rules written for it."""

    vm_key: str
    number: int
    protocol: str
    sources: tuple[str, ...]
    plural: bool
    ends: int
    status: str = "Initiating"
    reason: str = "UserRequested"
    rules: list[RulePlace] = field(default_factory=list)

    @property
    def is_live(self) -> bool:
        """Tell whether the grant has not ended."""
        return self.status != "Revoked"

    def is_like(self, other: Grant) -> bool:
        """Tell whether both ask for the same VM, port and source."""
        return (self.vm_key, self.number, set(self.sources)) == (other.vm_key, other.number, set(other.sources))


@dataclass(slots=True, eq=False)
class AccessRequest:
    """One accepted `initiate`: VM ids as shown, each with its grants; `opens` until the rules are written."""

    vms: list[tuple[str, list[Grant]]]
    start: int
    requestor: str
    justification: str | None
    opens: int | None = None

    def grants(self) -> Iterator[Grant]:
        """Yield all ports asked for."""
        for _, grants in self.vms:
            yield from grants


@dataclass(slots=True, eq=False)
class Policy:
    """A policy; `vms` are the entries as put, by lower-case VM id.

    `applied` holds what the network rules stand for: of each covered VM the entry as put and its deny rules;
    `settles` is when they will agree with `vms` again.
    """

    group: ResourceGroup
    group_name: str
    location: str
    name: str
    visible_from: int
    kind: str = "Basic"
    vms: dict[str, Json] = field(default_factory=dict)
    requests: list[AccessRequest] = field(default_factory=list)
    state: str = "Updating"
    settles: int | None = None
    generation: int = 0
    requests_hidden_until: int = 0
    applied: dict[str, tuple[Json, list[RulePlace]]] = field(default_factory=dict)
    _grants: dict[str, list[Grant]] = field(init=False, default_factory=dict)

    @property
    def id(self) -> str:
        """Return the policy's id with the group spelled as in the first PUT."""
        return (
            f"/subscriptions/{self.group.subscription.id}/resourceGroups/{self.group_name}/providers/"
            f"Microsoft.Security/locations/{self.location}/jitNetworkAccessPolicies/{self.name}"
        )

    def accept(self, request: AccessRequest) -> None:
        """Take a request in."""
        self.requests.append(request)
        for grant in request.grants():
            self._grants.setdefault(grant.vm_key, []).append(grant)

    def vms_asked_for(self) -> Set[str]:
        """Return the VMs, by lower-case id, that any request has named."""
        return self._grants.keys()

    def live_grants(self, vm_key: str) -> list[Grant]:
        """Return the grants of one VM that have not ended."""
        return [grant for grant in self._grants.get(vm_key, ()) if grant.is_live]


class PolicyStore:
    """All policies, by subscription and then by group, region and name; all in lower case."""

    def __init__(self) -> None:
        """Begin empty."""
        self._subscriptions: dict[str, dict[tuple[str, str, str], Policy]] = {}

    def add(self, policy: Policy) -> None:
        """Keep a policy."""
        key = (policy.group.name.lower(), policy.location.lower(), policy.name.lower())
        self._subscriptions.setdefault(policy.group.subscription.id.lower(), {})[key] = policy

    def find(self, subscription_id: str, group: str, location: str, name: str) -> Policy | None:
        """Return a policy, if there is one."""
        policies = self._subscriptions.get(subscription_id.lower(), {})
        return policies.get((group.lower(), location.lower(), name.lower()))

    def remove(self, policy: Policy) -> None:
        """Forget a policy."""
        key = (policy.group.name.lower(), policy.location.lower(), policy.name.lower())
        del self._subscriptions[policy.group.subscription.id.lower()][key]

    def select(self, subscription_id: str, group: str | None = None, location: str | None = None) -> list[Policy]:
        """Return the policies of a subscription, also narrowed by group and region."""
        return [
            policy
            for (group_key, location_key, _), policy in self._subscriptions.get(
                subscription_id.lower(), {}
            ).items()
            if group in (None, group_key) and location in (None, location_key)
        ]

    def all(self) -> Iterator[Policy]:
        """Yield every policy."""
        for policies in self._subscriptions.values():
            yield from policies.values()
