"""Reads of flags, many at a time: from the texts of the chunks, where these say everything.

Hot: what a STORE on ten thousand messages answers, and what others are told of it, is read from
forty rows. Run inside `db.read_snapshot`, or with the account's lock.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby, repeat
from typing import Any, NamedTuple

from groupware.core import db
from mail import chunkflags
from mail.chunkflags import CHUNK
from mail.columns import select_columns, tables_of
from mail.flags import EVERY_FLAG, SEEN
from mail.uidset import CHUNK_BITS, EVERY_UID, Ranges, chunks, clip, normalize, sql_condition

FlagRow = tuple[int, int, str, int]
"""(uid, flags, keywords, modseq)."""
STATE_FIELDS = frozenset({"uid", "flags", "keywords"})
FLAG_COLUMNS = ("uid", "flags", "keywords", "modseq")


UNSEEN = frozenset(mask for mask in range(EVERY_FLAG + 1) if not mask & SEEN)
r"""The masks of flags without `\Seen`."""


class ChunkRow(NamedTuple):
    """The row of a chunk of messages (`mail.models.MessageChunk`)."""

    key: int
    number: int
    modseq: int
    all_modseq: int
    flags: bytes

    @property
    def first_uid(self) -> int:
        """Return the UID of its first character."""
        return self.number << CHUNK_BITS

    @property
    def last_uid(self) -> int:
        """Return the UID of its last character."""
        return self.first_uid + CHUNK - 1

    @property
    def has_keywords(self) -> bool:
        """Tell whether any of its messages has keywords, which are in the message's row."""
        return chunkflags.count_with(self.flags, chunkflags.HAS_KEYWORDS) > 0

    @property
    def is_told(self) -> bool:
        """Tell whether all its messages have the modseq of the latest change, and no keywords."""
        return self.all_modseq == self.modseq and not self.has_keywords


def list_chunks(
    collection_id: int, ranges: Ranges, *, changed_since: int = 0, account_id: int | None = None
) -> list[ChunkRow]:
    """Return the chunks that hold UIDs of ascending ranges, in their order.

    Where an account is named, only in a mailbox of its own.
    """
    own = " AND account_id = %s" if account_id is not None else ""
    rows: list[ChunkRow] = []
    for some in chunks(_touched(ranges)):
        condition, params = sql_condition("chunk", some)
        found = db.fetch_rows(
            "SELECT id, chunk, modseq, all_modseq, flags FROM mail_messagechunk"
            f" WHERE collection_id = %s AND modseq > %s AND {condition}{own} ORDER BY chunk",
            [collection_id, changed_since, *params, *([account_id] if own else [])],
        )
        rows += [
            ChunkRow(key, number, modseq, all_modseq, text.encode())
            for key, number, modseq, all_modseq, text in found
        ]
    return rows


def _touched(ranges: Ranges) -> Ranges:
    """Return the numbers of the chunks that hold UIDs of ascending ranges."""
    if len(ranges) == 1:
        [(first, last)] = ranges
        return [(first >> CHUNK_BITS, last >> CHUNK_BITS)]
    return normalize((first >> CHUNK_BITS, last >> CHUNK_BITS) for first, last in ranges)


def list_flags(collection_id: int, ranges: Ranges, *, reader_id: int = 0) -> list[FlagRow]:
    """Return the flags of the messages in ascending ranges, a reader's or the owner's."""
    if reader_id:
        return _select(collection_id, ranges, reader_id=reader_id)
    return _list_flags(collection_id, list_chunks(collection_id, ranges), ranges)


def list_changed_flags(
    collection_id: int, since_modseq: int, *, reader_id: int = 0
) -> list[FlagRow]:
    """Return the flags of the messages with a later modseq; costs by what changed."""
    rows = list_chunks(collection_id, EVERY_UID, changed_since=since_modseq)
    ranges = [(row.first_uid, row.last_uid) for row in rows]
    if not reader_id:
        return _list_flags(collection_id, rows, ranges, changed_since=since_modseq)
    changed = _select(collection_id, ranges, reader_id=reader_id, changed_since=since_modseq)
    # What the reader has seen is another row, found by its own index; in both it is the same.
    tables, joined = tables_of(FLAG_COLUMNS, reader_id)
    read = db.fetch_rows(
        f"SELECT {select_columns(FLAG_COLUMNS, reader_id)} FROM {tables}"
        " WHERE m.collection_id = %s AND m.uid IN (SELECT uid FROM mail_messagereader"
        " WHERE collection_id = %s AND reader_id = %s AND modseq > %s)",
        [*joined, collection_id, collection_id, reader_id, since_modseq],
    )
    return sorted({*changed, *read}) if read else changed


def list_states(
    collection_id: int, ranges: Ranges, fields: Sequence[str], limit: int
) -> list[tuple[Any, ...]]:
    """Return some of `STATE_FIELDS` of the first messages in ascending ranges, the owner's."""
    found: list[tuple[Any, ...]] = []
    rows = _take_rows(list_chunks(collection_id, ranges), ranges, limit)
    for has_keywords, some in groupby(rows, key=lambda row: row.has_keywords):
        run = list(some)
        if has_keywords:
            wanted = clip(ranges, run[0].first_uid, run[-1].last_uid)
            by_name = {"uid": 0, "flags": 1, "keywords": 2}
            states = _select(collection_id, wanted)
            found += [tuple(state[by_name[name]] for name in fields) for state in states]
        for row in () if has_keywords else run:
            flags = chunkflags.within(row.first_uid, row.flags, ranges)
            columns: dict[str, Iterable[Any]] = {
                "uid": chunkflags.list_present(row.first_uid, flags),
                "flags": chunkflags.list_flags(flags),
                "keywords": repeat(""),
            }
            found += zip(*(columns[name] for name in fields), strict=False)
    return found[:limit]


def _take_rows(rows: Iterable[ChunkRow], ranges: Ranges, limit: int) -> Iterator[ChunkRow]:
    """Yield chunks up to the one with which so many messages are found in ascending ranges."""
    count = 0
    for row in rows:
        yield row
        count += chunkflags.count_present(chunkflags.within(row.first_uid, row.flags, ranges))
        if count >= limit:
            return


def list_masks_of(collection_id: int, ranges: Ranges, uids: Sequence[int]) -> Sequence[int]:
    """Return the owner's flags of messages, which are all in ascending ranges up to the last."""
    if not uids:
        return ()
    wanted = clip(ranges, uids[0], uids[-1])
    rows = list_chunks(collection_id, wanted)
    texts = (chunkflags.within(row.first_uid, row.flags, wanted) for row in rows)
    masks = b"".join(map(chunkflags.list_flags, texts))
    if len(masks) == len(uids):
        return masks
    held = dict(state for row in rows for state in chunkflags.list_masks(row.first_uid, row.flags))
    return [held.get(uid, 0) for uid in uids]


def find_holding(collection_id: int, ranges: Ranges, masks: frozenset[int]) -> list[int]:
    """Return the UIDs in ascending ranges whose flags, the owner's, are one of these masks."""
    uids: list[int] = []
    for row in list_chunks(collection_id, ranges):
        held = chunkflags.holding(row.flags, masks)
        uids += chunkflags.list_present(
            row.first_uid, chunkflags.within(row.first_uid, held, ranges)
        )
    return uids


def list_uids(rows: Iterable[ChunkRow]) -> Iterator[int]:
    """Yield the UIDs of the messages of chunks."""
    return chain.from_iterable(chunkflags.list_present(row.first_uid, row.flags) for row in rows)


def find_unseen(rows: Iterable[ChunkRow]) -> int | None:
    """Return the first UID of chunks that its owner has not seen."""
    return next(list_uids(_with_unseen(rows)), None)


def _with_unseen(rows: Iterable[ChunkRow]) -> Iterator[ChunkRow]:
    return (row._replace(flags=chunkflags.holding(row.flags, UNSEEN)) for row in rows)


def list_unseen(collection_id: int, uids: Iterable[int], *, reader_id: int = 0) -> list[int]:
    """Return which of these messages a reader, or the owner, has not seen.

    One statement however far apart they lie: to look for each would take a second for some
    thousands of them.
    """
    if reader_id:
        rows = db.fetch_rows(
            "SELECT uid FROM mail_messagereader WHERE collection_id = %s AND reader_id = %s AND seen",
            [collection_id, reader_id],
        )
        seen = {uid for (uid,) in rows}
        return [uid for uid in uids if uid not in seen]
    unseen = set(list_uids(_with_unseen(list_chunks(collection_id, EVERY_UID))))
    return [uid for uid in uids if uid in unseen]


def _list_flags(
    collection_id: int, rows: Sequence[ChunkRow], ranges: Ranges, *, changed_since: int = 0
) -> list[FlagRow]:
    found: list[FlagRow] = []
    for is_told, some in groupby(rows, key=lambda row: row.is_told):
        run = list(some)
        if is_told:
            for row in run:
                flags = chunkflags.within(row.first_uid, row.flags, ranges)
                modseq = row.all_modseq
                found += [
                    (uid, mask, "", modseq)
                    for uid, mask in chunkflags.list_masks(row.first_uid, flags)
                ]
        else:
            wanted = clip(ranges, run[0].first_uid, run[-1].last_uid)
            found += _select(collection_id, wanted, changed_since=changed_since)
    return found


def _select(
    collection_id: int, ranges: Ranges, *, reader_id: int = 0, changed_since: int = 0
) -> list[FlagRow]:
    tables, joined = tables_of(FLAG_COLUMNS, reader_id)
    newer = f" AND ({select_columns(['modseq'], reader_id)}) > %s" if changed_since else ""
    rows: list[FlagRow] = []
    for some in chunks(ranges):
        condition, params = sql_condition("m.uid", some)
        rows += db.fetch_rows(
            f"SELECT {select_columns(FLAG_COLUMNS, reader_id)} FROM {tables}"
            f" WHERE m.collection_id = %s AND {condition}{newer} ORDER BY m.uid",
            [*joined, collection_id, *params, *([changed_since] if changed_since else [])],
        )
    return rows
