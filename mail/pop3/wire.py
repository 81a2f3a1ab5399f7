"""The grammar of arguments, and how a message goes over the wire (RFC 1939 §3, RFC 5034 §4). Pure."""

import re
from base64 import b64decode
from binascii import Error
from typing import Final

MAX_NUMBER: Final = 2**31 - 1

_DIGITS: Final = 10
_LINE_DOT: Final = re.compile(rb"\n\.")
"""Found by a search for its first octet, which is twice as fast as `in` of two octets."""
_EMPTY_LINE: Final = re.compile(rb"\r*\n")
_EMPTY_LINE_LATER: Final = re.compile(rb"\n\r*\n")
_EMPTY_LINE_OR_DOT: Final = re.compile(rb"\n(?:\r*\n|\.)")
_END: Final = b"\r\n.\r\n"
_UNUSUAL_STARTS: Final = (b"\r", b"\n", b".")


class ProtocolError(Exception):
    """The peer spoke against the grammar; the text is meant for the peer."""


def parse_number(word: bytes, *, lowest: int = 1) -> int:
    """Read a number of a message, or of lines; raises `ProtocolError`."""
    if not word.isdigit() or len(word) > _DIGITS or not lowest <= int(word) <= MAX_NUMBER:
        raise ProtocolError(f"a number from {lowest} on is expected")
    return int(word)


def decode_text(data: bytes) -> str:
    """Read a name, a password or a tag (RFC 6856 §2.2: UTF-8); raises `ProtocolError`."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise ProtocolError("the argument is not UTF-8") from None


def decode_base64(word: bytes) -> bytes:
    """Read what a client answers to a challenge; raises `ProtocolError`."""
    try:
        return b64decode(word, validate=True)
    except Error:
        raise ProtocolError("the answer is not base64") from None


def serialize_message(head: bytes, data: bytes) -> tuple[bytes, bytes, bytes]:
    """Return a response whose lines hold a whole message, as `Stuffer` makes them, in pieces. Hot.

    `head` is its first line. Pieces, so that those of many messages are copied once.
    """
    if _LINE_DOT.search(data):  # few have such a line, and `sub` would cost more to find none
        data = _LINE_DOT.sub(b"\n..", data)
    if data.startswith(b"."):
        head += b"."
    return head, data, b".\r\n" if not data or data.endswith(b"\r\n") else _END


class Stuffer:
    r"""Makes a multi-line response of a message that comes in pieces.

    A dot is put before one that begins a line, also where the line before ended in a bare LF: many
    clients take that for the end of a line, and would take the dot for the end of the message.
    All else goes out as it is stored, so that the octets are those that LIST told; to a message
    that does not end with CRLF one is added (RFC 1939 §3 ends with CRLF.CRLF).
    """

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last = b"\r\n"

    def feed(self, data: bytes) -> bytes:
        """Return what is sent for the next octets of the message."""
        if not data:
            return b""
        begins_line = self._last.endswith(b"\n")
        self._last = (self._last + data[-2:])[-2:]
        data = _LINE_DOT.sub(b"\n..", data)
        return b"." + data if begins_line and data.startswith(b".") else data

    def finish(self) -> bytes:
        """Return what ends the response."""
        return b".\r\n" if self._last == b"\r\n" else b"\r\n.\r\n"


def serialize_top(head: bytes, octets: bytes, lines: int, *, is_whole: bool = True) -> bytes:
    """Return the response to TOP of a message by its first octets, empty where more are needed.

    `head` is its first line; `is_whole` that there are no more octets. Hot: of a usual message only
    what is sent is looked at, and its header once.
    """
    found = _EMPTY_LINE_OR_DOT.search(octets)
    start = end = found.end() if found is not None else 0
    if octets.startswith(_UNUSUAL_STARTS) or not octets.endswith(b"\n", 0, end):
        return _serialize_unusual_top(head, octets, lines, is_whole=is_whole)
    while lines and (line_end := octets.find(b"\n", end) + 1):
        end = line_end
        lines -= 1
    if lines:
        end = len(octets)
    if end == len(octets) and not is_whole:
        return b""
    top = octets[:end]
    if end > start and _LINE_DOT.search(top, start - 1):
        return b"".join(serialize_message(head, top))
    return b"%b%b%b" % (head, top, b".\r\n" if top.endswith(b"\r\n") else _END)


def _serialize_unusual_top(head: bytes, octets: bytes, lines: int, *, is_whole: bool) -> bytes:
    """Return the same of a message with a dot in its header, without an end of it, or without one."""
    cut = cut_top(octets, lines)
    if len(cut) == len(octets) and not is_whole:
        return b""
    return b"".join(serialize_message(head, cut))


def cut_top(message: bytes, lines: int) -> bytes:
    """Return of a whole message what `TopCutter` lets pass. Hot: of many messages at once."""
    found = _EMPTY_LINE.match(message) or _EMPTY_LINE_LATER.search(message)
    if found is None:
        return message
    end = found.end()
    while lines and (line_end := message.find(b"\n", end) + 1):
        end = line_end
        lines -= 1
    return message if lines else message[:end]


class TopCutter:
    """Lets pass the header of a message that comes in pieces, and so many lines of its body.

    A line ends at LF; the header ends with its first empty line (RFC 1939 §7, TOP).
    """

    __slots__ = ("_in_header", "_is_empty", "_left")

    def __init__(self, lines: int) -> None:
        self._in_header = True
        self._is_empty = True
        self._left = lines

    @property
    def is_done(self) -> bool:
        """Tell whether nothing more passes."""
        return not self._in_header and not self._left

    def feed(self, data: bytes) -> bytes:
        """Return as much of the next octets as belongs to it."""
        start = self._end_of_header(data) if self._in_header else 0
        return data if self._in_header else data[: self._end_of_body(data, start)]

    def _end_of_header(self, data: bytes) -> int:
        """Return where the body begins, or the end. Hot, so that no line is looked at alone."""
        found = _EMPTY_LINE.match(data) if self._is_empty else None
        found = found or _EMPTY_LINE_LATER.search(data)
        if found is not None:
            self._in_header = False
            return found.end()
        start = data.rfind(b"\n") + 1
        self._is_empty = (self._is_empty or start > 0) and not data[start:].strip(b"\r")
        return len(data)

    def _end_of_body(self, data: bytes, start: int) -> int:
        if not self._left:  # most ask for the header alone
            return start
        count = data.count(b"\n", start)
        if count < self._left:
            self._left -= count
            return len(data)
        while self._left:
            start = data.find(b"\n", start) + 1
            self._left -= 1
        return start
