"""Values of RFC 5545 §3.3."""

import pytest

from calendar_app.ical.values import (
    DAY,
    BadValue,
    Duration,
    parse_date,
    parse_duration,
    parse_local,
    parse_offset,
    serialize_date,
    serialize_local,
    serialize_utc,
    to_datetime,
    to_seconds,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("19700101", 0),
        ("19691231", -DAY),
        ("20240229", 19_782 * DAY),
        ("99991231", 253_402_214_400),
    ],
)
def test_a_date_is_the_seconds_of_its_midnight(text: str, seconds: int) -> None:
    assert parse_date(text) == seconds
    assert serialize_date(seconds) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2024",
        "20230229",
        "20241301",
        "20240100",
        "00000101",
        "2024-1-1",
        "\uff12\uff10\uff12\uff14\uff10\uff11\uff10\uff11",
    ],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(BadValue, match="is no date"):
        parse_date(text)


def test_a_time_is_read_and_written() -> None:
    assert parse_local("19700102T010203") == DAY + 3_723
    assert serialize_local(DAY + 3_723) == "19700102T010203"
    assert serialize_utc(-1) == "19691231T235959Z"


def test_a_leap_second_is_the_second_before_it() -> None:
    assert parse_local("20161231T235960") == parse_local("20161231T235959")


@pytest.mark.parametrize(
    "text", ["", "20240101", "20240101T", "20240101T2400", "20240101T240000", "20240101T006000",
             "20240101 000000", "20240101T00:00:00", "20240101T000061", "20240101T000000Z"]
)  # fmt: skip
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(BadValue, match="is no time"):
        parse_local(text)


@pytest.mark.parametrize(
    ("text", "days", "seconds"),
    [
        ("P1D", 1, 0),
        ("P2W", 14, 0),
        ("PT1H30M", 0, 5_400),
        ("P1DT12H", 1, 43_200),
        ("-PT15M", 0, -900),
        ("+P1D", 1, 0),
        ("PT0S", 0, 0),
        ("pt5s", 0, 5),
        ("P1W2D", 9, 0),
    ],
)
def test_a_duration_has_nominal_days_and_exact_seconds(text: str, days: int, seconds: int) -> None:
    assert parse_duration(text) == Duration(days, seconds)


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "-P", "P1", "PT1D", "P1H", "1D", "P1DT", "P-1D", "P9999999W", "PT1.5H"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(BadValue, match="duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "seconds"), [("+0100", 3_600), ("-0330", -12_600), ("-0000", 0), ("+001928", 1_168)]
)
def test_an_offset_is_read(text: str, seconds: int) -> None:
    assert parse_offset(text) == seconds


@pytest.mark.parametrize("text", ["", "0100", "+1", "+2400", "+0060", "Z", "+01:00"])
def test_what_is_no_offset_is_refused(text: str) -> None:
    with pytest.raises(BadValue, match="offset"):
        parse_offset(text)


def test_what_lies_outside_the_calendar_is_moved_to_its_edge() -> None:
    assert to_datetime(1 << 40).year == 9999
    assert to_datetime(-(1 << 40)).year == 1
    assert to_seconds(to_datetime(-1)) == -1
