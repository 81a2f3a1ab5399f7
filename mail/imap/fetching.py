"""From rows to FETCH responses, on a thread of the readers.

Hot: 10,000 rows of flags are one pass over tuples; metadata never opens a blob, a section reads
its own range only. Large ranges are not read here but left as spans, which the session streams.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from groupware.core import db
from mail import queries
from mail.flags import SEEN, serialize_flags
from mail.imap import responses
from mail.imap.binary import INLINE, Decoded, find_refusal
from mail.imap.contents import FILTERED, Content
from mail.imap.errors import Reply
from mail.imap.fetchcolumns import is_listed, may_render, render_rows
from mail.imap.fetchitems import Attribute, Binary, FetchItem, Section
from mail.imap.objectids import email_id, thread_id
from mail.imap.spans import Span, cut_out, read_chunk, size_of
from mail.imap.view import MailboxView, Ranges
from mail.mime.bodystructure import derive_body
from mail.mime.sections import filter_header_fields
from mail.mime.strings import replace_nul

NARROW_ROWS: Final = 10_000
METADATA_ROWS: Final = 1_000
CONTENT_ROWS: Final = 100
"""Rows of one crossing to the store: flags and numbers; what describes a message; content."""
BATCH_OCTETS: Final = 4 * 1024 * 1024
"""Octets of content, or of what describes it, after which a batch ends, however few its rows are.

One message may go beyond it by what it says of itself: some 8 MiB of body structure.
"""
LIGHT_SECTIONS: Final = 8
"""Sections of a message that are read in the event loop's own thread."""


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


@dataclass(frozen=True, slots=True)
class FetchPlan:
    """What a FETCH needs of the rows, and how each item is made of them."""

    items: tuple[FetchItem, ...]
    fields: tuple[str, ...]
    sections: bool
    sets_seen: bool
    changed_since: int
    by_column: bool

    @property
    def binaries(self) -> list[Binary]:
        """Return the items that are decoded."""
        return [item for item in self.items if isinstance(item, Binary)]

    @property
    def rows(self) -> int:
        """Return how many rows one crossing reads."""
        if self.sections:
            return CONTENT_ROWS
        return METADATA_ROWS if self.wide else NARROW_ROWS

    @property
    def wide(self) -> list[int]:
        """Return the places of fields that a sender can make large."""
        return [place for place, field in enumerate(self.fields) if field in _WIDE]

    @property
    def is_light(self) -> bool:
        """Tell whether few messages take little time, whatever they are.

        Not where something is decoded, or taken apart that a sender can make large.
        """
        sections = [item for item in self.items if isinstance(item, Section)]
        filtered = any(item.text in FILTERED and not is_listed(item) for item in sections)
        is_derived = Attribute.BODY in self.items
        return len(sections) <= LIGHT_SECTIONS and not (filtered or is_derived or self.binaries)


_FIELDS: Final[dict[Attribute, tuple[str, ...]]] = {
    Attribute.UID: (),
    Attribute.FLAGS: ("flags", "keywords"),
    Attribute.INTERNALDATE: ("internal_date", "internal_zone"),
    Attribute.SIZE: ("size",),
    Attribute.ENVELOPE: ("envelope",),
    Attribute.BODY: ("bodystructure",),
    Attribute.BODYSTRUCTURE: ("bodystructure",),
    Attribute.MODSEQ: ("modseq",),
    Attribute.EMAILID: ("email_id",),
    Attribute.THREADID: ("thread_id",),
}
_WIDE: Final = frozenset({"envelope", "bodystructure", "header_fields"})
_CONTENT: Final = ("parts", "prefix_size", "prefix", "blob_location")


def plan_fetch(
    items: Sequence[FetchItem], *, by_uid: bool, changed_since: int | None, sets_seen: bool
) -> FetchPlan:
    """Return the plan: UID FETCH tells UIDs, CHANGEDSINCE mod-sequences, asked for or not."""
    wanted = dict.fromkeys(items)
    if by_uid:
        wanted = {Attribute.UID: None, **wanted}
    if changed_since is not None:
        wanted[Attribute.MODSEQ] = None
    sections = [item for item in wanted if isinstance(item, Section | Binary)]
    sets_seen = sets_seen and any(not section.peek for section in sections)
    fields = {"uid": None}
    for item in wanted:
        fields.update(dict.fromkeys(_fields_of(item)))
    if sets_seen:
        fields.update(dict.fromkeys(_FIELDS[Attribute.FLAGS]))
    content = any(not is_listed(section) for section in sections)
    by_column = not sets_seen and may_render(wanted)
    if by_column and content:
        fields["blob_size"] = None
    return FetchPlan(
        tuple(wanted), tuple(fields), content, sets_seen, changed_since or 0, by_column
    )


def _fields_of(item: FetchItem) -> tuple[str, ...]:
    if isinstance(item, Attribute):
        return _FIELDS[item]
    return ("header_fields",) if is_listed(item) else _CONTENT


def read_batch(view: MailboxView, plan: FetchPlan, ranges: Ranges, after_uid: int) -> Batch:
    """Return the responses of the next messages in `ranges` that the client knows."""
    rows, is_last = _read_rows(view, plan, ranges, after_uid)
    if plan.by_column and rows:
        batch = _read_columns(view, plan, rows, is_last=is_last)
        if batch is not None:
            return batch
    writer = _Writer(plan)
    count = 0
    refusal: Reply | None = None
    decodes = bool(plan.binaries)
    unseen: list[int] = []
    last_uid = after_uid
    uid_place = plan.fields.index("uid")
    for row in rows:
        last_uid = row[uid_place]
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
) -> Batch | None:
    """Return the responses made by column; None where a message is too large for that."""
    columns = dict(zip(plan.fields, zip(*rows, strict=True), strict=True))
    if plan.sections and not _are_small(columns["blob_size"]):
        return None
    last_uid = columns["uid"][-1]
    seqs = view.seqs_of(columns["uid"])
    if 0 in seqs:
        known = [(seq, row) for seq, row in zip(seqs, rows, strict=True) if seq]
        if not known:
            return Batch([], last_uid, 0, [], is_last, None)
        seqs = [seq for seq, _ in known]
        columns = dict(zip(plan.fields, zip(*(row for _, row in known), strict=True), strict=True))
    octets = render_rows(plan.items, seqs, columns)
    return Batch([octets], last_uid, len(seqs), [], is_last, None)


def _are_small(sizes: Sequence[int]) -> bool:
    return max(sizes) <= INLINE and sum(sizes) <= BATCH_OCTETS


class _Writer:
    """Collects responses; plain octets are joined, so that a batch is a few chunks."""

    def __init__(self, plan: FetchPlan) -> None:
        self._plan = plan
        self._places = {name: place for place, name in enumerate(plan.fields)}
        self._flags = self._places.get("flags", 0)
        self._uid = self._places["uid"]
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
            self._add(Unseen(row[self._uid], Attribute.MODSEQ in asked, Attribute.UID in asked))
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

    def _add(self, chunk: Chunk) -> None:
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
        places = [self._places[name] for name in _FIELDS[item] or ("uid",)]
        render = _RENDERERS[item]
        if len(places) == 1:
            [place] = places
            return lambda row: self._pieces.append(render(row[place]))
        first, second = places
        return lambda row: self._pieces.append(render(row[first], row[second]))

    def _write_section(self, section: Section, row: tuple[Any, ...]) -> None:
        self._pieces.append(section.label() + b" ")
        if is_listed(section):
            header = bytes(row[self._places["header_fields"]])
            self._write_literal(
                section, [filter_header_fields(header, section.fields, negate=False)]
            )
            return
        chunks = self._content_of(row).resolve(section)
        if chunks is None:
            self._pieces.append(b"NIL")
        else:
            self._write_literal(section, chunks)

    def _content_of(self, row: tuple[Any, ...]) -> Content:
        if self._content is None:
            self._content = Content(*(row[self._places[name]] for name in _CONTENT))
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
            self._add(chunk)

    def _write_literal(self, section: Section, chunks: list[bytes | Span]) -> None:
        if section.partial is not None:
            chunks = cut_out(chunks, *section.partial)
        self._pieces.append(responses.literal_head(sum(map(size_of, chunks))))
        for chunk in chunks:
            held = chunk
            if isinstance(chunk, bytes) or self.octets < BATCH_OCTETS:
                held = _read_small(chunk)
            self.octets += len(held) if isinstance(held, bytes) else 0
            self._add(held)


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
