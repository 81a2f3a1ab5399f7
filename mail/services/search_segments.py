"""Trigrams of texts in segments: which of thousands of messages may hold a term.

A segment covers up to `SLOTS` blobs and is written once. Each three octets of a text hash to one of
`BUCKETS` numbers; a segment has, for each number, a bitmap of the slots whose text holds such
three octets. Neighbours share a bit, and texts that are alike are neighbours. A term is in none but the texts that hold all of its trigrams, so the bitmaps take
candidates away; whether one that is left holds the term, its text tells. Octets, not characters:
two of most scripts are a trigram already.

Invariant: a text's bits are in the segment that its row names; where it names none the text itself
is searched. docs/adr/0013.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

import zstandard
from django.db import connection

from groupware.core import blobs, db
from mail.services.search_text import (
    DICTIONARY,
    TEXT_VERSION,
    DamagedText,
    SearchableText,
    unpack_text,
)

SLOTS: Final = 2_048
BUCKETS: Final = 1 << 16
PAGE_BUCKETS: Final = 64
PAGES: Final = BUCKETS // PAGE_BUCKETS
MOST_TRIGRAMS: Final = 16
"""Trigrams of a long term that are looked up; the others would take hardly more away."""
_SHARING: Final = 4
"""Slots that share a bit: a quarter of the candidates more, for half of the size."""
_BITS: Final = SLOTS // _SHARING
_WIDTH: Final = _BITS // 8
REMEMBERED: Final = 1 << 15
"""Trigrams whose buckets a process remembers: those of most texts, in some 5 MB."""
_SEGMENTS_AT_ONCE: Final = 16
_MULTIPLIER: Final = 2_654_435_761
"""Knuth's: the upper half of the product is the hash."""
_LEVEL: Final = 9

Bitmap = int
"""A bit for each few slots; see `has_slot`."""


class _Buckets(dict[tuple[int, int, int], int]):
    """The buckets of trigrams, each reckoned when it first comes; not too many are remembered."""

    def __missing__(self, trigram: tuple[int, int, int]) -> int:
        first, second, third = trigram
        bucket = ((first << 16 | second << 8 | third) * _MULTIPLIER & 0xFFFFFFFF) >> 16
        if len(self) < REMEMBERED:
            self[trigram] = bucket
        return bucket


_bucket_of = _Buckets().__getitem__


def hash_trigrams(octets: bytes) -> set[int]:
    """Return the buckets of the trigrams in a text or a term; none in less than three octets."""
    return set(map(_bucket_of, set(zip(octets, octets[1:], octets[2:], strict=False))))


def find_slots(
    segment_ids: Collection[int], terms: Sequence[bytes]
) -> Iterator[tuple[int, list[Bitmap]]]:
    """Yield each segment with, for each term, the slots whose texts may hold it."""
    wanted = [sorted(hash_trigrams(term))[:MOST_TRIGRAMS] for term in terms]
    for ids in _chunks(sorted(segment_ids), _SEGMENTS_AT_ONCE):
        pages = _read_pages(ids, {bucket // PAGE_BUCKETS for found in wanted for bucket in found})
        for segment_id in ids:
            yield segment_id, [_intersect(pages, segment_id, buckets) for buckets in wanted]


def has_slot(bitmap: Bitmap, slot: int) -> bool:
    """Whether the text at a slot may hold what the bitmap stands for."""
    return bool(bitmap >> slot // _SHARING & 1)


def _read_pages(segment_ids: list[int], numbers: set[int]) -> dict[tuple[int, int], bytes]:
    in_segments, segments = db.in_list("segment_id", segment_ids)
    in_numbers, pages = db.in_list("number", sorted(numbers))
    rows = db.fetch_rows(
        "SELECT segment_id, number, bitmaps FROM mail_searchpage"
        f" WHERE {in_segments} AND {in_numbers}",
        [*segments, *pages],
    )
    decompress = zstandard.ZstdDecompressor().decompress
    return {(segment_id, number): decompress(held) for segment_id, number, held in rows}


def _intersect(
    pages: dict[tuple[int, int], bytes], segment_id: int, buckets: Iterable[int]
) -> Bitmap:
    slots = (1 << _BITS) - 1
    for bucket in buckets:
        number, place = divmod(bucket, PAGE_BUCKETS)
        page = pages.get((segment_id, number))
        if page is not None:  # a page that is lost takes nothing away
            slots &= int.from_bytes(page[place * _WIDTH : (place + 1) * _WIDTH], "little")
    return slots


def read_segment(segment_id: int) -> bytes:
    """Return all bitmaps of a segment, one after the other; of pages that are lost all bits."""
    with db.read_snapshot():
        pages = _read_pages([segment_id], set(range(PAGES)))
    lost = b"\xff" * (PAGE_BUCKETS * _WIDTH)
    return b"".join(pages.get((segment_id, number), lost) for number in range(PAGES))


def misses_text(matrix: bytes, slot: int, text: SearchableText) -> bool:
    """Whether a segment would take away a text that it has at this slot."""
    octet, bit = _place(slot)
    trigrams = hash_trigrams(text.whole)
    return any(not matrix[bucket * _WIDTH + octet] & bit for bucket in trigrams)


def seal_segment(least: int = SLOTS) -> int:
    """Put the oldest texts that are in no segment into one, if there are `least`; return how many."""
    with db.read_snapshot():
        ((loose,),) = db.fetch_rows(
            "SELECT COUNT(*) FROM mail_searchtext WHERE version = %s AND segment_id IS NULL",
            [TEXT_VERSION],
        )
        rows = _list_loose() if loose >= least else []
    if len(rows) < least:
        return 0
    matrix = bytearray(BUCKETS * _WIDTH)
    members: list[tuple[int, int, bytes]] = []
    shared: set[int] = set()
    for blob_id, location, stored in rows:
        try:
            head = blobs.read_location(location, 0, DICTIONARY)
            buckets = hash_trigrams(unpack_text(stored, head).whole)
        except (*blobs.UNREADABLE, DamagedText):
            continue  # collected since, or damaged, which `doctor` tells: it stays outside
        slot = len(members)
        if slot % _SHARING == 0:
            _set_bits(matrix, slot - 1, shared)
            shared = set()
        shared |= buckets
        members.append((blob_id, slot, stored))
    _set_bits(matrix, len(members) - 1, shared)
    _write_segment(_compress(matrix), members)
    return len(members)


def _list_loose() -> list[tuple[int, str, bytes]]:
    """Return (blob, location, packed text) of the oldest ones, what is alike side by side."""
    rows = db.fetch_rows(
        "SELECT x.blob_id, b.location, x.text, x.recipients, x.sender FROM mail_searchtext x"
        " JOIN core_blob b ON b.id = x.blob_id"
        " WHERE x.version = %s AND x.segment_id IS NULL AND length(x.text) > 0"
        " ORDER BY x.blob_id LIMIT %s",
        [TEXT_VERSION, SLOTS],
    )
    rows.sort(key=lambda row: (bytes(row[3] or b""), bytes(row[4] or b""), row[0]))
    return [(blob_id, location, bytes(stored)) for blob_id, location, stored, *_ in rows]


def _set_bits(matrix: bytearray, slot: int, buckets: set[int]) -> None:
    """Note what the texts hold that share a bit, of which one is at this slot."""
    octet, bit = _place(slot)
    for bucket in buckets:
        matrix[bucket * _WIDTH + octet] |= bit


def _place(slot: int) -> tuple[int, int]:
    """Return where a slot's bit is in a bitmap: octet and mask."""
    bit = slot // _SHARING
    return bit >> 3, 1 << (bit & 7)


def _compress(matrix: bytearray) -> list[bytes]:
    compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)
    view, size = memoryview(matrix), PAGE_BUCKETS * _WIDTH
    return [compressor.compress(view[start : start + size]) for start in range(0, len(view), size)]


def _write_segment(pages: list[bytes], members: list[tuple[int, int, bytes]]) -> None:
    """Write a segment, and into the rows of its texts where they are in it.

    A row that is gone, is in another segment or has another text by now is left as it is.
    """
    with db.write_transaction(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO mail_searchsegment (slots) VALUES (%s) RETURNING id", [len(members)]
        )
        segment_id = cursor.fetchone()[0]
        cursor.executemany(
            "INSERT INTO mail_searchpage (segment_id, number, bitmaps) VALUES (%s, %s, %s)",
            [(segment_id, number, page) for number, page in enumerate(pages)],
        )
        cursor.executemany(
            "UPDATE mail_searchtext SET segment_id = %s, slot = %s"
            " WHERE blob_id = %s AND segment_id IS NULL AND version = %s AND text = %s",
            [
                (segment_id, slot, blob_id, TEXT_VERSION, stored)
                for blob_id, slot, stored in members
            ],
        )


def dissolve_segment(segment_id: int) -> None:
    """Remove a segment; its texts are searched themselves until a later one holds them."""
    with db.write_transaction(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE mail_searchtext SET segment_id = NULL, slot = 0 WHERE segment_id = %s",
            [segment_id],
        )
        cursor.execute("DELETE FROM mail_searchpage WHERE segment_id = %s", [segment_id])
        cursor.execute("DELETE FROM mail_searchsegment WHERE id = %s", [segment_id])


def dissolve_sparse() -> int:
    """Dissolve the segments that have lost more than half of their blobs; return how many."""
    with db.read_snapshot():
        sparse = db.fetch_rows(
            "SELECT s.id FROM mail_searchsegment s LEFT JOIN mail_searchtext x"
            " ON x.segment_id = s.id AND x.version = %s"
            " GROUP BY s.id, s.slots HAVING COUNT(x.blob_id) * 2 < s.slots ORDER BY s.id",
            [TEXT_VERSION],
        )
    for (segment_id,) in sparse:
        dissolve_segment(segment_id)
    return len(sparse)


def _chunks(ids: list[int], size: int) -> Iterator[list[int]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
