"""Subscribed calendars: what their sources have, fetched now and then.

A calendar is replaced by difference: of what stays as it is no client hears. While its source
cannot be had it stays as it was, and says why. Nothing is fetched while a lock is held.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from itertools import islice

import structlog

from calendar_app.ical.errors import InvalidObject
from calendar_app.ical.files import BrokenPart, split_file, to_utf8
from calendar_app.models import Calendar
from calendar_app.services.objects import Prepared, discard_object, prepare_object, store_object
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
ACCEPT = "text/calendar, */*;q=0.1"
MAX_ERROR = 500
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
    """Take the calendar that has waited longest, so that no other process does."""
    least = limits.SOURCE_INTERVAL.value
    every = f"CASE WHEN c.source_seconds > {least:d} THEN c.source_seconds ELSE {least:d} END"
    return _take(f"c.fetched_at + {every} <= %s", [epoch()])


def _take(condition: str, params: Sequence[int]) -> _Due | None:
    with db.write_transaction():
        rows = db.fetch_rows(
            "SELECT c.collection_id, f.account_id, c.source, c.source_etag, c.components"
            " FROM calendar_app_calendar c"
            " JOIN core_resourcecollection f ON f.collection_id = c.collection_id"
            f" WHERE c.source <> '' AND {condition} ORDER BY c.fetched_at, c.collection_id LIMIT 1",
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
    found, broken = _read(due, data)
    held = dict(list_etags(due.collection_id))
    fresh = _list_fresh(due, found, held)
    gone = [href for href in held if href not in found]
    steps = [*((href, None) for href in gone), *((href, found[href]) for href in fresh)]
    remaining = iter(steps)
    while batch := list(islice(remaining, BATCH)):
        _write(due, batch)
    error = f"{len(broken)} parts cannot be read, first: {broken[0]}" if broken else ""
    _note(due, error=error, etag=fetched.etag)
    return bool(steps)


def _read(due: _Due, data: bytes) -> tuple[dict[str, Prepared], list[str]]:
    """Return the objects of a file by their hrefs, and what is wrong with the others."""
    found: dict[str, Prepared] = {}
    broken: list[str] = []
    for part in split_file(BytesIO(data), limits.RESOURCE_SIZE.value):
        if isinstance(part, BrokenPart):
            broken.append(f"line {part.line}: {part.reason}")
            continue
        try:
            prepared = prepare_object(to_utf8(part.data))
        except InvalidObject as error:
            broken.append(f"line {part.line}: {error.text}")
            continue
        if prepared.content.component in due.components:
            found[_href_of(prepared)] = prepared
    return found, broken


def _href_of(prepared: Prepared) -> str:
    uid = prepared.content.ical_uid or ""
    return sha256(uid.encode()).hexdigest()[:40] + ".ics"


def _list_fresh(due: _Due, found: dict[str, Prepared], held: dict[str, str]) -> list[str]:
    """Return the hrefs of what is new or differs, in more than the time of the asking.

    Many sources write the time of each answer into all events (DTSTAMP).
    """
    differing = [href for href, one in found.items() if held.get(href) != one.content.etag]
    known = [href for href in differing if href in held]
    same: set[str] = set()
    remaining = iter(known)
    while batch := list(islice(remaining, BATCH)):
        stored = read_many(due.collection_id, batch)
        same |= {
            href
            for href, one in stored.items()
            if _without_stamp(one.data) == _without_stamp(found[href].content.data)
        }
    return [href for href in differing if href not in same]


def _without_stamp(data: bytes) -> str:
    return etag_of(_STAMP.sub(b"", data))


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
