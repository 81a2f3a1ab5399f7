"""The stored form of a blob: a table of lengths, then independent zstd frames.

A part of a large message is read by decompressing only the frames that hold it. Pure.

Layout: one octet version (1), frame count (u32), then for each frame raw and stored length
(u32, u32), then the frames. The first frame is small so that a header block is read alone.
"""

import struct
import threading
from dataclasses import dataclass
from itertools import pairwise

import zstandard

VERSION = 1
FIRST_FRAME = 64 * 1024
FRAME = 256 * 1024
LEVEL = 3

_HEAD = struct.Struct("<BI")
_PAIR = struct.Struct("<II")
_USUAL = struct.Struct("<BIII")
"""The table of one frame."""


class _Local(threading.local):
    """What a thread keeps: neither may be used by two at once."""

    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
        self.decompressor = zstandard.ZstdDecompressor()


_local = _Local()


class DamagedBlob(Exception):
    """The stored bytes are not what was written."""


@dataclass(frozen=True, slots=True)
class FrameTable:
    """Raw and stored lengths of the frames, and where the first one begins."""

    lengths: tuple[tuple[int, int], ...]
    offset: int

    def covering(self, start: int, end: int) -> tuple[int, int, int, int]:
        """Return (first frame, frame after the last, stored start, raw start) of a raw range."""
        raw, stored, first, first_stored, first_raw = 0, self.offset, -1, self.offset, 0
        for number, (raw_length, stored_length) in enumerate(self.lengths):
            if first < 0 and raw + raw_length > start:
                first, first_stored, first_raw = number, stored, raw
            if raw >= end:
                return max(first, 0), number, first_stored, first_raw
            raw += raw_length
            stored += stored_length
        if first < 0:
            return len(self.lengths), len(self.lengths), stored, raw
        return first, len(self.lengths), first_stored, first_raw


def compress(data: bytes) -> bytes:
    """Return the stored form of `data`; each frame ends with a checksum."""
    view = memoryview(data)
    cuts = [0, *range(min(FIRST_FRAME, len(data)), len(data), FRAME), len(data)]
    lengths: list[bytes] = []
    frames: list[bytes] = []
    for start, end in pairwise(cuts):
        if start == end:
            continue
        frame = _local.compressor.compress(view[start:end])
        lengths.append(_PAIR.pack(end - start, len(frame)))
        frames.append(frame)
    return b"".join([_HEAD.pack(VERSION, len(frames)), *lengths, *frames])


def table_size(head: bytes) -> int:
    """Return how many octets the table takes, from at least the first five."""
    if len(head) < _HEAD.size:
        raise DamagedBlob("too short for its table")
    version, count = _HEAD.unpack_from(head)
    if version != VERSION:
        raise DamagedBlob(f"unknown version {version}")
    return int(_HEAD.size + count * _PAIR.size)


def parse_table(stored: bytes) -> FrameTable:
    """Read the frame table; raises `DamagedBlob`."""
    size = table_size(stored)
    if len(stored) < size:
        raise DamagedBlob("too short for its table")
    return FrameTable(tuple(_PAIR.iter_unpack(stored[_HEAD.size : size])), size)


def decompress_frames(stored: bytes, lengths: tuple[tuple[int, int], ...]) -> bytes:
    """Return the raw bytes of consecutive frames that begin at the start of `stored`."""
    if len(lengths) == 1:
        return _decompress_frame(stored[: lengths[0][1]], lengths[0][0])
    pieces: list[bytes] = []
    offset = 0
    for raw_length, stored_length in lengths:
        pieces.append(_decompress_frame(stored[offset : offset + stored_length], raw_length))
        offset += stored_length
    return b"".join(pieces)


def _decompress_frame(frame: bytes, raw_length: int) -> bytes:
    try:
        # The frame's own word is not trusted with memory.
        if zstandard.frame_content_size(frame) != raw_length:
            raise DamagedBlob("a frame has another length than its table says")
        return _local.decompressor.decompress(frame)
    except zstandard.ZstdError as error:
        raise DamagedBlob(str(error)) from error


def decompress(stored: bytes) -> bytes:
    """Return the raw bytes of a whole stored blob. Hot: of a usual message, one frame."""
    if len(stored) > _USUAL.size:
        version, count, raw_length, stored_length = _USUAL.unpack_from(stored)
        if count == 1 and version == VERSION:
            frame = stored[_USUAL.size : _USUAL.size + stored_length]
            return _decompress_frame(frame, raw_length)
    table = parse_table(stored)
    return decompress_frames(stored[table.offset :], table.lengths)
