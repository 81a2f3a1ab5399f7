"""UIDs that went without a tombstone: a client that was away would keep those messages for ever.

Every UID below uid_next was a message's. One that is absent, and came after the floor, left a
tombstone; it came after the floor if a message with a lower UID did, or if the floor is the
mailbox's own beginning. Messages and tombstones are read page by page in one snapshot, ascending
both, so that a mailbox of any size takes little memory.
"""

import heapq
from collections.abc import Iterator
from operator import itemgetter

from django.db import connection

from groupware.core import db
from groupware.core.doctor import Examination, Fault, Repair, read_pages
from groupware.core.doctor.collections import COLLECTION
from groupware.core.doctor.repair import forget_past

_COMPARE = "Let its clients compare what is there: `doctor --repair`."
_PAGE = 20_000
_SHOWN = 100
"""Gaps of one mailbox that are told; more say nothing that these do not."""

_MAILBOXES = f"""
SELECT c.id, {COLLECTION}, c.account_id FROM core_collection c JOIN core_account a ON a.id = c.account_id
WHERE c.kind = 'mail' AND {{within}} AND c.id > %(after)s ORDER BY c.id LIMIT %(page)s
"""
_MESSAGES = (
    "SELECT uid, uid, created_modseq FROM mail_message WHERE collection_id = %s AND uid > %s"
    " ORDER BY uid LIMIT %s"
)
_TOMBSTONES = (
    "SELECT uid_first, MAX(uid_last), 0 FROM core_tombstone"
    " WHERE collection_id = %s AND href = '' AND uid_first > %s"
    " GROUP BY uid_first ORDER BY uid_first LIMIT %s"
)

Span = tuple[int, int, int]
"""(first UID, last UID, modseq at which a message came, 0 for a tombstone)."""


def check_gaps(examination: Examination, total: int) -> Iterator[Fault]:
    """Find UIDs that are absent and have no tombstone, in every mailbox; `total` are there."""
    sql = _MAILBOXES.format(within=examination.within("c.account_id"))
    for done, (collection_id, place, account_id) in enumerate(read_pages(sql)):
        examination.on_progress("mailboxes", done, total)
        with db.read_snapshot():
            gaps = find_gaps(collection_id)
        for first, last in gaps:
            what = f"UIDs {first}:{last} are gone without a tombstone"
            repair = Repair(forget_past, (account_id, collection_id))
            yield Fault("tombstone-missing", place, what, _COMPARE, repair)


def find_gaps(collection_id: int) -> list[tuple[int, int]]:
    """Return the first ranges of UIDs that went without a tombstone, in the caller's snapshot."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT uid_next, tombstone_floor, created_modseq FROM core_collection WHERE id = %s",
            [collection_id],
        )
        row = cursor.fetchone()
    if row is None:  # deleted since
        return []
    uid_next, floor, beginning = row
    is_after_floor = floor == beginning
    gaps: list[tuple[int, int]] = []
    expected = 1
    for first, last, created in _spans(collection_id, uid_next):
        if first > expected and is_after_floor:
            gaps.append((expected, first - 1))
            if len(gaps) == _SHOWN:
                break
        expected = max(expected, last + 1)
        is_after_floor = is_after_floor or created > floor
    return gaps


def _spans(collection_id: int, uid_next: int) -> Iterator[Span]:
    """Yield what is there and what left a tombstone, ascending, and the end."""
    spans = (_read(query, collection_id) for query in (_MESSAGES, _TOMBSTONES))
    yield from heapq.merge(*spans, key=itemgetter(0))
    yield uid_next, uid_next, 0


def _read(query: str, collection_id: int) -> Iterator[Span]:
    after = -1
    while True:
        with connection.cursor() as cursor:
            cursor.execute(query, [collection_id, after, _PAGE])
            rows = cursor.fetchall()
        yield from rows
        if len(rows) < _PAGE:
            return
        after = rows[-1][0]
