"""The search index: rows and segments that would take a match away, and, with `deep`, texts.

What is not in the index is no fault: a search reads it from the message.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from groupware.core import blobs
from groupware.core.clock import epoch
from groupware.core.doctor import Examination, Fault, Finding, Note, Repair, read_pages, read_rows
from groupware.core.doctor.blobs import describe_blob
from mail.services.search import index_blob_text, is_true
from mail.services.search_segments import PAGES, dissolve_segment, misses_text, read_segment
from mail.services.search_text import TEXT_VERSION, IndexedText, make_text

_RENEW = "Index the message anew: `doctor --repair`."
_DISSOLVE = "Dissolve the segment: `doctor --repair`; a later one is made of its texts."
_INDEXED_BY_NOW = 2 * 3600
"""Seconds after which the hourly sweep must have indexed a message."""
DEEP_PAGE = 50
"""Texts that are read at once: each may be megabytes."""

_WITHIN = "EXISTS (SELECT 1 FROM mail_message m WHERE m.blob_id = x.blob_id AND {within})"
_MISPLACED = f"""
SELECT x.blob_id, x.slot, s.slots FROM mail_searchtext x
JOIN mail_searchsegment s ON s.id = x.segment_id
WHERE (x.slot < 0 OR x.slot >= s.slots OR EXISTS (SELECT 1 FROM mail_searchtext o
 WHERE o.version = x.version AND o.segment_id = x.segment_id AND o.slot = x.slot
 AND o.blob_id <> x.blob_id))
AND x.version = {TEXT_VERSION:d} AND x.blob_id > %(after)s AND {_WITHIN}
ORDER BY x.blob_id LIMIT %(page)s
"""
_INCOMPLETE = f"""
SELECT s.id, (SELECT COUNT(*) FROM mail_searchpage p WHERE p.segment_id = s.id) AS pages
FROM mail_searchsegment s WHERE s.id > %(after)s
AND (SELECT COUNT(*) FROM mail_searchpage p WHERE p.segment_id = s.id) <> {PAGES:d}
ORDER BY s.id LIMIT %(page)s
"""
_ROWS = f"""
SELECT x.blob_id, b.location, x.segment_id, x.slot, x.subject, x.sender, x.recipients, x.cc, x.text
FROM mail_searchtext x JOIN core_blob b ON b.id = x.blob_id
WHERE x.version = {TEXT_VERSION:d} AND x.blob_id > %(after)s AND {_WITHIN}
ORDER BY x.blob_id LIMIT %(page)s
"""
_WAITING = f"""
SELECT COUNT(*) FROM mail_messagecontent t JOIN core_blob b ON b.id = t.blob_id
WHERE b.created_at < %(before)s AND NOT EXISTS (SELECT 1 FROM mail_searchtext x
 WHERE x.blob_id = t.blob_id AND x.version = {TEXT_VERSION:d})
"""


def check_search(examination: Examination) -> Iterator[Finding]:
    """Find what is wrong with the search index; note what it lacks."""
    within = examination.within("m.account_id")
    for blob_id, slot, slots in read_pages(_MISPLACED.format(within=within)):
        yield _text_fault(
            blob_id, f"its place {slot} of {slots} in the search index is not its own"
        )
    if examination.account_id is None:
        for segment_id, pages in read_pages(_INCOMPLETE):
            yield _segment_fault(segment_id, f"it has {pages} pages, and should have {PAGES}")
        ((waiting,),) = read_rows(_WAITING, before=epoch() - _INDEXED_BY_NOW)
        if waiting:
            yield Note("search-text", f"{waiting} messages wait for the worker to index them.")
    if examination.deep:
        yield from _compare_texts(within)


def _compare_texts(within: str) -> Iterator[Fault]:
    """Compare every row with its message's bytes, and every segment with its rows."""
    open_segment = lru_cache(maxsize=2)(read_segment)
    told: set[int] = set()
    rows = read_pages(_ROWS.format(within=within), page=DEEP_PAGE)
    for blob_id, location, segment_id, slot, *held in rows:
        try:
            data = blobs.read_location(location)
        except blobs.UNREADABLE:
            continue  # core's to tell
        if not is_true(data, IndexedText(*map(_plain, held))):
            yield _text_fault(blob_id, "the search index has another text than its bytes")
            continue
        if segment_id is None or segment_id in told:
            continue
        if misses_text(open_segment(segment_id), slot, make_text(data)):
            told.add(segment_id)
            yield _segment_fault(segment_id, f"{describe_blob(blob_id)} is not found by it")


def _plain(value: Any) -> Any:
    return None if value is None else bytes(value)


def _text_fault(blob_id: int, what: str) -> Fault:
    repair = Repair(index_blob_text, (blob_id,))
    return Fault("search-text", describe_blob(blob_id), what, _RENEW, repair)


def _segment_fault(segment_id: int, what: str) -> Fault:
    repair = Repair(dissolve_segment, (segment_id,))
    return Fault("search-segment", f"search segment {segment_id}", what, _DISSOLVE, repair)
