# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How often to look, how long to go on, and how much to do at a time."""

from __future__ import annotations

import threading
from datetime import timedelta
from itertools import pairwise

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.outcomes import count
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.parallel import WORKERS, each
from ansible_collections.jitfleet.azure.plugins.module_utils._operations.waiting import Deadline
from hypothesis import given
from hypothesis import strategies as st
from memory_azure import VirtualClock


def looks(timeout: float) -> list[float]:
    """Give the moments of all looks, in seconds from the beginning."""
    clock = VirtualClock()
    deadline = Deadline(clock, timedelta(seconds=timeout))
    return [clock.slept for _look in deadline.looks()]


def test_the_first_look_is_at_once_even_without_any_time() -> None:
    assert looks(0) == [0]


@given(st.integers(min_value=1, max_value=900))
def test_the_last_look_is_at_the_deadline(timeout: int) -> None:
    assert looks(timeout)[-1] == pytest.approx(timeout)


@given(st.integers(min_value=1, max_value=900))
def test_looks_become_rarer_but_never_rarer_than_every_five_seconds(timeout: int) -> None:
    moments = looks(timeout)
    pauses = [later - earlier for earlier, later in pairwise(moments)]
    assert max(pauses) <= 5.001
    whole = pauses[:-1]
    assert all(later >= earlier - 1e-9 for earlier, later in pairwise(whole))


def test_a_long_wait_costs_few_looks() -> None:
    assert len(looks(600)) < 130


def test_a_pause_ends_at_the_deadline() -> None:
    clock = VirtualClock()
    deadline = Deadline(clock, timedelta(seconds=10))
    deadline.pause(4)
    assert not deadline.has_passed
    deadline.pause(60)
    assert deadline.has_passed
    deadline.pause(60)
    assert clock.slept == 10


@given(st.lists(st.integers(), max_size=40))
def test_results_come_in_the_order_of_the_things(things: list[int]) -> None:
    assert each(lambda thing: thing * 2, things) == [thing * 2 for thing in things]


def test_things_are_worked_on_together_but_only_so_many_at_a_time() -> None:
    together = threading.Barrier(WORKERS, timeout=30)
    busy: set[int] = set()
    most = 0
    lock = threading.Lock()

    def work(thing: int) -> int:
        nonlocal most
        with lock:
            busy.add(thing)
            most = max(most, len(busy))
        together.wait()
        with lock:
            busy.discard(thing)
        return thing

    each(work, range(3 * WORKERS))
    assert most == WORKERS


def test_one_thing_needs_no_thread() -> None:
    assert each(lambda _thing: threading.current_thread(), [1]) == [threading.current_thread()]


def test_an_error_comes_out() -> None:
    def work(thing: int) -> int:
        if thing == 3:
            raise LookupError("three")
        return thing

    with pytest.raises(LookupError, match="three"):
        each(work, range(9))


def test_words_that_nobody_has_count_as_none() -> None:
    assert count(["b", "c", "b"], ["a", "b"]) == {"a": 0, "b": 2, "c": 1}
