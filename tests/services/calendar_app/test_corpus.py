"""Calendars as programs write them: kept octet for octet, and found when they take place."""

import random
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from calendar_app import queries
from calendar_app.ical.errors import InvalidObject
from calendar_app.ical.files import FoundObject, split_file
from calendar_app.ical.objects import CalendarObject, read_object
from calendar_app.ical.recurrence import Fuel, expand
from calendar_app.ical.values import DAY
from calendar_app.ical.zones import IanaZone
from calendar_app.lanes import Span
from calendar_app.services.objects import prepare_object, put_object
from groupware.core.models import Account, Collection
from groupware.core.resources.items import UidTaken
from groupware.core.resources.queries import list_resources, read_by_ids
from tests.services.calendar_app.events import at
from tests.services.damage import find

# Committed: PostgreSQL reads past every old version of a row that one long transaction changed.
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.corpus,
    pytest.mark.slow,
    pytest.mark.timeout(240),
]
ZONES = [IanaZone(ZoneInfo(name)) for name in ("Europe/Berlin", "Pacific/Auckland", "UTC")]
WINDOWS = 12


def objects(corpus: Path, folder: str) -> Iterator[tuple[str, bytes]]:
    for path in sorted((corpus / folder).glob("*.ics")):
        with path.open("rb") as file:
            for number, found in enumerate(split_file(file, 1 << 20)):
                if isinstance(found, FoundObject):
                    yield f"{path.name}-{number}.ics", found.data


@pytest.fixture
def filled(ann: Account, calendar: int, corpus: Path) -> dict[str, bytes]:
    """Return what was put into the calendar, by hrefs; what is refused has a test of its own."""
    Collection.objects.filter(pk=calendar).update(name="Corpus")
    kept: dict[str, bytes] = {}
    for folder in ("ics", "ics-invalid"):
        for href, data in objects(corpus, folder):
            try:
                put_object(ann.pk, calendar, href, prepare_object(data))
            except (InvalidObject, UidTaken):
                continue
            kept[href] = data
    assert len(kept) > 500
    return kept


@pytest.mark.timeout(600)
def test_whatever_is_taken_comes_back_and_is_found_when_an_expansion_says(
    calendar: int, filled: dict[str, bytes]
) -> None:
    rows = list_resources(calendar)
    stored = read_by_ids([row.resource_id for row in rows])
    assert {each.href: each.data for each in stored} == filled
    assert find(deep=True) == []
    hrefs = {row.resource_id: row.href for row in rows}
    read: dict[str, CalendarObject] = {href: read_object(data) for href, data in filled.items()}
    chance = random.Random(4791)
    for _ in range(WINDOWS):
        zone = chance.choice(ZONES)
        start = chance.randrange(at("20030101"), at("20350101"))
        span = Span(start, start + chance.choice([3_600, DAY, 31 * DAY, 365 * DAY]))
        held = {hrefs[each] for each in queries.find_in_span([calendar], span, zone)}
        expanded = {
            href
            for href, found in read.items()
            if found.component in {"VEVENT", "VTODO", "VJOURNAL"}
            and expand(found, *span, zone=zone, fuel=Fuel(2_000_000))
        }
        assert held == expanded
