"""Recurrence rules as they are written (RFC 5545 §3.3.10): read and checked, not yet iterated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from calendar_app.ical.values import DATE, FLOATING, ZONED, BadValue, parse_date, parse_local

__all__ = ["BadRule", "Rule", "UnsupportedScale", "parse_rule", "without_hours"]

FREQUENCIES = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY")
YEARLY, MONTHLY, WEEKLY, DAILY, HOURLY, MINUTELY, SECONDLY = range(7)
_WEEKDAYS = {name: number for number, name in enumerate(("MO", "TU", "WE", "TH", "FR", "SA", "SU"))}
# What each list of numbers may hold: the lowest, the highest, whether negative ones count back.
_NUMBERS = {
    "BYSECOND": (0, 60, False),
    "BYMINUTE": (0, 59, False),
    "BYHOUR": (0, 23, False),
    "BYMONTHDAY": (1, 31, True),
    "BYYEARDAY": (1, 366, True),
    "BYWEEKNO": (1, 53, True),
    "BYMONTH": (1, 12, False),
    "BYSETPOS": (1, 366, True),
}
_OF_THE_DAY = frozenset({"BYHOUR", "BYMINUTE", "BYSECOND"})
_BY_DAY = re.compile(r"([+-]?\d{1,2})?([A-Z]{2})", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,3}", re.ASCII)
MOST_INTERVAL = 100_000
MOST_COUNT = 1_000_000_000


class BadRule(BadValue):
    """A rule that RFC 5545 does not allow."""


class UnsupportedScale(BadRule):
    """A rule of RFC 7529 that counts in another calendar, or moves what does not exist."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as it is written; `until` on its own clock, which `until_kind` names."""

    freq: int
    interval: int
    count: int | None
    until: int | None
    until_kind: str
    week_start: int
    by_day: tuple[tuple[int, int], ...]
    by: Mapping[str, tuple[int, ...]]

    @property
    def is_endless(self) -> bool:
        """Tell whether nothing in the rule ends it."""
        return self.count is None and self.until is None


@lru_cache(maxsize=1_024)
def parse_rule(text: str) -> Rule:
    """Read an RRULE; raises `BadRule`, and `UnsupportedScale` for those of RFC 7529."""
    parts: dict[str, str] = {}
    for part in filter(None, text.upper().replace(" ", "").split(";")):
        name, equals, value = part.partition("=")
        if not equals or not value or name in parts:
            raise BadRule(f"The rule's part {part[:40]!r} is empty or stands there twice.")
        parts[name] = value
    if parts.keys() & {"RSCALE", "SKIP"}:
        raise UnsupportedScale("Rules with RSCALE or SKIP (RFC 7529) are not supported.")
    if (freq := parts.pop("FREQ", "")) not in FREQUENCIES:
        raise BadRule(f"The rule {text[:40]!r} has no FREQ, or one that does not exist.")
    until, until_kind = _parse_until(parts.pop("UNTIL", ""))
    return Rule(
        FREQUENCIES.index(freq),
        _parse_number("INTERVAL", parts.pop("INTERVAL", "1"), MOST_INTERVAL),
        _parse_number("COUNT", parts.pop("COUNT"), MOST_COUNT) if "COUNT" in parts else None,
        until,
        until_kind,
        _parse_weekday(parts.pop("WKST", "MO")),
        _parse_by_day(parts.pop("BYDAY", "")),
        {name: _parse_numbers(name, value) for name, value in parts.items() if name[:2] != "X-"},
    )


def _parse_until(text: str) -> tuple[int | None, str]:
    if not text:
        return None, ""
    if text.endswith("Z"):
        return parse_local(text[:-1]), ZONED
    return (parse_date(text), DATE) if len(text) == 8 else (parse_local(text), FLOATING)


def _parse_number(name: str, text: str, most: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 12 and 0 < int(text) <= most):
        raise BadRule(f"{name}={text[:20]} is no number from 1 to {most}.")
    return int(text)


def _parse_weekday(text: str) -> int:
    if text not in _WEEKDAYS:
        raise BadRule(f"{text[:20]!r} is no day of the week.")
    return _WEEKDAYS[text]


def _parse_by_day(text: str) -> tuple[tuple[int, int], ...]:
    found = {}
    for item in filter(None, text.split(",")):
        match = _BY_DAY.fullmatch(item)
        if match is None or (match[1] and not 0 < abs(int(match[1])) <= 53):
            raise BadRule(f"BYDAY={item[:20]} is no day of the week, with or without a number.")
        found[_parse_weekday(match[2]), int(match[1] or 0)] = True
    return tuple(found)


def _parse_numbers(name: str, text: str) -> tuple[int, ...]:
    if name not in _NUMBERS:
        raise BadRule(f"{name[:20]} is no part of a rule.")
    lowest, highest, may_be_negative = _NUMBERS[name]
    found = set()
    for item in text.split(","):
        match = _NUMBER.fullmatch(item)
        number = int(match[0]) if match else highest + 1
        if not lowest <= (abs(number) if may_be_negative else number) <= highest:
            raise BadRule(f"{name}={item[:20]} is not within {lowest} to {highest}.")
        # RFC 5545 §3.3.10: without leap seconds, second 60 is second 59.
        found.add(59 if name == "BYSECOND" and number == 60 else number)
    return tuple(sorted(found))


def without_hours(rule: Rule) -> Rule:
    """Return the rule for a DTSTART that is a date: times of the day are ignored (§3.3.10)."""
    by = {name: numbers for name, numbers in rule.by.items() if name not in _OF_THE_DAY}
    return rule if len(by) == len(rule.by) else replace(rule, by=by)
