# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several writers on one policy, in virtual time: each call takes as long as it is told to, and all overlap.

Writers are greenlets. One runs until it waits (for an answer, or in a sleep); then the one whose time comes first
goes on. So a seed decides everything, and hours pass in milliseconds.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import ReplyLost
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
    """A policy as the service keeps it; a PUT commits some time before its reply.

    `hidden` is for how many seconds a new one is unknown. What was committed is never changed in place, so all
    readings share it.
    """

    world: World
    policy_id: PolicyId
    entries: Sequence[Json] = ()
    exists: bool = False
    settled_at: datetime = NOON
    hidden: float = 0.0
    visible_at: datetime = NOON

    def commit(self, entries: Sequence[Json], provisioning: float, *, exists: bool = True) -> None:
        if exists and not self.exists:
            self.visible_at = self.world.now + timedelta(seconds=self.hidden)
        self.entries, self.exists = tuple(entries), exists
        self.settled_at = self.world.now + timedelta(seconds=provisioning)

    def read(self) -> Policy | None:
        """Give the policy as it is at this moment."""
        if not self.exists or self.world.now < self.visible_at:
            return None
        state = "Succeeded" if self.world.now >= self.settled_at else "Updating"
        properties = {"virtualMachines": self.entries, "provisioningState": state}
        return Policy(self.policy_id, {"id": str(self.policy_id), "kind": "Basic", "properties": properties})


@dataclass
class WorldJit:
    """One writer's way to the policy, with latencies of its own; also its clock.

    From the start of a reading to the reply of the PUT that follows, `budget` is never exceeded, and often nearly
    reached: as old as that can be what a commit was made from. Of the writes `lossy` lose their replies, some of
    them without having been taken, and some before they are.
    """

    shared: SharedPolicy
    draw: random.Random
    longest_get: float
    budget: float
    lossy: float = 0.0
    read_at: datetime = NOON

    def now(self) -> datetime:
        return self.shared.world.now

    def sleep(self, seconds: float) -> None:
        self.shared.world.wait(seconds)

    def find_policy(self, policy_id: PolicyId) -> Policy | None:
        world = self.shared.world
        self.read_at = world.now
        there, back = (self.draw.uniform(0, self.longest_get / 2) for _ in range(2))
        world.wait(there)
        policy = self.shared.read()
        world.wait(back)
        return policy

    def put_policy(self, policy_id: PolicyId, body: Mapping[str, Any]) -> None:
        self._commit(body["properties"]["virtualMachines"], exists=True)

    def delete_policy(self, policy_id: PolicyId) -> None:
        self._commit((), exists=False)

    def _commit(self, entries: Sequence[Json], *, exists: bool) -> None:
        world = self.shared.world
        mishap = (
            self.draw.choice(["too early", "on the way", "never taken"]) if self.draw.random() < self.lossy else ""
        )
        left = self.budget - (world.now - self.read_at).total_seconds()
        whole = left * self.draw.choice([0.2, 0.6, 1.0, 1.0])
        until_commit = whole * self.draw.choice([0.1, 0.5, 0.99, 0.99])
        provisioning = self.draw.uniform(0, 3)
        if mishap == "too early":
            world.start(lambda: self.shared.commit(entries, provisioning, exists=exists), at=until_commit)
            until_commit *= self.draw.random()
        world.wait(until_commit)
        if mishap in ("too early", "never taken"):
            raise ReplyLost(mishap)
        self.shared.commit(entries, provisioning, exists=exists)
        world.wait(whole - until_commit)
        if mishap:
            raise ReplyLost(mishap)

    def list_policies(
        self, subscription_id: str, resource_group: str | None = None, *, keep: Keep | None = None
    ) -> list[Policy]:
        raise AssertionError("one policy is never worth a list")

    def initiate(self, policy_id: PolicyId, body: Mapping[str, Any]) -> Mapping[str, Any]:
        raise AssertionError("nobody asks for access here")
