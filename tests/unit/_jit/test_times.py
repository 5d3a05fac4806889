# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Durations and moments in all their spellings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.errors import InvalidOption
from ansible_collections.jitfleet.azure.plugins.module_utils._jit.times import (
    human_duration,
    iso_duration,
    parse_duration,
    read_duration,
    read_moment,
    write_moment,
)
from hypothesis import given
from hypothesis import strategies as st

SECONDS = st.integers(min_value=0, max_value=40 * 86_400).map(lambda seconds: timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("3h", 180),
        ("3H", 180),
        ("90m", 90),
        ("1h30m", 90),
        ("1h 30m", 90),
        (" 3 h ", 180),
        ("1d", 1440),
        ("1d2h3m", 1563),
        ("300s", 5),
        ("0m", 0),
        ("PT3H", 180),
        ("pt3h", 180),
        ("PT1H30M", 90),
        ("PT90M", 90),
        ("PT300S", 5),
        ("PT300.0S", 5),
        ("P1D", 1440),
        ("P1DT2H", 1560),
        ("PT24H", 1440),
        ("90 min", 90),
        ("90 mins", 90),
        ("90 minutes", 90),
        ("2 hours", 120),
        ("2 Hrs", 120),
        ("1 day", 1440),
        ("1 hour 30 minutes", 90),
        ("1 hour, 30 minutes", 90),
        ("1 hour and 30 minutes", 90),
        ("1.5h", 90),
        ("1,5 h", 90),
        ("0.7h", 42),
        ("300 seconds", 5),
        ("1w", 7 * 1440),
        ("PT1.5H", 90),
        ("PT1,5H", 90),
        ("P0Y0M0DT3H", 180),
        ("P0DT3H0M0S", 180),
        ("P1W", 7 * 1440),
        ("P1M", 30 * 1440),
        ("P1Y", 365 * 1440),
        ("P0000-00-00T03:00:00", 180),
    ],
)
def test_a_duration_is_read_in_each_spelling(text: str, minutes: int) -> None:
    assert read_duration(text) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "3",
        "180",
        "h",
        "3x",
        "-3h",
        "3h-",
        "1.h",
        ".5h",
        "1.5",
        "3 hand",
        "1 hour and",
        "1h,",
        "30m1h",
        "three hours",
        "P",
        "PT",
        "P1",
        "P1DT",
        "PT3",
        "P3H",
        "PT-3H",
        "P9999Y",
        "PT1.S",
        "1 2h",
        "1h 3 0m",
        "99999999999d",
        "P99999999999D",
    ],
)
def test_what_is_no_duration_is_none(text: str) -> None:
    assert read_duration(text) is None


@pytest.mark.parametrize(("text", "whole"), [("PT3H0.5S", 3 * 3600), ("PT0.9S", 0), ("1.5s", 1), ("0.001h", 3)])
def test_less_than_a_second_is_left_out_as_it_is_when_written(text: str, whole: int) -> None:
    duration = read_duration(text)
    assert duration == timedelta(seconds=whole)
    assert read_duration(iso_duration(duration)) == duration


@pytest.mark.parametrize("text", ["999Y", "9999M", "99999W", "999999D"])
def test_the_longest_that_is_read_stays_within_the_calendar(text: str) -> None:
    duration = read_duration(f"P{text}")
    assert duration is not None
    assert datetime(2026, 1, 1, tzinfo=UTC) + duration


@given(SECONDS)
def test_a_duration_survives_writing_as_azure_does(duration: timedelta) -> None:
    assert read_duration(iso_duration(duration)) == duration


@given(SECONDS)
def test_a_duration_survives_writing_as_people_do(duration: timedelta) -> None:
    assert read_duration(human_duration(duration)) == duration


@pytest.mark.parametrize(
    ("duration", "iso", "human"),
    [
        (timedelta(hours=3), "PT3H", "3h"),
        (timedelta(minutes=90), "PT1H30M", "1h30m"),
        (timedelta(minutes=5), "PT5M", "5m"),
        (timedelta(days=1), "PT24H", "24h"),
        (timedelta(seconds=301), "PT5M1S", "5m1s"),
        (timedelta(0), "PT0S", "0s"),
    ],
)
def test_durations_are_written_without_empty_parts(duration: timedelta, iso: str, human: str) -> None:
    assert iso_duration(duration) == iso
    assert human_duration(duration) == human


@pytest.mark.parametrize(("text", "minutes"), [("5m", 5), ("24h", 1440), ("P1D", 1440), ("3h", 180)])
def test_access_may_last_from_five_minutes_to_a_day(text: str, minutes: int) -> None:
    assert parse_duration("duration", text) == timedelta(minutes=minutes)


@pytest.mark.parametrize("text", ["299s", "4m", "0m", "24h1s", "25h", "2d", "P1W", "P1M", "1 week"])
def test_access_outside_azures_bounds_is_refused(text: str) -> None:
    with pytest.raises(InvalidOption, match=r"5 minutes.*1 day") as caught:
        parse_duration("ports[1].max_duration", text)
    assert caught.value.option == "ports[1].max_duration"
    assert repr(text) in caught.value.problem


@pytest.mark.parametrize("text", ["", "3", "soon", "99999999999d"])
def test_an_unreadable_duration_is_refused_with_examples(text: str) -> None:
    with pytest.raises(InvalidOption, match="write it as 3h") as caught:
        parse_duration("duration", text)
    assert caught.value.option == "duration"


def test_a_number_without_a_unit_is_asked_about() -> None:
    with pytest.raises(InvalidOption, match="say its unit, 90m or 90h"):
        parse_duration("duration", "90")


@pytest.mark.parametrize(
    ("text", "microsecond"),
    [
        ("2026-03-02T12:00:00Z", 0),
        ("2026-03-02T12:00:00.1Z", 100_000),
        ("2026-03-02T12:00:00.12Z", 120_000),
        ("2026-03-02T12:00:00.123Z", 123_000),
        ("2026-03-02T12:00:00.1234Z", 123_400),
        ("2026-03-02T12:00:00.12345Z", 123_450),
        ("2026-03-02T12:00:00.123456Z", 123_456),
        ("2026-03-02T12:00:00.1234567Z", 123_456),
        ("2026-03-02T12:00:00.0000019Z", 1),
        ("2026-03-02T12:00:00", 0),
        ("2026-03-02t12:00:00z", 0),
        ("2026-03-02T12:00:00+00:00", 0),
        ("2026-03-02T14:00:00.5+02:00", 500_000),
        ("2026-03-02T06:30:00-05:30", 0),
    ],
)
def test_a_moment_is_read_with_any_number_of_decimals(text: str, microsecond: int) -> None:
    assert read_moment(text) == datetime(2026, 3, 2, 12, 0, 0, microsecond, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "2026-03-02",
        "2026-03-02 12:00:00Z",
        "2026-03-02T12:00Z",
        "2026-03-02T12:00:00.Z",
        "2026-13-02T12:00:00Z",
        "2026-02-30T12:00:00Z",
        "2026-03-02T25:00:00Z",
        "2026-03-02T12:00:00+99:00",
        "0001-01-01T00:00:00+02:00",
        "2026-03-02T12:00:00Zjunk",
    ],
)
def test_what_is_no_moment_is_none(text: str) -> None:
    assert read_moment(text) is None


@given(
    moment=st.datetimes(
        min_value=datetime(2000, 1, 1),  # noqa: DTZ001 (hypothesis adds the zone)
        max_value=datetime(2100, 1, 1),  # noqa: DTZ001
        timezones=st.just(UTC),
    ),
    decimals=st.integers(min_value=0, max_value=7),
)
def test_a_moment_loses_only_what_its_decimals_leave_out(moment: datetime, decimals: int) -> None:
    ticks = f"{moment.microsecond:06d}0"[:decimals]
    read = read_moment(moment.strftime("%Y-%m-%dT%H:%M:%S") + (f".{ticks}" if ticks else "") + "Z")
    assert read is not None
    assert timedelta(0) <= moment - read < timedelta(microseconds=max(1, 10 ** (6 - decimals)))


@given(
    st.datetimes(
        min_value=datetime(2000, 1, 1),  # noqa: DTZ001
        max_value=datetime(2100, 1, 1),  # noqa: DTZ001
        timezones=st.integers(-12, 12).map(lambda hours: timezone(timedelta(hours=hours))),
    )
)
def test_a_moment_survives_writing_to_the_second(moment: datetime) -> None:
    text = write_moment(moment)
    assert text.endswith("Z")
    assert read_moment(text) == moment.replace(microsecond=0)
