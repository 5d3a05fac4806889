# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose run or job is over, by what a justification says."""

from __future__ import annotations

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.orphans import (
    Asker,
    Job,
    Orphans,
    Run,
    read_asker,
    read_requester,
)
from hypothesis import given
from hypothesis import strategies as st

HERE = "1f3a9c2e"
LIVING = "4711:81234"
OVER = Orphans(HERE, lambda process: process == LIVING, frozenset({41, 42}))


@pytest.mark.parametrize(
    ("text", "asker"),
    [
        ("", None),
        ("CHG-4711", None),
        ("CHG-4711 [alice@ctl]", None),
        ("CHG-1 [run 4711-81234-1f3a9c2e by ann@ctl] #0a1b2c3d (my_ip)", Run("4711:81234", "1f3a9c2e")),
        ("[run 4711--1f3a9c2e by ann@ctl]", Run("4711:", "1f3a9c2e")),
        ("[run 4711-81234-1f3a9c2e]", Run("4711:81234", "1f3a9c2e")),
        ("[run 99999999999999999999-1-1f3a9c2e by ann@ctl]", None),
        ("[run away by ann@ctl]", None),
        ("CHG-1 [awx job 42 by alice on n1] #0a1b2c3d", Job(42)),
        ('[tower job 42 "Open (all)" by alice on n1]', Job(42)),
        ('[awx job 42 "Open" in workflow 41 "Patch night" by schedule "on call" on n1]', Job(42, 41)),
        ('[awx job 42 "Open" in workflow 41 (relaunch) by alice]', Job(42, 41)),
        ('[awx job 42 "Open" (callback)]', Job(42)),
        ('[awx job 42 "in workflow 7" by alice]', Job(42)),
        ("[awx job 42, or so by alice]", None),
        # the last brackets are ours; what stands before them is the user's text
        ("like [awx job 42 by bob] [awx job 7 by alice]", Job(7)),
        ("like [awx job 42 by bob] but by hand [alice@ctl]", None),
        ("[alice@ctl] and no [more", None),
    ],
)
def test_a_justification_tells_which_run_or_job_asked(text: str, asker: Asker) -> None:
    assert read_asker(text) == asker


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("", ""),
        ("CHG-4711", ""),
        ("CHG-1 [alice@ctl] #0a1b2c3d", "alice@ctl"),
        ("[run 7-1-ff by ann@ctl] (stays) #0a1b2c3d", "ann@ctl"),
        ("[run 7-1-ff]", ""),
        (
            '[awx job 42 "by hand" in workflow 41 "by night" by schedule "on call" on n1]',
            'schedule "on call" on n1',
        ),
        ("[awx job 42]", ""),
        ("[nightly run]", "nightly run"),
    ],
)
def test_a_justification_tells_who_asked(text: str, who: str) -> None:
    assert read_requester(text) == who


@pytest.mark.parametrize(
    ("text", "is_orphan"),
    [
        (f"[run 4712-99-{HERE} by ann@ctl]", True),
        (f"[run 4711-81233-{HERE} by ann@ctl]", True),
        (f"[run 4711-81234-{HERE} by ann@ctl]", False),
        ("[run 4712-99-ffffffff by ann@ctl]", False),
        (f"[run 4712-99-{HERE} by ann@ctl] (stays) #0a1b2c3d", False),
        (f"no meeting (stays) [run 4712-99-{HERE} by ann@ctl]", True),
        ("[awx job 42 by alice]", True),
        ("[awx job 43 by alice]", False),
        ("[awx job 42 by alice] (stays)", False),
        ("[awx job 42 in workflow 41 by alice]", True),
        ("[awx job 42 in workflow 44 by alice]", False),
        ("[awx job 43 in workflow 41 by alice]", False),
        ("[alice@ctl]", False),
        ("", False),
    ],
)
def test_only_what_is_known_to_be_over_makes_an_orphan(text: str, is_orphan: bool) -> None:
    assert OVER.has(text) is is_orphan


def test_with_nothing_known_about_jobs_none_is_over() -> None:
    assert not Orphans(HERE, lambda process: False).has("[awx job 42 by alice]")


@given(st.text(), st.integers(1, 2**22), st.integers(0), st.text("0123456789abcdef", min_size=8, max_size=8))
def test_a_run_is_read_as_it_was_written_whatever_the_user_says_before_it(
    own: str, process: int, start: int, place: str
) -> None:
    run = Run(f"{process}:{start}", place)

    assert read_asker(f"{own} [{run} by ann@ctl] #0a1b2c3d (my_ip)") == run
