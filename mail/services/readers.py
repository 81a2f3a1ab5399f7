r"""`\Seen` of readers who do not own the mailbox: rows of their own under the owner's account.

In the caller's transaction, which holds the owner's lock. What a reader has not seen has no row,
or one that says so since a modseq.
"""

from collections.abc import Mapping

from django.db import connection

from groupware.core import db
from groupware.core.changes import Change
from mail.uidset import Ranges, chunks, sql_condition

_COLUMNS = "account_id, collection_id, uid, reader_id, seen, modseq"


def note_seen(
    change: Change, collection_id: int, reader_id: int, uids: list[int], *, seen: bool
) -> None:
    """Note that a reader has seen messages of a mailbox, or has not after all."""
    if not uids:
        return
    condition, params = db.in_list("uid", uids)
    db.execute(
        f"INSERT INTO mail_messagereader ({_COLUMNS})"
        " SELECT account_id, collection_id, uid, %s, %s, %s FROM mail_message"
        f" WHERE collection_id = %s AND {condition}"
        " ON CONFLICT (collection_id, reader_id, uid)"
        " DO UPDATE SET seen = excluded.seen, modseq = excluded.modseq",
        [reader_id, seen, change.modseq, collection_id, *params],
    )


def list_seen(collection_id: int, ranges: Ranges) -> list[tuple[int, int]]:
    """Return (uid, reader) of all that was seen by its readers."""
    found: list[tuple[int, int]] = []
    for chunk in chunks(ranges):
        condition, params = sql_condition("uid", chunk)
        found += db.fetch_rows(
            "SELECT uid, reader_id FROM mail_messagereader"
            f" WHERE collection_id = %s AND seen AND {condition}",
            [collection_id, *params],
        )
    return found


def copy_seen(
    change: Change, collection_id: int, seen: list[tuple[int, int]], copies: Mapping[int, int]
) -> None:
    """Note for copies (by the uid of the original) that their readers have seen them."""
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO mail_messagereader ({_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s)",
            [
                (change.account_id, collection_id, copies[uid], reader_id, True, change.modseq)
                for uid, reader_id in seen
                if uid in copies
            ],
        )
