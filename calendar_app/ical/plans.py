"""How a rule is walked through: with all its days named, from near the window that is asked for.

- A rule without COUNT is begun near the window, not at its first instance.
- A yearly rule within one month is walked through by months, 12 at a time.
- A week is always whole, so that BYSETPOS counts right in the week of the first instance.
- BYDAY=MO,2TU is every Monday and the second Tuesday.
- BYWEEKNO without days means the weekday of the first instance (RFC 5545 §3.3.10).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from calendar_app.ical.rules import (
    DAILY,
    HOURLY,
    MINUTELY,
    MONTHLY,
    SECONDLY,
    WEEKLY,
    YEARLY,
    Rule,
)
from calendar_app.ical.values import DAY, to_datetime, to_seconds

__all__ = ["Plan", "begin_near", "make_plan"]

_UNITS = {WEEKLY: 7 * DAY, DAILY: DAY, HOURLY: 3_600, MINUTELY: 60, SECONDLY: 1}
# Days that dateutil may consider beyond the window: the periods at its two edges.
_SLACK = 800


@dataclass(frozen=True, slots=True)
class Plan:
    """A rule whose days are all named, and the time at which dateutil begins."""

    freq: int
    interval: int
    begin: datetime
    week_start: int
    by_day: tuple[tuple[int, int], ...]
    by: dict[str, tuple[int, ...]]

    def most_considered(self, before: int) -> int:
        """Return what there is until a time at most: steps, by the price of each."""
        unit = min(_UNITS.get(self.freq, DAY), DAY)
        steps = max(before - to_seconds(self.begin), 0) // unit + _SLACK
        # A step of less than a day looks up month, hour, minute and second.
        return steps * self.price * (1 if unit == DAY else 4)

    @property
    def price(self) -> int:
        """What a step costs: positions and times that dateutil looks at for each."""
        times = len(self.by.get("BYMINUTE", ())) * len(self.by.get("BYSECOND", ()))
        price = 1 + (len(self.by.get("BYSETPOS", ())) + len(self.by_day) + times) // 16
        return price * 4 if self.freq >= HOURLY else price


def make_plan(rule: Rule, start: datetime) -> Plan:
    """Name the days that a rule takes from its first instance."""
    by = dict(rule.by)
    by_day = rule.by_day
    names_days = by_day or by.keys() & {"BYMONTHDAY", "BYYEARDAY"}
    if rule.freq <= MONTHLY and not names_days and "BYWEEKNO" not in by:
        if rule.freq == YEARLY:
            by.setdefault("BYMONTH", (start.month,))
        by["BYMONTHDAY"] = (start.day,)
    elif not names_days and (rule.freq == WEEKLY or "BYWEEKNO" in by):
        by_day = ((start.weekday(), 0),)
    freq, interval, begin = rule.freq, rule.interval, start
    months = by.get("BYMONTH", ())
    if freq == YEARLY:
        begin = start.replace(month=1, day=1)
        if len(months) == 1 and not by.keys() & {"BYWEEKNO", "BYYEARDAY"}:
            freq, interval, begin = MONTHLY, interval * 12, begin.replace(month=months[0])
    elif freq == MONTHLY:
        begin = start.replace(day=1)
    elif freq == WEEKLY:
        begin = start - timedelta(days=(start.weekday() - rule.week_start) % 7)
    by_day = (
        _numbered(by_day, 5 if freq == MONTHLY or months else 53) if freq <= MONTHLY else by_day
    )
    return Plan(freq, interval, begin, rule.week_start, by_day, by)


def _numbered(by_day: tuple[tuple[int, int], ...], most: int) -> tuple[tuple[int, int], ...]:
    """Give every day a number where one has: dateutil takes days without one for a condition."""
    if not any(number for _, number in by_day):
        return by_day
    # No month has a sixth Monday; dateutil knows that, and fails to look for later ones.
    return tuple(
        (day, min(max(each, -most - 1), most + 1))
        for day, number in by_day
        for each in ([number] if number else range(1, most + 1))
    )


def begin_near(plan: Plan, after: int) -> Plan:
    """Leave out periods before the last but one that begins before the window."""
    target = to_datetime(after)
    if target <= plan.begin:
        return plan
    if plan.freq <= MONTHLY:
        passed = (target.year - plan.begin.year) * 12 + target.month - plan.begin.month
        interval = plan.interval * (12 if plan.freq == YEARLY else 1)
        months = plan.begin.month - 1 + max(passed // interval - 1, 0) * interval
        begin = plan.begin.replace(year=plan.begin.year + months // 12, month=months % 12 + 1)
    else:
        step = plan.interval * _UNITS[plan.freq]
        skipped = max((to_seconds(target) - to_seconds(plan.begin)) // step - 1, 0)
        begin = plan.begin + timedelta(seconds=skipped * step)
    return replace(plan, begin=begin)
