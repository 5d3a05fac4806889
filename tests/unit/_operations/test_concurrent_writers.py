# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writers who share a policy don't lose each other's VMs, as long as they keep to the rule."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.edits import Edit
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.ids import VmId
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.merge import Wish
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.safe_write import (
    Patience,
    Writer,
    Written,
)
from samples import entry, policy_id, port, rule, vm_id
from virtual_world import SharedPolicy, World, WorldJit

BUDGET = 5.0
WRITERS = 8
SEEDS = 300
ALREADY_THERE = [vm_id(f"old-{number}") for number in range(WRITERS)]


@dataclass
class Story:
    """What the writers were told, and what the policy held at the end."""

    covered: set[VmId] = field(default_factory=set)
    removed: set[VmId] = field(default_factory=set)
    given_up: int = 0
    held: set[VmId] = field(default_factory=set)

    @property
    def lost(self) -> set[VmId]:
        return self.covered - self.held

    @property
    def came_back(self) -> set[VmId]:
        return self.removed & self.held


def play(seed: int, *, quiet: float, foreign_puts: int = 0) -> Story:
    """Let eight writers cover a VM each, some of them remove an old one, beside a writer of another kind.

    The other one PUTs whole policies that he read up to 0.6 s before, as a script in a hurry does.
    """
    draw = random.Random(seed)
    world, story = World(), Story()
    shared = SharedPolicy(world, policy_id())
    shared.commit([entry(vm, port(22)) for vm in ALREADY_THERE], 0)
    for number in range(WRITERS):
        world.start(_writer(number, shared, draw, story, quiet), at=draw.uniform(0, 12))
    for _ in range(foreign_puts):
        world.start(_foreign(shared, draw), at=draw.uniform(0, 15))
    world.run()
    story.held = {vm for raw in shared.entries if (vm := VmId.find_in(raw["id"]))}
    return story


def _writer(
    number: int, shared: SharedPolicy, draw: random.Random, story: Story, quiet: float
) -> Callable[[], None]:
    own = random.Random(draw.random())
    # Reading and writing together keep to the budget.
    jit = WorldJit(shared, own, longest_get=1.0, longest_put=BUDGET - 1.0)
    patience = Patience(timedelta(seconds=BUDGET), timedelta(seconds=quiet), timedelta(minutes=5))
    vm, old = vm_id(f"new-{number}"), ALREADY_THERE[number]
    removes = number % 2 == 0
    edit = Edit(removed=frozenset({old})) if removes else Edit((Wish(vm, (rule(),)),))

    def work() -> None:
        result: Written = Writer(jit, jit, own.random, patience).write({shared.policy_id: edit})[shared.policy_id]
        if not result.verified:
            story.given_up += 1
        elif removes:
            story.removed.add(old)
        else:
            story.covered.add(vm)

    return work


def _foreign(shared: SharedPolicy, draw: random.Random) -> Callable[[], None]:
    pause = draw.uniform(0, 0.6)

    def work() -> None:
        base = shared.document()["properties"]["virtualMachines"]
        shared.world.wait(pause)
        shared.commit(base, 1)

    return work


@pytest.mark.parametrize("foreign_puts", [0, 3])
def test_no_writer_loses_what_it_was_told_is_done(foreign_puts: int) -> None:
    stories = [play(seed, quiet=BUDGET + 1, foreign_puts=foreign_puts) for seed in range(SEEDS)]

    assert [story for story in stories if story.lost] == []
    assert [story for story in stories if story.came_back] == []
    # and the writers get somewhere
    done = sum(len(story.covered) + len(story.removed) for story in stories)
    assert done > 0.9 * SEEDS * WRITERS


def test_a_shorter_window_than_the_budget_does_lose_vms() -> None:
    """The rule is needed, and the model can show what happens without it."""
    stories = [play(seed, quiet=0.5) for seed in range(SEEDS)]

    assert any(story.lost or story.came_back for story in stories)
