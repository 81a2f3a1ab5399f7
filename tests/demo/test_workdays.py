from datetime import datetime, time, timedelta
from itertools import pairwise

import pytest

from groupware.demo.workdays import MOST_DAYS, OFFICE, When, WorkingDays, parse_when

WEDNESDAY = datetime(2026, 3, 18, tzinfo=OFFICE)


def at(days: int, hour: int, minute: int = 0) -> datetime:
    """Return a moment of the week of Wednesday, 18 March 2026."""
    return WEDNESDAY + timedelta(days=days, hours=hour, minutes=minute)


def test_a_weekend_is_stepped_over() -> None:
    days = WorkingDays(at(0, 12))
    assert days.moment(parse_when("3 09:15")) == at(-5, 9, 15)


@pytest.mark.parametrize("now", [at(0, 8, 29), at(0, 0), at(-1, 23, 59)])
def test_before_the_office_opens_the_newest_mail_is_of_the_day_before(now: datetime) -> None:
    assert WorkingDays(now).moment(parse_when("0 11:00")) == at(-1, 11)


@pytest.mark.parametrize("now", [at(3, 12), at(4, 23, 59), at(5, 7)])
def test_on_a_weekend_the_newest_mail_is_of_friday(now: datetime) -> None:
    assert WorkingDays(now).moment(parse_when("0 18:00")) == at(2, 18)


def test_after_hours_today_is_as_it_was_written() -> None:
    assert WorkingDays(at(0, 18)).moment(parse_when("0 16:40")) == at(0, 16, 40)


def test_the_hours_of_a_running_day_shrink_to_those_that_passed() -> None:
    days = WorkingDays(at(0, 13))
    assert days.moment(parse_when("0 18:00")) == at(0, 13)
    assert days.moment(parse_when("0 10:00")) == at(0, 9)
    assert days.moment(parse_when("0 05:20")) == at(0, 5, 20)


def test_nothing_is_of_the_future_and_all_stays_in_order_whatever_the_hour() -> None:
    written = [
        When(day, time(hour, minute))
        for day in (3, 2, 1, 0)
        for hour in range(19)
        for minute in (0, 25, 50)
        if day or (hour, minute) <= (18, 0)
    ]
    for half_hours in range(7 * 48):
        now = at(0, 0) + timedelta(minutes=30 * half_hours)
        moments = [WorkingDays(now).moment(when) for when in written]
        assert all(before < after for before, after in pairwise(moments)), now
        assert moments[-1] <= now
        assert all(moment.weekday() < 5 for moment in moments)


def test_the_oldest_mail_is_less_than_sixty_days_old() -> None:
    for day in range(7):
        now = at(day, 7)
        age = now - WorkingDays(now).moment(When(MOST_DAYS, time(0)))
        assert age < timedelta(days=60)


def test_an_appointment_is_on_a_working_day_to_come() -> None:
    assert WorkingDays(at(0, 12)).ahead(3, time(14)) == at(5, 14)


@pytest.mark.parametrize("text", ["", "1", "9:00", "1 9:00", "1 24:00", "41 09:00", "0 18:01"])
def test_a_moment_that_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_when(text)
