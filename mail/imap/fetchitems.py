"""What a FETCH asks for (RFC 3501 §6.4.5), as values.

Sections name parts of the message's structure; finding the bytes is mail/mime's task.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from mail.imap.wire import ProtocolError, Reader
from mail.mime.strings import quote

MAX_SECTION_DEPTH: Final = 100
MAX_HEADER_FIELDS: Final = 200


class Attribute(Enum):
    """Data items that are one word, told by the narrow row alone."""

    UID = b"UID"
    FLAGS = b"FLAGS"
    INTERNALDATE = b"INTERNALDATE"
    SIZE = b"RFC822.SIZE"
    ENVELOPE = b"ENVELOPE"
    BODY = b"BODY"
    BODYSTRUCTURE = b"BODYSTRUCTURE"
    MODSEQ = b"MODSEQ"
    EMAILID = b"EMAILID"
    THREADID = b"THREADID"


class SectionText(Enum):
    """Which bytes of the named part are meant."""

    ALL = b""
    HEADER = b"HEADER"
    HEADER_FIELDS = b"HEADER.FIELDS"
    HEADER_FIELDS_NOT = b"HEADER.FIELDS.NOT"
    TEXT = b"TEXT"
    MIME = b"MIME"


@dataclass(frozen=True, slots=True)
class Section:
    """`BODY[part.text (fields)]<offset.count>` and its older names."""

    part: tuple[int, ...] = ()
    text: SectionText = SectionText.ALL
    fields: tuple[bytes, ...] = ()
    partial: tuple[int, int] | None = None
    peek: bool = False
    old_name: bytes = b""

    def label(self) -> bytes:
        """Return the name under which the answer carries the data."""
        if self.old_name:
            return self.old_name
        words = [b"%d" % number for number in self.part]
        if self.text is not SectionText.ALL:
            words.append(self.text.value)
        inside = b".".join(words)
        if self.fields:
            inside += b" (" + b" ".join(map(_field_name, self.fields)) + b")"
        origin = b"" if self.partial is None else b"<%d>" % self.partial[0]
        return b"BODY[" + inside + b"]" + origin


@dataclass(frozen=True, slots=True)
class Binary:
    """`BINARY[part]<offset.count>` and `BINARY.SIZE[part]` (RFC 3516 §4.2)."""

    part: tuple[int, ...] = ()
    partial: tuple[int, int] | None = None
    peek: bool = False
    size: bool = False

    def label(self) -> bytes:
        """Return the name under which the answer carries the data."""
        name = b"BINARY.SIZE[" if self.size else b"BINARY["
        origin = b"" if self.partial is None else b"<%d>" % self.partial[0]
        return name + b".".join(b"%d" % number for number in self.part) + b"]" + origin


FetchItem = Attribute | Section | Binary

_ALL: Final = (Attribute.FLAGS, Attribute.INTERNALDATE, Attribute.SIZE, Attribute.ENVELOPE)
MACROS: Final[Mapping[bytes, tuple[FetchItem, ...]]] = {
    b"ALL": _ALL,
    b"FAST": _ALL[:3],
    b"FULL": (*_ALL, Attribute.BODY),
}
_WORDS: Final[Mapping[bytes, FetchItem]] = {
    **{attribute.value: attribute for attribute in Attribute},
    b"RFC822": Section(old_name=b"RFC822"),
    b"RFC822.HEADER": Section(text=SectionText.HEADER, peek=True, old_name=b"RFC822.HEADER"),
    b"RFC822.TEXT": Section(text=SectionText.TEXT, old_name=b"RFC822.TEXT"),
}
_BINARY: Final = frozenset({b"BINARY", b"BINARY.PEEK", b"BINARY.SIZE"})
_NAME = re.compile(rb"[A-Za-z0-9.]+")
_PART = re.compile(rb"[1-9][0-9]{0,9}(?:\.[1-9][0-9]{0,9})*")
_PARTIAL = re.compile(rb"<([0-9]{1,10})\.([0-9]{1,10})>")
_PLAIN_FIELD = re.compile(rb"[!#-'+-\[^-z|}~]+")


def parse_fetch_items(reader: Reader) -> tuple[FetchItem, ...]:
    """Take a macro, one item, or a parenthesised list of items; doubles are dropped."""
    if reader.at(b"("):
        items = reader.parenthesized(lambda: _parse_item(reader), "data items")
        if not items:
            raise ProtocolError("Expected a data item.")
        return tuple(dict.fromkeys(items))
    name = _parse_name(reader)
    return MACROS.get(name) or (_parse_named(reader, name),)


def _parse_name(reader: Reader) -> bytes:
    return reader.match(_NAME, "a data item")[0].upper()


def _parse_item(reader: Reader) -> FetchItem:
    return _parse_named(reader, _parse_name(reader))


def _parse_named(reader: Reader, name: bytes) -> FetchItem:
    if name in {b"BODY", b"BODY.PEEK"} and reader.accept(b"["):
        return _parse_section(reader, peek=name == b"BODY.PEEK")
    if name in _BINARY:
        return _parse_binary(reader, name)
    item = _WORDS.get(name)
    if item is None:
        raise ProtocolError(f"Unknown data item {name.decode('ascii')[:40]}.")
    return item


def _parse_section(reader: Reader, *, peek: bool) -> Section:
    part: tuple[int, ...] = ()
    text = SectionText.ALL
    if not reader.at(b"]"):
        part, text = _parse_spec(reader)
    fields: tuple[bytes, ...] = ()
    if text in {SectionText.HEADER_FIELDS, SectionText.HEADER_FIELDS_NOT}:
        fields = _parse_fields(reader)
    reader.expect(b"]", "']' after the section")
    return Section(part, text, fields, _parse_partial(reader), peek)


def _parse_binary(reader: Reader, name: bytes) -> Binary:
    reader.expect(b"[", "'[' and a section")
    part = () if reader.at(b"]") else _parse_part(reader)
    reader.expect(b"]", "']' after the section")
    if name == b"BINARY.SIZE":
        return Binary(part, peek=True, size=True)
    return Binary(part, _parse_partial(reader), peek=name == b"BINARY.PEEK")


def _parse_part(reader: Reader) -> tuple[int, ...]:
    numbers = reader.match(_PART, "a section")[0].split(b".")
    if len(numbers) > MAX_SECTION_DEPTH:
        raise ProtocolError(f"A section nests deeper than {MAX_SECTION_DEPTH}.")
    return tuple(map(int, numbers))


def _parse_spec(reader: Reader) -> tuple[tuple[int, ...], SectionText]:
    part: tuple[int, ...] = ()
    if not reader.at_letter():
        part = _parse_part(reader)
        if not reader.accept(b"."):
            return part, SectionText.ALL
    word = reader.match(_NAME, "a section")[0].upper()
    try:
        text = SectionText(word)
    except ValueError:
        raise ProtocolError("Unknown section.") from None
    if text is SectionText.MIME and not part:
        raise ProtocolError("MIME belongs to a numbered part.")
    return part, text


def _parse_fields(reader: Reader) -> tuple[bytes, ...]:
    reader.space()
    fields = reader.parenthesized(lambda: reader.astring("a header field"), "header fields")
    if not fields or len(fields) > MAX_HEADER_FIELDS:
        raise ProtocolError(f"Expected between 1 and {MAX_HEADER_FIELDS} header fields.")
    return fields


def _parse_partial(reader: Reader) -> tuple[int, int] | None:
    if not reader.at(b"<"):
        return None
    found = reader.match(_PARTIAL, "<offset.count>")
    offset, count = int(found[1]), int(found[2])
    if count == 0:
        raise ProtocolError("A partial fetch of no octets.")
    return offset, count


def _field_name(name: bytes) -> bytes:
    # The client may have spelled it as a literal, with octets that no quoted string holds.
    return name if _PLAIN_FIELD.fullmatch(name) else quote(name)
