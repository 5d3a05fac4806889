# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several writers on one policy, in virtual time: each call takes as long as it is told to, and all overlap.

Writers are greenlets. One runs until it waits (for an answer, or in a sleep); then the one whose time comes first
goes on. So a seed decides everything, and hours pass in milliseconds.
"""

from __future__ import annotations

import copy
import heapq
import itertools
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ids import PolicyId
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.policies import Policy
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.seams import Keep
from greenlet import getcurrent, greenlet
from samples import NOON

Json = dict[str, Any]


class World:
    """Time, and who waits for when."""

    def __init__(self) -> None:
        self.now = NOON
        self._waiting: list[tuple[datetime, int, greenlet]] = []
        self._order = itertools.count()
        self._hub = getcurrent()

    def start(self, work: Callable[[], None], at: float = 0.0) -> None:
        self._push(self.now + timedelta(seconds=at), greenlet(work, self._hub))

    def wait(self, seconds: float) -> None:
        """Let the others go on until these seconds are over."""
        self._push(self.now + timedelta(seconds=seconds), getcurrent())
        self._hub.switch()

    def run(self) -> None:
        """Go on until nobody waits any more."""
        while self._waiting:
            self.now, _, worker = heapq.heappop(self._waiting)
            worker.switch()

    def _push(self, when: datetime, worker: greenlet) -> None:
        heapq.heappush(self._waiting, (when, next(self._order), worker))


@dataclass
class SharedPolicy:
    """A policy as the service keeps it; a PUT commits some time before its reply."""

    world: World
    policy_id: PolicyId
    entries: list[Json] = field(default_factory=list)
    exists: bool = False
    settled_at: datetime = NOON

    def commit(self, entries: list[Json], provisioning: float) -> None:
        self.entries, self.exists = copy.deepcopy(entries), True
        self.settled_at = self.world.now + timedelta(seconds=provisioning)

    def document(self) -> Json:
        state = "Succeeded" if self.world.now >= self.settled_at else "Updating"
        properties = {"virtualMachines": copy.deepcopy(self.entries), "provisioningState": state}
        return {"id": str(self.policy_id), "kind": "Basic", "properties": properties}


@dataclass
class WorldJit:
    """One writer's way to the policy, with latencies of its own; also its clock."""

    shared: SharedPolicy
    draw: random.Random
    longest_get: float
    longest_put: float

    def now(self) -> datetime:
        return self.shared.world.now

    def sleep(self, seconds: float) -> None:
        self.shared.world.wait(seconds)

    def find_policy(self, policy_id: PolicyId) -> Policy | None:
        world = self.shared.world
        there, back = (self.draw.uniform(0, self.longest_get / 2) for _ in range(2))
        world.wait(there)
        document = self.shared.document() if self.shared.exists else None
        world.wait(back)
        return Policy.read(document) if document else None

    def put_policy(self, policy_id: PolicyId, body: Mapping[str, Any]) -> None:
        self._commit(list(body["properties"]["virtualMachines"]), exists=True)

    def delete_policy(self, policy_id: PolicyId) -> None:
        self._commit([], exists=False)

    def _commit(self, entries: list[Json], *, exists: bool) -> None:
        world = self.shared.world
        until_commit, until_reply = (self.draw.uniform(0, self.longest_put / 2) for _ in range(2))
        world.wait(until_commit)
        self.shared.commit(entries, self.draw.uniform(0, 3))
        self.shared.exists = exists
        world.wait(until_reply)

    def list_policies(
        self, subscription_id: str, resource_group: str | None = None, *, keep: Keep | None = None
    ) -> list[Policy]:
        raise AssertionError("one policy is never worth a list")

    def initiate(self, policy_id: PolicyId, body: Mapping[str, Any]) -> Mapping[str, Any]:
        raise AssertionError("nobody asks for access here")
