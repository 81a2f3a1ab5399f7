"""Occurrences in a stretch of time: what an expansion of every object gives, as its reader sees it."""

import random

import pytest

from calendar_app.ical.objects import read_object
from calendar_app.ical.recurrence import Fuel, expand
from calendar_app.ical.values import DATE, ZONED
from calendar_app.ical.zones import find_iana_zone
from calendar_app.lanes import Span
from calendar_app.queries.freebusy import busy_of
from calendar_app.queries.listing import Reader
from calendar_app.queries.occurrences import list_occurrences
from groupware.core import rights
from groupware.core.errors import LimitExceeded, NotAllowed
from groupware.core.models import Account, Collection, CollectionKind
from groupware.core.resources.places import list_places
from groupware.core.rights import parse_rights
from tests.services.calendar_app.events import at, event, put

pytestmark = pytest.mark.django_db

ZONE = find_iana_zone("Europe/Berlin")
MONTH = Span(at("20260301"), at("20260401"))
STARTS = (
    "20260310T090000Z",
    "Europe/Berlin:20260329T013000",
    "America/New_York:20260228T230000",
    "20260305",
    "20260228T235959Z",
    "20260401T000000Z",
)
LINES: tuple[list[str], ...] = (
    [],
    ["RRULE:FREQ=DAILY;COUNT=40"],
    ["RRULE:FREQ=WEEKLY"],
    ["RRULE:FREQ=MONTHLY;BYDAY=-1SU;UNTIL=20270101T000000Z"],
    ["DURATION:P3D"],
    ["DURATION:PT0S"],
    ["DTSTAMP:20260101T000000Z", "TRANSP:TRANSPARENT"],
)


def readers_of(account: Account) -> list[Reader]:
    return [Reader(place) for place in list_places(account.pk, CollectionKind.CALENDAR)]


def times(account: Account, span: Span = MONTH) -> set[tuple[str, int, int]]:
    assert ZONE is not None
    found = list_occurrences(readers_of(account), span, ZONE, limit=10_000)
    return {(seen.href, seen.start, seen.end) for seen in found}


def share(owner: Account, calendar: int, grantee: Account, text: str) -> None:
    rights.grant(owner, Collection.objects.get(pk=calendar), grantee, parse_rights(text))


@pytest.mark.parametrize("seed", range(4))
def test_occurrences_are_those_of_an_expansion(ann: Account, calendar: int, seed: int) -> None:
    assert ZONE is not None
    chance = random.Random(seed)
    wanted: set[tuple[str, int, int]] = set()
    for number in range(25):
        data = event(str(number), chance.choice(STARTS), *chance.choice(LINES))
        href = f"{number}.ics"
        put(ann, calendar, data, href)
        for seen in expand(read_object(data), *MONTH, zone=ZONE, fuel=Fuel(100_000)):
            is_local = seen.kind not in {ZONED, DATE}
            start, end = (ZONE.to_utc(key) if is_local else key for key in (seen.start, seen.end))
            wanted.add((href, start, end))
    assert wanted
    assert times(ann) == wanted


def test_beyond_the_horizon_nothing_is_told_twice(ann: Account, calendar: int) -> None:
    put(ann, calendar, event("one", "20260310T090000Z", "RRULE:FREQ=DAILY"))
    assert ZONE is not None
    span = Span(at("20270101"), at("20280101"))
    found = list_occurrences(readers_of(ann), span, ZONE, limit=1_000)
    assert len(found) == len({seen.recurrence_id for seen in found}) == 365


def test_more_than_is_asked_for_is_refused(ann: Account, calendar: int) -> None:
    assert ZONE is not None
    put(ann, calendar, event("one", "20260301T000000Z", "RRULE:FREQ=HOURLY;COUNT=300"))
    with pytest.raises(LimitExceeded):
        list_occurrences(readers_of(ann), MONTH, ZONE, limit=299)
    assert len(list_occurrences(readers_of(ann), MONTH, ZONE, limit=300)) == 300


def test_a_reader_sees_when_and_not_what(ann: Account, ben: Account, calendar: int) -> None:
    assert ZONE is not None
    for kind in ("PUBLIC", "PRIVATE", "CONFIDENTIAL"):
        data = event(kind, "20260310T090000Z", f"SUMMARY:{kind}", f"CLASS:{kind}")
        put(ann, calendar, data, kind)
    share(ann, calendar, ben, "read")
    found = list_occurrences(readers_of(ben), MONTH, ZONE, limit=10)
    assert {(seen.href, seen.title) for seen in found} == {
        ("PUBLIC", "PUBLIC"),
        ("CONFIDENTIAL", "Busy"),
    }
    share(ann, calendar, ben, "read private")
    assert len(list_occurrences(readers_of(ben), MONTH, ZONE, limit=10)) == 3


def test_free_busy_counts_what_is_private_and_asks_for_a_right(
    ann: Account, ben: Account, calendar: int
) -> None:
    assert ZONE is not None
    put(ann, calendar, event("one", "20260310T090000Z", "CLASS:PRIVATE"))
    with pytest.raises(NotAllowed):
        busy_of(ben.pk, ann.pk, MONTH, ZONE)
    share(ann, calendar, ben, "free-busy")
    [period] = busy_of(ben.pk, ann.pk, MONTH, ZONE)
    assert tuple(period) == (at("20260310T090000"), at("20260310T100000"), "B")
    assert busy_of(ann.pk, ann.pk, MONTH, ZONE) == [period]
