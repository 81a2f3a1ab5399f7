"""FETCH BINARY (RFC 3516): parts with their transfer encoding undone.

A small part is decoded with its row. A large one is decoded twice, piece by piece: to know its
size and whether it holds NUL, which stand before its octets, and again when it is sent.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from mail.imap.errors import Reply, no
from mail.imap.responses import Code
from mail.mime.decoding import IDENTITY, Decoder, new_decoder
from mail.mime.parts import PartEntry
from mail.mime.strings import replace_nul
from mail.spans import Span, cut_out, pieces_of, read_chunk, size_of

INLINE: Final = 64 * 1024
"""Octets of content up to which a range is read with its row."""

UNKNOWN_CTE: Final = no("A part has an encoding that is not known here.", Code.UNKNOWN_CTE)
COMPOSITE: Final = no("A multipart or a message is not decoded: ask for its parts.", Code.CANNOT)


@dataclass(frozen=True, slots=True)
class Decoded:
    """Octets [start, end) of what a span holds once it is decoded."""

    span: Span
    encoding: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class BinaryData:
    """What answers a BINARY item."""

    chunks: list[bytes | Span | Decoded]
    size: int
    has_nul: bool


def find_refusal(entry: PartEntry | None, *, is_message: bool) -> Reply | None:
    """Return why a part cannot be decoded; the message as a whole is always told as it is.

    RFC 3516 §4.3 for unknown encodings; RFC 9051 §6.4.5 leaves out what is made of parts.
    """
    if entry is None or is_message:
        return None
    if entry.message is not None or entry.media_type.startswith("multipart/"):
        return COMPOSITE
    return UNKNOWN_CTE if new_decoder(entry.encoding) is None else None


def decoded_size(span: Span, encoding: str) -> int:
    """Return how many octets BINARY tells of a part."""
    if encoding in IDENTITY:
        return size_of(span)
    return sum(map(len, _decoded(span, encoding)))


def find_data(span: Span, encoding: str, cut: tuple[int, int] | None) -> BinaryData:
    """Return a part's octets, or those of `cut`: (offset, count) of what is decoded."""
    if size_of(span) <= INLINE:
        [data] = cut_out([b"".join(_decoded(span, encoding))], *cut or (0, size_of(span))) or [b""]
        assert isinstance(data, bytes)
        return BinaryData([data], len(data), b"\0" in data)
    offset, count = cut or (0, size_of(span))
    window = _Window(offset, offset + count)
    has_nul = False
    size = 0
    for piece in _decoded(span, encoding):
        data = window.pass_through(piece)
        size += len(data)
        has_nul = has_nul or b"\0" in data
        if window.is_past:
            break
    return BinaryData([Decoded(span, encoding, offset, offset + size)], size, has_nul)


def find_whole(chunks: list[bytes | Span], cut: tuple[int, int] | None) -> BinaryData:
    """Return a whole message as it is, NUL included, or a cut of it."""
    kept = chunks if cut is None else cut_out(chunks, *cut)
    has_nul = any(b"\0" in data for data in _octets(kept))
    told: list[bytes | Span | Decoded] = [
        chunk if isinstance(chunk, bytes) else Decoded(chunk, "binary", 0, size_of(chunk))
        for chunk in kept
    ]
    return BinaryData(told, sum(map(size_of, kept)), has_nul)


def readers_of(chunk: Span | Decoded) -> Iterator[Callable[[], bytes]]:
    """Yield calls that return the octets of a chunk in order, a frame of the blob each."""
    if isinstance(chunk, Span):
        for piece in pieces_of(chunk):
            yield partial(_read_text, piece)
        return
    decoder = new_decoder(chunk.encoding)
    assert decoder is not None
    window = _Window(chunk.start, chunk.end)
    for piece in pieces_of(chunk.span):
        yield partial(_read_decoded, decoder, window, piece)
        if window.is_past:
            return
    yield lambda: window.pass_through(decoder.finish())


def _read_text(piece: Span) -> bytes:
    return replace_nul(read_chunk(piece))


def _read_decoded(decoder: Decoder, window: "_Window", piece: Span) -> bytes:
    return window.pass_through(decoder.feed(read_chunk(piece)))


def _decoded(span: Span, encoding: str) -> Iterator[bytes]:
    decoder = new_decoder(encoding)
    assert decoder is not None
    for piece in pieces_of(span):
        yield decoder.feed(read_chunk(piece))
    yield decoder.finish()


def _octets(chunks: list[bytes | Span]) -> Iterator[bytes]:
    for chunk in chunks:
        if isinstance(chunk, bytes):
            yield chunk
        else:
            yield from map(read_chunk, pieces_of(chunk))


class _Window:
    """Lets through the octets [start, end) of a stream."""

    def __init__(self, start: int, end: int) -> None:
        self._start = start
        self._end = end
        self._at = 0

    @property
    def is_past(self) -> bool:
        """Tell whether nothing more will be let through."""
        return self._at >= self._end

    def pass_through(self, data: bytes) -> bytes:
        """Take the next octets of the stream, and return those that are let through."""
        low, high = max(0, self._start - self._at), max(0, self._end - self._at)
        self._at += len(data)
        return data[low:high]
