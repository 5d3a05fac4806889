# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Durations and moments, as people, Ansible and Azure write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import lru_cache

from .errors import InvalidOption

SHORTEST = timedelta(minutes=5)
LONGEST = timedelta(days=1)


def _part(unit: str, digits: int = 6, after: str = "") -> str:
    """Match a number with its unit; so few digits keep a sum with a date within the calendar."""
    return rf"(?:(\d{{1,{digits}}}(?:[.,]\d{{1,9}})?)\s*{unit}{after})?"


_NEXT = r"(?:\s*,?\s*(?:(?<=\s)and\s+)?(?=\d)|$)"
_HUMAN = re.compile(
    r"(?=\d)"
    + _part("(?:w|wks?|weeks?)", 5, _NEXT)
    + _part("(?:d|days?)", 6, _NEXT)
    + _part("(?:h|hrs?|hours?)", 6, _NEXT)
    + _part("(?:m|mins?|minutes?)", 6, _NEXT)
    + _part("(?:s|secs?|seconds?)", 6, _NEXT),
    re.IGNORECASE,
)
_ISO = re.compile(
    rf"P(?=[\dT]){_part('Y', 3)}{_part('M', 4)}{_part('W', 5)}{_part('D')}"
    rf"(?:T(?=\d){_part('H')}{_part('M')}{_part('S')})?",
    re.IGNORECASE,
)
_ISO_CLOCK = re.compile(r"P(0\d{3})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)", re.IGNORECASE)
# Years and months have no fixed length; only that each is longer than a day matters here.
_YEAR, _MONTH, _WEEK, _DAY, _HOUR, _MINUTE = 365 * 86_400, 30 * 86_400, 7 * 86_400, 86_400, 3600, 60
_HUMAN_UNITS = (_WEEK, _DAY, _HOUR, _MINUTE, 1)
_ISO_UNITS = (_YEAR, _MONTH, _WEEK, _DAY, _HOUR, _MINUTE, 1)
_CLOCK_UNITS = (_YEAR, _MONTH, _DAY, _HOUR, _MINUTE, 1)
_SPELLINGS = ((_HUMAN, _HUMAN_UNITS), (_ISO, _ISO_UNITS), (_ISO_CLOCK, _CLOCK_UNITS))
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?", re.IGNORECASE)


@lru_cache(maxsize=1024)
def read_duration(text: str) -> timedelta | None:
    """Read `3h`, `1.5 hours`, `1 hour and 30 minutes`, `PT3H`, to whole seconds; None for anything else."""
    trimmed = text.strip()
    for pattern, units in _SPELLINGS:
        if match := pattern.fullmatch(trimmed):
            parts = zip(match.groups(), units, strict=True)
            return timedelta(
                seconds=int(sum(Fraction(part.replace(",", ".")) * unit for part, unit in parts if part))
            )
    return None


def not_a_duration(raw: object) -> str:
    """Say how a duration is written; a bare number could be minutes or hours."""
    text = str(raw).strip()
    missing = f"; say its unit, {text}m or {text}h" if text.isdecimal() else ""
    return f"{raw!r} is not a duration; write it as 3h, 90m, 1h30m or PT3H{missing}"


def parse_duration(option: str, text: str) -> timedelta:
    """Read how long access may last, within the service's own bounds of 5 minutes and 1 day."""
    duration = read_duration(text)
    if duration is None:
        raise InvalidOption(option, not_a_duration(text))
    if not SHORTEST <= duration <= LONGEST:
        raise InvalidOption(option, f"{text!r} is out of range; Azure allows from 5 minutes (5m) to 1 day (24h)")
    return duration


@lru_cache(maxsize=1024)
def iso_duration(duration: timedelta) -> str:
    """Write a duration as Azure does: whole hours as `PT3H`."""
    minutes, seconds = divmod(int(duration.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{hours}H" if hours else "", f"{minutes}M" if minutes else "", f"{seconds}S" if seconds else ""]
    return f"PT{''.join(parts) or '0S'}"


def human_duration(duration: timedelta) -> str:
    """Write a duration as the options take it: `1h30m`."""
    return iso_duration(duration)[2:].lower()


def read_moment(text: str) -> datetime | None:
    """Read a time as Azure writes it, with 0 to 7 decimals; None for anything else."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    base, decimals, zone = match.groups()
    try:
        moment = datetime.fromisoformat(base + ("+00:00" if zone in (None, "Z", "z") else zone)).astimezone(UTC)
    except (ValueError, OverflowError):  # digits in the right places, but no such day or hour
        return None
    return moment.replace(microsecond=int((decimals or "0")[:6].ljust(6, "0")))


def write_moment(moment: datetime) -> str:
    """Write a time as ISO 8601 in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
