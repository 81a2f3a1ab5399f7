"""A plan walked through: by arithmetic where it is simple, by python-dateutil where it is not.

Every step is paid for, so that a rule that yields nothing (FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30), or
one each second, ends in bounded time. dateutil looks up the month of each day that it considers in
`_bymonth`, and each hour, minute and second in sets of theirs: sets that count stand in their places.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Literal

from dateutil import rrule as dateutil_rules

from calendar_app.ical.fuel import Allowance
from calendar_app.ical.plans import Plan
from calendar_app.ical.rules import DAILY, HOURLY, MONTHLY, WEEKLY, YEARLY
from calendar_app.ical.values import DAY, LAST_SECOND, to_seconds

__all__ = ["walk"]

_FREQUENCIES: tuple[Literal[0, 1, 2, 3, 4, 5, 6], ...] = (0, 1, 2, 3, 4, 5, 6)

_THURSDAY = 3  # 1970-01-01, where Monday is 0
_EPOCH_DAY = date(1970, 1, 1).toordinal()


def walk(plan: Plan, allowance: Allowance) -> Iterator[int]:
    """Yield the local times of a plan, up to the year 9999, some before its first instance too."""
    if plan.freq == DAILY and not plan.by:
        return _walk_days(plan, allowance)
    if plan.freq == WEEKLY and not plan.by:
        return _walk_weeks(plan, allowance)
    if plan.freq == MONTHLY and not plan.by_day and plan.by.keys() <= {"BYMONTH", "BYMONTHDAY"}:
        return _walk_months(plan, allowance)
    return _walk_all(plan, allowance)


def _walk_days(plan: Plan, allowance: Allowance) -> Iterator[int]:
    weekdays = {day for day, _ in plan.by_day} or set(range(7))
    for period in range(to_seconds(plan.begin), LAST_SECOND + 1, plan.interval * DAY):
        allowance.spend()
        if (period // DAY + _THURSDAY) % 7 in weekdays:
            yield period


def _walk_weeks(plan: Plan, allowance: Allowance) -> Iterator[int]:
    offsets = sorted({(day - plan.week_start) % 7 * DAY for day, _ in plan.by_day})
    for period in range(to_seconds(plan.begin), LAST_SECOND + 1, plan.interval * 7 * DAY):
        allowance.spend()
        for offset in offsets:
            if period + offset <= LAST_SECOND:
                yield period + offset


def _walk_months(plan: Plan, allowance: Allowance) -> Iterator[int]:
    begin = plan.begin
    time_of_day = to_seconds(begin) % DAY
    wanted = plan.by.get("BYMONTH", range(1, 13))
    days = plan.by["BYMONTHDAY"]
    for month in range(begin.year * 12 + begin.month - 1, 120_000, plan.interval):
        allowance.spend()
        if month % 12 + 1 not in wanted:
            continue
        first, length = _month(month // 12, month % 12 + 1)
        found = {day if day > 0 else length + 1 + day for day in days if abs(day) <= length}
        for day in sorted(found):
            yield (first + day - 1) * DAY + time_of_day


def _month(year: int, month: int) -> tuple[int, int]:
    """Return the day on which a month begins, counted from 1970, and how many it has."""
    return date(year, month, 1).toordinal() - _EPOCH_DAY, monthrange(year, month)[1]


class _Counted(frozenset[int]):
    """A set that takes fuel each time something is looked up in it."""

    allowance: Allowance
    price: int

    def __contains__(self, item: object) -> bool:
        self.allowance.spend(self.price)
        return frozenset.__contains__(self, item)


def _walk_all(plan: Plan, allowance: Allowance) -> Iterator[int]:
    try:
        for moment in _CountedRule(plan, allowance):
            yield to_seconds(moment)
    except (ValueError, OverflowError):
        # Beyond the year 9999; or the intervals never meet the hours, minutes or seconds.
        return


class _CountedRule(dateutil_rules.rrule):
    """dateutil's rule, whose every step is paid for."""

    def __init__(self, plan: Plan, allowance: Allowance) -> None:
        by = plan.by
        times = 1
        if plan.freq < HOURLY:
            for name in ("BYHOUR", "BYMINUTE", "BYSECOND"):
                times *= len(by.get(name, "1"))
        allowance.prepay(times)
        super().__init__(
            _FREQUENCIES[plan.freq],
            dtstart=plan.begin,
            interval=plan.interval,
            wkst=plan.week_start,
            bysetpos=by.get("BYSETPOS"),
            bymonth=by.get("BYMONTH"),
            bymonthday=by.get("BYMONTHDAY"),
            byyearday=by.get("BYYEARDAY"),
            byweekno=by.get("BYWEEKNO"),
            byweekday=[dateutil_rules.weekday(day, n or None) for day, n in plan.by_day] or None,
            byhour=by.get("BYHOUR"),
            byminute=by.get("BYMINUTE"),
            bysecond=by.get("BYSECOND"),
        )
        self._count_lookups(plan, allowance)

    def _count_lookups(self, plan: Plan, allowance: Allowance) -> None:
        def counted(values: Iterable[int]) -> _Counted:
            found = _Counted(values)
            found.allowance, found.price = allowance, plan.price
            return found

        months = plan.by.get("BYMONTH")
        if plan.freq == YEARLY and any(number for _, number in plan.by_day) and not months:
            # Months would make the second Monday of the year one of each month.
            self._byweekday = counted(range(7))
        else:
            self._bymonth = counted(months or range(1, 13))
        if plan.freq >= HOURLY:
            for name in ("_byhour", "_byminute", "_bysecond"):
                if values := getattr(self, name):
                    setattr(self, name, counted(values))
