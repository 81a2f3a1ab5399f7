"""Changes of a mailbox for who counts how far behind a device is (`groupware.core.devices`)."""

from typing import Final

from groupware.core import db
from groupware.core.devices import Newest, cut, merge
from mail.chunkflags import CHUNK

MOST_CHUNKS: Final = 64
"""Chunks of messages that are looked through; where more have changed, not all is counted."""


def find_changes(collection_id: int, since: int, most: int) -> Newest:
    """Return the newest changes of a mailbox above a modseq: messages, and those that went."""
    return merge([_find_changed(collection_id, since), _find_gone(collection_id, since, most)])


def _find_changed(collection_id: int, since: int) -> Newest:
    """Return how many messages have which modseq, from the chunks that changed last.

    A message has the greater of its own and its chunk's `all_modseq` (docs/adr/0023).
    """
    chunks = db.fetch_rows(
        "SELECT chunk, modseq, all_modseq FROM mail_messagechunk"
        " WHERE collection_id = %s AND modseq > %s ORDER BY modseq DESC LIMIT %s",
        [collection_id, since, MOST_CHUNKS],
    )
    changes = [
        (max(modseq, all_modseq), many)
        for chunk, _, all_modseq in chunks
        for modseq, many in db.fetch_rows(
            "SELECT modseq, COUNT(*) FROM mail_message WHERE collection_id = %s"
            " AND uid >= %s AND uid < %s AND modseq > %s GROUP BY modseq",
            [
                *(collection_id, chunk * CHUNK, (chunk + 1) * CHUNK),
                0 if all_modseq > since else since,
            ],
        )
    ]
    return Newest(changes, chunks[-1][1] if len(chunks) == MOST_CHUNKS else 0)


def _find_gone(collection_id: int, since: int, most: int) -> Newest:
    """Return how many messages went: the UIDs that tombstones cover."""
    rows = db.fetch_rows(
        "SELECT modseq, uid_last - uid_first + 1 FROM core_tombstone"
        " WHERE collection_id = %s AND modseq > %s ORDER BY modseq DESC LIMIT %s",
        [collection_id, since, most],
    )
    return cut(rows, most)
