"""Calendars as programs write them: read, and expanded as somebody else expands them.

The oracle is recurring-ical-events over icalendar and python-dateutil. Where it differs, the object
is in `DIFFERENCES` with the reason.
"""

import re
import warnings
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import icalendar
import pytest
import recurring_ical_events

from calendar_app.ical.files import FoundObject, split_file
from calendar_app.ical.indexing import index_object, row_overlaps
from calendar_app.ical.objects import CalendarObject, InvalidObject, read_object
from calendar_app.ical.recurrence import Fuel, expand
from calendar_app.ical.values import DAY, parse_date, to_datetime, to_seconds
from calendar_app.ical.zones import UTC as UTC_ZONE

pytestmark = [pytest.mark.corpus, pytest.mark.slow]

HORIZON = parse_date("20400101")
YEARS = 5
Instance = tuple[str, int, int]

# By file and beginning of the UID: why the oracle sees other instances.
DIFFERENCES = {
    ("Christian32Holidays.ics", "9C89EE14"): (
        "DTSTART is the first instance (RFC 5545 §3.8.5.3): with COUNT=1 and it excluded, none is"
        " left. The oracle counts from the first that fits the rule."
    ),
    ("korganizer_sample.ics", "KOrganizer-1934107299"): (
        "The same: DTSTART does not fit the rule, and counts; the oracle adds it to COUNT others."
    ),
    ("korganizer_sample.ics", "KOrganizer-500279590"): "The same.",
    ("blalor.ics", "D9182220"): (
        "An EXDATE and an override have the same time: Apple's iCal wrote both for an instance that"
        " was changed, and shows it. The oracle does not."
    ),
    ("friday13-NOT.ics", "dc724a97"): "EXRULE (RFC 2445) is not known to the oracle.",
    ("lotr.ics", "C1C7B4A3"): "UNTIL lies before DTSTART, which is an instance nonetheless.",
    ("lotr-updated.ics", "C1C7B4A3"): "The same.",
    ("icaljs-google_birthday.ics", "2014_BIRTHDAY"): "A date with a Z is none to the oracle.",
    ("blankTzid.ics", "t21ocubdt9"): "The oracle cannot read a VTIMEZONE whose TZID is empty.",
}

# A file of `ics` that is no UTF-8, and what stands there that no calendar holds.
REFUSED = {
    "1106817412.ics": "is not UTF-8",
    "categories.ics": "no DTSTART",
    "classify.ics": "2 components without a RECURRENCE-ID",
    "custom_component.ics": "X-VVENUE is nothing that calendars hold",
    "icaljs-recur_instances.ics": "X-UNKNOWN is nothing that calendars hold",
    "incoming.ics": "components without a RECURRENCE-ID",
    "mansour.ics": "no DTSTART",
    "rfc5545-sec3.6.6.ics": "VALARM is nothing that calendars hold",
}


def files(corpus: Path, folder: str) -> list[Path]:
    found = sorted((corpus / folder).glob("*.ics"))
    assert found
    return found


def read_file(path: Path) -> Iterator[tuple[bytes, CalendarObject | str]]:
    """Yield the objects of a file, or why they are none."""
    with path.open("rb") as file:
        for part in split_file(file, 10 << 20):
            if not isinstance(part, FoundObject):
                yield b"", part.reason
                continue
            try:
                yield part.data, read_object(part.data)
            except InvalidObject as error:
                yield part.data, f"{error.precondition}: {error.text}"


def test_every_object_is_read_or_refused_with_a_reason(corpus: Path) -> None:
    refused: dict[str, str] = {}
    taken = 0
    for path in files(corpus, "ics"):
        for _, found in read_file(path):
            if isinstance(found, str):
                refused[path.name] = found
            else:
                taken += 1
    assert sorted(refused) == sorted(REFUSED)
    assert [name for name, why in REFUSED.items() if why not in refused[name]] == []
    assert taken > 3_000


def test_broken_files_give_objects_or_a_reason(corpus: Path) -> None:
    refused = 0
    for path in files(corpus, "ics-invalid"):
        for _, found in read_file(path):
            if isinstance(found, str):
                assert found
                refused += 1
            else:
                index_object(found, HORIZON)
    assert refused > 10


def test_whole_files_as_they_are_give_an_object_or_a_reason(corpus: Path) -> None:
    for folder in ("ics", "ics-invalid"):
        for path in files(corpus, folder):
            try:
                index_object(read_object(path.read_bytes()), HORIZON)
            except InvalidObject:
                continue


def ours(obj: CalendarObject, start: int, end: int) -> list[Instance]:
    found = expand(obj, start, end, fuel=Fuel(10_000_000))
    return sorted((one.kind, one.start, one.end) for one in found)


def theirs(data: bytes, start: int, end: int) -> list[Instance]:
    calendar = icalendar.Calendar.from_ical(_without_zones_of_dates(data))
    query = recurring_ical_events.of(calendar, components=["VEVENT"])
    window = (datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC))
    return sorted(
        (*_seconds(one["DTSTART"].dt), _seconds(one["DTEND"].dt)[1])
        for one in query.between(*window)
    )


def _without_zones_of_dates(data: bytes) -> bytes:
    """A TZID beside a date has no meaning (RFC 5545 §3.2.19); the oracle reads midnight there."""
    return re.sub(rb"(?m)^(DTSTART|DTEND);[^:\r]*:(?=\d{8}\r)", rb"\1;VALUE=DATE:", data)


def _seconds(value: date) -> tuple[str, int]:
    if not isinstance(value, datetime):
        return "d", parse_date(f"{value:%Y%m%d}")
    if value.tzinfo is None:
        return "f", to_seconds(value)
    return "z", to_seconds(value.astimezone(UTC).replace(tzinfo=None))


@cache
def _window(start: int) -> tuple[int, int]:
    year = to_datetime(start).year
    return parse_date(f"{year - 1}0101"), parse_date(f"{year + YEARS}0101")


def explain(path: Path, obj: CalendarObject) -> str:
    for (name, ical_uid), reason in DIFFERENCES.items():
        if path.name == name and obj.ical_uid.startswith(ical_uid):
            return reason
    return ""


def test_every_event_takes_place_when_somebody_else_says(corpus: Path) -> None:
    explained = set()
    compared = 0
    for path in files(corpus, "ics"):
        for data, obj in _events(path):
            assert obj.first.start is not None
            window = _window(obj.first.start.local)
            mine = ours(obj, *window)
            if reason := explain(path, obj):
                explained.add(reason)
                continue
            assert mine == theirs(data, *window), (path.name, obj.ical_uid)
            _compare_ranges(obj, mine, window)
            compared += 1
    assert explained == set(DIFFERENCES.values())
    assert compared > 3_000


def _events(path: Path) -> Iterator[tuple[bytes, CalendarObject]]:
    for data, obj in read_file(path):
        if isinstance(obj, CalendarObject) and obj.component == "VEVENT":
            yield data, obj


def _compare_ranges(obj: CalendarObject, known: list[Instance], window: tuple[int, int]) -> None:
    """Narrow ranges find what of the known instances is in them, and so does the index."""
    rows = index_object(obj, HORIZON).rows
    edges = {edge for _, start, end in known[:2] + known[-2:] for edge in (start, end)}
    for edge in sorted(edges):
        for start, end in ((edge - 1, edge), (edge, edge + 1), (edge - DAY, edge + DAY)):
            low, high = max(start, window[0]), min(end, window[1])
            if low >= high:
                continue
            expected = [one for one in known if _is_in(one, low, high)]
            assert ours(obj, low, high) == expected, (obj.ical_uid, low, high)
            found = [row for row in rows if row_overlaps(row, low, high, UTC_ZONE)]
            assert len(found) == len(expected), (obj.ical_uid, low, high)


def _is_in(one: Instance, low: int, high: int) -> bool:
    _, start, end = one
    return low <= start < high if start == end else start < high and end > low


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """The oracle warns of what it finds odd."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
