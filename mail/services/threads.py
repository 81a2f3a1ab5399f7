"""Which conversation a message belongs to in its account (RFC 8474 THREADID)."""

import secrets
from collections.abc import Iterable, Sequence
from hashlib import blake2b

from groupware.core import db

MAX_REFERENCES = 20
"""References that are looked at: the message's own, the first, and the last ones."""
ROWS_AT_ONCE = 20
"""References that one statement writes: no message has more, and few statements are prepared."""


def _hash(message_id: str) -> int:
    digest = blake2b(message_id.encode("utf-8", "surrogateescape"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def assign_thread(account_id: int, references: Sequence[str]) -> tuple[int, int]:
    """Return (thread_id, email_id) for a new message, in its transaction."""
    return assign_threads(account_id, [references])[0]


def assign_threads(account_id: int, messages: Iterable[Sequence[str]]) -> list[tuple[int, int]]:
    """Return (thread_id, email_id) for new messages by their references, in their transaction.

    The thread is the oldest that any of the references belongs to, else a new one; the
    references that no thread had join it. The caller holds the account's lock.
    """
    hashes = [_hashes(references) for references in messages]
    known = _find_threads(account_id, sorted({value for own in hashes for value in own}))
    assigned: list[tuple[int, int]] = []
    fresh: list[tuple[int, int, int]] = []
    for own in hashes:
        email_id = secrets.randbits(62) + 1
        found = [known[value] for value in own if value in known]
        thread_id = min(found)[1] if found else email_id
        for value in own:
            if value not in known:
                known[value] = (len(known), thread_id)
                fresh.append((account_id, value, thread_id))
        assigned.append((thread_id, email_id))
    for start in range(0, len(fresh), ROWS_AT_ONCE):
        _insert_references(fresh[start : start + ROWS_AT_ONCE])
    return assigned


def _insert_references(rows: list[tuple[int, int, int]]) -> None:
    db.execute(
        "INSERT INTO mail_threadreference (account_id, message_id_hash, thread_id) VALUES "
        + ", ".join(["(%s, %s, %s)"] * len(rows)),
        [value for row in rows for value in row],
    )


def _hashes(references: Sequence[str]) -> list[int]:
    if len(references) > MAX_REFERENCES:
        references = [*references[:2], *references[2 - MAX_REFERENCES :]]
    return sorted({_hash(reference) for reference in references})


def _find_threads(account_id: int, hashes: list[int]) -> dict[int, tuple[int, int]]:
    """Return, by hash, (place in the order of age, thread_id) of what the account knows."""
    if not hashes:
        return {}
    condition, params = db.in_list("message_id_hash", hashes)
    rows = db.fetch_rows(
        "SELECT message_id_hash, thread_id FROM mail_threadreference"
        f" WHERE account_id = %s AND {condition} ORDER BY id",
        [account_id, *params],
    )
    return {value: (age, thread_id) for age, (value, thread_id) in enumerate(rows)}
