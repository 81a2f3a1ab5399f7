"""From rows to FETCH responses, on a thread of the readers.

Hot: 10,000 rows of flags are one pass over tuples; metadata never opens a blob, a section reads
its own range only. Large ranges are not read here but left as spans, which the session streams.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import accumulate, groupby
from typing import Any, Final

from groupware.core import db
from mail import queries
from mail.flags import SEEN, serialize_flags
from mail.imap import responses
from mail.imap.binary import INLINE, Decoded, find_refusal
from mail.imap.contents import Content
from mail.imap.errors import Reply
from mail.imap.fetchcolumns import Columns, is_listed, is_summary
from mail.imap.fetchitems import Attribute, Binary, FetchItem, Section
from mail.imap.fetchplan import CONTENT, FIELDS, WHOLE, FetchPlan, is_of_whole
from mail.imap.view import MailboxView, Ranges
from mail.mime.bodystructure import derive_body
from mail.mime.sections import filter_header_fields
from mail.mime.strings import replace_nul
from mail.objectids import email_id, thread_id
from mail.spans import Span, cut_out, read_chunk, size_of

BATCH_OCTETS: Final = 4 * 1024 * 1024
"""Octets of content, or of what describes it, after which a batch ends, however few its rows are.

One message may go beyond it by what it says of itself: some 8 MiB of body structure.
"""
INLINE_WHOLE: Final = 1024 * 1024
"""Octets of a blob up to which a thread of the readers reads a whole message with its row."""


@dataclass(frozen=True, slots=True)
class Unseen:
    r"""Where a message's flags go that the FETCH itself sets to \\Seen."""

    uid: int
    with_modseq: bool
    has_uid: bool
    """Whether the response tells the UID already."""


Chunk = bytes | Span | Decoded | Unseen


@dataclass(frozen=True, slots=True)
class Batch:
    """Responses of consecutive messages."""

    chunks: list[Chunk]
    last_uid: int
    count: int
    unseen: list[int]
    is_last: bool
    refusal: Reply | None
    """Why a message of the batch has no response."""


def read_batch(
    view: MailboxView,
    plan: FetchPlan,
    ranges: Ranges,
    after_uid: int,
    *,
    inline: int = INLINE_WHOLE,
) -> Batch:
    """Return the responses of the next messages in `ranges` that the client knows.

    Whole messages up to the octets of `inline` are read here, larger ones are left as spans.
    """
    rows, is_last = _read_rows(view, plan, ranges, after_uid)
    if plan.by_column and rows:
        if plan.sections and not _are_small(plan, rows, inline):
            return _read_whole(view, plan, rows, inline, is_last=is_last)
        return _read_columns(view, plan, rows, is_last=is_last)
    writer = _Writer(plan)
    count = 0
    refusal: Reply | None = None
    decodes = bool(plan.binaries)
    unseen: list[int] = []
    last_uid = after_uid
    for row in rows:
        last_uid = row[0]
        seq = view.find_seq(last_uid)
        if seq is None:
            continue
        count += 1
        if decodes and (found := writer.find_refusal(row)):
            refusal = refusal or found
            continue
        if writer.write(seq, row):
            unseen.append(last_uid)
        if writer.octets > BATCH_OCTETS:
            is_last = False
            break
    return Batch(writer.finish(), last_uid, count, unseen, is_last, refusal)


def _read_rows(
    view: MailboxView, plan: FetchPlan, ranges: Ranges, after_uid: int
) -> tuple[list[tuple[Any, ...]], bool]:
    """Return the next rows, and whether they are the last ones."""
    room = db.Room(BATCH_OCTETS, plan.wide) if plan.wide else None
    rows = queries.fetch_messages(
        view.identity.collection_id,
        ranges,
        plan.fields,
        after_uid=after_uid,
        changed_since=plan.changed_since,
        reader_id=view.identity.reader_id,
        limit=plan.rows,
        room=room,
    )
    return rows, len(rows) < plan.rows and not (room is not None and room.is_full)


def _read_columns(
    view: MailboxView, plan: FetchPlan, rows: list[tuple[Any, ...]], *, is_last: bool
) -> Batch:
    """Return the responses made by column: of what the row tells, and of usual messages."""
    columns = _columns_of(plan, rows)
    last_uid = columns["uid"][-1]
    seqs = view.seqs_of(columns["uid"])
    if 0 in seqs:
        known = [row for seq, row in zip(seqs, rows, strict=True) if seq]
        if not known:
            return Batch([], last_uid, 0, [], is_last, None)
        seqs, columns = [seq for seq in seqs if seq], _columns_of(plan, known)
    octets = plan.form.fill(seqs, columns)
    return Batch([octets], last_uid, len(seqs), [], is_last, None)


def _are_small(plan: FetchPlan, rows: list[tuple[Any, ...]], inline: int) -> bool:
    place = plan.fields.index("blob_size")
    sizes: list[int] = [row[place] for row in rows]
    return max(sizes) <= inline and sum(sizes) <= BATCH_OCTETS


def _read_whole(
    view: MailboxView,
    plan: FetchPlan,
    rows: list[tuple[Any, ...]],
    inline: int,
    *,
    is_last: bool,
) -> Batch:
    """Return as many responses with whole messages as a batch holds.

    Runs of usual messages are made by column, large ones one by one.
    """
    size = plan.fields.index("blob_size")
    held = accumulate(row[size] if row[size] <= inline else 0 for row in rows)
    fitting = rows[: bisect_right(list(held), BATCH_OCTETS) + 1]
    known = view.number(fitting)
    chunks: list[Chunk] = []
    for is_large, run in groupby(known, key=lambda pair: pair[1][size] > inline):
        if is_large:
            writer = _Writer(plan)
            for seq, row in run:
                writer.write(seq, row)
            chunks += writer.finish()
        else:
            seqs, small = zip(*run, strict=True)
            chunks.append(plan.form.fill(seqs, _columns_of(plan, small)))
    is_last = is_last and len(fitting) == len(rows)
    return Batch(chunks, fitting[-1][0], len(known), [], is_last, None)


def _columns_of(plan: FetchPlan, rows: Iterable[tuple[Any, ...]]) -> Columns:
    return dict(zip(plan.fields, zip(*rows, strict=True), strict=True))


class _Writer:
    """Collects responses; plain octets are joined, so that a batch is a few chunks."""

    def __init__(self, plan: FetchPlan) -> None:
        self._plan = plan
        self._places = {name: place for place, name in enumerate(plan.fields)}
        self._flags = self._places.get("flags", 0)
        self._items = [(item, self._item_writer(item)) for item in plan.items]
        self._chunks: list[Chunk] = []
        self._pieces: list[bytes] = []
        self._content: Content | None = None
        self.octets = 0
        """Of content that is held here."""

    def write(self, seq: int, row: tuple[Any, ...]) -> bool:
        r"""Add one response; return whether the FETCH sets the message's \\Seen."""
        unseen = self._plan.sets_seen and not row[self._flags] & SEEN
        self._content = None
        opening = b"* %d FETCH (" % seq
        for item, write_item in self._items:
            if unseen and item in _CHANGED_BY_SEEN:
                continue
            self._pieces.append(opening)
            opening = b" "
            write_item(row)
        if unseen:
            self._pieces.append(b" ")
            asked = self._plan.items
            self._add_chunk(Unseen(row[0], Attribute.MODSEQ in asked, Attribute.UID in asked))
        self._pieces.append(b")\r\n")
        return bool(unseen)

    def finish(self) -> list[Chunk]:
        """Return what was collected."""
        self._cut()
        return self._chunks

    def _cut(self) -> None:
        if self._pieces:
            self._chunks.append(b"".join(self._pieces))
            self._pieces = []

    def _add_chunk(self, chunk: Chunk) -> None:
        if isinstance(chunk, bytes):
            self._pieces.append(chunk)
        else:
            self._cut()
            self._chunks.append(chunk)

    def _item_writer(self, item: FetchItem) -> Callable[[tuple[Any, ...]], None]:
        if isinstance(item, Section):
            return lambda row: self._write_section(item, row)
        if isinstance(item, Binary):
            return lambda row: self._write_binary(item, row)
        places = [self._places[name] for name in FIELDS[item] or ("uid",)]
        render = _RENDERERS[item]
        if len(places) == 1:
            [place] = places
            return lambda row: self._pieces.append(render(row[place]))
        first, second = places
        return lambda row: self._pieces.append(render(row[first], row[second]))

    def _write_section(self, section: Section, row: tuple[Any, ...]) -> None:
        self._pieces.append(section.label() + b" ")
        if is_summary(section):
            self._pieces.append(bytes(row[self._places["summary"]]))
            return
        if is_listed(section):
            header = bytes(row[self._places["header_fields"]])
            self._write_literal(
                section, [filter_header_fields(header, section.fields, negate=False)]
            )
            return
        if is_of_whole(section):
            chunks: list[bytes | Span] | None = self._whole_of(row)
        else:
            chunks = self._content_of(row).resolve(section)
        if chunks is None:
            self._pieces.append(b"NIL")
        else:
            self._write_literal(section, chunks)

    def _whole_of(self, row: tuple[Any, ...]) -> list[bytes | Span]:
        prefix, location, size = (row[self._places[name]] for name in WHOLE)
        span = Span(location, 0, size)
        return [span] if prefix is None else [bytes(prefix), span]

    def _content_of(self, row: tuple[Any, ...]) -> Content:
        if self._content is None:
            self._content = Content(*(row[self._places[name]] for name in CONTENT))
        return self._content

    def find_refusal(self, row: tuple[Any, ...]) -> Reply | None:
        """Return why the message has a part that is asked for and cannot be decoded."""
        self._content = None
        table = self._content_of(row).table
        refusals = (
            find_refusal(table.get(item.part), is_message=not item.part)
            for item in self._plan.binaries
        )
        return next(filter(None, refusals), None)

    def _write_binary(self, item: Binary, row: tuple[Any, ...]) -> None:
        content = self._content_of(row)
        self._pieces.append(item.label() + b" ")
        if item.size:
            self._pieces.append(b"%d" % content.decoded_size(item.part))
            return
        data = content.decode(item)
        if data is None:
            self._pieces.append(b"NIL")
            return
        head = responses.literal8_head if data.has_nul else responses.literal_head
        self._pieces.append(head(data.size))
        self.octets += data.size
        for chunk in data.chunks:
            self._add_chunk(chunk)

    def _write_literal(self, section: Section, chunks: list[bytes | Span]) -> None:
        if section.partial is not None:
            chunks = cut_out(chunks, *section.partial)
        self._pieces.append(responses.literal_head(sum(map(size_of, chunks))))
        for chunk in chunks:
            held = chunk
            if isinstance(chunk, bytes) or self.octets < BATCH_OCTETS:
                held = _read_small(chunk)
            self.octets += len(held) if isinstance(held, bytes) else 0
            self._add_chunk(held)


_CHANGED_BY_SEEN = frozenset({Attribute.FLAGS, Attribute.MODSEQ})


def _read_small(chunk: bytes | Span) -> bytes | Span:
    if isinstance(chunk, Span) and size_of(chunk) > INLINE:
        return chunk
    return replace_nul(read_chunk(chunk))


_RENDERERS: Final[dict[Attribute, Callable[..., bytes]]] = {
    Attribute.UID: lambda uid: b"UID %d" % uid,
    Attribute.FLAGS: lambda mask, words: b"FLAGS (" + serialize_flags(mask, words) + b")",
    Attribute.INTERNALDATE: lambda seconds, zone: (
        b"INTERNALDATE " + responses.internal_date(seconds, zone)
    ),
    Attribute.SIZE: lambda size: b"RFC822.SIZE %d" % size,
    Attribute.ENVELOPE: lambda envelope: b"ENVELOPE " + bytes(envelope),
    Attribute.BODY: lambda structure: b"BODY " + derive_body(bytes(structure)),
    Attribute.BODYSTRUCTURE: lambda structure: b"BODYSTRUCTURE " + bytes(structure),
    Attribute.MODSEQ: lambda modseq: b"MODSEQ (%d)" % modseq,
    Attribute.EMAILID: lambda value: b"EMAILID (%s)" % email_id(value),
    Attribute.THREADID: lambda value: b"THREADID (%s)" % thread_id(value),
}
