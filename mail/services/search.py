"""The search index: what SEARCH compares, once for each blob, made after delivery.

Nothing waits for it. A blob without a row is the unindexed tail, which a search reads from its
bytes; so whatever is lost here costs time and never a match. Rows of collected blobs go with the
blob (`groupware.core.blobs.collector`); docs/adr/0013.
"""

from dataclasses import fields, replace

import structlog

from groupware.core import blobs, db, limits
from groupware.core.clock import epoch
from groupware.core.errors import Invalid, Stale
from groupware.core.models import Blob
from mail.services import search_segments
from mail.services.search_text import (
    DICTIONARY,
    TEXT_VERSION,
    DamagedText,
    IndexedText,
    SearchableText,
    index_text,
    make_text,
    unpack_text,
)

BATCH = 200
"""Blobs that one transaction indexes: other writers wait for no more than that."""
BATCHES = 10
"""Batches of one turn of the duty, so that no turn outlasts many others."""
CALM = 2
"""Seconds without a new blob after which new ones are indexed."""
LONGEST_WAIT = 10
"""Seconds that a blob waits for that."""
LONGEST_TAIL = BATCH * BATCHES
"""Blobs that wait for that."""

_log = structlog.get_logger("mail.search")

_COLUMNS = tuple(field.name for field in fields(IndexedText))
_NOTHING_KEPT = IndexedText(None, None, None, None, b"")


def read_text(
    location: str, version: int | None, stored: bytes | memoryview | None
) -> SearchableText:
    """Return what search compares of a blob: from its row, or, where that has none, its bytes.

    Hot: runs for each candidate. Raises `BlobMissing` or `frames.DamagedBlob`.
    """
    if stored and version == TEXT_VERSION:
        try:
            return unpack_text(bytes(stored), blobs.read_location(location, 0, DICTIONARY))
        except DamagedText as error:
            _log.error("a text of the search index is damaged", blob=location, error=str(error))
    return make_text(blobs.read_location(location))


def index_in_calm() -> int:
    """Index what came since the last time, once no more comes: a delivery goes before the index.

    What has waited for `LONGEST_WAIT`, or is `LONGEST_TAIL`, waits no longer: each search reads it.
    """
    with db.read_snapshot():
        ((waiting, oldest, newest),) = db.fetch_rows(
            "SELECT COUNT(*), MIN(created_at), MAX(created_at) FROM core_blob"
            " WHERE id > (SELECT COALESCE(MAX(blob_id), 0) FROM mail_searchtext)"
        )
    now = epoch()
    pours = waiting and newest > now - CALM
    if pours and waiting < LONGEST_TAIL and oldest > now - LONGEST_WAIT:
        return 0
    return index_new()


def index_new() -> int:
    """Index what came since the last time, a bounded number of blobs; return how many.

    What came out of order, or was refused, is left to `index_missing`.
    """
    indexed = 0
    for _ in range(BATCHES):
        rows = _list_rows("t.blob_id > (SELECT COALESCE(MAX(blob_id), 0) FROM mail_searchtext)")
        indexed += _index_rows(rows)
        if len(rows) < BATCH:
            break
    if indexed:
        search_segments.seal_segment()
    return indexed


def index_missing() -> int:
    """Index every blob without a current row, wherever it lies, and renew the segments."""
    indexed = after = 0
    while rows := _list_rows(_MISSING, after):
        indexed += _index_rows(rows)
        after = rows[-1][0]
    search_segments.dissolve_sparse()
    while search_segments.seal_segment():
        pass
    return indexed


_MISSING = (
    "t.blob_id > %s AND NOT EXISTS (SELECT 1 FROM mail_searchtext x"
    f" WHERE x.blob_id = t.blob_id AND x.version = {TEXT_VERSION:d})"
)


def _list_rows(condition: str, *params: int) -> list[tuple[int, str]]:
    """Return (blob, location) of the next blobs of messages that meet a condition."""
    with db.read_snapshot():
        rows = db.fetch_rows(
            "SELECT t.blob_id, b.location FROM mail_messagecontent t"
            f" JOIN core_blob b ON b.id = t.blob_id WHERE {condition}"
            " ORDER BY t.blob_id LIMIT %s",
            [*params, BATCH],
        )
    return [(row[0], row[1]) for row in rows]


def _index_rows(rows: list[tuple[int, str]]) -> int:
    """Write the rows of these blobs; of one that cannot be read the row keeps nothing."""
    made: list[tuple[int, IndexedText]] = []
    for blob_id, location in rows:
        try:
            made.append((blob_id, _make_row(blobs.read_location(location))))
        except blobs.UNREADABLE as error:
            _log.warning("a message cannot be indexed", blob=blob_id, error=str(error))
            made.append((blob_id, _NOTHING_KEPT))
    if not made:
        return 0
    with db.write_transaction():
        return sum(_write_row(blob_id, row, _UNLESS_CURRENT) for blob_id, row in made)


def _make_row(data: bytes) -> IndexedText:
    return index_text(data, limits.SEARCH_TEXT.value)


def index_blob_text(blob_id: int) -> None:
    """Make a blob's row of the search index anew from its bytes.

    Raises `Stale` where the blob is gone, `Invalid` where its bytes cannot be read.
    """
    try:
        row = _make_row(blobs.read(blob_id))
    except Blob.DoesNotExist as error:
        raise Stale("The blob was collected since.") from error
    except blobs.UNREADABLE as error:
        raise Invalid("Its bytes cannot be read: restore them first.", detail=str(error)) from error
    with db.write_transaction():
        if not _write_row(blob_id, row, ""):
            raise Stale("The blob was collected since.")


_UNLESS_CURRENT = " WHERE mail_searchtext.version <> excluded.version"
"""Of two that index at once the second would take the text out of its segment for nothing."""


def is_true(data: bytes, row: IndexedText) -> bool:
    """Whether a row is what these bytes have; packed, one text has more than one form."""
    made = _make_row(data)
    if replace(row, text=b"") != replace(made, text=b""):
        return False
    if not row.text:
        return not made.text
    try:
        return unpack_text(row.text, data) == make_text(data)
    except DamagedText:
        return False


def _write_row(blob_id: int, row: IndexedText, condition: str) -> bool:
    """Write a row, which no segment holds so far, in the caller's transaction.

    Returns False where the blob is gone: nothing may be left of it here.
    """
    if not db.key_share("core_blob", blob_id):
        return False
    names = ("version", "segment_id", "slot", *_COLUMNS)
    renewed = ", ".join(f"{name} = excluded.{name}" for name in names)
    db.execute(
        f"INSERT INTO mail_searchtext (blob_id, {', '.join(names)})"
        f" VALUES ({', '.join(['%s'] * (len(names) + 1))})"
        f" ON CONFLICT (blob_id) DO UPDATE SET {renewed}{condition}",
        [blob_id, TEXT_VERSION, None, 0, *(getattr(row, name) for name in _COLUMNS)],
    )
    return True
