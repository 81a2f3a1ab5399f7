"""Noting which chunks of a mailbox changed; `mail.models.MessageChunk` says what they are."""

from groupware.core import db
from groupware.core.changes import lock_account
from mail.uidset import CHUNK_BITS, Ranges, chunks, normalize, sql_condition


def note_arrivals(collection_id: int, first_uid: int, last_uid: int, modseq: int) -> None:
    """Note that messages came with these UIDs, in their transaction."""
    numbers = range(first_uid >> CHUNK_BITS, (last_uid >> CHUNK_BITS) + 1)
    for start in range(0, len(numbers), 200):
        some = numbers[start : start + 200]
        db.execute(
            "INSERT INTO mail_messagechunk (collection_id, chunk, modseq) VALUES "
            + ", ".join(["(%s, %s, %s)"] * len(some))
            + " ON CONFLICT (collection_id, chunk) DO UPDATE SET modseq = excluded.modseq",
            [value for number in some for value in (collection_id, number, modseq)],
        )


def note_changes(collection_id: int, ranges: Ranges, modseq: int) -> None:
    """Note where messages of `ranges` got this modseq, in their transaction.

    At least one of them did: where they lie in one chunk there is nothing to look for.
    """
    touched = normalize((first >> CHUNK_BITS, last >> CHUNK_BITS) for first, last in ranges)
    if touched[0][0] == touched[-1][1]:
        db.execute(
            "UPDATE mail_messagechunk SET modseq = %s WHERE collection_id = %s AND chunk = %s",
            [modseq, collection_id, touched[0][0]],
        )
        return
    for some in chunks(touched):
        condition, params = sql_condition("chunk", some)
        db.execute(
            "UPDATE mail_messagechunk SET modseq = %s"
            f" WHERE collection_id = %s AND {condition} AND EXISTS ("
            " SELECT 1 FROM mail_message m WHERE m.collection_id = mail_messagechunk.collection_id"
            f" AND m.uid >= chunk << {CHUNK_BITS} AND m.uid < (chunk + 1) << {CHUNK_BITS}"
            " AND m.modseq = %s)",
            [modseq, collection_id, *params, modseq],
        )


def renew_chunks(account_id: int, collection_id: int) -> None:
    """Note anew what a mailbox holds, for `doctor --repair`; raises `Busy`."""
    with db.write_transaction():
        lock_account(account_id)
        db.execute("DELETE FROM mail_messagechunk WHERE collection_id = %s", [collection_id])
        db.execute(
            "INSERT INTO mail_messagechunk (collection_id, chunk, modseq)"
            f" SELECT collection_id, uid >> {CHUNK_BITS}, MAX(modseq) FROM mail_message"
            f" WHERE collection_id = %s GROUP BY collection_id, uid >> {CHUNK_BITS}",
            [collection_id],
        )
