"""Reads of the mail store: plain values from narrow rows, no model objects.

Hot: `list_changes`, `get_snapshot` and `fetch_messages` serve every NOOP, SELECT and FETCH.
Run them inside `db.read_snapshot`.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from operator import add, itemgetter
from typing import Any

from groupware.core import db
from groupware.core.errors import NotFound
from groupware.core.lost import list_lost
from mail.chunkflags import count_present, count_with
from mail.columns import READER_FIELDS, select_columns, tables_of
from mail.flagrows import (
    STATE_FIELDS,
    FlagRow,
    find_unseen,
    list_changed_flags,
    list_chunks,
    list_masks_of,
    list_states,
    list_uids,
)
from mail.flags import DELETED, SEEN
from mail.uidset import EVERY_UID, Ranges, absent_ranges, chunks, sql_condition, to_ranges

BATCH = 500
"""Rows that one `fetch_messages` returns at most."""
FEW = 64
"""UIDs up to which the flags are joined to the messages, in one statement."""

_MAILBOX_COLUMNS = (
    "c.account_id, c.id, c.name, c.object_id, b.special_use, b.selectable, c.uid_validity,"
    " c.uid_next, c.highest_modseq, c.changed_modseq, c.items, c.bytes, b.unseen, b.deleted, b.keywords"
)
_MAILBOX_TABLES = "core_collection c JOIN mail_mailbox b ON b.collection_id = c.id"


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
    changed_modseq: int
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


def find_mailbox_by_object_id(object_id: str) -> MailboxInfo | None:
    """Return a mailbox by what never changes of it, or None."""
    found = _mailboxes("c.object_id = %s AND c.kind = 'mail'", [object_id])
    return found[0] if found else None


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
    rows = list_chunks(collection_id, EVERY_UID)
    unseen = _find_first_unread(info, reader_id) if reader_id else find_unseen(rows)
    return Snapshot(info, array("q", list_uids(rows)), unseen, list_lost(account_id))


def _find_first_unread(info: MailboxInfo, reader_id: int) -> int | None:
    if not info.items:
        return None
    found = db.fetch_rows(
        "SELECT m.uid FROM mail_message m LEFT JOIN mail_messagereader r"
        " ON r.collection_id = m.collection_id AND r.reader_id = %s AND r.uid = m.uid AND r.seen"
        " WHERE m.collection_id = %s AND r.id IS NULL ORDER BY m.uid LIMIT 1",
        [reader_id, info.collection_id],
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
    rows = list_changed_flags(collection_id, since_modseq, reader_id=reader_id)
    vanished = list_vanished(collection_id, since_modseq, known_uid_next)
    changed = [row for row in rows if row[0] < known_uid_next]
    new = [row for row in rows if row[0] >= known_uid_next]
    return Changes(info, changed, new, vanished)


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
    if reader_id and not changed_since and READER_FIELDS.keys().isdisjoint(fields):
        reader_id = 0  # nothing of it is asked for
    selection = _Selection(collection_id, wanted, changed_since, reader_id)
    if reader_id or "flags" not in fields or _span(wanted) <= FEW:
        return selection.fetch(fields, limit, room)
    if not changed_since and STATE_FIELDS.issuperset(fields):
        return list_states(collection_id, wanted, fields, limit)
    return _fetch_with_flags(selection, fields, limit, room)


def _span(ranges: Ranges) -> int:
    return ranges[-1][1] - ranges[0][0] + 1 if ranges else 0


@dataclass(frozen=True, slots=True)
class _Selection:
    """Messages of a mailbox, as a reader or the owner sees them."""

    collection_id: int
    ranges: Ranges
    changed_since: int
    reader_id: int

    def fetch(
        self, fields: Sequence[str], limit: int, room: db.Room | None
    ) -> list[tuple[Any, ...]]:
        """Return fields of the first messages, up to `limit` or to the one that fills the room."""
        reader_id, since = self.reader_id, [self.changed_since] if self.changed_since else []
        select = _select_messages(tuple(fields), has_reader=reader_id != 0, with_modseq=bool(since))
        newer = f" AND ({select_columns(['modseq'], reader_id)}) > %s" if since else ""
        joined = [reader_id] if reader_id else []
        rows: list[tuple[Any, ...]] = []
        fetch = db.fetch_rows if room is None else partial(db.fetch_rows_into, room)
        for chunk in chunks(self.ranges):
            condition, params = sql_condition("m.uid", chunk)
            rows += fetch(
                f"{select} WHERE m.collection_id = %s AND {condition}{newer}"
                " ORDER BY m.uid LIMIT %s",
                [*joined, self.collection_id, *params, *since, limit - len(rows)],
            )
            if len(rows) >= limit or (room is not None and room.is_full):
                break
        return rows


@lru_cache(maxsize=256)
def _select_messages(fields: tuple[str, ...], *, has_reader: bool, with_modseq: bool) -> str:
    tables, _ = tables_of([*fields, "modseq"] if with_modseq else fields, int(has_reader))
    return f"SELECT {select_columns(fields, int(has_reader))} FROM {tables}"


def _fetch_with_flags(
    selection: _Selection, fields: Sequence[str], limit: int, room: db.Room | None
) -> list[tuple[Any, ...]]:
    """Fetch all but the flags, and add those from the texts of the chunks: a third of the time."""
    others = ("uid", *(name for name in fields if name not in {"uid", "flags"}))
    held = room and db.Room(room.octets, [others.index(fields[place]) for place in room.places])
    rows = selection.fetch(others, limit, held)
    if room and held:
        room.octets = held.octets
    uids = [row[0] for row in rows]
    ranges = to_ranges(uids) if selection.changed_since else selection.ranges
    masks = list_masks_of(selection.collection_id, ranges, uids)
    in_order = itemgetter(*((*others, "flags").index(name) for name in fields))
    return list(map(in_order, map(add, rows, zip(masks, strict=True))))


def sum_deleted(collection_ids: list[int]) -> dict[int, int]:
    r"""Return by mailbox the octets of the messages that have `\Deleted`, where there are any."""
    condition, params = db.in_list("m.collection_id", collection_ids)
    tables, _ = tables_of(["flags"])
    rows = db.fetch_rows(
        f"SELECT m.collection_id, SUM(m.size) FROM {tables} WHERE {condition}"
        f" AND ({select_columns(['flags'])}) & {DELETED} <> 0 GROUP BY m.collection_id",
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
    [(items, size)] = db.fetch_rows(
        "SELECT COUNT(*), COALESCE(SUM(size), 0) FROM mail_message WHERE collection_id = %s",
        [collection_id],
    )
    texts = [row.flags for row in list_chunks(collection_id, EVERY_UID)]
    seen, deleted = (sum(count_with(text, bit) for text in texts) for bit in (SEEN, DELETED))
    return int(items), int(size), sum(map(count_present, texts)) - seen, deleted
