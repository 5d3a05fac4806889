# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who asked, as Azure says it or as the justification does."""

from __future__ import annotations

import re
from dataclasses import dataclass

# What jit_request puts behind a justification: `[awx job 42 "Open RDP" by alice on exec-1]`, `[alice@controller]`.
_STATED = re.compile(r"\[(?P<inner>[^\[\]]+)\]")
_BY = re.compile(r"(?:^|.*\s)by (?P<who>\S+(?: \S+)*?)(?: on \S+)?")
_LOGIN = re.compile(r"[^\s@]+@[^\s@]+")


@dataclass(frozen=True, slots=True)
class Person:
    """`is_stated`: nobody but the request itself says so. Without a name nobody does."""

    name: str = ""
    is_stated: bool = False


def person_of(requestor: str, justification: str) -> Person:
    """Name who asked. Azure keeps no name for service principals [rec], so then the last brackets tell."""
    if requestor.strip():
        return Person(requestor.strip())
    for mark in _STATED.findall(justification)[-1:]:
        if match := _BY.fullmatch(mark):
            return Person(match["who"], is_stated=True)
        if _LOGIN.fullmatch(mark):
            return Person(mark, is_stated=True)
    return Person()
