"""Subscribed calendars: what their sources have, fetched now and then.

A calendar is replaced by difference: of what stays as it is no client hears. While its source
cannot be had it stays as it was, and says why. Nothing is fetched while a lock is held.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from typing import NamedTuple

import structlog

from calendar_app.ical.errors import InvalidObject
from calendar_app.ical.files import BrokenPart, FoundObject, split_file, to_utf8
from calendar_app.ical.objects import read_object
from calendar_app.models import Calendar
from calendar_app.services.objects import (
    Prepared,
    discard_object,
    object_limits,
    prepare_object,
    store_object,
)
from calendar_app.services.occurrences import check_repeats
from groupware.core import db, limits
from groupware.core.changes import lock_account
from groupware.core.clock import epoch, monotonic
from groupware.core.errors import GroupwareError, NotFound, Stale
from groupware.core.fetching import Bounds, Fetched, FetchFailed, fetch
from groupware.core.resources.items import etag_of
from groupware.core.resources.queries import list_etags, read_many

ROUND_SECONDS = 20.0
"""After which a round begins no further calendar: the next one does."""
BATCH = 100
"""Changes of a transaction: the account's other writers wait for no more than that."""
BATCH_ROWS = 20_000
"""Occurrences of such a transaction."""
ACCEPT = "text/calendar, */*;q=0.1"
MAX_ERROR = 500
_SERVED = (
    "SELECT f.account_id, MAX(c.fetched_at) AS served_at FROM calendar_app_calendar c"
    " JOIN core_resourcecollection f ON f.collection_id = c.collection_id"
    " WHERE c.source <> '' GROUP BY f.account_id"
)
_STAMP = re.compile(rb"^DTSTAMP[^\r\n]*\r?\n", re.IGNORECASE | re.MULTILINE)
_log = structlog.get_logger("groupware.calendar")


@dataclass(frozen=True, slots=True)
class _Due:
    """A calendar that is to be fetched."""

    collection_id: int
    account_id: int
    source: str
    etag: str
    components: tuple[str, ...]


def refresh_due() -> int:
    """Fetch the calendars that are due, one after the other; return how many of them changed."""
    deadline = monotonic() + ROUND_SECONDS
    changed = 0
    while monotonic() < deadline and (due := _take_due()) is not None:
        changed += _refresh(due)
    return changed


def refresh(collection_id: int) -> bool:
    """Fetch a calendar now, whenever it is due; tell whether it changed.

    Raises `NotFound` where it is no subscribed calendar. What fails is kept with the calendar.
    """
    due = _take("c.collection_id = %s", [collection_id])
    if due is None:
        raise NotFound("There is no such subscribed calendar.")
    return _refresh(due)


def _take_due() -> _Due | None:
    """Take a calendar, so that no other process does: of accounts the one served longest ago.

    Whoever subscribes to many that are slow keeps nobody waiting but himself.
    """
    least = limits.SOURCE_INTERVAL.value
    every = f"CASE WHEN c.source_seconds > {least:d} THEN c.source_seconds ELSE {least:d} END"
    condition, params = f"c.fetched_at + {every} <= %s", [epoch()]
    subscribed = "SELECT 1 FROM calendar_app_calendar c WHERE c.source <> ''"
    if not db.finds(f"{subscribed} AND {condition}", params):
        return None
    return _take(condition, params)


def _take(condition: str, params: Sequence[int]) -> _Due | None:
    with db.write_transaction():
        rows = db.fetch_rows(
            "SELECT c.collection_id, f.account_id, c.source, c.source_etag, c.components"
            " FROM calendar_app_calendar c"
            " JOIN core_resourcecollection f ON f.collection_id = c.collection_id"
            f" JOIN ({_SERVED}) s ON s.account_id = f.account_id"
            f" WHERE c.source <> '' AND {condition}"
            " ORDER BY s.served_at, c.fetched_at, c.collection_id LIMIT 1",
            params,
        )
        if not rows:
            return None
        collection_id, account_id, source, etag, components = rows[0]
        due = _Due(collection_id, account_id, source, etag, tuple(components.split()))
        Calendar.objects.filter(collection_id=due.collection_id).update(fetched_at=epoch())
        return due


def _refresh(due: _Due) -> bool:
    try:
        fetched = fetch(
            due.source,
            Bounds(limits.SOURCE_SIZE.value, limits.SOURCE_TIMEOUT.value),
            etag=due.etag,
            accept=ACCEPT,
        )
        if fetched.data is None:
            _note(due, error="")
            return False
        return _replace(due, fetched, fetched.data)
    except Stale:
        return False  # it was deleted, or has another source by now
    except GroupwareError as error:
        _log.info("a source could not be had", collection=due.collection_id, why=error.detail)
        _note(due, error=error.message)
        return False


def _replace(due: _Due, fetched: Fetched, data: bytes) -> bool:
    """Let the calendar hold what came; what of it cannot be read is said in its error."""
    if not data.rstrip().upper().endswith(b"END:VCALENDAR"):
        raise FetchFailed("What is there is no calendar, or not all of one.")
    survey = _survey(due, data)
    held = dict(list_etags(due.collection_id))
    fresh = _list_fresh(due, survey.objects, held)
    changed = _write_fresh(due, data, fresh, survey)
    # What is gone goes last: where the rest does not fit, nothing is lost.
    gone = [href for href in held if href not in survey.objects]
    for start in range(0, len(gone), BATCH):
        _write(due, [(href, None) for href in gone[start : start + BATCH]])
    error = ""
    if survey.broken:
        error = f"{survey.broken} parts cannot be read, first: {survey.first_broken}"
    _note(due, error=error, etag=fetched.etag)
    return bool(gone) or changed


class _Found(NamedTuple):
    """An object of a file: which of its parts it is, and digests of its bytes."""

    number: int
    etag: str
    unstamped: str


@dataclass(slots=True)
class _Survey:
    """What a file holds, by hrefs, without its bytes; how much of it cannot be read, and why."""

    objects: dict[str, _Found] = field(default_factory=dict)
    broken: int = 0
    first_broken: str = ""

    def note_broken(self, line: int, why: str) -> None:
        """Count a part that cannot be read."""
        self.broken += 1
        self.first_broken = self.first_broken or f"line {line}: {why}"


def _survey(due: _Due, data: bytes) -> _Survey:
    """Look through a file; raises `FetchFailed` where that takes too long."""
    survey = _Survey()
    for number, part in enumerate(_parts(data)):
        if isinstance(part, BrokenPart):
            survey.note_broken(part.line, part.reason)
            continue
        octets = to_utf8(part.data)
        try:
            found = read_object(octets, object_limits())
        except InvalidObject as error:
            survey.note_broken(part.line, error.text)
            continue
        if found.component in due.components:
            href = sha256(found.ical_uid.encode()).hexdigest()[:40] + ".ics"
            unstamped = etag_of(_STAMP.sub(b"", octets))
            survey.objects[href] = _Found(number, etag_of(octets), unstamped)
    return survey


def _parts(data: bytes) -> Iterator[FoundObject | BrokenPart]:
    """Yield the parts of a file; raises `FetchFailed` where going through it takes too long."""
    deadline = monotonic() + limits.SOURCE_TIMEOUT.value
    for part in split_file(BytesIO(data), limits.RESOURCE_SIZE.value):
        if monotonic() > deadline:
            raise FetchFailed("It takes too long to read: it holds too much.")
        yield part


def _list_fresh(due: _Due, objects: Mapping[str, _Found], held: Mapping[str, str]) -> set[str]:
    """Return the hrefs of what is new or differs, in more than the time of the asking.

    Many sources write the time of each answer into all events (DTSTAMP).
    """
    differing = [href for href, found in objects.items() if held.get(href) != found.etag]
    known = [href for href in differing if href in held]
    same: set[str] = set()
    for start in range(0, len(known), BATCH):
        stored = read_many(due.collection_id, known[start : start + BATCH])
        same |= {
            href
            for href, one in stored.items()
            if etag_of(_STAMP.sub(b"", one.data)) == objects[href].unstamped
        }
    return set(differing) - same


def _write_fresh(due: _Due, data: bytes, fresh: set[str], survey: _Survey) -> bool:
    """Write what is new or differs; only a batch of it is held at once, with its occurrences.

    Raises `FetchFailed` where that takes too long; what was written stays, the next time goes on.
    """
    places = {survey.objects[href].number: href for href in fresh}
    batch: list[tuple[str, Prepared | None]] = []
    rows = 0
    for number, part in enumerate(_parts(data) if places else ()):
        if number not in places or isinstance(part, BrokenPart):
            continue
        try:
            prepared = prepare_object(to_utf8(part.data))
        except InvalidObject as error:
            survey.note_broken(part.line, error.text)
            continue
        batch.append((places[number], prepared))
        rows += len(prepared.index.rows)
        if len(batch) >= BATCH or rows > BATCH_ROWS:
            _write(due, batch)
            batch, rows = [], 0
    if batch:
        _write(due, batch)
    return bool(places)


def _write(due: _Due, batch: Sequence[tuple[str, Prepared | None]]) -> None:
    with db.write_transaction():
        lock_account(due.account_id)
        _check_source(due)
        for href, prepared in batch:
            if prepared is None:
                with suppress(NotFound):
                    discard_object(due.account_id, due.collection_id, href)
            else:
                store_object(due.account_id, due.collection_id, href, prepared)
        check_repeats(due.account_id, [one.index for _, one in batch if one is not None])


def _check_source(due: _Due) -> None:
    rows = db.fetch_rows(
        "SELECT source FROM calendar_app_calendar WHERE collection_id = %s", [due.collection_id]
    )
    if rows != [(due.source,)]:
        raise Stale("The calendar has another source by now.")


def _note(due: _Due, **columns: str) -> None:
    """Keep what came of it, unless the calendar has another source by now."""
    values = {f"source_{name}": text[:MAX_ERROR] for name, text in columns.items()}
    with db.write_transaction():
        Calendar.objects.filter(collection_id=due.collection_id, source=due.source).update(**values)
