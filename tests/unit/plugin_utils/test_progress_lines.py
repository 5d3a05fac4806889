# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which lines appear while a module works."""

from __future__ import annotations

from itertools import pairwise

from ansible_collections.jitfleet.azure.plugins.plugin_utils._progress import (
    LINE_EVERY,
    PATIENCE,
    SAME_EVERY,
    ProgressLines,
)


class Screen:
    """A clock, and what was printed when."""

    def __init__(self) -> None:
        self.now = 0.0
        self.said: list[tuple[float, str]] = []
        self.lines = ProgressLines(
            "jit_request", lambda line: self.said.append((self.now, line)), lambda: self.now
        )

    def take(self, at: float, *written: str) -> None:
        self.now = at
        self.lines.take("".join(written))

    @property
    def texts(self) -> list[str]:
        return [text for _when, text in self.said]


def vms(done: int, total: int) -> str:
    return f'{{"VMs": [{done}, {total}]}}\n'


def policies(done: int, total: int) -> str:
    return f'{{"policies": [{done}, {total}]}}\n'


def test_short_work_has_no_lines() -> None:
    screen = Screen()

    for tick in range(50):
        screen.take(tick / 10, vms(tick, 50))

    assert screen.now < PATIENCE
    assert screen.said == []


def test_time_counts_from_the_modules_first_sign_of_life() -> None:
    screen = Screen()

    for second in range(60):
        screen.take(second)
    screen.take(60, vms(0, 5))
    screen.take(60 + PATIENCE - 0.1, vms(2, 5))
    screen.take(60 + PATIENCE, vms(3, 5))

    assert screen.said == [(60 + PATIENCE, "jit_request: 3 of 5 VMs done, 5 s")]


def test_long_work_has_at_most_one_line_a_second() -> None:
    screen = Screen()

    for tick in range(200):
        screen.take(tick / 10, vms(tick, 200))

    times = [when for when, _text in screen.said]
    assert times[0] == PATIENCE
    assert all(later - earlier >= LINE_EVERY - 1e-9 for earlier, later in pairwise(times))
    assert len(times) == 15
    assert screen.texts[-1] == "jit_request: 190 of 200 VMs done, 19 s"


def test_a_count_that_stands_still_is_repeated_seldom() -> None:
    screen = Screen()

    screen.take(0, vms(1, 2))
    for second in range(1, 31):
        screen.take(second)

    assert [when for when, _text in screen.said] == [PATIENCE, PATIENCE + SAME_EVERY, PATIENCE + 2 * SAME_EVERY]


def test_vms_and_policies_are_told_together_once_both_have_begun() -> None:
    screen = Screen()

    screen.take(0, vms(0, 9), policies(0, 3))
    screen.take(10)
    screen.take(11, policies(1, 3))
    screen.take(12, vms(4, 9), policies(2, 3))

    assert screen.texts == [
        "jit_request: 0 of 3 policies done, 10 s",
        "jit_request: 1 of 3 policies done, 11 s",
        "jit_request: 4 of 9 VMs done, 2 of 3 policies done, 12 s",
    ]


def test_a_line_that_is_only_half_there_waits_for_its_other_half() -> None:
    screen = Screen()
    whole = vms(7, 9)

    screen.take(0, vms(0, 9), whole[:8])
    screen.take(6)
    screen.take(7, whole[8:])

    assert screen.texts == ["jit_request: 0 of 9 VMs done, 6 s", "jit_request: 7 of 9 VMs done, 7 s"]
