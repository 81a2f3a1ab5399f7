"""Reads of the mail store: plain values from narrow rows, no model objects.

Hot: `list_changes`, `get_snapshot` and `fetch_messages` serve every NOOP, SELECT and FETCH.
Run them inside `db.read_snapshot`.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from groupware.core import db
from groupware.core.errors import NotFound
from groupware.core.lost import list_lost
from mail.flags import DELETED, SEEN
from mail.uidset import CHUNK_BITS, Ranges, absent_ranges, chunks, sql_condition

BATCH = 500
"""Rows that one `fetch_messages` returns at most."""

_MAILBOX_COLUMNS = (
    "c.account_id, c.id, c.name, c.object_id, b.special_use, b.selectable, c.uid_validity,"
    " c.uid_next, c.highest_modseq, c.items, c.bytes, b.unseen, b.deleted, b.keywords"
)
_MAILBOX_TABLES = "core_collection c JOIN mail_mailbox b ON b.collection_id = c.id"

_MESSAGE_FIELDS: dict[str, str] = {
    "uid": "m.uid",
    "flags": "m.flags",
    "keywords": "m.keywords",
    "modseq": "m.modseq",
    "size": "m.size",
    "internal_date": "m.internal_date",
    "internal_zone": "m.internal_zone",
    "prefix_size": "m.prefix_size",
    "email_id": "m.email_id",
    "thread_id": "m.thread_id",
    "saved_at": "m.saved_at",
    "blob_id": "m.blob_id",
}
_CONTENT_FIELDS: dict[str, str] = {
    **{
        name: f't."{name}"'
        for name in (
            *("envelope", "bodystructure", "header_size", "parts", "header_fields", "sent_at"),
            *("base_subject", "is_reply", "message_id", "references", "preview", "summary"),
        )
    },
    "sent_or_arrived": "COALESCE(t.sent_at, m.internal_date)",  # RFC 5256 §2.2: the sent date
}
_PREFIX_FIELDS = {"prefix": "p.data"}
_BLOB_FIELDS = {
    "blob_location": "s.location",
    "blob_size": "s.size",
    "blob_digest": "s.digest",
}
_READER_FIELDS = {
    "flags": f"(m.flags & {~SEEN}) | CASE WHEN r.seen THEN {SEEN} ELSE 0 END",
    "modseq": "CASE WHEN r.modseq > m.modseq THEN r.modseq ELSE m.modseq END",
}
r"""What is another's for a reader: `\Seen`, and with it the greater modseq of the two rows."""
READER_JOIN = (
    " LEFT JOIN mail_messagereader r"
    " ON r.collection_id = m.collection_id AND r.reader_id = %s AND r.uid = m.uid"
)
r"""Joins the row of a reader, the parameter, to the messages `m`, for `select_columns`."""
_FLAG_COLUMNS = ("uid", "flags", "keywords", "modseq")
_SEARCH_FIELDS = {
    f"search_{name}": f"x.{name}"
    for name in ("version", "subject", "sender", "recipients", "cc", "text")
}
FIELDS: dict[str, str] = {
    **_MESSAGE_FIELDS,
    **_CONTENT_FIELDS,
    **_PREFIX_FIELDS,
    **_BLOB_FIELDS,
    **_SEARCH_FIELDS,
}
"""What `fetch_messages` can return, by name."""

_JOINS = (
    (_CONTENT_FIELDS, " JOIN mail_messagecontent t ON t.blob_id = m.blob_id"),
    (_BLOB_FIELDS, " JOIN core_blob s ON s.id = m.blob_id"),
    (_PREFIX_FIELDS, " LEFT JOIN mail_messageprefix p ON p.message_id = m.id"),
    (_SEARCH_FIELDS, " LEFT JOIN mail_searchtext x ON x.blob_id = m.blob_id"),
)

# CROSS JOIN: SQLite looks at the chunks first, of which few have changed.
_CHANGED_CHUNKS = "mail_messagechunk k CROSS JOIN mail_message m"
_IN_CHANGED_CHUNKS = (
    "k.collection_id = m.collection_id AND k.modseq > %s AND m.modseq > %s"
    f" AND m.uid >= k.chunk << {CHUNK_BITS} AND m.uid < (k.chunk + 1) << {CHUNK_BITS}"
)


@dataclass(frozen=True, slots=True)
class MailboxInfo:
    """A mailbox as LIST, STATUS and SELECT need it."""

    account_id: int
    collection_id: int
    name: str
    object_id: str
    special_use: str
    selectable: bool
    uid_validity: int
    uid_next: int
    highest_modseq: int
    items: int
    bytes: int
    unseen: int
    deleted: int
    keywords: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A mailbox and its UIDs, ascending; their positions are the sequence numbers."""

    info: MailboxInfo
    uids: "array[int]"
    first_unseen_uid: int | None
    lost: list[tuple[int, int]]
    """Mod-sequences that a client may have been told and that were lost (`core.lost`)."""


FlagRow = tuple[int, int, str, int]
"""(uid, flags, keywords, modseq)."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What happened in a mailbox after a modseq."""

    info: MailboxInfo
    changed: list[FlagRow]
    new: list[FlagRow]
    vanished: list[tuple[int, int]]


def _mailboxes(condition: str, params: Sequence[Any]) -> list[MailboxInfo]:
    query = f"SELECT {_MAILBOX_COLUMNS} FROM {_MAILBOX_TABLES} WHERE {condition}"
    return [_mailbox_info(row) for row in db.fetch_rows(query, params)]


def _mailbox_info(row: tuple[Any, ...]) -> MailboxInfo:
    values: list[Any] = [*row]
    values[5] = bool(row[5])
    values[-1] = tuple(row[-1].split())
    return MailboxInfo(*values)


def list_mailboxes(account_id: int) -> list[MailboxInfo]:
    """Return every mailbox of an account, INBOX first, then by name."""
    found = _mailboxes("c.account_id = %s AND c.kind = 'mail'", [account_id])
    return sorted(found, key=lambda info: (info.name != "INBOX", info.name))


def list_mailboxes_of(account_ids: Sequence[int]) -> list[MailboxInfo]:
    """Return every mailbox of several accounts, in no order."""
    if not account_ids:
        return []
    condition, params = db.in_list("c.account_id", list(account_ids))
    return _mailboxes(f"{condition} AND c.kind = 'mail'", params)


def find_mailbox(account_id: int, name: str) -> MailboxInfo | None:
    """Return a mailbox by its name, or None."""
    found = _mailboxes("c.account_id = %s AND c.kind = 'mail' AND c.name = %s", [account_id, name])
    return found[0] if found else None


def get_mailbox(account_id: int, name: str) -> MailboxInfo:
    """Return a mailbox by its name; raises `NotFound`."""
    info = find_mailbox(account_id, name)
    if info is None:
        raise NotFound("There is no such mailbox.")
    return info


def get_mailbox_by_id(collection_id: int) -> MailboxInfo:
    """Return a mailbox by its collection; raises `NotFound`."""
    found = _mailboxes("c.id = %s", [collection_id])
    if not found:
        raise NotFound("The mailbox is gone.")
    return found[0]


def list_subscriptions(account_id: int) -> list[str]:
    """Return the subscribed names, sorted; their mailboxes may be gone."""
    rows = db.fetch_rows(
        "SELECT name FROM mail_subscription WHERE account_id = %s ORDER BY name", [account_id]
    )
    return [row[0] for row in rows]


def get_snapshot(account_id: int, collection_id: int, *, reader_id: int = 0) -> Snapshot:
    """Return a mailbox with its UIDs for SELECT; raises `NotFound`.

    `first_unseen_uid` goes by the flags of the reader, of the owner without one.
    """
    info = get_mailbox_by_id(collection_id)
    if info.account_id != account_id:
        raise NotFound("There is no such mailbox.")
    rows = db.fetch_rows(
        "SELECT uid FROM mail_message WHERE collection_id = %s ORDER BY uid", [collection_id]
    )
    uids = array("q", [row[0] for row in rows])
    unseen = _find_first_unseen(info, reader_id)
    return Snapshot(info, uids, unseen, list_lost(account_id))


def _find_first_unseen(info: MailboxInfo, reader_id: int) -> int | None:
    if not (info.items if reader_id else info.unseen):
        return None
    join, unseen, params = "", f"m.flags & {SEEN} = 0", [info.collection_id]
    if reader_id:
        join, unseen, params = f"{READER_JOIN} AND r.seen", "r.id IS NULL", [reader_id, *params]
    found = db.fetch_rows(
        f"SELECT m.uid FROM mail_message m{join} WHERE m.collection_id = %s AND {unseen}"
        " ORDER BY m.uid LIMIT 1",
        params,
    )
    return found[0][0] if found else None


def get_highest_modseq(collection_id: int) -> int | None:
    """Return the collection's highest_modseq, or None when it is gone."""
    rows = db.fetch_rows(
        "SELECT highest_modseq FROM core_collection WHERE id = %s", [collection_id]
    )
    return rows[0][0] if rows else None


def list_changes(
    collection_id: int, *, since_modseq: int, known_uid_next: int, reader_id: int = 0
) -> Changes:
    """Return everything with a modseq above `since_modseq`; costs by what changed.

    Flags and modseqs are those of the reader, of the owner without one.

    `vanished` holds every UID below `known_uid_next` that was removed since, and may hold others
    that are not there: below the tombstone floor, where tombstones are no longer whole, it is
    every absent UID (RFC 7162 §3.2.10), and the cost that of the mailbox. Raises `NotFound`
    when the mailbox is gone.
    """
    info = get_mailbox_by_id(collection_id)
    if info.highest_modseq <= since_modseq:
        return Changes(info, [], [], [])
    rows = _list_changed(collection_id, since_modseq, reader_id)
    vanished = list_vanished(collection_id, since_modseq, known_uid_next)
    changed = [row for row in rows if row[0] < known_uid_next]
    new = [row for row in rows if row[0] >= known_uid_next]
    return Changes(info, changed, new, vanished)


def _list_changed(collection_id: int, since_modseq: int, reader_id: int) -> list[FlagRow]:
    changed = list_flags(
        collection_id,
        _IN_CHANGED_CHUNKS,
        [since_modseq, since_modseq],
        reader_id=reader_id,
        tables=_CHANGED_CHUNKS,
    )
    if not reader_id:
        return changed
    # Each half by its own index; a row in both is the same in both.
    read = db.fetch_rows(
        f"SELECT {select_columns(_FLAG_COLUMNS, reader_id)} FROM mail_messagereader r"
        " JOIN mail_message m ON m.collection_id = r.collection_id AND m.uid = r.uid"
        " WHERE r.collection_id = %s AND r.reader_id = %s AND r.modseq > %s",
        [collection_id, reader_id, since_modseq],
    )
    return sorted({*changed, *read}) if read else changed


def list_flags(
    collection_id: int,
    condition: str,
    params: Sequence[Any],
    *,
    reader_id: int = 0,
    tables: str = "mail_message m",
) -> list[FlagRow]:
    """Return the flags of the messages (`m`, its reader `r`) that an SQL condition holds for."""
    join, readers = (READER_JOIN, [reader_id]) if reader_id else ("", [])
    return db.fetch_rows(
        f"SELECT {select_columns(_FLAG_COLUMNS, reader_id)} FROM {tables}{join}"
        f" WHERE m.collection_id = %s AND {condition} ORDER BY m.uid",
        [*readers, collection_id, *params],
    )


def select_columns(fields: Sequence[str], reader_id: int) -> str:
    """Return the columns of `fields`, with a reader's (joined as `r`) in place of the owner's."""
    columns = {**FIELDS, **_READER_FIELDS} if reader_id else FIELDS
    return ", ".join(columns[name] for name in fields)


def list_vanished(collection_id: int, since_modseq: int, uid_next: int) -> list[tuple[int, int]]:
    """Return the UIDs that went, from tombstones where they are whole, else from what is left.

    In ascending order, but ranges may touch each other.

    The floor is read in one statement with the tombstones: whoever is in no snapshot would
    otherwise miss those that expire in between.
    """
    rows = db.fetch_rows(
        "SELECT c.tombstone_floor, t.uid_first, t.uid_last FROM core_collection c"
        " LEFT JOIN core_tombstone t ON t.collection_id = c.id AND t.modseq > %s"
        " WHERE c.id = %s ORDER BY t.uid_first",
        [since_modseq, collection_id],
    )
    if any(floor > since_modseq for floor, _, _ in rows[:1]):
        left = db.fetch_rows(
            "SELECT uid FROM mail_message WHERE collection_id = %s AND uid < %s ORDER BY uid",
            [collection_id, uid_next],
        )
        return absent_ranges((row[0] for row in left), uid_next)
    return [(first, last) for _, first, last in rows if first is not None]


def fetch_messages(  # noqa: PLR0913 (keyword-only, each a condition)
    collection_id: int,
    ranges: Ranges,
    fields: Sequence[str],
    *,
    after_uid: int = 0,
    changed_since: int = 0,
    reader_id: int = 0,
    limit: int = BATCH,
    room: db.Room | None = None,
) -> list[tuple[Any, ...]]:
    """Return one batch of rows, ascending by uid; call again with the last uid.

    It ends at `limit`, or where `room` is full. `fields` are keys of `FIELDS`, of which a binary
    one may come as bytes or memoryview; flags and modseqs are those of the reader, or the owner.
    """
    wanted = [(max(first, after_uid + 1), last) for first, last in ranges if last > after_uid]
    if reader_id and not changed_since and _READER_FIELDS.keys().isdisjoint(fields):
        reader_id = 0  # nothing of it is asked for
    select = _select_messages(tuple(fields), has_reader=reader_id != 0)
    newer = f" AND {select_columns(['modseq'], reader_id)} > %s" if changed_since else ""
    joined, since = [reader_id] if reader_id else [], [changed_since] if changed_since else []
    rows: list[tuple[Any, ...]] = []
    fetch = db.fetch_rows if room is None else partial(db.fetch_rows_into, room)
    for chunk in chunks(wanted):
        condition, params = sql_condition("m.uid", chunk)
        rows += fetch(
            f"{select} WHERE m.collection_id = %s AND {condition}{newer} ORDER BY m.uid LIMIT %s",
            [*joined, collection_id, *params, *since, limit - len(rows)],
        )
        if len(rows) >= limit or (room is not None and room.is_full):
            break
    return rows


@lru_cache(maxsize=256)
def _select_messages(fields: tuple[str, ...], *, has_reader: bool) -> str:
    joins = (READER_JOIN if has_reader else "") + joins_of(fields)
    return f"SELECT {select_columns(fields, int(has_reader))} FROM mail_message m{joins}"


def joins_of(fields: Sequence[str]) -> str:
    """Return what joins the tables of `fields` to the messages `m`."""
    return "".join(join for group, join in _JOINS if not group.keys().isdisjoint(fields))


def sum_deleted(collection_ids: list[int]) -> dict[int, int]:
    r"""Return by mailbox the octets of the messages that have `\Deleted`, where there are any."""
    condition, params = db.in_list("collection_id", collection_ids)
    rows = db.fetch_rows(
        f"SELECT collection_id, SUM(size) FROM mail_message WHERE {condition}"
        f" AND flags & {DELETED} <> 0 GROUP BY collection_id",
        params,
    )
    return {collection_id: int(size) for collection_id, size in rows}


def count_seen(reader_id: int, collection_ids: list[int]) -> dict[int, int]:
    """Return by mailbox how many messages a reader has seen, where there are any."""
    condition, params = db.in_list("collection_id", collection_ids)
    rows = db.fetch_rows(
        f"SELECT collection_id, COUNT(*) FROM mail_messagereader WHERE {condition}"
        " AND reader_id = %s AND seen GROUP BY collection_id",
        [*params, reader_id],
    )
    return dict(rows)


def count_flags(collection_id: int) -> tuple[int, int, int, int]:
    """Return (items, octets, unseen, deleted) counted from the rows, for `doctor`."""
    [row] = db.fetch_rows(
        "SELECT COUNT(*), COALESCE(SUM(size), 0),"
        " COALESCE(SUM(CASE WHEN flags & %s = 0 THEN 1 ELSE 0 END), 0),"
        " COALESCE(SUM(CASE WHEN flags & %s <> 0 THEN 1 ELSE 0 END), 0)"
        " FROM mail_message WHERE collection_id = %s",
        [SEEN, DELETED, collection_id],
    )
    return tuple(map(int, row))  # type: ignore[return-value]
