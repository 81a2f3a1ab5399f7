"""Calendars as readers see them who may not see private details.

Of a private object there is nothing: no row, no entity tag, and of its going no tombstone. One that
became private after it was seen is told as gone. A confidential one is veiled (`ical.privacy`), and
the entity tag of that is made of its place in the order of changes, which tells nothing of what
is hidden. Owners and readers with the right `private` are not asked about here.
"""

from collections.abc import Sequence
from functools import partial
from hashlib import sha256
from typing import Any

from calendar_app.ical.objects import ObjectLimits, read_object
from calendar_app.ical.privacy import veil
from groupware.core import db
from groupware.core.resources.items import ETAG_DIGITS
from groupware.core.resources.queries import (
    HREFS_OF_A_QUERY,
    ChangedHref,
    CollectionInfo,
    ResourceRow,
    Stored,
    bound_changes,
)

_NO_LIMITS = ObjectLimits(max_octets=1 << 40, max_overrides=1 << 40, max_attendees=1 << 40)
"""What is stored was held against limits when it came; they may have been lower since."""
_TABLES = (
    "core_resource r LEFT JOIN calendar_app_calendarobject o ON o.resource_id = r.id"
    " AND o.classification <> ''"
)
_SHOWN = "COALESCE(o.classification, '') <> 'private'"
_VEILED = "o.classification IS NOT NULL"
_ROW = (
    "SELECT r.id, r.href, r.etag, r.component, r.ical_uid, r.size, r.modseq, r.created_at,"
    f" r.changed_at, {_VEILED} FROM {_TABLES} WHERE {_SHOWN} AND r.collection_id = %s"
)
_STORED = (
    "SELECT r.id, r.modseq, r.href, r.etag, d.data, r.component, r.created_at, r.changed_at,"
    f" {_VEILED} FROM {_TABLES} JOIN core_resourcedata d ON d.resource_id = r.id WHERE {_SHOWN}"
)
_DATA_COLUMN = 4
_NEWEST = f"""
SELECT c.id, c.tombstone_floor,
    (SELECT r.modseq FROM {_TABLES} WHERE r.collection_id = c.id AND {_SHOWN}
     ORDER BY r.modseq DESC LIMIT 1),
    (SELECT t.modseq FROM core_tombstone t WHERE t.collection_id = c.id AND NOT t.is_hidden
     ORDER BY t.modseq DESC LIMIT 1)
FROM core_collection c WHERE
"""
_CHANGES = f"""
SELECT r.modseq, r.href, r.etag, r.size, r.id, {_VEILED} FROM {_TABLES}
 WHERE r.collection_id = %s AND r.modseq > %s AND {_SHOWN}
UNION ALL
SELECT MAX(t.modseq), t.href, NULL, 0, 0, {{false}} FROM core_tombstone t
 WHERE t.collection_id = %s AND t.modseq > %s AND t.href <> '' AND NOT t.is_hidden
 AND NOT EXISTS (SELECT 1 FROM {_TABLES} WHERE r.collection_id = t.collection_id
                 AND r.href = t.href AND {_SHOWN})
 GROUP BY t.href
ORDER BY 1, 2
"""


def newest_modseqs(collection_ids: Sequence[int]) -> dict[int, int]:
    """Return the modseq of the last change that is shown, by collection; one query for all."""
    condition, params = db.in_list("c.id", collection_ids)
    return {
        collection_id: max(floor, shown or 0, gone or 0)
        for collection_id, floor, shown, gone in db.fetch_rows(_NEWEST + condition, params)
    }


def changed_at(collection_id: int) -> int:
    """Return when something last came, changed or went that is shown; 0 where nothing ever did."""
    rows = db.fetch_rows(
        f"SELECT MAX(r.changed_at) FROM {_TABLES} WHERE r.collection_id = %s AND {_SHOWN}"
        " UNION ALL SELECT MAX(t.created_at) FROM core_tombstone t"
        " WHERE t.collection_id = %s AND NOT t.is_hidden",
        [collection_id, collection_id],
    )
    return max((row[0] or 0 for row in rows), default=0)


def list_shown(info: CollectionInfo) -> list[ResourceRow]:
    """Return the rows of all objects that are shown; of veiled ones with the size of the veil."""
    return _rows(info, db.fetch_rows(f"{_ROW} ORDER BY r.id", [info.collection_id]))


def list_shown_etags(info: CollectionInfo) -> list[tuple[str, str]]:
    """Return (href, etag) of all objects that are shown."""
    rows = db.fetch_rows(
        f"SELECT r.href, r.etag, r.id, r.modseq, {_VEILED} FROM {_TABLES}"
        f" WHERE {_SHOWN} AND r.collection_id = %s",
        [info.collection_id],
    )
    return [
        (href, veiled_etag(info, resource_id, modseq) if is_veiled else etag)
        for href, etag, resource_id, modseq, is_veiled in rows
    ]


def find_shown(info: CollectionInfo, href: str) -> ResourceRow | None:
    """Return the row of one object, if it is shown."""
    return find_many_shown(info, [href]).get(href)


def find_many_shown(info: CollectionInfo, hrefs: Sequence[str]) -> dict[str, ResourceRow]:
    """Return the rows of those of the objects that are shown, by href."""
    condition, params = db.in_list("r.href", hrefs)
    rows = db.fetch_rows(f"{_ROW} AND {condition}", [info.collection_id, *params])
    return {row.href: row for row in _rows(info, rows)}


def find_shown_by_ids(info: CollectionInfo, resource_ids: Sequence[int]) -> list[ResourceRow]:
    """Return the rows of those of the collection's objects that are shown, in their order."""
    condition, params = db.in_list("r.id", resource_ids)
    rows = db.fetch_rows(f"{_ROW} AND {condition} ORDER BY r.id", [info.collection_id, *params])
    return _rows(info, rows)


def read_shown(
    info: CollectionInfo, hrefs: Sequence[str], room: db.Room | None = None
) -> dict[str, Stored]:
    """Return those of the objects that are shown, by href; with a `room` those that fill it."""
    found: dict[str, Stored] = {}
    for start in range(0, len(hrefs), HREFS_OF_A_QUERY):
        condition, params = db.in_list("r.href", hrefs[start : start + HREFS_OF_A_QUERY])
        rows = _fetch(
            room,
            f"{_STORED} AND r.collection_id = %s AND {condition}",
            [info.collection_id, *params],
        )
        found |= {row[2]: _stored(info, row) for row in rows}
        if room is not None and room.is_full:
            break
    return found


def _fetch(room: db.Room | None, query: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return rows of `_STORED`, as many as a room for their data holds."""
    if room is None:
        return db.fetch_rows(query, params)
    own = db.Room(room.octets, (_DATA_COLUMN,))
    rows = db.fetch_rows_into(own, query, params)
    room.octets = own.octets
    return rows


def read_shown_by_ids(
    info: CollectionInfo, resource_ids: Sequence[int], room: db.Room | None = None
) -> list[Stored]:
    """Return those of the collection's objects that are shown, by their rows, in their order."""
    found: list[Stored] = []
    for start in range(0, len(resource_ids), HREFS_OF_A_QUERY):
        condition, params = db.in_list("r.id", resource_ids[start : start + HREFS_OF_A_QUERY])
        rows = _fetch(
            room,
            f"{_STORED} AND r.collection_id = %s AND {condition} ORDER BY r.id",
            [info.collection_id, *params],
        )
        found += [_stored(info, row) for row in rows]
        if room is not None and room.is_full:
            break
    return found


def list_shown_changes(
    info: CollectionInfo, since: int, limit: int | None, *, base: int = 0
) -> list[ChangedHref]:
    """Return what came, changed and went after a modseq, as `core.resources.queries` does."""
    return bound_changes(partial(_read_changes, info, (since, max(since, base))), limit)


def _read_changes(
    info: CollectionInfo, span: tuple[int, int], limit: int | None
) -> list[ChangedHref]:
    query = _CHANGES.format(false="0" if db.is_sqlite() else "FALSE")
    bound = f" LIMIT {limit + 1:d}" if limit is not None else ""
    params = [info.collection_id, span[0], info.collection_id, span[1]]
    return [
        ChangedHref(
            modseq, href, veiled_etag(info, resource_id, modseq) if is_veiled else etag, size
        )
        for modseq, href, etag, size, resource_id, is_veiled in db.fetch_rows(query + bound, params)
    ]


def is_whole(collection_id: int, href: str) -> bool:
    """Tell whether an object is shown to everybody as it is."""
    return not db.fetch_rows(
        f"SELECT 1 FROM {_TABLES} WHERE r.collection_id = %s AND r.href = %s AND {_VEILED}",
        [collection_id, href],
    )


def veiled_etag(info: CollectionInfo, resource_id: int, modseq: int) -> str:
    """Return the entity tag of a veil: another one after each change, and of no content."""
    text = f"{info.token_epoch}:{resource_id}:{modseq}"
    return sha256(text.encode()).hexdigest()[:ETAG_DIGITS]


def _rows(info: CollectionInfo, rows: Sequence[tuple[Any, ...]]) -> list[ResourceRow]:
    """Return rows as they are shown: of what is veiled with the veil's size and entity tag."""
    veiled = read_shown(info, [row[1] for row in rows if row[-1]])
    found = []
    for row in rows:
        held = ResourceRow(*row[:-1])
        if row[-1] and (veil_ := veiled.get(held.href)) is not None:
            held = held._replace(etag=veil_.etag, size=len(veil_.data))
        found.append(held)
    return found


def _stored(info: CollectionInfo, row: Sequence[Any]) -> Stored:
    resource_id, modseq, href, etag, data, *others, is_veiled = row
    if not is_veiled:
        return Stored(href, etag, bytes(data), *others)
    veiled = veil(read_object(bytes(data), _NO_LIMITS))
    return Stored(href, veiled_etag(info, resource_id, modseq), veiled, *others)
