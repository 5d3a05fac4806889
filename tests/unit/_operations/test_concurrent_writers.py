# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writers who share a policy don't lose each other's VMs, as long as they keep to the rule.

The model draws what may happen, thousands of times, at the very edge of what the rule allows: windows as short as
the budget, commits as late as the budget. Beside it stands the same model with the rule weakened in one place,
which has to find losses: a model that can't find them proves nothing. JITFLEET_MODEL_SEEDS=20000 draws more.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.edits import Edit
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ids import PolicyId, VmId
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.merge import Wish
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.policies import Policy, read_entries
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.safe_write import Patience, Writer
from samples import entry, policy_id, port, rule, vm_id
from virtual_world import SharedPolicy, World, WorldJit

BUDGET = 5.0
WRITERS = 8
SEEDS = int(os.environ.get("JITFLEET_MODEL_SEEDS", "150"))
# Two writers cost a tenth of eight.
SEEDS_OF_TWO = 5 * SEEDS
# Within so many seeds a weakened rule has to lose something.
ENOUGH = 400
ALREADY_THERE = [vm_id(f"old-{number}") for number in range(WRITERS // 2)]
CONTESTED = vm_id("contested")


@dataclass
class Story:
    """Who was told what, in the order in which it was told, and what the policy held at the end."""

    told: list[tuple[Edit, bool]] = field(default_factory=list)
    held: dict[VmId, set[int]] = field(default_factory=dict)

    def holds(self, edit: Edit) -> bool:
        """Tell whether the policy is as the edit wants it."""
        wished = all({rule.number for rule in w.rules} <= self.held.get(w.vm, set()) for w in edit.wishes)
        return wished and not edit.removed & self.held.keys()

    @property
    def lost(self) -> list[Edit]:
        """List what was claimed and isn't so; of a VM that several wish for, what was claimed last."""
        last = {vm: edit for edit, _verified in self.told for vm in _vms(edit)}
        return [
            edit
            for edit, verified in self.told
            if verified and not self.holds(edit) and all(_agree(edit, last[vm]) for vm in _vms(edit))
        ]

    @property
    def done(self) -> int:
        return sum(1 for _edit, verified in self.told if verified)


def _vms(edit: Edit) -> set[VmId]:
    return {wish.vm for wish in edit.wishes} | edit.removed


def _agree(one: Edit, other: Edit) -> bool:
    """Tell whether two wishes for a VM can both be true."""
    return bool(one.removed) == bool(other.removed)


def have(vm: VmId, number: int = 22) -> Edit:
    return Edit((Wish(vm, (rule(number),)),))


def gone(vm: VmId) -> Edit:
    return Edit(removed=frozenset({vm}))


@dataclass(frozen=True)
class Play:
    """Eight writers, and what befalls them. The rule is in `quiet`, `writer` and `jit`, to be weakened there."""

    tasks: tuple[tuple[Edit, ...], ...]
    quiet: float = BUDGET
    foreign_puts: int = 0
    exists: bool = True
    hidden: float = 0.0
    lossy: float = 0.0
    longest_get: float = 1.0
    within: float = 12.0
    writer: type[Writer] = Writer
    jit: type[WorldJit] = WorldJit

    def run(self, seed: int) -> Story:
        draw = random.Random(seed)
        world, story = World(), Story()
        shared = SharedPolicy(world, policy_id(), hidden=self.hidden)
        if self.exists:
            shared.commit([entry(vm, port(22)) for vm in [*ALREADY_THERE, CONTESTED]], 0)
        for edits in self.tasks:
            world.start(
                self._task(edits, shared, random.Random(draw.random()), story), at=draw.uniform(0, self.within)
            )
        for _ in range(self.foreign_puts):
            world.start(_foreign(shared, draw), at=draw.uniform(0, 15))
        world.run()
        held = read_entries(shared.entries if shared.exists else ())
        story.held = {coverage.vm: {rule.number for rule in coverage.rules} for coverage in held}
        return story

    def _task(
        self, edits: tuple[Edit, ...], shared: SharedPolicy, draw: random.Random, story: Story
    ) -> Callable[[], None]:
        jit = self.jit(shared, draw, longest_get=self.longest_get, budget=BUDGET, lossy=self.lossy)
        patience = Patience(timedelta(seconds=BUDGET), timedelta(seconds=self.quiet), timedelta(minutes=5))

        def work() -> None:
            for edit in edits:
                writer = self.writer(jit, jit, draw.random, patience)
                result = writer.write({shared.policy_id: edit})[shared.policy_id]
                story.told.append((edit, result.verified))

        return work


def _foreign(shared: SharedPolicy, draw: random.Random) -> Callable[[], None]:
    """PUT the whole policy as it was up to 0.6 s before, as a script in a hurry does."""
    pause = draw.uniform(0, 0.6)

    def work() -> None:
        base, existed = shared.entries, shared.exists
        shared.world.wait(pause)
        shared.commit(base, 1, exists=existed)

    return work


# Each other writer covers a VM, or takes an old one out.
APART = tuple((gone(ALREADY_THERE[n // 2]) if n % 2 else have(vm_id(f"new-{n}")),) for n in range(WRITERS))
# Some cover a VM and take it out again, so that the policy comes and goes.
COMING_AND_GOING = tuple(
    (have(vm_id(f"new-{n}")), *([gone(vm_id(f"new-{n}"))] if n % 3 else [])) for n in range(WRITERS)
)
# Two want other ports of one VM, and it is to stay; two more each want one to be there and to be gone.
CLASHING = (
    (have(CONTESTED, 443),),
    (have(CONTESTED, 3389),),
    (have(ALREADY_THERE[0], 443),),
    (gone(ALREADY_THERE[0]),),
    *APART[4:],
)

PLAYS = {
    "alone": Play(APART),
    "slowly read": Play(APART, longest_get=2.4),
    "two at a time": Play(APART[:2], within=2.0),
    "two at a time, quickly read": Play(APART[:2], longest_get=0.05, within=2.0),
    "two at a time with lost replies": Play(APART[:2], longest_get=2.4, within=2.0, lossy=0.5),
    "beside a script": Play(APART, foreign_puts=3),
    "with lost replies": Play(APART, lossy=0.2),
    "from nothing": Play(COMING_AND_GOING, exists=False, hidden=4.0),
    "from nothing with lost replies": Play(COMING_AND_GOING, exists=False, lossy=0.3),
    "about the same VMs": Play(CLASHING, foreign_puts=1),
    "as by default": Play(APART, quiet=BUDGET + 1, foreign_puts=2),
}


@pytest.mark.parametrize("name", PLAYS)
def test_no_writer_loses_what_it_was_told_is_done(name: str) -> None:
    play = PLAYS[name]
    seeds = SEEDS if len(play.tasks) > 2 else SEEDS_OF_TWO
    stories = [play.run(seed) for seed in range(seeds)]

    assert [(seed, story.lost) for seed, story in enumerate(stories) if story.lost] == []
    # and the writers get somewhere
    assert sum(story.done for story in stories) > 0.9 * seeds * sum(map(len, play.tasks))


# -- the rule weakened ------------------------------------------------------------------------------------


class LazyWriter(Writer):
    """Reads before its first write only."""

    def _fresh(self, policy_id: PolicyId) -> tuple[datetime, Policy | None]:
        assert isinstance(self.jit, Remembering)
        self.jit.first = self.jit.first or super()._fresh(policy_id)
        return self.jit.first


@dataclass
class Remembering(WorldJit):
    """Keeps the first reading for every write."""

    first: tuple[datetime, Policy | None] | None = None


@dataclass
class Restoring(WorldJit):
    """Puts back whatever it once wrote, also VMs of others."""

    written: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def put_policy(self, policy_id: PolicyId, body: Mapping[str, Any]) -> None:
        self.written = {**self.written, **{raw["id"]: raw for raw in body["properties"]["virtualMachines"]}}
        super().put_policy(policy_id, {"properties": {"virtualMachines": list(self.written.values())}})


WEAKENED = {
    "a fixed look": replace(PLAYS["alone"], quiet=0.5),
    "a window of 60 % of the budget": replace(PLAYS["two at a time"], quiet=0.6 * BUDGET),
    "a window of 80 % of the budget": replace(PLAYS["two at a time, quickly read"], quiet=0.8 * BUDGET),
    "others' VMs restored": replace(PLAYS["beside a script"], jit=Restoring),
    "no fresh reading": replace(PLAYS["beside a script"], writer=LazyWriter, jit=Remembering),
}


@pytest.mark.parametrize("name", WEAKENED)
def test_a_weaker_rule_loses_something(name: str) -> None:
    """The rule is needed as it is, and the model can show what happens without it."""
    assert any(WEAKENED[name].run(seed).lost for seed in range(ENOUGH))
