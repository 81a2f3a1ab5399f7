"""When things happened: working days counted back from today, and the clock of an office. Pure."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

OFFICE = ZoneInfo("Europe/Vienna")
MORNING, EVENING = time(8), time(18)
FIRST_MAIL = time(8, 30)
"""Before this the office has not opened: the newest mail is of the working day before."""
MOST_DAYS = 40
"""Working days that a message may be old: eight weeks."""

_WHEN = re.compile(r"(\d{1,2}) (\d\d):(\d\d)")
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class When:
    """A working day, counted back, and the office's time of that day."""

    days_ago: int
    at: time

    def sort_key(self) -> tuple[int, time]:
        """Return what orders moments from the oldest to the newest."""
        return -self.days_ago, self.at


def parse_when(text: str) -> When:
    """Read `DAYS HH:MM`; raises ValueError."""
    found = _WHEN.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r}: a moment is written as DAYS HH:MM, such as '12 09:14'")
    days_ago, hour, minute = map(int, found.groups())
    if days_ago > MOST_DAYS:
        raise ValueError(f"{text!r}: at most {MOST_DAYS} working days ago")
    at = time(hour, minute)
    if not days_ago and at > EVENING:
        raise ValueError(f"{text!r}: today's mail was written by {EVENING:%H:%M}")
    return When(days_ago, at)


class WorkingDays:
    """The working days around a present moment.

    Day 0 is today once the office has opened, else the working day before.
    """

    def __init__(self, now: datetime) -> None:
        self._now = now.astimezone(OFFICE)
        self._today = self._now.date()
        if self._now.time() < FIRST_MAIL or self._today.weekday() >= _SATURDAY:
            self._today = _step(self._today, -1)

    def moment(self, when: When) -> datetime:
        """Return the moment; never one to come.

        Of a day that is not over, the hours since the morning shrink to those that have passed,
        so that what was written in an order stays in it.
        """
        day = self.day(-when.days_ago)
        at = datetime.combine(day, when.at, OFFICE)
        if day != self._now.date() or when.at <= MORNING:
            return at
        morning = datetime.combine(day, MORNING, OFFICE)
        evening = datetime.combine(day, EVENING, OFFICE)
        passed = (min(self._now, evening) - morning) / (evening - morning)
        seconds = int((at - morning).total_seconds() * passed)
        return morning + timedelta(seconds=seconds)

    def day(self, offset: int) -> date:
        """Return the working day `offset` days after day 0, or before it."""
        day = self._today
        for _ in range(abs(offset)):
            day = _step(day, 1 if offset > 0 else -1)
        return day

    def ahead(self, offset: int, at: time) -> datetime:
        """Return a moment of a working day to come, for appointments."""
        return datetime.combine(self.day(offset), at, OFFICE)


def _step(day: date, direction: int) -> date:
    """Return the working day next to `day`."""
    day += timedelta(days=direction)
    while day.weekday() >= _SATURDAY:
        day += timedelta(days=direction)
    return day
