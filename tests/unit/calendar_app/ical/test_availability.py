"""VAVAILABILITY: priorities, types, and what is free in them (RFC 7953)."""

import pytest

from calendar_app.ical.availability import unavailable_periods
from calendar_app.ical.iteration import Fuel, OutOfFuel
from calendar_app.ical.objects import read_object
from calendar_app.ical.values import parse_local
from calendar_app.ical.zones import UTC, Zone, find_iana_zone

DAY = ("20260310T000000", "20260311T000000")


def read(*lines: str) -> bytes:
    """Return a VCALENDAR with one VAVAILABILITY."""
    inside = ("BEGIN:VAVAILABILITY", "UID:x", "DTSTAMP:20260101T000000Z", *lines)
    return "\r\n".join(
        ("BEGIN:VCALENDAR", "VERSION:2.0", *inside, "END:VAVAILABILITY", "END:VCALENDAR", "")
    ).encode()


def available(start: str, *lines: str, uid: str = "a") -> tuple[str, ...]:
    """Return the lines of an AVAILABLE."""
    return ("BEGIN:AVAILABLE", f"UID:{uid}", f"DTSTART:{start}", *lines, "END:AVAILABLE")


def told(*data: bytes, span: tuple[str, str] = DAY, zone: Zone = UTC) -> list[tuple[str, int, int]]:
    """Return the periods as type and hours of the day."""
    start, end = map(parse_local, span)
    objects = [read_object(one) for one in data]
    periods = unavailable_periods(objects, start, end, zone=zone, fuel=Fuel(10_000))
    return [(p.busy, (p.start - start) // 3600, (p.end - start) // 3600) for p in periods]


def test_without_anything_available_all_of_it_is_busy() -> None:
    assert told(read()) == [("U", 0, 24)]
    assert told() == []


def test_it_lasts_from_its_start_to_its_end() -> None:
    start = "DTSTART:20260310T060000Z"
    assert told(read(start, "DTEND:20260310T080000Z")) == [("U", 6, 8)]
    assert told(read(start, "DURATION:PT3H")) == [("U", 6, 9)]
    assert told(read(start)) == [("U", 6, 24)]
    assert told(read("DTSTART:20260309T000000Z", "DTEND:20260310T020000Z")) == [("U", 0, 2)]
    assert told(read("DTSTART:20260312T000000Z")) == []


@pytest.mark.parametrize(
    ("said", "busy"),
    [("BUSY", "B"), ("busy-tentative", "T"), ("BUSY-UNAVAILABLE", "U"), ("X-OTHER", "U")],
)
def test_it_says_how_busy(said: str, busy: str) -> None:
    assert told(read(f"BUSYTYPE:{said}")) == [(busy, 0, 24)]


def test_what_is_available_is_free() -> None:
    nine, two = available("20260310T090000Z", "DURATION:PT3H"), "20260310T140000Z"
    later = available(two, "DTEND:20260310T160000Z", uid="b")
    assert told(read(*nine, *later)) == [("U", 0, 9), ("U", 12, 14), ("U", 16, 24)]
    overlapping = available("20260310T110000Z", "DURATION:PT2H", uid="c")
    assert told(read(*nine, *overlapping)) == [("U", 0, 9), ("U", 13, 24)]
    within = available("20260310T100000Z", "DURATION:PT1H", uid="d")
    assert told(read(*nine, *within)) == [("U", 0, 9), ("U", 12, 24)]


def test_what_is_available_may_repeat_and_be_moved() -> None:
    weekly = available("20260303T090000Z", "DURATION:PT3H", "RRULE:FREQ=WEEKLY")
    assert told(read(*weekly)) == [("U", 0, 9), ("U", 12, 24)]
    moved = available("20260310T180000Z", "DURATION:PT1H", "RECURRENCE-ID:20260310T090000Z")
    assert told(read(*weekly, *moved)) == [("U", 0, 18), ("U", 19, 24)]
    alone = read(*moved)
    assert told(alone) == [("U", 0, 18), ("U", 19, 24)]


def test_floating_times_are_in_the_zone_of_the_question() -> None:
    berlin = find_iana_zone("Europe/Berlin")
    assert berlin is not None
    floating = available("20260310T090000", "DURATION:PT3H")
    assert told(read(*floating), zone=berlin) == [("U", 0, 8), ("U", 11, 24)]
    whole = read("DTSTART:20260310T090000", "DURATION:PT1H")
    assert told(whole, zone=berlin) == [("U", 8, 9)]


def test_the_higher_priority_is_over_the_lower() -> None:
    usual = read("PRIORITY:9", *available("20260310T080000Z", "DURATION:PT8H"))
    holiday = read("PRIORITY:1", "BUSYTYPE:BUSY", "DTSTART:20260310T100000Z", "DURATION:PT2H")
    free = read(
        "PRIORITY:2",
        "DTSTART:20260310T000000Z",
        "DURATION:PT4H",
        *available("20260310T010000Z", "DURATION:PT2H"),
    )
    expected = [("U", 0, 1), ("U", 3, 4), ("U", 4, 8), ("B", 10, 12), ("U", 16, 24)]
    assert told(usual, holiday, free) == expected
    assert told(free, holiday, usual) == expected
    none = read("BUSYTYPE:BUSY-TENTATIVE")
    assert told(usual, none) == told(usual)
    bad = read("PRIORITY:x", "BUSYTYPE:BUSY-TENTATIVE")
    assert told(bad, usual) == told(usual)


def test_what_cannot_be_read_makes_nobody_free() -> None:
    assert told(read(*available("nonsense"))) == [("U", 0, 24)]


def test_the_work_is_bounded() -> None:
    endless = read(*available("19700101T000000Z", "DURATION:PT1M", "RRULE:FREQ=MINUTELY"))
    with pytest.raises(OutOfFuel):
        told(endless, span=("20260101T000000", "20270101T000000"))
