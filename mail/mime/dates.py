"""The Date field as a point in time (RFC 5322 §3.3, obsolete zones of §4.3), without a clock."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["SentDate", "parse_date"]


class SentDate(NamedTuple):
    """Seconds since 1970-01-01 UTC, and the seconds that the sender's clock is ahead of UTC.

    SEARCH SENTON and its like compare the day as written: that of `epoch + offset`.
    """

    epoch: int
    offset: int


_MONTHS = {
    name: number
    for number, name in enumerate(
        (
            b"jan",
            b"feb",
            b"mar",
            b"apr",
            b"may",
            b"jun",
            b"jul",
            b"aug",
            b"sep",
            b"oct",
            b"nov",
            b"dec",
        ),
        start=1,
    )
}
_ZONES = {
    b"edt": -4,
    b"est": -5,
    b"cdt": -5,
    b"cst": -6,
    b"mdt": -6,
    b"mst": -7,
    b"pdt": -7,
    b"pst": -8,
}
_TIME = rb"(\d{1,2})[:.](\d{1,2})(?:[:.](\d{1,2})(?:\.\d{1,9})?)?"
_ZONE = rb"(?:\s*+([+-]\d{1,4}|[A-Za-z]{1,5}))?"
_DATE = re.compile(
    rb"(?:[A-Za-z]{2,9}\.?\s*+,?\s*+)?(\d{1,2})[\s-]{1,5}([A-Za-z]{3})[A-Za-z]{0,6}\.?[\s,-]{1,5}(\d{2,4})(?!\d)"
    rb"(?:[\s,]{1,5}" + _TIME + _ZONE + rb")?"
)
# ctime() and its like: Tue Nov 24 01:54:51 2026
_CTIME = re.compile(
    rb"(?:[A-Za-z]{2,9},?\s*+)?([A-Za-z]{3})[A-Za-z]{0,6}\s{1,3}(\d{1,2}),?\s{1,3}"
    + _TIME
    + _ZONE
    + rb"\s{1,3}(\d{4})"
)
_DAYS_BEFORE = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365)
_COMMENT = re.compile(rb"\((?:[^()\\]|\\.)*\)")
_COMMENT_DEPTH = 5


def parse_date(value: bytes) -> SentDate | None:
    """Return the date of an unfolded field, or None where it makes no sense.

    A day without a time, or with one that no clock shows, begins at midnight UTC (RFC 5256 §2.2).
    """
    value = _without_comments(value).strip()
    if match := _DATE.match(value):
        day, month, year, hour, minute, second, zone = match.groups()
    elif match := _CTIME.match(value):
        month, day, hour, minute, second, zone, year = match.groups()
    else:
        return None
    number = _MONTHS.get(month.lower())
    if number is None:
        return None
    days = _days(_full_year(year), number, int(day))
    if days is None:
        return None
    clock = int(hour or 99), int(minute or 0), int(second or 0)
    if clock[0] > 24 or clock[1] > 59 or clock[2] > 60:
        return SentDate(days * 86_400, 0)
    offset = _offset(zone)
    local = days * 86_400 + clock[0] * 3_600 + clock[1] * 60 + clock[2]
    return SentDate(local - offset, offset)


def _without_comments(value: bytes) -> bytes:
    """Make a blank of each comment, which may stand anywhere (RFC 5322 §4.3), others within."""
    for _ in range(_COMMENT_DEPTH):
        if b"(" not in value:
            break
        value = _COMMENT.sub(b" ", value)
    return value


def _full_year(digits: bytes) -> int:
    year = int(digits)
    if len(digits) == 4:
        return year
    # RFC 5322 §4.3: three digits count from 1900, two below 50 are of this century.
    return year + (2000 if len(digits) == 2 and year < 50 else 1900)


def _days(year: int, month: int, day: int) -> int | None:
    """Return days since 1970-01-01, None for a day that no month has."""
    # Neither the first year nor the last: such a date would leave the calendar in other zones.
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    last = _DAYS_BEFORE[month] - _DAYS_BEFORE[month - 1] + (leap and month == 2)
    if not (1 <= day <= last and 1 < year < 9999):
        return None
    before = year - 1
    days = before * 365 + before // 4 - before // 100 + before // 400
    return days + _DAYS_BEFORE[month - 1] + (leap and month > 2) + day - 1 - 719_162


def _offset(zone: bytes | None) -> int:
    if zone is None:
        return 0
    if zone[:1] in b"+-":
        # One or two digits are hours.
        hours, minutes = divmod(int(zone[1:]) * (100 if len(zone) < 4 else 1), 100)
        if hours > 24 or minutes > 59:
            return 0
        seconds = hours * 3_600 + minutes * 60
        return -seconds if zone.startswith(b"-") else seconds
    return _ZONES.get(zone.lower(), 0) * 3_600
