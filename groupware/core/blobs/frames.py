"""The stored form of a blob: a table of lengths, then independent zstd frames.

A part of a large message is read by decompressing only the frames that hold it. Pure.

Layout: one octet version (1), frame count (u32), then for each frame raw and stored length
(u32, u32), then the frames. The first frame is small so that a header block is read alone.

What many want of a larger blob alone, its head, is a block of zstd of its own within the first frame
(RFC 8878 §3.1.1.2): blocks are decompressed one after the other, but none in part. It takes no
octet of the layout, and whoever reads all does not notice it.
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
SPLIT = 8 * 1024
"""Octets of a blob from which on its head is a block of its own; less is read as fast whole."""

_HEAD = struct.Struct("<BI")
_PAIR = struct.Struct("<II")
_USUAL = struct.Struct("<BIII")
"""The table of one frame."""
_BLOCK_HEADER = 3
_RLE = 1
"""The type of a block that is one octet, many times."""
_OTHER_LENGTH = "a frame has another length than its table says"


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


def compress(data: bytes, head: int = 0) -> bytes:
    """Return the stored form of `data`; each frame ends with a checksum.

    The first `head` octets are a block of their own, where that spares whoever reads no more at
    least half of a frame.
    """
    view = memoryview(data)
    cuts = [0, *range(min(FIRST_FRAME, len(data)), len(data), FRAME), len(data)]
    lengths: list[bytes] = []
    frames: list[bytes] = []
    for start, end in pairwise(cuts):
        if start == end:
            continue
        is_split = not start and end >= SPLIT and 0 < head <= end // 2
        frame = _compress_split(view[:end], head) if is_split else _compress(view[start:end])
        lengths.append(_PAIR.pack(end - start, len(frame)))
        frames.append(frame)
    return b"".join([_HEAD.pack(VERSION, len(frames)), *lengths, *frames])


def _compress(data: memoryview) -> bytes:
    return _local.compressor.compress(data)


def _compress_split(data: memoryview, head: int) -> bytes:
    writer = _local.compressor.compressobj(size=len(data))
    first = writer.compress(data[:head]) + writer.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
    return b"".join([first, writer.compress(data[head:]), writer.flush()])


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
            raise DamagedBlob(_OTHER_LENGTH)
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


def decompress_head(stored: bytes) -> bytes:
    """Return the first raw octets of a blob, as many as its head has, or more.

    Hot: of many blobs of which no more is wanted. Damage within a head may stay unseen here, since
    the checksum covers a whole frame.
    """
    if len(stored) <= _USUAL.size:
        return decompress(stored)
    version, count, raw_length, stored_length = _USUAL.unpack_from(stored)
    if raw_length < SPLIT or version != VERSION:
        return decompress(stored)
    offset = _HEAD.size + count * _PAIR.size
    frame = stored[offset : offset + stored_length]
    try:
        if zstandard.frame_content_size(frame) != raw_length:
            raise DamagedBlob(_OTHER_LENGTH)
        first = frame[: _end_of_block(frame, zstandard.frame_header_size(frame))]
        return _local.decompressor.decompressobj(write_size=SPLIT).decompress(first)
    except zstandard.ZstdError as error:
        raise DamagedBlob(str(error)) from error


def _end_of_block(frame: bytes, start: int) -> int:
    """Return where a block ends that begins at `start` (RFC 8878 §3.1.1.2)."""
    header = int.from_bytes(frame[start : start + _BLOCK_HEADER], "little")
    return start + _BLOCK_HEADER + (1 if header >> 1 & 3 == _RLE else header >> 3)
