"""COMPRESS=DEFLATE (RFC 4978): raw deflate of both directions, in little and bounded memory. Pure.

A deflate stream of one kilobyte can hold a megabyte: what comes in is inflated a piece at a time,
and whoever drives takes the next piece when the one before is worked off.
"""

import zlib
from typing import Final

PIECE: Final = 16 * 1024
"""Octets that are inflated at once."""
_WINDOW: Final = 13
_MEMORY: Final = 5
"""With a window of 2^13: 48 KiB of memory where zlib's defaults take 256 for a sixth less text."""
_LEVEL: Final = 3
_LARGEST_WINDOW: Final = 15
"""What a client may use, whatever it is."""


class BadStream(Exception):
    """What came is no deflate stream, or goes on behind its end; the text is meant for the peer."""


class Inflater:
    """Reads what a client compressed."""

    __slots__ = ("_inflate", "_may_hold", "_waiting")

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(-_LARGEST_WINDOW)
        self._waiting = b""
        self._may_hold = False

    @property
    def has_more(self) -> bool:
        """Tell whether `take` should be called before more is fed."""
        return bool(self._waiting) or self._may_hold

    def feed(self, data: bytes) -> None:
        """Keep what came."""
        self._waiting += data

    def take(self) -> bytes:
        """Return at most `PIECE` octets of what came; raises `BadStream`."""
        if self._inflate.eof:
            raise BadStream("The compressed stream went on behind its end.")
        try:
            piece = self._inflate.decompress(self._waiting, PIECE)
        except zlib.error:
            raise BadStream("What came is not compressed.") from None
        self._waiting = self._inflate.unconsumed_tail or self._inflate.unused_data
        # zlib itself may hold more that came out of what it has consumed.
        self._may_hold = len(piece) == PIECE and not self._inflate.eof
        return piece


class Deflater:
    """Compresses what the server sends."""

    __slots__ = ("_deflate",)

    def __init__(self) -> None:
        self._deflate: zlib._Compress | None = None

    def compress(self, data: bytes, *, rests: bool) -> bytes:
        """Return the octets with which the client has everything so far.

        Where it `rests`, nothing is remembered for the octets that follow, so that an idle
        connection keeps no memory; at a full flush a stream can be taken up by another compressor.
        """
        deflate = self._deflate or zlib.compressobj(_LEVEL, zlib.DEFLATED, -_WINDOW, _MEMORY)
        self._deflate = None if rests else deflate
        return deflate.compress(data) + deflate.flush(
            zlib.Z_FULL_FLUSH if rests else zlib.Z_SYNC_FLUSH
        )
