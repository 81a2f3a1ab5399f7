"""Values of RFC 5545 §3.3: dates, times, durations and offsets.

A time is a count of seconds since 1970 on its own clock: UTC of a zoned one, local time as if it
were UTC of a floating one or a date. Seconds are whole in iCalendar, and an integer neither
overflows in the year 9999 nor costs an object.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import NamedTuple

__all__ = [
    "BUSY",
    "DATE",
    "DAY",
    "FIRST_SECOND",
    "FLOATING",
    "FREE",
    "LAST_SECOND",
    "TENTATIVE",
    "UNAVAILABLE",
    "ZONED",
    "BadValue",
    "Duration",
    "parse_date",
    "parse_duration",
    "parse_local",
    "parse_offset",
    "serialize_date",
    "serialize_local",
    "serialize_utc",
    "to_datetime",
    "to_seconds",
]

ZONED, FLOATING, DATE = "z", "f", "d"
FREE, BUSY, TENTATIVE, UNAVAILABLE = "", "B", "T", "U"
"""What a stretch of time is to free/busy (§3.2.9)."""
DAY = 86_400
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a local time, whatever the zone
_EPOCH_DAY = _EPOCH.toordinal()
FIRST_SECOND, LAST_SECOND = -62_135_596_800, 253_402_300_799  # the years 1 to 9999
_DURATION = re.compile(
    r"([+-]?)P(?:(\d{1,9})W)?(?:(\d{1,9})D)?"
    r"(?:T(?=\d)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})S)?)?",
    re.ASCII,
)
_OFFSET = re.compile(r"([+-])(\d\d)(\d\d)(\d\d)?", re.ASCII)
_MOST_DAYS = 3_660_000  # ten thousand years


class BadValue(ValueError):
    """A value is not of its type's form; the text says which and why."""


class Duration(NamedTuple):
    """A nominal part in days, which a change of the clock does not move, and an exact one."""

    days: int
    seconds: int

    @property
    def total(self) -> int:
        """Return the seconds of the duration where no clock changes."""
        return self.days * DAY + self.seconds


def parse_date(text: str) -> int:
    """Return the midnight of a DATE (RFC 5545 §3.3.4)."""
    if len(text) != 8 or not (text.isascii() and text.isdigit()):
        raise BadValue(f"{text[:40]!r} is no date: eight digits were expected, as in 20260131.")
    try:
        day = date(int(text[:4]), int(text[4:6]), int(text[6:])).toordinal()
    except ValueError:
        raise BadValue(f"{text!r} is no date: the calendar has no such day.") from None
    return (day - _EPOCH_DAY) * DAY


def parse_local(text: str) -> int:
    """Return a DATE-TIME without its Z (§3.3.5); second 60 is taken for 59, as §3.3.10 allows."""
    clock = text[9:]
    if len(text) != 15 or text[8] not in "Tt" or not (clock.isascii() and clock.isdigit()):
        raise BadValue(f"{text[:40]!r} is no time: 20260131T235959 was expected.")
    hour, minute, second = int(clock[:2]), int(clock[2:4]), int(clock[4:])
    if hour > 23 or minute > 59 or second > 60:
        raise BadValue(f"{text!r} is no time: the clock has no such time.")
    return parse_date(text[:8]) + hour * 3_600 + minute * 60 + min(second, 59)


def parse_duration(text: str) -> Duration:
    """Return a DURATION (§3.3.6); weeks beside days are taken, as RFC 2445's readers do."""
    match = _DURATION.fullmatch(text.upper())
    if match is None or text[-1] in "PpTt":
        raise BadValue(f"{text[:40]!r} is no duration: PT1H30M or P1D was expected.")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[1:])
    sign = -1 if match[1] == "-" else 1
    found = Duration(sign * (weeks * 7 + days), sign * (hours * 3_600 + minutes * 60 + seconds))
    if abs(found.total) > _MOST_DAYS * DAY:
        raise BadValue(f"The duration {text[:40]!r} is longer than the calendar.")
    return found


def parse_offset(text: str) -> int:
    """Return the seconds of a UTC-OFFSET (§3.3.14)."""
    match = _OFFSET.fullmatch(text)
    if match is None or int(match[2]) > 23 or int(match[3]) > 59:
        raise BadValue(f"{text[:40]!r} is no offset from UTC: +0100 was expected.")
    seconds = int(match[2]) * 3_600 + int(match[3]) * 60 + int(match[4] or 0)
    return -seconds if match[1] == "-" else seconds


def to_datetime(seconds: int) -> datetime:
    """Return seconds as a naive time, those outside the years 1 to 9999 moved to the nearest."""
    if not FIRST_SECOND <= seconds <= LAST_SECOND:
        seconds = FIRST_SECOND if seconds < FIRST_SECOND else LAST_SECOND
    return _EPOCH + timedelta(seconds=seconds)


def to_seconds(moment: datetime) -> int:
    """Return a naive time as seconds."""
    passed = moment - _EPOCH
    return passed.days * DAY + passed.seconds


def serialize_date(seconds: int) -> str:
    """Write a DATE."""
    return to_datetime(seconds).date().isoformat().replace("-", "")


def serialize_local(seconds: int) -> str:
    """Write a DATE-TIME without a zone."""
    return to_datetime(seconds).isoformat().replace("-", "").replace(":", "")


def serialize_utc(seconds: int) -> str:
    """Write a DATE-TIME in UTC."""
    return f"{serialize_local(seconds)}Z"
