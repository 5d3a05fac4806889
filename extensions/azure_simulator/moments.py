# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Moments and durations as whole ticks of 100 ns, which is what Azure's timestamps resolve."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

TICKS_PER_SECOND = 10_000_000
MINUTE = 60 * TICKS_PER_SECOND
DAY = 24 * 60 * MINUTE
# As far as the simulated clock may be from real time, in seconds.
MAX_OFFSET = 100 * 365 * 86400

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UTC = re.compile(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?\s*(Z|[+-]\d\d:?\d\d)?$", re.IGNORECASE)
_ISO_DURATION = re.compile(
    r"P(?:(?P<days>\d{1,9})D)?"
    r"(?:T(?:(?P<hours>\d{1,9})H)?(?:(?P<minutes>\d{1,9})M)?(?:(?P<seconds>\d{1,9}(?:\.\d+)?)S)?)?$"
)
_PLAIN_DURATION = re.compile(r"(\d{1,9}(?:\.\d+)?)\s*(ms|s|m|h)?$")
_UNITS = {"ms": 0.001, "s": 1.0, None: 1.0, "m": 60.0, "h": 3600.0}


def ticks(seconds: float) -> int:
    """Turn seconds into ticks."""
    return round(seconds * TICKS_PER_SECOND)


def seconds(duration: int) -> float:
    """Turn ticks into seconds."""
    return duration / TICKS_PER_SECOND


def format_utc(moment: int) -> str:
    """Write a moment as Azure does: up to seven decimals, trailing zeros cut, and `Z` [rec]."""
    whole, fraction = divmod(moment, TICKS_PER_SECOND)
    text = (_EPOCH + timedelta(seconds=whole)).strftime("%Y-%m-%dT%H:%M:%S")
    decimals = f"{fraction:07d}".rstrip("0")
    return f"{text}.{decimals}Z" if decimals else f"{text}Z"


@lru_cache(maxsize=64)
def format_offset(moment: int) -> str:
    """Write a moment as instance views do: seven decimals and `+00:00` [rec]."""
    whole, fraction = divmod(moment, TICKS_PER_SECOND)
    text = (_EPOCH + timedelta(seconds=whole)).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{fraction:07d}+00:00"


def format_http(moment: int) -> str:
    """Write a moment for a `Date` header."""
    whole = moment // TICKS_PER_SECOND
    return (_EPOCH + timedelta(seconds=whole)).strftime("%a, %d %b %Y %H:%M:%S GMT")


def parse_utc(text: str) -> int:
    """Read a timestamp; one without an offset counts as UTC. Raises ValueError."""
    match = _UTC.match(text)
    if match is None:
        raise ValueError(f"'{text}' is not a timestamp")
    date, fraction, offset = match.groups()
    zone = "+00:00" if offset is None or offset in "Zz" else offset
    moment = datetime.fromisoformat(date.replace(" ", "T") + zone) - _EPOCH
    whole = moment.days * 86400 + moment.seconds
    return whole * TICKS_PER_SECOND + int((fraction or "0").ljust(9, "0")[:7])


def parse_iso_duration(text: str) -> int:
    """Read an ISO 8601 duration of days and less, such as `PT3H`. Raises ValueError."""
    match = _ISO_DURATION.match(text)
    if match is None or text in ("P", "PT") or text.endswith("T"):
        raise ValueError(f"'{text}' is not an ISO 8601 duration")
    days, hours, minutes, rest = match.group("days", "hours", "minutes", "seconds")
    total = int(days or 0) * 86400 + int(hours or 0) * 3600 + int(minutes or 0) * 60
    return total * TICKS_PER_SECOND + ticks(float(rest or 0))


def parse_plain_duration(text: str) -> int:
    """Read a duration of the command line, such as `100ms`, `2s` or `0`. Raises ValueError."""
    match = _PLAIN_DURATION.match(text.strip())
    if match is None:
        raise ValueError(f"'{text}' is not a duration")
    return ticks(float(match.group(1)) * _UNITS[match.group(2)])
