"""Pages of a mailbox, the newest message first, and what a list shows of each; no blob is opened.

Hot: guarded by benchmarks/api. Run it inside `db.read_snapshot`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from groupware.core import db
from mail import queries
from mail.uidset import to_ranges

LISTED: Final = (
    *("uid", "modseq", "flags", "keywords", "size", "internal_date", "email_id", "thread_id"),
    *("sent_at", "summary", "preview", "bodystructure"),
)
READ: Final = (*LISTED, "envelope", "header_fields", "prefix")
"""What a list shows of a message, and what is shown of one that is read."""


@dataclass(frozen=True, slots=True)
class Past:
    """From where on a mailbox's changes are known, and by which epoch."""

    token_epoch: int
    tombstone_floor: int


class ThreadRow(NamedTuple):
    """Messages of one thread in one mailbox."""

    thread_id: int
    last_uid: int
    messages: int


def get_past(collection_id: int) -> Past:
    """Return what a state of a mailbox's messages hangs on, beside its modseq."""
    [row] = db.fetch_rows(
        "SELECT token_epoch, tombstone_floor FROM core_collection WHERE id = %s", [collection_id]
    )
    return Past(*row)


def list_newest(collection_id: int, *, below_uid: int, limit: int) -> list[int]:
    """Return the last UIDs of a mailbox, descending; those below one, where it is not 0."""
    rows = db.fetch_rows(
        "SELECT uid FROM mail_message WHERE collection_id = %s AND uid < %s"
        " ORDER BY uid DESC LIMIT %s",
        [collection_id, below_uid or 1 << 62, limit],
    )
    return [uid for (uid,) in rows]


def read_messages(
    collection_id: int, uids: Sequence[int], fields: Sequence[str], *, reader_id: int
) -> list[dict[str, Any]]:
    """Return fields of messages in the order of their UIDs, ascending or descending."""
    ordered = sorted(uids)
    rows = queries.fetch_messages(
        collection_id, to_ranges(ordered), fields, reader_id=reader_id, limit=len(ordered)
    )
    found = [dict(zip(fields, row, strict=True)) for row in rows]
    return found if ordered == list(uids) else found[::-1]


def list_threads(collection_id: int, *, below_uid: int, limit: int) -> list[ThreadRow]:
    """Return the threads of a mailbox, the one with the newest message first.

    It costs a pass over the mailbox's narrow rows, whatever the limit.
    """
    rows = db.fetch_rows(
        "SELECT thread_id, MAX(uid), COUNT(*) FROM mail_message WHERE collection_id = %s"
        " GROUP BY thread_id HAVING MAX(uid) < %s ORDER BY 2 DESC LIMIT %s",
        [collection_id, below_uid or 1 << 62, limit],
    )
    return [ThreadRow(*row) for row in rows]


def list_thread_uids(collection_id: int, thread_ids: Sequence[int]) -> list[tuple[int, int]]:
    """Return (uid, thread_id) of the messages of some threads, in no order; at the same cost."""
    condition, params = db.in_list("thread_id", list(thread_ids))
    return db.fetch_rows(
        f"SELECT uid, thread_id FROM mail_message WHERE collection_id = %s AND {condition}",
        [collection_id, *params],
    )
