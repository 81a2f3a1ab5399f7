"""Reading a domain's directory as a protocol reads an address book: the same rows, derived.

`contacts.services.directory.refresh_directory` comes first, outside of any snapshot.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from contacts.queries.cards import PAGE, PAGE_OCTETS
from contacts.vcard.cards import read_lines
from contacts.vcard.filters import Filter, matches, needles
from contacts.vcard.limits import NO_LIMITS
from contacts.vcard.matching import needles_of
from groupware.core import db
from groupware.core.resources.queries import (
    HREFS_OF_A_QUERY,
    ChangedHref,
    ResourceRow,
    Stored,
)
from groupware.core.synctokens import sync_token

COMPONENT = "VCARD"


@dataclass(frozen=True, slots=True)
class DirectoryInfo:
    """A directory as a protocol shows it; the columns of its sync-tokens are as a collection's."""

    domain_id: int
    domain: str
    object_id: str
    token_epoch: int
    highest_modseq: int
    tombstone_floor: int
    items: int

    @property
    def sync_token(self) -> str:
        """The token of what the directory holds as it was read."""
        return sync_token(self.object_id, self.token_epoch, self.highest_modseq)


_ROW = (
    "SELECT id, href, etag, 'VCARD', ical_uid, size, modseq, created_at, changed_at"
    " FROM contacts_directorycard WHERE domain_id = %s AND NOT is_gone"
)
_STORED = (
    "SELECT href, etag, data, 'VCARD' FROM contacts_directorycard"
    " WHERE domain_id = %s AND NOT is_gone"
)
_DATA_COLUMN = 2


def find_directory(domain_id: int) -> DirectoryInfo | None:
    """Return the directory of a domain; None before it was made."""
    rows = db.fetch_rows(
        "SELECT d.domain_id, o.name, d.object_id, d.token_epoch, d.modseq, d.floor,"
        " (SELECT COUNT(*) FROM contacts_directorycard c WHERE c.domain_id = d.domain_id"
        " AND NOT c.is_gone) FROM contacts_directory d JOIN core_domain o ON o.id = d.domain_id"
        " WHERE d.domain_id = %s",
        [domain_id],
    )
    return DirectoryInfo(*rows[0]) if rows else None


def list_entries(domain_id: int) -> list[ResourceRow]:
    """Return the rows of all cards."""
    return [ResourceRow(*row) for row in db.fetch_rows(f"{_ROW} ORDER BY id", [domain_id])]


def list_entry_etags(domain_id: int) -> list[tuple[str, str]]:
    """Return (href, etag) of all cards."""
    return db.fetch_rows(
        "SELECT href, etag FROM contacts_directorycard WHERE domain_id = %s AND NOT is_gone",
        [domain_id],
    )


def find_entry(domain_id: int, href: str) -> ResourceRow | None:
    """Return the row of one card."""
    rows = db.fetch_rows(f"{_ROW} AND href = %s", [domain_id, href])
    return ResourceRow(*rows[0]) if rows else None


def find_entries(domain_id: int, hrefs: Sequence[str]) -> dict[str, ResourceRow]:
    """Return the rows of those cards that are there, by href."""
    rows = _fetch_many(_ROW, domain_id, ("href", hrefs))
    return {row[1]: ResourceRow(*row) for row in rows}


def find_entries_by_ids(domain_id: int, entry_ids: Sequence[int]) -> list[ResourceRow]:
    """Return the rows of those cards that are there, by the ids of their rows."""
    return [ResourceRow(*row) for row in _fetch_many(_ROW, domain_id, ("id", entry_ids))]


def read_entry(domain_id: int, href: str) -> Stored | None:
    """Return one card with its bytes."""
    return read_entries(domain_id, [href]).get(href)


def read_entries(
    domain_id: int, hrefs: Sequence[str], room: db.Room | None = None
) -> dict[str, Stored]:
    """Return those cards that are there with their bytes, by href; with a room what fills it."""
    rows = _fetch_many(_STORED, domain_id, ("href", hrefs), room)
    return {row[0]: _stored(row) for row in rows}


def read_entries_by_ids(
    domain_id: int, entry_ids: Sequence[int], room: db.Room | None = None
) -> list[Stored]:
    """Return those cards that are there with their bytes, by their rows; with a room as above."""
    return [_stored(row) for row in _fetch_many(_STORED, domain_id, ("id", entry_ids), room)]


def list_entry_changes(
    domain_id: int, since: int, limit: int | None = None, *, base: int = 0
) -> list[ChangedHref]:
    """Return what came, changed and went after a modseq, as `resources.queries.list_changes` does.

    Each card has a modseq of its own.
    """
    bound = f" LIMIT {limit:d}" if limit is not None else ""
    rows = db.fetch_rows(
        "SELECT modseq, href, CASE WHEN is_gone THEN NULL ELSE etag END, size"
        " FROM contacts_directorycard WHERE domain_id = %s AND modseq > %s"
        f" AND (NOT is_gone OR modseq > %s) ORDER BY modseq{bound}",
        [domain_id, since, base],
    )
    return [ChangedHref(*row) for row in rows]


def query_entries(domain_id: int, wanted: Filter) -> Iterator[Stored]:
    """Yield the cards that a filter finds, in the order they came."""
    conditions, params = "", []
    for group in needles(wanted):
        conditions += " AND (" + " OR ".join(db.holds("text") for _ in group) + ")"
        params += group
    after = 0
    while True:
        room = db.Room(PAGE_OCTETS, (_DATA_COLUMN + 1,))
        rows = db.fetch_rows_into(
            room,
            _STORED.replace("SELECT", "SELECT id,", 1)
            + f" AND id > %s{conditions} ORDER BY id LIMIT %s",
            [domain_id, after, *params, PAGE],
        )
        for _, *row in rows:
            stored = _stored(row)
            if matches(read_lines(stored.data, NO_LIMITS), wanted):
                yield stored
        if len(rows) < PAGE and not room.is_full:
            return
        after = rows[-1][0]


def search_entries(domain_id: int, text: str, limit: int) -> list[Stored]:
    """Return cards that hold each word of a text anywhere, by their names."""
    words = needles_of(text)
    if not words:
        return []
    conditions = "".join(f" AND {db.holds('text')}" for _ in words)
    rows = db.fetch_rows(
        f"{_STORED}{conditions} ORDER BY full_name, id LIMIT %s", [domain_id, *words, limit]
    )
    return [_stored(row) for row in rows]


def _fetch_many(
    select: str,
    domain_id: int,
    wanted: tuple[str, Sequence[str] | Sequence[int]],
    room: db.Room | None = None,
) -> Iterator[tuple[Any, ...]]:
    """Yield the rows whose column is one of the values; with a room until it is full."""
    column, values = wanted
    for start in range(0, len(values), HREFS_OF_A_QUERY):
        condition, params = db.in_list(column, values[start : start + HREFS_OF_A_QUERY])
        query = f"{select} AND {condition}"
        if room is None:
            yield from db.fetch_rows(query, [domain_id, *params])
            continue
        yield from db.fetch_rows_into(room, query, [domain_id, *params])
        if room.is_full:
            return


def _stored(row: Sequence[Any]) -> Stored:
    href, etag, data, component = row
    return Stored(href, etag, bytes(data), component)
