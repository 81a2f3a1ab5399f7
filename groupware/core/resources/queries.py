"""Reading collections of resources and what is in them, as plain rows.

Hot: the benchmarks of CalDAV and CardDAV. Whoever hands out a token reads it and the rows in one
`db.read_snapshot()`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from groupware.core import db
from groupware.core.synctokens import sync_token

HREFS_OF_A_QUERY = 500
"""Hrefs that are asked for at once; more are several queries."""
PAGE_OCTETS = 16 << 20
"""Octets that `read_page` returns, and those of one resource more."""


@dataclass(frozen=True, slots=True)
class CollectionInfo:
    """A calendar or an address book as a protocol shows it."""

    collection_id: int
    account_id: int
    kind: str
    name: str
    object_id: str
    highest_modseq: int
    tombstone_floor: int
    token_epoch: int
    items: int
    slug: str
    role: str
    display_name: str
    description: str
    color: str
    position: int

    @property
    def sync_token(self) -> str:
        """The token of what the collection holds as it was read."""
        return sync_token(self.object_id, self.token_epoch, self.highest_modseq)


class ResourceRow(NamedTuple):
    """A resource without its bytes."""

    resource_id: int
    href: str
    etag: str
    component: str
    ical_uid: str | None
    size: int
    modseq: int
    created_at: int
    changed_at: int


class Stored(NamedTuple):
    """A resource with its bytes."""

    href: str
    etag: str
    data: bytes
    component: str
    created_at: int = 0
    changed_at: int = 0


def room_for_data(octets: int) -> db.Room:
    """Return a room for the bytes of `Stored`."""
    return db.Room(octets, (Stored._fields.index("data"),))


class ChangedHref(NamedTuple):
    """What happened to an href since a modseq; without an etag it is gone."""

    modseq: int
    href: str
    etag: str | None
    size: int = 0


_INFO = (
    "SELECT c.id, c.account_id, c.kind, c.name, c.object_id, c.highest_modseq, c.tombstone_floor,"
    " c.token_epoch, c.items, f.slug, f.role, f.display_name, f.description, f.color, f.position"
    " FROM core_collection c JOIN core_resourcecollection f ON f.collection_id = c.id"
)
_ROW = (
    "SELECT id, href, etag, component, ical_uid, size, modseq, created_at, changed_at"
    " FROM core_resource"
)
_STORED = (
    "SELECT r.href, r.etag, d.data, r.component, r.created_at, r.changed_at FROM core_resource r"
    " JOIN core_resourcedata d ON d.resource_id = r.id"
)


def list_collections_of(account_ids: Sequence[int]) -> list[CollectionInfo]:
    """Return the calendars and address books of accounts, of each as `list_collections` does."""
    if not account_ids:
        return []
    condition, params = db.in_list("f.account_id", account_ids)
    rows = db.fetch_rows(
        f"{_INFO} WHERE {condition}"
        " ORDER BY f.account_id, c.kind, f.position < 0, f.position, c.id",
        params,
    )
    return [CollectionInfo(*row) for row in rows]


def list_collections(account_id: int) -> list[CollectionInfo]:
    """Return an account's calendars and address books, in the order that clients show."""
    rows = db.fetch_rows(
        f"{_INFO} WHERE f.account_id = %s ORDER BY c.kind, f.position < 0, f.position, c.id",
        [account_id],
    )
    return [CollectionInfo(*row) for row in rows]


def find_by_slug(account_id: int, slug: str) -> CollectionInfo | None:
    """Return the collection of an account with this last segment of its URL."""
    return _find("f.account_id = %s AND f.slug = %s", [account_id, slug])


def find_by_object_id(object_id: str) -> CollectionInfo | None:
    """Return the collection with this id, whoever owns it."""
    return _find("c.object_id = %s", [object_id])


def find_collection(collection_id: int) -> CollectionInfo | None:
    """Return a calendar or an address book by its row."""
    return _find("c.id = %s", [collection_id])


def find_by_role(account_id: int, kind: str, role: str) -> CollectionInfo | None:
    """Return the account's collection of that kind that has the role."""
    return _find("f.account_id = %s AND c.kind = %s AND f.role = %s", [account_id, kind, role])


def _find(condition: str, params: Sequence[Any]) -> CollectionInfo | None:
    rows = db.fetch_rows(f"{_INFO} WHERE {condition}", params)
    return CollectionInfo(*rows[0]) if rows else None


def find_resource(collection_id: int, href: str) -> ResourceRow | None:
    """Return the row of one resource."""
    rows = db.fetch_rows(f"{_ROW} WHERE collection_id = %s AND href = %s", [collection_id, href])
    return ResourceRow(*rows[0]) if rows else None


def find_resource_by_uid(collection_id: int, ical_uid: str) -> ResourceRow | None:
    """Return the row of the resource with this UID."""
    rows = db.fetch_rows(
        f"{_ROW} WHERE collection_id = %s AND ical_uid = %s", [collection_id, ical_uid]
    )
    return ResourceRow(*rows[0]) if rows else None


def find_many(collection_id: int, hrefs: Sequence[str]) -> dict[str, ResourceRow]:
    """Return the rows of those of the resources that are there, by href."""
    found: dict[str, ResourceRow] = {}
    for start in range(0, len(hrefs), HREFS_OF_A_QUERY):
        condition, params = db.in_list("href", hrefs[start : start + HREFS_OF_A_QUERY])
        rows = db.fetch_rows(
            f"{_ROW} WHERE collection_id = %s AND {condition}", [collection_id, *params]
        )
        found |= {row[1]: ResourceRow(*row) for row in rows}
    return found


def find_by_ids(resource_ids: Sequence[int]) -> list[ResourceRow]:
    """Return the rows of those of the resources that are there, in the order they came."""
    condition, params = db.in_list("id", resource_ids)
    rows = db.fetch_rows(f"{_ROW} WHERE {condition} ORDER BY id", params)
    return list(map(ResourceRow._make, rows))


def list_resources(collection_id: int) -> list[ResourceRow]:
    """Return the rows of all resources, in the order they came. Hot: PROPFIND of a collection."""
    rows = db.fetch_rows(f"{_ROW} WHERE collection_id = %s ORDER BY id", [collection_id])
    return list(map(ResourceRow._make, rows))


def list_etags(collection_id: int) -> list[tuple[Any, ...]]:
    """Return (href, etag) of all resources. Hot: PROPFIND of a collection, the first sync."""
    return db.fetch_rows(
        "SELECT href, etag FROM core_resource WHERE collection_id = %s", [collection_id]
    )


def read_data(collection_id: int, href: str) -> Stored | None:
    """Return one resource with its bytes."""
    rows = db.fetch_rows(
        f"{_STORED} WHERE r.collection_id = %s AND r.href = %s", [collection_id, href]
    )
    return _stored(rows[0]) if rows else None


def read_many(
    collection_id: int, hrefs: Sequence[str], room: db.Room | None = None
) -> dict[str, Stored]:
    """Return those of the resources that are there, by href. Hot: multiget, sync with data.

    With a `room` for `Stored.data` they are those that fill it: some more may be there.
    """
    found: dict[str, Stored] = {}
    for start in range(0, len(hrefs), HREFS_OF_A_QUERY):
        condition, params = db.in_list("r.href", hrefs[start : start + HREFS_OF_A_QUERY])
        rows = _fetch(
            room, f"{_STORED} WHERE r.collection_id = %s AND {condition}", [collection_id, *params]
        )
        found |= {row[0]: _stored(row) for row in rows}
        if room is not None and room.is_full:
            break
    return found


def _fetch(room: db.Room | None, query: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    return db.fetch_rows(query, params) if room is None else db.fetch_rows_into(room, query, params)


def read_by_ids(resource_ids: Sequence[int], room: db.Room | None = None) -> list[Stored]:
    """Return resources with their bytes, by their rows. Hot: queries by time-range.

    With a `room` for `Stored.data` they are those that fill it.
    """
    found: list[Stored] = []
    for start in range(0, len(resource_ids), HREFS_OF_A_QUERY):
        condition, params = db.in_list("r.id", resource_ids[start : start + HREFS_OF_A_QUERY])
        found += map(_stored, _fetch(room, f"{_STORED} WHERE {condition} ORDER BY r.id", params))
        if room is not None and room.is_full:
            break
    return found


def read_page(collection_id: int, after_id: int, limit: int) -> tuple[list[Stored], int]:
    """Return the next resources with their bytes, and the id to go on after; 0 at the end.

    They are fewer than the limit where they are large.
    """
    room = db.Room(PAGE_OCTETS, (3,))
    with db.read_snapshot():
        rows = db.fetch_rows_into(
            room,
            _STORED.replace("SELECT", "SELECT r.id,", 1)
            + " WHERE r.collection_id = %s AND r.id > %s ORDER BY r.id LIMIT %s",
            [collection_id, after_id, limit],
        )
    is_whole = len(rows) < limit and not room.is_full
    return [_stored(row[1:]) for row in rows], 0 if is_whole else rows[-1][0]


def _stored(row: Sequence[Any]) -> Stored:
    href, etag, data, *others = row
    return Stored(href, etag, bytes(data), *others)


def list_changes(
    collection_id: int, since: int, limit: int | None = None, *, base: int = 0
) -> list[ChangedHref]:
    """Return what came, changed and went after a modseq, by modseq (RFC 6578 §3.5).

    Hot: costs by what changed. Of an href that went and came again its coming is told. What went
    up to `base`, where that is later, is not told (`synctokens.SyncPoint`). With a `limit` the rows
    end with the last of a modseq, so that a token of it is whole: the rows of one modseq alone may
    be more than the limit.
    """
    span = since, max(since, base)
    return bound_changes(partial(_read_changes, collection_id, span), limit)


def bound_changes(
    read: Callable[[int | None], list[ChangedHref]], limit: int | None
) -> list[ChangedHref]:
    """Return the first rows that `read` finds, to the end of a modseq; it is given how many."""
    rows = read(limit)
    if limit is None or len(rows) <= limit:
        return rows
    whole = [row for row in rows if row.modseq < rows[-1].modseq]
    if whole:
        return whole
    # All of them came with one change.
    (modseq,) = {row.modseq for row in rows}
    return [row for row in read(None) if row.modseq == modseq]


def _read_changes(
    collection_id: int, span: tuple[int, int], limit: int | None
) -> list[ChangedHref]:
    bound = f" LIMIT {limit + 1:d}" if limit is not None else ""
    rows = db.fetch_rows(
        "SELECT modseq, href, etag, size FROM core_resource WHERE collection_id = %s AND modseq > %s"
        " UNION ALL SELECT MAX(t.modseq), t.href, NULL, 0 FROM core_tombstone t"
        " WHERE t.collection_id = %s AND t.modseq > %s AND t.href <> '' AND NOT EXISTS"
        " (SELECT 1 FROM core_resource r WHERE r.collection_id = t.collection_id"
        " AND r.href = t.href) GROUP BY t.href"
        f" ORDER BY 1, 2{bound}",
        [collection_id, span[0], collection_id, span[1]],
    )
    return list(map(ChangedHref._make, rows))
