# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Durations and moments, as people, Ansible and Azure write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from .errors import InvalidOption

SHORTEST = timedelta(minutes=5)
LONGEST = timedelta(days=1)

_HUMAN = re.compile(r"(?=\d)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", re.IGNORECASE)
_ISO = re.compile(
    r"P(?=[\dT])(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.0+)?S)?)?",
    re.IGNORECASE,
)
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?", re.IGNORECASE)


def read_duration(text: str) -> timedelta | None:
    """Read `3h`, `1h30m`, `90m`, `PT3H`; None for anything else."""
    compact = "".join(text.split())
    match = _HUMAN.fullmatch(compact) or _ISO.fullmatch(compact)
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
    moment = datetime.fromisoformat(base + ("+00:00" if zone in (None, "Z", "z") else zone))
    microseconds = int((decimals or "0")[:6].ljust(6, "0"))
    return moment.astimezone(UTC).replace(microsecond=microseconds)


def write_moment(moment: datetime) -> str:
    """Write a time as ISO 8601 in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
