"""Which conversation a message belongs to in its account (RFC 8474 THREADID)."""

import secrets
from collections.abc import Sequence
from hashlib import blake2b

from django.db import connection

from groupware.core import db

MAX_REFERENCES = 20
"""References that are looked at: the message's own, the first, and the last ones."""


def _hash(message_id: str) -> int:
    digest = blake2b(message_id.encode("utf-8", "surrogateescape"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def assign_thread(account_id: int, references: Sequence[str]) -> tuple[int, int]:
    """Return (thread_id, email_id) for a new message, in its transaction.

    The thread is the oldest that any of the references belongs to, else a new one; the
    references that no thread had join it.
    """
    email_id = secrets.randbits(62) + 1
    if len(references) > MAX_REFERENCES:
        references = [*references[:2], *references[2 - MAX_REFERENCES :]]
    hashes = sorted({_hash(reference) for reference in references})
    if not hashes:
        return email_id, email_id
    condition, params = db.in_list("message_id_hash", hashes)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT message_id_hash, thread_id FROM mail_threadreference"
            f" WHERE account_id = %s AND {condition} ORDER BY id",
            [account_id, *params],
        )
        found = dict(cursor.fetchall())
        thread_id = next(iter(found.values())) if found else email_id
        missing = [(account_id, value, thread_id) for value in hashes if value not in found]
        if missing:
            cursor.executemany(
                "INSERT INTO mail_threadreference (account_id, message_id_hash, thread_id)"
                " VALUES (%s, %s, %s)",
                missing,
            )
    return thread_id, email_id
