# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Durations and moments, as people, Ansible and Azure write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from .errors import InvalidOption

SHORTEST = timedelta(minutes=5)
LONGEST = timedelta(days=1)

# Six digits are more than anybody needs and keep a sum with a date within the calendar.
_HUMAN = re.compile(
    r"(?=\d)(?:(\d{1,6})\s*d\s*)?(?:(\d{1,6})\s*h\s*)?(?:(\d{1,6})\s*m\s*)?(?:(\d{1,6})\s*s)?", re.IGNORECASE
)
_ISO = re.compile(
    r"P(?=[\dT])(?:(\d{1,6})D)?(?:T(?=\d)(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6})(?:\.0+)?S)?)?",
    re.IGNORECASE,
)
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?", re.IGNORECASE)


@lru_cache(maxsize=1024)
def read_duration(text: str) -> timedelta | None:
    """Read `3h`, `1h30m`, `90m`, `PT3H`; None for anything else."""
    trimmed = text.strip()
    match = _HUMAN.fullmatch(trimmed) or _ISO.fullmatch(trimmed)
    if match is None:
        return None
    days, hours, minutes, seconds = (int(part) if part else 0 for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def parse_duration(option: str, text: str) -> timedelta:
    """Read how long access may last, within the service's own bounds of 5 minutes and 1 day."""
    duration = read_duration(text)
    if duration is None:
        raise InvalidOption(option, f"{text!r} is not a duration; write it as 3h, 90m, 1h30m or PT3H")
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
