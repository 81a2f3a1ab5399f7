"""Calendars as programs write them, through the whole of DAV: put, read, and found by time.

What a time-range must find is what another expansion says of each object
(`tests.unit.calendar_app.ical.test_corpus` compares instance by instance, and explains).
"""

import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from calendar_app.ical.objects import CalendarObject
from calendar_app.ical.values import DAY, parse_date, serialize_utc, to_datetime
from groupware.core.models import Account
from tests.services.dav.calendars import Asking, comp_filter, time_range
from tests.services.dav.client import DavClient
from tests.unit.calendar_app.ical.test_corpus import (
    Instance,
    explain,
    files,
    read_file,
    theirs,
)

pytestmark = [pytest.mark.django_db, pytest.mark.corpus, pytest.mark.slow]

MOST_EDGES = 12
"""Moments of a file around which it is asked."""
Known = dict[str, tuple[list[Instance], tuple[int, int]]]
"""Instances of an object by its name, and within which times they are all."""


@pytest.mark.timeout(600)
def test_time_ranges_find_what_another_expansion_says(
    corpus: Path, ann: Account, anns: DavClient
) -> None:
    compared = asked = 0
    for number, path in enumerate(files(corpus, "ics")):
        asking = Asking(ann, anns, f"file{number}")
        assert anns.request("MKCALENDAR", asking.path).status == 201
        known = dict(_put_all(asking, path))
        compared += len(known)
        for start, end in _ranges(known):
            asked += 1
            _compare(asking, known, start, end)
    assert compared > 2_000
    assert asked > 500


def _put_all(
    asking: Asking, path: Path
) -> Iterator[tuple[str, tuple[list[Instance], tuple[int, int]]]]:
    """Put what a file holds; yield of each event when it takes place, as somebody else says."""
    for index, (data, found) in enumerate(read_file(path)):
        if not isinstance(found, CalendarObject):
            continue
        name = f"object{index}"
        answer = asking.client.request("PUT", f"{asking.path}{name}.ics", data)
        if answer.status == 403 and b"no-uid-conflict" in answer.body:
            continue
        if found.component not in {"VEVENT", "VTODO", "VJOURNAL"}:
            assert b"supported-calendar-component" in answer.body
            continue
        assert answer.status == 201, (path.name, answer.body)
        assert asking.client.request("GET", f"{asking.path}{name}.ics").body == data
        if found.component == "VEVENT" and not explain(path, found):
            assert found.first.start is not None
            year = to_datetime(found.first.start.local).year
            window = parse_date(f"{year - 1}0101"), parse_date(f"{year + 5}0101")
            yield name, (theirs(data, *window), window)


def _ranges(known: Known) -> Iterator[tuple[int, int]]:
    """Yield ranges around the first and last instances of a file, and the months after them."""
    edges = {
        edge
        for instances, _ in known.values()
        for _, start, end in instances[:1] + instances[-1:]
        for edge in (start, end)
    }
    chosen = sorted(edges)[:: max(1, len(edges) // MOST_EDGES)]
    for edge in chosen:
        yield edge - 1, edge
        yield edge, edge + 1
        yield edge - DAY, edge + DAY
        yield edge, edge + 30 * DAY


def _compare(asking: Asking, known: Known, start: int, end: int) -> None:
    told = asking.found(comp_filter(time_range(serialize_utc(start), serialize_utc(end))))
    for name, (instances, (low, high)) in known.items():
        if low <= start and end <= high:
            expected = any(_is_in(one, start, end) for one in instances)
            assert (name in told) == expected, (asking.path, name, start, end)


def _is_in(one: Instance, start: int, end: int) -> bool:
    """RFC 4791 §9.9 for an event; the calendar is in UTC, and so are floating times and dates."""
    _, low, high = one
    return start <= low < end if low == high else low < end and high > start


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """The oracle warns of what it finds odd."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
