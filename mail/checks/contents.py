"""The index: every message's blob has a content row, made by this version, true to its bytes."""

from collections.abc import Iterator
from typing import Any

from groupware.core import blobs
from groupware.core.doctor import Examination, Fault, Finding, Repair, read_pages, read_rows
from groupware.core.doctor.blobs import describe_blob
from mail.services.content import INDEX_VERSION, index_blob, make_columns

_INDEX = "Make the row anew: `doctor --repair`."
DEEP_PAGE = 50
"""Content rows that are read at once: each may hold the header of a message."""

_HOLDING = (
    "(EXISTS (SELECT 1 FROM mail_message m WHERE m.blob_id = b.id AND {messages})"
    " OR EXISTS (SELECT 1 FROM mail_expungedmessage e WHERE e.blob_id = b.id AND {expunged}))"
)
_HELD = """
SELECT b.id, t.index_version FROM core_blob b
LEFT JOIN mail_messagecontent t ON t.blob_id = b.id
WHERE (t.blob_id IS NULL OR t.index_version <> %(version)s) AND b.id > %(after)s
AND {held}
ORDER BY b.id LIMIT %(page)s
"""
_ROWS = """
SELECT t.blob_id, b.location, {columns} FROM mail_messagecontent t
JOIN core_blob b ON b.id = t.blob_id
WHERE t.index_version = %(version)s AND t.blob_id > %(after)s
AND {held}
ORDER BY t.blob_id LIMIT %(page)s
"""
_COLUMNS = tuple(make_columns(b""))


def check_contents(examination: Examination) -> Iterator[Finding]:
    """Find blobs of messages without a current row; with `deep`, rows that are not true."""
    held = _HOLDING.format(
        messages=examination.within("m.account_id"), expunged=examination.within("e.account_id")
    )
    for blob_id, version in read_pages(_HELD.format(held=held), version=INDEX_VERSION):
        what = "the message is not indexed: no client can list it"
        if version is not None:
            what = f"it was indexed by version {version}, and the current one is {INDEX_VERSION}"
        yield _fault(blob_id, what)
    if examination.deep:
        yield from _compare_rows(examination, held)


def _compare_rows(examination: Examination, held: str) -> Iterator[Fault]:
    columns = ", ".join(f't."{name}"' for name in _COLUMNS)
    sql = _ROWS.format(columns=columns, held=held)
    ((total,),) = read_rows("SELECT COUNT(*) FROM mail_messagecontent")
    rows = read_pages(sql, page=DEEP_PAGE, version=INDEX_VERSION)
    for done, (blob_id, location, *values) in enumerate(rows):
        examination.on_progress("indexed messages", done, total)
        differing = _differing(location, values)
        if differing:
            yield _fault(blob_id, f"its index is not what its bytes say: {', '.join(differing)}")


def _differing(location: str, held: list[Any]) -> list[str]:
    """Return the columns that a new index has otherwise; bytes that are lost are core's to tell."""
    try:
        data = blobs.read_location(location)
    except blobs.UNREADABLE:
        return []
    made = make_columns(data)
    return [name for name, value in zip(_COLUMNS, held, strict=True) if _plain(value) != made[name]]


def _plain(value: object) -> object:
    return bytes(value) if isinstance(value, memoryview) else value


def _fault(blob_id: int, what: str) -> Fault:
    return Fault("index", describe_blob(blob_id), what, _INDEX, Repair(index_blob, (blob_id,)))
