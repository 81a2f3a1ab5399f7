"""From rows to FETCH responses, on a thread of the readers.

Hot: 10,000 rows of flags are one pass over tuples; metadata never opens a blob, a section reads
its own range only. Large ranges are not read here but left as spans, which the session streams.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from groupware.core import blobs
from groupware.core.blobs.frames import FIRST_FRAME, FRAME
from mail import queries
from mail.flags import SEEN, serialize_flags
from mail.imap import responses
from mail.imap.fetchitems import Attribute, FetchItem, Section, SectionText
from mail.imap.objectids import email_id, thread_id
from mail.imap.view import MailboxView, Ranges
from mail.mime.bodystructure import derive_body
from mail.mime.parts import load_parts
from mail.mime.sections import SectionKind, SectionRange, filter_header_fields, resolve_section
from mail.mime.strings import replace_nul
from mail.services.content import LISTED_FIELDS

METADATA_ROWS: Final = 1_000
CONTENT_ROWS: Final = 50
"""Rows of one crossing to the store, without and with content."""
INLINE: Final = 64 * 1024
"""Octets of content up to which a range is read with its row."""
BATCH_OCTETS: Final = 4 * 1024 * 1024
"""Octets of content after which a batch ends, however few its rows are."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Span:
    """Octets of a blob that are read when they are sent."""

    location: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Unseen:
    r"""Where a message's flags go that the FETCH itself sets to \\Seen."""

    uid: int
    with_modseq: bool


Chunk = bytes | Span | Unseen


@dataclass(frozen=True, slots=True)
class Batch:
    """Responses of consecutive messages."""

    chunks: list[Chunk]
    last_uid: int
    count: int
    unseen: list[int]
    is_last: bool


@dataclass(frozen=True, slots=True)
class FetchPlan:
    """What a FETCH needs of the rows, and how each item is made of them."""

    items: tuple[FetchItem, ...]
    fields: tuple[str, ...]
    sections: bool
    sets_seen: bool
    changed_since: int

    @property
    def rows(self) -> int:
        """Return how many rows one crossing reads."""
        return CONTENT_ROWS if self.sections else METADATA_ROWS


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
_CONTENT: Final = ("parts", "prefix_size", "prefix", "blob_location")
_HEADERS: Final = (SectionText.HEADER_FIELDS, SectionText.HEADER_FIELDS_NOT)


def plan_fetch(
    items: Sequence[FetchItem], *, by_uid: bool, changed_since: int | None, read_only: bool
) -> FetchPlan:
    """Return the plan: UID FETCH tells UIDs, CHANGEDSINCE mod-sequences, asked for or not."""
    wanted = dict.fromkeys(items)
    if by_uid:
        wanted = {Attribute.UID: None, **wanted}
    if changed_since is not None:
        wanted[Attribute.MODSEQ] = None
    sections = [item for item in wanted if isinstance(item, Section)]
    sets_seen = not read_only and any(not section.peek for section in sections)
    fields = {"uid": None}
    for item in wanted:
        fields.update(dict.fromkeys(_fields_of(item)))
    if sets_seen:
        fields.update(dict.fromkeys(_FIELDS[Attribute.FLAGS]))
    content = any(not _is_listed(section) for section in sections)
    return FetchPlan(tuple(wanted), tuple(fields), content, sets_seen, changed_since or 0)


def _fields_of(item: FetchItem) -> tuple[str, ...]:
    if isinstance(item, Attribute):
        return _FIELDS[item]
    return ("header_fields",) if _is_listed(item) else _CONTENT


def _is_listed(section: Section) -> bool:
    """Tell whether the fields are among those that the row keeps (none of them is a prefix's)."""
    return (
        section.text is SectionText.HEADER_FIELDS
        and not section.part
        and all(name.lower() in LISTED_FIELDS for name in section.fields)
    )


def read_batch(view: MailboxView, plan: FetchPlan, ranges: Ranges, after_uid: int) -> Batch:
    """Return the responses of the next messages in `ranges` that the client knows."""
    rows = queries.fetch_messages(
        view.identity.collection_id,
        ranges,
        plan.fields,
        after_uid=after_uid,
        changed_since=plan.changed_since,
        limit=plan.rows,
    )
    writer = _Writer(plan)
    count = 0
    unseen: list[int] = []
    last_uid, is_last = after_uid, len(rows) < plan.rows
    uid_place = plan.fields.index("uid")
    for row in rows:
        last_uid = row[uid_place]
        seq = view.find_seq(last_uid)
        if seq is None:
            continue
        count += 1
        if writer.write(seq, row):
            unseen.append(last_uid)
        if writer.octets > BATCH_OCTETS:
            is_last = False
            break
    return Batch(writer.finish(), last_uid, count, unseen, is_last)


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
        self._content: _Content | None = None
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
            self._add(Unseen(row[self._uid], Attribute.MODSEQ in self._plan.items))
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
        places = [self._places[name] for name in _FIELDS[item] or ("uid",)]
        render = _RENDERERS[item]
        if len(places) == 1:
            [place] = places
            return lambda row: self._pieces.append(render(row[place]))
        first, second = places
        return lambda row: self._pieces.append(render(row[first], row[second]))

    def _write_section(self, section: Section, row: tuple[Any, ...]) -> None:
        self._pieces.append(section.label() + b" ")
        if _is_listed(section):
            header = bytes(row[self._places["header_fields"]])
            self._write_literal(
                section, [filter_header_fields(header, section.fields, negate=False)]
            )
            return
        if self._content is None:
            self._content = _Content(*(row[self._places[name]] for name in _CONTENT))
        chunks = self._content.resolve(section)
        if chunks is None:
            self._pieces.append(b"NIL")
        else:
            self._write_literal(section, chunks)

    def _write_literal(self, section: Section, chunks: list[bytes | Span]) -> None:
        if section.partial is not None:
            chunks = _cut_out(chunks, *section.partial)
        self._pieces.append(responses.literal_head(sum(map(_size, chunks))))
        for chunk in map(_read_small, chunks):
            self.octets += len(chunk) if isinstance(chunk, bytes) else 0
            self._add(chunk)


_CHANGED_BY_SEEN = frozenset({Attribute.FLAGS, Attribute.MODSEQ})


class _Content:
    """One message as prefix + blob."""

    def __init__(self, parts: Any, prefix_size: int, prefix: Any, location: str) -> None:
        self._table = load_parts(bytes(parts))
        self._prefix = bytes(prefix) if prefix_size else b""
        self._location = location

    def resolve(self, section: Section) -> list[bytes | Span] | None:
        """Return the octets of a section, None where the message has none such."""
        kind: SectionKind = _KINDS[section.text]
        found = resolve_section(self._table, section.part, kind)
        if found is None:
            return None
        if section.text not in _HEADERS:
            return self._chunks(found)
        header = b"".join(map(read_chunk, self._chunks(found)))
        negate = section.text is SectionText.HEADER_FIELDS_NOT
        return [filter_header_fields(header, section.fields, negate=negate)]

    def _chunks(self, found: SectionRange) -> list[bytes | Span]:
        span = Span(self._location, found.start, found.end)
        return [self._prefix, span] if found.with_prefix and self._prefix else [span]


_KINDS: Final[dict[SectionText, SectionKind]] = {
    SectionText.ALL: None,
    SectionText.HEADER: "HEADER",
    SectionText.HEADER_FIELDS: "HEADER.FIELDS",
    SectionText.HEADER_FIELDS_NOT: "HEADER.FIELDS.NOT",
    SectionText.TEXT: "TEXT",
    SectionText.MIME: "MIME",
}


def read_chunk(chunk: bytes | Span) -> bytes:
    """Return the octets of a chunk."""
    if isinstance(chunk, bytes):
        return chunk
    if chunk.start >= chunk.end:
        return b""
    return blobs.read_location(chunk.location, chunk.start, chunk.end)


def pieces_of(span: Span) -> Iterator[Span]:
    """Cut a span where the stored frames end, so that each frame is decompressed once."""
    start = span.start
    while start < span.end:
        frames_before = max(0, (start - FIRST_FRAME) // FRAME + 1)
        end = min(FIRST_FRAME + frames_before * FRAME, span.end)
        yield Span(span.location, start, end)
        start = end


def _read_small(chunk: bytes | Span) -> bytes | Span:
    if isinstance(chunk, Span) and _size(chunk) > INLINE:
        return chunk
    return replace_nul(read_chunk(chunk))


def _size(chunk: bytes | Span) -> int:
    return len(chunk) if isinstance(chunk, bytes) else chunk.end - chunk.start


def _cut_out(chunks: list[bytes | Span], offset: int, count: int) -> list[bytes | Span]:
    """Return `count` octets from `offset` on; beyond the end there is nothing."""
    found: list[bytes | Span] = []
    for chunk in chunks:
        size = _size(chunk)
        start, end = min(offset, size), min(offset + count, size)
        offset -= start
        count -= end - start
        if start == end:
            continue
        if isinstance(chunk, bytes):
            found.append(chunk[start:end])
        else:
            found.append(Span(chunk.location, chunk.start + start, chunk.start + end))
    return found


def _internal_date(seconds: int, zone: int) -> bytes:
    moment = _EPOCH + timedelta(seconds=seconds)
    return b"INTERNALDATE " + responses.date_time(
        moment.astimezone(timezone(timedelta(minutes=zone)))
    )


_RENDERERS: Final[dict[Attribute, Callable[..., bytes]]] = {
    Attribute.UID: lambda uid: b"UID %d" % uid,
    Attribute.FLAGS: lambda mask, words: b"FLAGS (" + serialize_flags(mask, words) + b")",
    Attribute.INTERNALDATE: _internal_date,
    Attribute.SIZE: lambda size: b"RFC822.SIZE %d" % size,
    Attribute.ENVELOPE: lambda envelope: b"ENVELOPE " + bytes(envelope),
    Attribute.BODY: lambda structure: b"BODY " + derive_body(bytes(structure)),
    Attribute.BODYSTRUCTURE: lambda structure: b"BODYSTRUCTURE " + bytes(structure),
    Attribute.MODSEQ: lambda modseq: b"MODSEQ (%d)" % modseq,
    Attribute.EMAILID: lambda value: b"EMAILID (%s)" % email_id(value),
    Attribute.THREADID: lambda value: b"THREADID (%s)" % thread_id(value),
}
