# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole simulated cloud: one tenant with everything in it, its clock and its settings."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .batch.models import BatchStore
from .behaviour import Behaviour
from .clock import Agenda, Clock
from .errors import invalid_subscription_id, subscription_not_found
from .identity.models import Principal, TokenIssuer
from .jit.models import PolicyStore
from .loopback_addresses import moved
from .operations.models import OperationStore
from .subscriptions.models import ResourceGroup, Subscription
from .throttling import Throttle

if TYPE_CHECKING:
    from .network.models import PublicAddress


@dataclass(frozen=True, slots=True)
class Tenant:
    """The directory that all subscriptions trust."""

    id: str
    name: str
    domain: str


class World:
    """Everything that requests read and change."""

    def __init__(self, tenant: Tenant, clock: Clock, behaviour: Behaviour, seed: int) -> None:
        """Begin with an empty tenant."""
        self.tenant = tenant
        self.clock = clock
        self.behaviour = behaviour
        self.seed = seed
        self.random = random.Random(seed)
        self.agenda = Agenda(clock)
        self.born = clock.now()
        self.tokens = TokenIssuer(tenant.id, clock)
        self.principals: dict[str, Principal] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self.policies = PolicyStore()
        self.operations = OperationStore()
        self.batches = BatchStore()
        self.throttle = Throttle()
        self.base_url = ""
        self.address_shift = 0
        self.version = 0
        self.on_change: Callable[[], None] = lambda: None

    def touch(self) -> None:
        """Note that some resource has changed."""
        self.version += 1
        self.on_change()

    def settle(self) -> None:
        """Apply everything that is due by now."""
        if self.agenda.run_due():
            self.touch()

    def subscription(self, subscription_id: str) -> Subscription:
        """Return a subscription. Raises ArmError."""
        found = self.subscriptions.get(subscription_id.lower())
        if found is None:
            try:
                uuid.UUID(subscription_id)
            except ValueError:
                raise invalid_subscription_id(subscription_id) from None
            raise subscription_not_found(subscription_id)
        return found

    def group(self, subscription_id: str, name: str) -> ResourceGroup:
        """Return a resource group. Raises ArmError."""
        return self.subscription(subscription_id).group(name)

    def groups(self) -> Iterator[ResourceGroup]:
        """Yield the resource groups of all subscriptions."""
        for subscription in self.subscriptions.values():
            yield from subscription.groups.values()

    def public_addresses(self) -> Iterator[PublicAddress]:
        """Yield the public addresses of all groups."""
        for group in self.groups():
            yield from group.public_addresses.values()

    def move_addresses(self, shift: int) -> None:
        """Move the VMs' loopback addresses: in their second number `shift` away from the fleet's own."""
        for public in self.public_addresses():
            public.address = moved(public.address, shift - self.address_shift)
        self.address_shift = shift
