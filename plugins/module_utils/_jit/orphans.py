# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decide by its justification whether the run or job that asked for a window is over.

Only what is known to be over makes an orphan. A justification that names nothing, another machine's run or a job
of which nobody said that it ended belongs to somebody who may still need the window.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

# Behind the brackets of windows that are meant to outlive their run.
OUTLIVES = "(stays)"

# What stands last in brackets; names within it have none. Behind it are marks only.
_BRACKETS = re.compile(r"\[([^\[\]]*)\][^\[\]]*$")
_RUN = re.compile(r"run (\d{1,9})-(\d*)-([0-9a-f]+)(?: by (.*))?")
_NAME = r'(?: "[^"]*")?'
_JOB = re.compile(rf"(?:awx|tower) job (\d+){_NAME}(?: in workflow (\d+){_NAME})?(?: \([^()]*\))?(?: by (.*))?")


@dataclass(frozen=True, slots=True)
class Run:
    """A run of Ansible: its process, as `PID:START`, and the place where such processes are told apart."""

    process: str
    place: str

    def __str__(self) -> str:
        return f"run {self.process.replace(':', '-')}-{self.place}"


@dataclass(frozen=True, slots=True)
class Job:
    """A job of AWX or Automation Platform, and the workflow in which it ran."""

    number: int
    workflow: int | None = None


Asker: TypeAlias = "Run | Job | None"


def read_asker(justification: str) -> Asker:
    """Read which run or job asked; None where the text doesn't say."""
    brackets = _BRACKETS.search(justification)
    text = brackets[1] if brackets else ""
    if run := _RUN.fullmatch(text):
        return Run(f"{run[1]}:{run[2]}", run[3])
    if job := _JOB.fullmatch(text):
        return Job(int(job[1]), int(job[2]) if job[2] else None)
    return None


def read_requester(justification: str) -> str:
    """Read who asked, by the name that stands in the brackets; nothing where there are none."""
    brackets = _BRACKETS.search(justification)
    text = brackets[1] if brackets else ""
    named = _RUN.fullmatch(text) or _JOB.fullmatch(text)
    return (named[named.re.groups] or "") if named else text


@dataclass(frozen=True, slots=True)
class Orphans:
    """What is known to be over.

    `is_alive` answers for processes of this `place`. `ended_jobs` are the numbers of jobs and workflow jobs, which
    are counted together.
    """

    place: str
    is_alive: Callable[[str], bool]
    ended_jobs: frozenset[int] = frozenset()

    def has(self, justification: str) -> bool:
        """Tell whether nobody needs a window with this justification any more."""
        if OUTLIVES in justification[justification.rfind("]") + 1 :]:
            return False
        asker = read_asker(justification)
        if isinstance(asker, Run):
            return asker.place == self.place and not self.is_alive(asker.process)
        if isinstance(asker, Job):
            # The workflow's other jobs may still work behind the open port.
            return {asker.number, asker.workflow} - {None} <= self.ended_jobs
        return False
