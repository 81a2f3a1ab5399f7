"""What search compares of one message: its folded text, and the stored form of it. Pure.

The text is header and pieces of the body in UTF-8, each folded, with a NUL between: no piece holds
one (`mail.mime.charsets`), so nothing is found across two. Stored it is a zstd frame whose
dictionary is the beginning of the message itself, in small letters: most of a text is there
already, and what is left of it takes a twentieth of the message (docs/adr/0013).
"""

from dataclasses import dataclass
from typing import Final

import zstandard

from mail.mime.limits import DEFAULT_LIMITS
from mail.mime.parser import Part, parse_message
from mail.mime.sections import header_filter
from mail.mime.text import (
    decode_header,
    decode_header_block,
    extract_header,
    extract_text,
    fold_search,
)

TEXT_VERSION: Final = 1
"""Raised when what is made here changes: older rows count for nothing and are made anew."""
DICTIONARY: Final = 64 << 10
"""Octets of a message that its text is packed against: the blob's first frame."""
LONGEST_FIELD: Final = 4 << 10
"""Octets of folded fields of one name that a row keeps; longer ones are looked up in the header."""
FIELD_COLUMNS: Final = {b"subject": "subject", b"from": "sender", b"to": "recipients", b"cc": "cc"}
"""Header fields that a row keeps folded, and the columns that hold them."""
BREAK: Final = b"\0"
_LEVEL: Final = 3
_LONGEST: Final = 64 << 20
"""Octets that no stored text has: a damaged frame's own word is not trusted with memory."""


class DamagedText(Exception):
    """A stored text is not what was packed against these octets."""


@dataclass(frozen=True, slots=True)
class SearchableText:
    """What search compares: `header` the message's own, `body` all else, nested headers included."""

    header: bytes
    body: bytes

    @property
    def whole(self) -> bytes:
        """Header and body, with a break between."""
        return self.header + BREAK + self.body

    @staticmethod
    def split(whole: bytes) -> "SearchableText":
        """Take apart what `whole` put together."""
        header, _, body = whole.partition(BREAK)
        return SearchableText(header, body)


@dataclass(frozen=True, slots=True)
class IndexedText:
    """A row of the index: folded fields, None where too long, and the packed text or nothing."""

    subject: bytes | None
    sender: bytes | None
    recipients: bytes | None
    cc: bytes | None
    text: bytes


def fold_term(term: str) -> bytes | None:
    """Return a term as it is looked for; None for one that no text can hold."""
    try:
        folded = fold_search(term).encode()
    except UnicodeEncodeError:  # a lone surrogate, by way of UTF-7
        return None
    return None if BREAK in folded else folded


def fold_header(header: bytes) -> bytes:
    """Return a header block as search sees it."""
    return fold_search(decode_header_block(header)).encode()


def make_text(data: bytes) -> SearchableText:
    """Return what search compares of a message."""
    return _make_text(data, parse_message(data))


def _make_text(data: bytes, top: Part) -> SearchableText:
    header = fold_search(extract_header(data, top))
    pieces = map(fold_search, extract_text(data, top, headers=False))
    return SearchableText(header.encode(), BREAK.join(piece.encode() for piece in pieces))


def index_text(data: bytes, most: int) -> IndexedText:
    """Return the row of a message, without the text where it is longer than `most` octets."""
    top = parse_message(data)
    text = _make_text(data, top)
    header = data[: min(top.header_end, DEFAULT_LIMITS.max_header_bytes)]
    packed = pack_text(text, data) if len(text.whole) <= most else b""
    kept = {column: _fold_bounded(header, name) for name, column in FIELD_COLUMNS.items()}
    return IndexedText(text=packed, **kept)


def _fold_bounded(header: bytes, name: bytes) -> bytes | None:
    value = BREAK.join(fold_fields(header, name))
    return value if len(value) <= LONGEST_FIELD else None


def fold_fields(header: bytes, name: bytes) -> list[bytes]:
    """Return the folded values of the fields of that name."""
    fields = header_filter((name,))(header)
    unfolded = fields.replace(b"\r\n", b"\n").replace(b"\n ", b" ").replace(b"\n\t", b" ")
    return [
        fold_search(decode_header(line.partition(b":")[2].strip())).encode()
        for line in unfolded.split(b"\n")
        if line.strip()
    ]


def pack_text(text: SearchableText, head: bytes) -> bytes:
    """Return the stored form of a text whose message begins with `head`."""
    compressor = zstandard.ZstdCompressor(
        level=_LEVEL, dict_data=_dictionary(head), write_checksum=True
    )
    return compressor.compress(text.whole)


def unpack_text(stored: bytes, head: bytes) -> SearchableText:
    """Return the text again; raises `DamagedText`."""
    try:
        if not 0 <= zstandard.frame_content_size(stored) <= _LONGEST:
            raise DamagedText("a stored text has a length that none can have")
        decompressor = zstandard.ZstdDecompressor(dict_data=_dictionary(head))
        return SearchableText.split(decompressor.decompress(stored))
    except zstandard.ZstdError as error:
        raise DamagedText(str(error)) from error


def _dictionary(head: bytes) -> zstandard.ZstdCompressionDict | None:
    if len(head) < 8:  # what zstd takes for no dictionary at all
        return None
    return zstandard.ZstdCompressionDict(
        head[:DICTIONARY].lower(), dict_type=zstandard.DICT_TYPE_RAWCONTENT
    )
