"""The local times of a rule's instances, by python-dateutil, in bounded time.

What is added to dateutil's iteration:

- *Fuel*: every day that dateutil considers is paid for, so that a rule that yields nothing
  (FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30), or one each second, ends in bounded time. dateutil looks
  up the month of each day in `_bymonth`, and each hour, minute and second in sets of theirs: sets
  that count stand in their places.
- A rule without COUNT is begun near the window that is asked for, not at its first instance.
- A yearly rule within one month is iterated by months, 12 at a time: dateutil walks through every
  day of a period.
- A week is always whole, so that BYSETPOS counts right in the week of the first instance; and
  BYDAY=MO,2TU is every Monday and the second Tuesday, of which dateutil makes neither.
- BYWEEKNO without days means the weekday of the first instance (RFC 5545 §3.3.10).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from dateutil import rrule as dateutil_rules

from calendar_app.ical.rules import (
    DAILY,
    HOURLY,
    MINUTELY,
    MONTHLY,
    MOST_COUNT,
    SECONDLY,
    WEEKLY,
    YEARLY,
    Rule,
)
from calendar_app.ical.values import DAY, to_datetime, to_seconds

__all__ = ["Fuel", "OutOfFuel", "iterate_rule"]

_UNITS = {WEEKLY: 7 * DAY, DAILY: DAY, HOURLY: 3_600, MINUTELY: 60, SECONDLY: 1}
_FREQUENCIES: tuple[Literal[0, 1, 2, 3, 4, 5, 6], ...] = (0, 1, 2, 3, 4, 5, 6)
# Days that dateutil may consider beyond the window: the periods at its two edges.
_SLACK = 800


class OutOfFuel(Exception):
    """An expansion took more than it was given."""


class Fuel:
    """What an expansion may cost: days and instances considered.

    `is_cut` tells afterwards whether a rule goes on beyond the window, as far as can be seen.
    """

    __slots__ = ("is_cut", "left")

    def __init__(self, amount: int) -> None:
        self.left = amount
        self.is_cut = False

    def spend(self, amount: int = 1) -> None:
        """Take some; raises `OutOfFuel` where it does not suffice."""
        self.left -= amount
        if self.left < 0:
            raise OutOfFuel


@dataclass(frozen=True, slots=True)
class _Plan:
    """A rule whose days are all named, and the time at which dateutil begins."""

    freq: int
    interval: int
    begin: datetime
    week_start: int
    by_day: tuple[tuple[int, int], ...]
    by: dict[str, tuple[int, ...]]


def iterate_rule(
    rule: Rule, start: int, after: int, before: int, fuel: Fuel, *, includes_start: bool = False
) -> Iterator[int]:
    """Yield the local times of a rule's instances, in order.

    `start` is the local time of DTSTART, which counts as the first instance (§3.8.5.3) whether the
    rule has it or not; it is yielded where the rule has it and `includes_start`. Instances before
    `after` may be left out, those from `before` on are. UNTIL is the caller's. Raises `OutOfFuel`.
    """
    plan = _plan(rule, to_datetime(start))
    if rule.count is None:
        plan = _begin_near(plan, after)
    allowance = _Allowance(fuel, _most_considered(plan, before))
    first = start if includes_start else start + 1
    left = MOST_COUNT if rule.count is None else rule.count - (not includes_start)
    try:
        for moment in _iterate(plan, allowance) if left else ():
            instance = to_seconds(moment)
            if instance >= before:
                fuel.is_cut = True
                return
            if instance >= first:
                yield instance
                left -= 1
                if left == 0:
                    return
    except _AllConsideredError:
        fuel.is_cut = True


class _AllConsideredError(Exception):
    """Every day of the window was considered."""


class _Allowance:
    """What there is to consider in a window; each spending is also one of the fuel's."""

    __slots__ = ("_left", "fuel")

    def __init__(self, fuel: Fuel, amount: int) -> None:
        self.fuel = fuel
        self._left = amount

    def spend(self, amount: int) -> None:
        self._left -= amount
        if self._left < 0:
            raise _AllConsideredError
        self.fuel.spend(amount)


def _plan(rule: Rule, start: datetime) -> _Plan:
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
    return _Plan(freq, interval, begin, rule.week_start, by_day, by)


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


def _begin_near(plan: _Plan, after: int) -> _Plan:
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


def _most_considered(plan: _Plan, before: int) -> int:
    """Return what lies in the window at most: steps, by the price of each."""
    unit = min(_UNITS.get(plan.freq, DAY), DAY)
    steps = max(before - to_seconds(plan.begin), 0) // unit + _SLACK
    # A step of less than a day looks up month, hour, minute and second.
    return steps * _price(plan) * (1 if unit == DAY else 4)


def _price(plan: _Plan) -> int:
    """Return what a day costs: positions and times that dateutil looks at for each."""
    times = len(plan.by.get("BYMINUTE", ())) * len(plan.by.get("BYSECOND", ()))
    price = 1 + (len(plan.by.get("BYSETPOS", ())) + len(plan.by_day) + times) // 16
    return price * 4 if plan.freq >= HOURLY else price


class _Counted(frozenset[int]):
    """A set that takes fuel each time something is looked up in it."""

    allowance: _Allowance
    price: int

    def __contains__(self, item: object) -> bool:
        self.allowance.spend(self.price)
        return super().__contains__(item)


def _iterate(plan: _Plan, allowance: _Allowance) -> Iterator[datetime]:
    """Yield what dateutil finds; ends with the year 9999."""
    try:
        yield from _CountedRule(plan, allowance)
    except (ValueError, OverflowError):
        # Beyond the year 9999; or the intervals never meet the hours, minutes or seconds.
        return


class _CountedRule(dateutil_rules.rrule):
    """dateutil's rule, whose every step is paid for."""

    def __init__(self, plan: _Plan, allowance: _Allowance) -> None:
        by = plan.by
        times = 1
        if plan.freq < HOURLY:
            for name in ("BYHOUR", "BYMINUTE", "BYSECOND"):
                times *= len(by.get(name, "1"))
        allowance.fuel.spend(times)
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

    def _count_lookups(self, plan: _Plan, allowance: _Allowance) -> None:
        def counted(values: Iterable[int]) -> _Counted:
            found = _Counted(values)
            found.allowance, found.price = allowance, _price(plan)
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
