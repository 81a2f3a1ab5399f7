"""Bytes that lie beside their row, until they are carried over to where blobs lie.

On the embedded database a small blob is written in the transaction of its row: one sync of the
disk makes both durable. Later many of them together are written to the database file of blobs,
synced, and only then taken from here (docs/adr/0022).

Invariant: the bytes of a committed row lie in the spool or, synced, in the file; for a moment in
both. Its location never changes, so that a reader who finds nothing in the one place looks in the
other.
"""

import secrets
import threading
from typing import Any

from groupware.core import db
from groupware.core.blobs.store import BlobStore
from groupware.core.clock import epoch_us
from groupware.core.errors import Busy

LONGEST = 16 * 1024
"""Stored octets of a blob that is written twice; a larger one is worth a sync of its own."""
MOST = 4096
"""Blobs from which on whoever brings one carries some over himself: where no worker does it, or where
it cannot keep up, the database of rows does not take the room of bytes."""
CARRIED_AT_ONCE = 200
"""Blobs that share the two syncs of being carried over: other writers wait for no more."""
_RANDOM_BITS = 10

_making_room = threading.Lock()


def suits(stored: bytes) -> bool:
    """Tell whether such bytes are written with their row as long as there is room."""
    return db.is_sqlite() and len(stored) <= LONGEST


def has_room() -> bool:
    """Tell whether further bytes may lie here."""
    # The blobs between the oldest and the newest: never fewer than there are.
    ((span,),) = db.fetch_rows(
        "SELECT (SELECT MAX(blob_id) FROM core_blobspool)"
        " - (SELECT MIN(blob_id) FROM core_blobspool)"
    )
    return span is None or span < MOST


def make_room(store: BlobStore) -> bool:
    """Carry the oldest over where nobody else does; tell whether there is room for more.

    A sync for each message, beside that of its row, would cost many times as much. One thread of
    a process does it at a time, in no transaction.
    """
    if not db.is_free() or not _making_room.acquire(blocking=False):
        return False
    try:
        return _carry_oldest(store) > 0 and has_room()
    except Busy:
        return False
    finally:
        _making_room.release()


def new_location() -> str:
    """Return a location in the database file of blobs that was never used.

    It is a point in time, so that what comes together lies together, and random digits.
    """
    return f"db:{epoch_us() << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)}"


def write(blob_id: int, stored: bytes) -> None:
    """Put the bytes beside their row, in its transaction."""
    db.execute("INSERT INTO core_blobspool (blob_id, data) VALUES (%s, %s)", [blob_id, stored])


def find(location: str) -> bytes | None:
    """Return the bytes at a location where they lie beside their row."""
    if not db.is_sqlite():
        return None
    rows = db.fetch_rows(
        "SELECT s.data FROM core_blob b JOIN core_blobspool s ON s.blob_id = b.id"
        " WHERE b.location = %s",
        [location],
    )
    return bytes(rows[0][0]) if rows else None


def carry_over(store: BlobStore) -> int:
    """Put what lies in the spool where blobs lie; return how many. To do it twice does no harm.

    Raises `Busy`.
    """
    carried = 0
    while count := _carry_oldest(store):
        carried += count
    return carried


def _carry_oldest(store: BlobStore) -> int:
    rows = _list_oldest()
    if rows:
        store.put_spooled({location: bytes(stored) for _, location, stored in rows})
        condition, params = db.in_list("blob_id", [row[0] for row in rows])
        with db.write_transaction():
            db.execute(f"DELETE FROM core_blobspool WHERE {condition}", params)
    return len(rows)


def _list_oldest() -> list[tuple[Any, ...]]:
    with db.read_snapshot():
        return db.fetch_rows(
            "SELECT s.blob_id, b.location, s.data FROM core_blobspool s"
            " JOIN core_blob b ON b.id = s.blob_id ORDER BY s.blob_id LIMIT %s",
            [CARRIED_AT_ONCE],
        )
