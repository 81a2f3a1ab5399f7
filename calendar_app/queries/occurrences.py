"""Occurrences of events in a stretch of time, as a grid of days shows them.

Hot (benchmarks/api): ranges of the occurrence table and one query for what is known of the events.
Bytes are read of series alone, and parsed only where single instances say something else, or where
an endless series has no rows any more.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from calendar_app.ical.errors import InvalidObject
from calendar_app.ical.forms.reading import recurrence_id_of
from calendar_app.ical.objects import CalendarObject, read_object
from calendar_app.ical.privacy import BUSY_SUMMARY
from calendar_app.ical.recurrence import Fuel, Occurrence, OutOfFuel, iterate_occurrences
from calendar_app.ical.recurrence import overlaps as occurs_in
from calendar_app.ical.values import DATE, ZONED
from calendar_app.ical.zones import Zone
from calendar_app.lanes import UNEXPANDED, Span, kind_of, list_ranges, overlaps
from calendar_app.queries.listing import Reader
from calendar_app.queries.spans import BATCH, FUEL_OF_A_QUERY, LEAD, read_objects
from calendar_app.services.objects import object_limits
from contacts.vcard.values import unescape_text
from groupware.core import db
from groupware.core.errors import LimitExceeded

IDS_OF_A_QUERY = 5_000
_OVERRIDE = b"RECURRENCE-ID"


class Seen(NamedTuple):
    """An occurrence: `start` and `end` are UTC, of a whole day (`is_day`) local dates."""

    collection_id: int
    href: str
    recurrence_id: str
    title: str
    start: int
    end: int
    is_day: bool
    busy: str
    classification: str
    has_alarm: bool


class _Known(NamedTuple):
    """What is known of an event beside its times."""

    collection_id: int
    href: str
    title: str
    classification: str
    has_alarm: bool


class _Time(NamedTuple):
    """When an event takes place once; local times of a kind are as if they were UTC."""

    kind: str
    start: int
    end: int
    busy: str


_Times = dict[tuple[int, str], _Time]


def list_occurrences(
    readers: Sequence[Reader], span: Span, zone: Zone, *, limit: int
) -> list[Seen]:
    """Return the occurrences of events within a span, by start; local times are read in `zone`.

    What is private is left out for readers who may not see it, what is confidential says "Busy".
    Raises `LimitExceeded` for more than `limit`, or where too much repeats beyond the horizon.
    """
    if not readers:
        return []
    times, unexpanded = _read_times(readers, span, zone, limit)
    known = _read_known(readers, {resource_id for resource_id, _ in times} | unexpanded.keys())
    veiled = {each.collection_id for each in readers if not each.place.sees_private}
    beyond = {key: until for key, until in unexpanded.items() if key in known}
    for key, time in _expand(beyond, span, zone):
        times.setdefault(key, time)
    if len(times) > limit:
        raise _too_many(limit)
    repeating = {resource_id for resource_id, recurrence_id in times if recurrence_id}
    titles = _read_titles([key for key in repeating if _is_open(known.get(key), veiled)])
    found = []
    for (resource_id, recurrence_id), time in times.items():
        held = known.get(resource_id)
        if held is None:
            continue
        if not _is_open(held, veiled):
            held = held._replace(title=BUSY_SUMMARY, has_alarm=False)
        elif own := titles.get((resource_id, recurrence_id)):
            held = held._replace(title=own)
        found.append(_seen(held, recurrence_id, time, zone))
    found.sort(key=lambda seen: (seen.start, seen.collection_id, seen.href, seen.recurrence_id))
    return found


def _too_many(limit: int) -> LimitExceeded:
    text = f"More than {limit} occurrences are in that time: ask for a shorter one."
    return LimitExceeded(text)


def _read_times(
    readers: Sequence[Reader], span: Span, zone: Zone, limit: int
) -> tuple[_Times, dict[int, int]]:
    """Return when events have rows, and from when on others have none."""
    within, keys = db.in_list("collection_id", [each.collection_id for each in readers])
    if len(readers) == 1:
        within, keys = "collection_id = %s", [readers[0].collection_id]
    arm = (
        "SELECT resource_id, recurrence_id, lane, start_at, end_at, busy"
        f" FROM calendar_app_occurrence WHERE {within} AND lane = %s"
        " AND start_at BETWEEN %s AND %s AND end_at > %s AND component = 'E'"
    )
    ranges = list_ranges(span)
    values = [value for held in ranges for value in (*keys, *held)]
    most = 2 * limit + 1_000
    rows = db.fetch_rows(f"{' UNION ALL '.join([arm] * len(ranges))} LIMIT {most + 1:d}", values)
    if len(rows) > most:
        raise _too_many(limit)
    times: _Times = {}
    unexpanded: dict[int, int] = {}
    for resource_id, recurrence_id, lane, start, end, busy in rows:
        if lane == UNEXPANDED:
            unexpanded[resource_id] = start
            continue
        kind = kind_of(lane)
        if kind == ZONED or overlaps(start, end, span, zone.to_utc):
            times[resource_id, recurrence_id] = _Time(kind, start, _end_of(start, end), busy)
    return times, unexpanded


def _end_of(start: int, end: int) -> int:
    """Return the end of an event; that of an instant is a second wider in the table."""
    return start if end - start == 1 else end


def _read_known(readers: Sequence[Reader], resource_ids: Iterable[int]) -> dict[int, _Known]:
    """Return what is known of those events that are shown."""
    hides = {each.collection_id for each in readers if not each.place.sees_private}
    ids = sorted(resource_ids)
    known: dict[int, _Known] = {}
    for start in range(0, len(ids), IDS_OF_A_QUERY):
        condition, params = db.in_list("r.id", ids[start : start + IDS_OF_A_QUERY])
        rows = db.fetch_rows(
            "SELECT r.id, r.collection_id, r.href, c.summary, c.classification, c.has_alarm"
            " FROM core_resource r JOIN calendar_app_calendarobject c ON c.resource_id = r.id"
            f" WHERE {condition}",
            params,
        )
        known |= {
            row[0]: _Known(*row[1:])
            for row in rows
            if not (row[4] == "private" and row[1] in hides)
        }
    return known


def _is_open(held: _Known | None, veiled: set[int]) -> bool:
    return held is not None and not (held.classification and held.collection_id in veiled)


def _expand(
    unexpanded: Mapping[int, int], span: Span, zone: Zone
) -> Iterator[tuple[tuple[int, str], _Time]]:
    """Yield what series have within a span beyond their rows."""
    fuel = Fuel(FUEL_OF_A_QUERY)
    try:
        for resource_id, obj in read_objects(sorted(unexpanded)):
            start = max(span.start, unexpanded[resource_id] - LEAD)
            for seen in iterate_occurrences(obj, start, span.end, fuel):
                if occurs_in(seen, *span, zone):
                    yield (resource_id, seen.recurrence_id), _time_of(seen)
    except OutOfFuel:
        text = "Too much repeats beyond what is kept ready: ask for an earlier time."
        raise LimitExceeded(text) from None


def _time_of(seen: Occurrence) -> _Time:
    return _Time(seen.kind, seen.start, seen.end, seen.busy)


def _read_titles(resource_ids: Sequence[int]) -> dict[tuple[int, str], str]:
    """Return the titles of single instances that say something else than their series."""
    titles: dict[tuple[int, str], str] = {}
    for start in range(0, len(resource_ids), BATCH):
        condition, params = db.in_list("resource_id", resource_ids[start : start + BATCH])
        rows = db.fetch_rows(
            f"SELECT resource_id, data FROM core_resourcedata WHERE {condition}", params
        )
        for resource_id, data in rows:
            octets = bytes(data)
            if _OVERRIDE in octets.upper():
                titles |= {(resource_id, key): text for key, text in _titles_of(octets)}
    return titles


def _titles_of(data: bytes) -> Iterator[tuple[str, str]]:
    try:
        obj: CalendarObject = read_object(data, object_limits())
    except InvalidObject:  # put before a limit was lowered
        return
    for override in obj.overrides:
        title = unescape_text(override.component.value("SUMMARY"))
        yield recurrence_id_of(obj, override), title


def _seen(held: _Known, recurrence_id: str, time: _Time, zone: Zone) -> Seen:
    start, end = time.start, time.end
    if time.kind not in {ZONED, DATE}:
        start, end = zone.to_utc(start), zone.to_utc(end)
    return Seen(
        held.collection_id,
        held.href,
        recurrence_id,
        held.title,
        start,
        end,
        time.kind == DATE,
        time.busy,
        held.classification,
        bool(held.has_alarm),
    )
