"""Transfer encodings undone piece by piece, in bounded memory (RFC 2045 §6).

Damage is tolerated, as `mail.mime.text` and the standard library tolerate it: what can be decoded
is decoded. However a body is cut into pieces, the octets that come out are the same.
"""

from __future__ import annotations

import re
from binascii import a2b_base64, a2b_qp
from typing import Final, Protocol

__all__ = ["IDENTITY", "Decoder", "new_decoder"]

IDENTITY: Final = frozenset({"7bit", "8bit", "binary"})
"""Encodings that leave every octet as it is."""


class Decoder(Protocol):
    """Undoes one body's encoding."""

    def feed(self, data: bytes) -> bytes:
        """Take the next octets of the body and return what they complete."""

    def finish(self) -> bytes:
        """Return what is left when the body has ended."""


def new_decoder(encoding: str) -> Decoder | None:
    """Return a decoder at its beginning, None where the encoding is not known."""
    if encoding in IDENTITY:
        return _Identity()
    if encoding == "base64":
        return _Base64()
    return _QuotedPrintable() if encoding == "quoted-printable" else None


class _Identity:
    def feed(self, data: bytes) -> bytes:
        return data

    def finish(self) -> bytes:
        return b""


_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NO_LETTERS = bytes(set(range(256)) - set(_LETTERS) - {ord("=")})
_QUANTUM: Final = 4


class _Base64:
    """What is no letter is passed over; the padding of a quantum ends the body."""

    def __init__(self) -> None:
        self._rest = b""
        self._pads = 0
        self._ended = False

    def feed(self, data: bytes) -> bytes:
        if self._ended:
            return b""
        first, *others = data.translate(None, _NO_LETTERS).split(b"=")
        letters = bytearray(self._rest)
        self._take(letters, first)
        for run in others:
            if self._pad(len(letters) % _QUANTUM):
                self._ended = True
                self._rest = b""
                return _decode_letters(letters)
            self._take(letters, run)
        whole = len(letters) - len(letters) % _QUANTUM
        self._rest = bytes(letters[whole:])
        return a2b_base64(letters[:whole])

    def _take(self, letters: bytearray, run: bytes) -> None:
        if run:
            self._pads = 0
            letters += run

    def _pad(self, place: int) -> bool:
        """Note a `=` at a place of the quantum; return whether it completes it."""
        if place < 2:  # fewer letters make no octet
            return False
        self._pads += 1
        return place + self._pads >= _QUANTUM

    def finish(self) -> bytes:
        """Return what a quantum without its padding holds."""
        return _decode_letters(self._rest)


def _decode_letters(letters: bytes | bytearray) -> bytes:
    """Decode letters of which the last quantum may lack its padding, or all but one letter."""
    place = len(letters) % _QUANTUM
    if place == 1:
        return a2b_base64(letters[:-1])
    return a2b_base64(bytes(letters) + b"=" * (-place % _QUANTUM))


_SKIPS = re.compile(rb"(?<!=)(?:==)*(?P<mark>=)\r")
_UNFINISHED = re.compile(rb"(?<!=)(?:==)*(?P<mark>=)[0-9A-Fa-f]?\Z")


class _QuotedPrintable:
    """As `binascii.a2b_qp`: a `=` and a return pass over the rest of the line."""

    def __init__(self) -> None:
        self._rest = b""
        self._skips = False

    def feed(self, data: bytes) -> bytes:
        if self._skips:
            end = data.find(b"\n")
            if end < 0:
                return b""
            self._skips = False
            data = data[end + 1 :]
        data = self._rest + data
        self._rest = b""
        # Only the last line can be unfinished, and only from such a mark on.
        last_line = data.rfind(b"\n") + 1
        if found := _SKIPS.search(data, last_line):
            self._skips = True
            data = data[: found.start("mark")]
        elif found := _UNFINISHED.search(data, last_line):
            self._rest = data[found.start("mark") :]
            data = data[: found.start("mark")]
        return a2b_qp(data)

    def finish(self) -> bytes:
        return a2b_qp(self._rest)
