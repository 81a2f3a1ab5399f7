"""Dates of cards: birthdays and points in time, in the forms of both versions. Pure.

vCard 3.0 takes ISO 8601 with or without hyphens (RFC 2426 §4), 4.0 the basic form, from which
leading parts may be missing (RFC 6350 §4.3). Apple writes a year that it leaves out as 1604,
named by a parameter.
"""

import datetime
import re
from typing import NamedTuple

from contacts.vcard.contentlines import Line, Params

OMIT_YEAR = "X-APPLE-OMIT-YEAR"
OMITTED_YEAR = "1604"
_LEAP_YEAR = 2000

_DATE = re.compile(r"(?:(\d{4})-?|--)(\d{2})-?(\d{2})(?:[T ].*)?", re.ASCII | re.DOTALL)
_BASIC_DATE = re.compile(r"(\d{4}|-)-?(\d{2})-?(\d{2})", re.ASCII)
_TIME = re.compile(r"(\d{2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?(.*)", re.ASCII)
_BASIC_TIME = re.compile(r"(\d{2})(\d{2})(\d{2})?(.*)", re.ASCII)


class Birthday(NamedTuple):
    """A day of each year; `year` is None where the card does not tell it."""

    year: int | None
    month: int
    day: int

    def __str__(self) -> str:
        year = "--" if self.year is None else f"{self.year:04}-"
        return f"{year}{self.month:02}-{self.day:02}"


def parse_birthday(line: Line) -> Birthday | None:
    """Return the day that a BDAY tells, or None where it tells none (text, a year alone)."""
    found = _DATE.fullmatch(line.value.strip())
    if found is None:
        return None
    month, day = int(found[2]), int(found[3])
    year = int(found[1] or 0) or None
    if found[1] in line.params.get(OMIT_YEAR, ()):
        year = None
    try:
        datetime.date(year or _LEAP_YEAR, month, day)
    except ValueError:
        return None
    return Birthday(year, month, day)


def basic(value: str, params: Params) -> str:
    """Return a date or date and time of vCard 3.0 in the form of 4.0; what is none, as it is."""
    date, tee, time = value.partition("T")
    found = _BASIC_DATE.fullmatch(date)
    if found is None:
        return value
    year = "--" if found[1] == "-" or found[1] in params.get(OMIT_YEAR, ()) else found[1]
    date = f"{year}{found[2]}{found[3]}"
    if not tee:
        return date
    clock = _TIME.fullmatch(time)
    if clock is None:
        return f"{date}T{time}"
    return f"{date}T{clock[1]}{clock[2]}{clock[3] or ''}{clock[4].replace(':', '')}"


def extended(value: str) -> tuple[str, bool]:
    """Return a date or date and time of vCard 4.0 in the form of 3.0, and whether a year lacks.

    Where the year lacks it is `OMITTED_YEAR`. What 3.0 has no form for is returned as it is.
    """
    date, tee, time = value.partition("T")
    found = _BASIC_DATE.fullmatch(date)
    clock = _BASIC_TIME.fullmatch(time) if tee else None
    if found is None or (tee and clock is None):
        return value, False
    lacks = found[1] == "-"
    date = f"{OMITTED_YEAR if lacks else found[1]}-{found[2]}-{found[3]}"
    if clock is None:
        return date, lacks
    return f"{date}T{clock[1]}:{clock[2]}:{clock[3] or '00'}{_zone(clock[4])}", lacks


def extended_offset(offset: str) -> str | None:
    """Return an offset from UTC as `-05:00`, or None where it is none."""
    found = re.fullmatch(r"([+-])(\d{2}):?(\d{2})?", offset, re.ASCII)
    return f"{found[1]}{found[2]}:{found[3] or '00'}" if found else None


def _zone(zone: str) -> str:
    return extended_offset(zone) or zone
