"""The rows of chunks: flags of many messages at once; `mail.models.MessageChunk` says what they are.

In the caller's transaction, which holds the account's lock. Hot: the STORE benchmarks; a change of
ten thousand messages reads and writes forty rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, starmap

from groupware.core import db
from groupware.core.changes import Change, begin_change, lock_account, touch_collection
from mail import chunkflags
from mail.chunkflags import ABSENT, CHUNK, NOTHING
from mail.flagrows import ChunkRow, list_chunks
from mail.flags import DELETED, SEEN
from mail.queries import count_flags
from mail.uidset import CHUNK_BITS, EVERY_UID, Ranges, chunks, clip, sql_condition, to_ranges


@dataclass(slots=True)
class Effect:
    r"""What a change did: messages that changed, and by how many counters of theirs go up."""

    changed: int = 0
    unseen: int = 0
    deleted: int = 0
    had_keywords: bool = False

    def note(self, before: bytes, after: bytes) -> None:
        """Count what became of the messages of a chunk. Hot for one of them, too."""
        if len(before) == 1:
            [old], [new] = chunkflags.decode(before), chunkflags.decode(after)
            self.had_keywords |= bool(old & chunkflags.HAS_KEYWORDS)
            self.unseen += (not new & SEEN) - (not old & SEEN)
            self.deleted += bool(new & DELETED) - bool(old & DELETED)
            return
        self.had_keywords |= chunkflags.count_with(before, chunkflags.HAS_KEYWORDS) > 0
        present = chunkflags.count_present(after) - chunkflags.count_present(before)
        seen = chunkflags.count_with(after, SEEN) - chunkflags.count_with(before, SEEN)
        self.unseen += present - seen
        self.deleted += chunkflags.count_with(after, DELETED)
        self.deleted -= chunkflags.count_with(before, DELETED)


def note_arrivals(change: Change, collection_id: int, first_uid: int, masks: Sequence[int]) -> None:
    """Note messages that came with UIDs from `first_uid` on, and their flags."""
    codes = chunkflags.encode(masks)
    for start, end, first in _cut(first_uid, len(codes)):
        piece = codes[start:end].decode()
        place = first_uid + start - first
        fresh = (ABSENT * place).decode() + piece
        db.execute(
            "INSERT INTO mail_messagechunk"
            " (account_id, collection_id, chunk, modseq, all_modseq, flags)"
            " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (collection_id, chunk)"
            " DO UPDATE SET modseq = excluded.modseq, flags ="
            " substr(mail_messagechunk.flags, 1, %s) || %s || substr(mail_messagechunk.flags, %s)",
            [
                *(change.account_id, collection_id, first >> CHUNK_BITS),
                *(change.modseq, change.modseq, fresh.ljust(CHUNK, ABSENT.decode())),
                *(place, piece, place + len(piece) + 1),
            ],
        )


def _cut(first_uid: int, count: int) -> Iterator[tuple[int, int, int]]:
    """Yield (start, end, first UID of the chunk) of what lies in each chunk, as offsets."""
    start = 0
    while start < count:
        first = (first_uid + start) & -CHUNK
        end = min(count, first + CHUNK - first_uid)
        yield start, end, first
        start = end


def translate_flags(change: Change, collection_id: int, ranges: Ranges, table: bytes) -> Effect:
    """Change the flags in ranges by a table; a message that would not change keeps its modseq."""
    effect = Effect()
    written: list[ChunkRow] = []
    some: list[int] = []
    for row in list_chunks(collection_id, ranges):
        flags, changed = row.flags, 0
        pieces = _translate(row, ranges, table)
        for first_uid, before, after in pieces:
            place = first_uid - row.first_uid
            flags = flags[:place] + after + flags[place + len(after) :]
            changed += chunkflags.count_changed(before, after)
            effect.note(before, after)
        if not changed:
            continue
        is_whole = changed == chunkflags.count_present(flags)
        all_modseq = change.modseq if is_whole else row.all_modseq
        written.append(row._replace(flags=flags, modseq=change.modseq, all_modseq=all_modseq))
        if not is_whole:
            some += chain.from_iterable(starmap(chunkflags.list_changed, pieces))
        effect.changed += changed
    _write(written)
    _raise_modseqs(collection_id, to_ranges(some), change.modseq)
    return effect


def _translate(row: ChunkRow, ranges: Ranges, table: bytes) -> list[tuple[int, bytes, bytes]]:
    """Return (first UID, flags before, flags after) of the parts of a chunk that change."""
    pieces: list[tuple[int, bytes, bytes]] = []
    first = row.first_uid
    for low, high in clip(ranges, first, row.last_uid):
        before = row.flags[low - first : high - first + 1]
        after = before.translate(table)
        if after != before:
            pieces.append((low, before, after))
    return pieces


def _raise_modseqs(collection_id: int, ranges: Ranges, modseq: int) -> None:
    for some in chunks(ranges):
        condition, params = sql_condition("uid", some)
        db.execute(
            f"UPDATE mail_message SET modseq = %s WHERE collection_id = %s AND {condition}",
            [modseq, collection_id, *params],
        )


def set_flags(collection_id: int, masks: Mapping[int, int], modseq: int, *, kept: int = 0) -> None:
    """Set the flags of messages whose rows get this modseq; the `kept` ones stay as they are."""
    ranges = to_ranges(sorted(masks))
    written = []
    for row in list_chunks(collection_id, ranges):
        flags = bytearray(row.flags)
        first = row.first_uid
        for uid, held in chunkflags.list_masks(first, chunkflags.within(first, row.flags, ranges)):
            flags[uid - first : uid - first + 1] = chunkflags.encode([held & kept | masks[uid]])
        written.append(row._replace(flags=bytes(flags), modseq=modseq))
    _write(written)


def remove_flags(collection_id: int, ranges: Ranges) -> None:
    """Note that the messages of ranges are gone; a chunk that is empty goes as well."""
    written, empty = [], []
    for row in list_chunks(collection_id, ranges):
        flags = chunkflags.replace_within(row.first_uid, row.flags, NOTHING, ranges)
        if flags == NOTHING:
            empty.append(row.key)
        elif flags != row.flags:
            written.append(row._replace(flags=flags))
    _write(written)
    if empty:
        condition, params = db.in_list("id", empty)
        db.execute(f"DELETE FROM mail_messagechunk WHERE {condition}", params)


def _write(rows: list[ChunkRow]) -> None:
    for row in rows:
        db.execute(
            "UPDATE mail_messagechunk SET modseq = %s, all_modseq = %s, flags = %s WHERE id = %s",
            [row.modseq, row.all_modseq, row.flags.decode(), row.key],
        )


def renew_chunks(account_id: int, collection_id: int) -> None:
    """Make a mailbox's chunks anew of its messages, for `doctor --repair`; raises `Busy`.

    Flags that are there stay; a message that had none is told to clients as new and unseen.
    """
    with db.write_transaction():
        lock_account(account_id)
        held = {row.number: row for row in list_chunks(collection_id, EVERY_UID)}
        masks = {
            uid: mask
            for row in held.values()
            for uid, mask in chunkflags.list_masks(row.first_uid, row.flags)
        }
        _reset_lost(account_id, collection_id, masks)
        db.execute("DELETE FROM mail_messagechunk WHERE collection_id = %s", [collection_id])
        rows = db.fetch_rows(
            "SELECT uid, keywords, modseq FROM mail_message WHERE collection_id = %s ORDER BY uid",
            [collection_id],
        )
        for number, some in groupby(rows, key=lambda row: row[0] >> CHUNK_BITS):
            flags, modseq = bytearray(NOTHING), 0
            for uid, words, own in some:
                mask = chunkflags.with_keywords(masks[uid], words)
                flags[uid % CHUNK : uid % CHUNK + 1] = chunkflags.encode([mask])
                modseq = max(modseq, own)
            raised = held[number].all_modseq if number in held else 0
            db.execute(
                "INSERT INTO mail_messagechunk"
                " (account_id, collection_id, chunk, modseq, all_modseq, flags)"
                " VALUES (%s, %s, %s, %s, %s, %s)",
                [account_id, collection_id, number, max(modseq, raised), raised, flags.decode()],
            )
        _, _, unseen, deleted = count_flags(collection_id)
        db.execute(
            "UPDATE mail_mailbox SET unseen = %s, deleted = %s WHERE collection_id = %s",
            [unseen, deleted, collection_id],
        )


def _reset_lost(account_id: int, collection_id: int, masks: dict[int, int]) -> None:
    """Give the messages that have no flags none, with a modseq of their own."""
    rows = db.fetch_rows(
        "SELECT uid FROM mail_message WHERE collection_id = %s ORDER BY uid", [collection_id]
    )
    lost = [uid for (uid,) in rows if uid not in masks]
    if lost:
        change = begin_change(account_id)
        _raise_modseqs(collection_id, to_ranges(lost), change.modseq)
        touch_collection(change, collection_id)
        masks.update(dict.fromkeys(lost, 0))
