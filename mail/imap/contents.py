"""One message as FETCH tells it by sections and decoded parts: prefix + blob."""

from typing import Any, Final

from mail.imap.binary import BinaryData, decoded_size, find_data, find_whole
from mail.imap.fetchitems import Binary, Section, SectionText
from mail.mime.parts import PartEntry, load_parts
from mail.mime.sections import (
    HeaderFields,
    SectionKind,
    SectionRange,
    resolve_section,
    split_header_fields,
)
from mail.spans import Span, read_chunk, size_of

FILTERED: Final = (SectionText.HEADER_FIELDS, SectionText.HEADER_FIELDS_NOT)
"""Sections for which a header is read whole, however large it is."""
_KINDS: Final[dict[SectionText, SectionKind]] = {
    SectionText.ALL: None,
    SectionText.HEADER: "HEADER",
    SectionText.HEADER_FIELDS: "HEADER.FIELDS",
    SectionText.HEADER_FIELDS_NOT: "HEADER.FIELDS.NOT",
    SectionText.TEXT: "TEXT",
    SectionText.MIME: "MIME",
}


class Content:
    """One message as prefix + blob."""

    def __init__(self, parts: Any, prefix_size: int, prefix: Any, location: str) -> None:
        self.table = load_parts(bytes(parts))
        self._prefix = bytes(prefix) if prefix_size else b""
        self._location = location
        self._header: tuple[SectionRange, HeaderFields] | None = None

    def resolve(self, section: Section) -> list[bytes | Span] | None:
        """Return the octets of a section, None where the message has none such."""
        kind: SectionKind = _KINDS[section.text]
        found = resolve_section(self.table, section.part, kind)
        if found is None:
            return None
        if section.text not in FILTERED:
            return self._chunks(found)
        negate = section.text is SectionText.HEADER_FIELDS_NOT
        return [self._fields_of(found).choose(section.fields, negate=negate)]

    def _fields_of(self, found: SectionRange) -> HeaderFields:
        """Return the fields of a header; a client may ask for a thousand choices of the same."""
        if self._header is None or self._header[0] != found:
            header = b"".join(map(read_chunk, self._chunks(found)))
            self._header = found, split_header_fields(header)
        return self._header[1]

    def decode(self, item: Binary) -> BinaryData | None:
        """Return a decoded part, None where the message has none such."""
        entry = self.table.get(item.part)
        if entry is None:
            return None
        if not item.part:
            return find_whole(self._whole(), item.partial)
        return find_data(self._span(entry), entry.encoding, item.partial)

    def decoded_size(self, part: tuple[int, ...]) -> int:
        """Return the size of what `decode` returns for a whole part."""
        entry = self.table.get(part)
        if entry is None:
            return 0
        if not part:
            return sum(map(size_of, self._whole()))
        return decoded_size(self._span(entry), entry.encoding)

    def _span(self, entry: PartEntry) -> Span:
        return Span(self._location, entry.header_end, entry.body_end)

    def _whole(self) -> list[bytes | Span]:
        found = resolve_section(self.table, ())
        return [] if found is None else self._chunks(found)

    def _chunks(self, found: SectionRange) -> list[bytes | Span]:
        span = Span(self._location, found.start, found.end)
        return [self._prefix, span] if found.with_prefix and self._prefix else [span]
