"""Ranges of stored messages that are read when they are sent, a frame at a time."""

from collections.abc import Iterator
from dataclasses import dataclass

from groupware.core import blobs
from groupware.core.blobs.frames import FIRST_FRAME, FRAME


@dataclass(frozen=True, slots=True)
class Span:
    """Octets of a blob that are read when they are sent."""

    location: str
    start: int
    end: int


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


def size_of(chunk: bytes | Span) -> int:
    """Return how many octets a chunk stands for."""
    return len(chunk) if isinstance(chunk, bytes) else chunk.end - chunk.start


def cut_out(chunks: list[bytes | Span], offset: int, count: int) -> list[bytes | Span]:
    """Return `count` octets from `offset` on; beyond the end there is nothing."""
    found: list[bytes | Span] = []
    for chunk in chunks:
        size = size_of(chunk)
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
