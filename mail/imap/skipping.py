"""What a client still sends of a command that was refused: passed over, up to a limit. Pure."""

import re
from typing import Final

LITERAL: Final = re.compile(rb"(?P<binary>~?)\{(?P<size>[0-9]{1,20})(?P<sent>\+?)\}\Z")
"""The end of a line behind which a literal comes (RFC 3501 §9, RFC 7888, RFC 3516)."""

_TAIL: Final = 32
"""Octets of a line's end that are kept, to see whether a literal follows it."""


class TooMuch(Exception):
    """More comes of the command than is passed over."""


class Skipper:
    """Passes over the lines of one command and the literals that come with them."""

    __slots__ = ("_allowed", "_left", "_tail")

    def __init__(self, limit: int, literal: int) -> None:
        """Begin with a literal of so many octets, or with 0 in the middle of a line."""
        self._allowed = limit - literal
        self._left = literal
        self._tail = b""

    def take(self, buffer: bytearray) -> bool:
        """Drop what came, and tell whether the command has ended with it.

        Raises `TooMuch`, for a literal when it is announced.
        """
        has_ended = self._take(buffer)
        if self._allowed < 0:
            raise TooMuch
        return has_ended

    def _take(self, buffer: bytearray) -> bool:
        while self._take_literal(buffer):
            end = buffer.find(b"\n")
            length = end if end >= 0 else len(buffer)
            self._tail = (self._tail + buffer[max(0, length - _TAIL) : length])[-_TAIL:]
            self._allowed -= length
            del buffer[: length + 1]
            if end < 0:
                return False
            literal = LITERAL.search(self._tail.removesuffix(b"\r"))
            # A client that waits to be asked for a literal is not asked, and sends none.
            if literal is None or not literal["sent"]:
                return True
            self._tail = b""
            self._left = int(literal["size"])
            self._allowed -= self._left
        return False

    def _take_literal(self, buffer: bytearray) -> bool:
        taken = min(self._left, len(buffer))
        del buffer[:taken]
        self._left -= taken
        return not self._left
