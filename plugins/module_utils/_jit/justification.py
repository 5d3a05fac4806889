# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text that says why access is asked for, and by whom."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .errors import InvalidOption
from .orphans import OUTLIVES
from .ourselves import Ourselves

# Ours: Azure documents no bound [inf]. The whole text, with what is put behind the user's own.
LONGEST = 1000
# Room for the marks by which a request is known again, put behind all this when it is sent.
MARKS_ROOM = 24


@dataclass(frozen=True, slots=True)
class Justification:
    """What goes into a request.

    `ours` says who asks, which is the same from run to run, and in which run.
    """

    text: str
    ours: Ourselves


def read_justification(params: Mapping[str, Any]) -> Justification:
    """Read the user's own text, hold it to the team's rules, and put behind it who asks, and in which job."""
    own = _read_line("justification", params)
    requested_by, job = _read_line("requested_by", params), _read_line("requested_in", params)
    if params["state"] != "closed":
        _demand(own, params)
    said = " by ".join(filter(None, (job, requested_by)))
    asked = f"[{said}]" if said else ""
    text = f"{own} {asked}{f' {OUTLIVES}' if params['outlives_run'] else ''}".strip()
    if (length := len(text) + MARKS_ROOM) > LONGEST:
        raise InvalidOption(
            "justification",
            f"with requested_in, requested_by and {MARKS_ROOM} characters for marks it is {length} characters "
            f"long; {LONGEST} are the most: shorten it",
        )
    return Justification(text, Ourselves(requested_by, job))


def _read_line(option: str, params: Mapping[str, Any]) -> str:
    """Read one line of text: what breaks lines or steers terminals would make the record unreadable, or a lie."""
    text = str(params[option] or "").strip()
    if wrong := next((character for character in text if not character.isprintable()), None):
        raise InvalidOption(option, f"the character {wrong!r} can't be part of it; write one line of plain text")
    return text


def _demand(own: str, params: Mapping[str, Any]) -> None:
    pattern = params["justification_pattern"]
    try:
        fits = not pattern or re.search(pattern, own) is not None
    except re.error as error:
        raise InvalidOption(
            "justification_pattern", f"{pattern!r} is not a regular expression: {error}"
        ) from error
    if not own and (params["require_justification"] or not fits):
        wanted = f", and it has to match {pattern}" if pattern else ""
        raise InvalidOption("justification", f"say why access is needed: it is required here{wanted}")
    if not fits:
        raise InvalidOption("justification", f"{own!r} doesn't match {pattern}, as justification_pattern demands")
