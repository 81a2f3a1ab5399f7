"""The octets of messages for RETR and TOP, at the pace of the client.

Hot: guarded by the benchmark of RETR. A message is never another one under its number, so that
those which come next may be read ahead, with one statement for all of their rows.
"""

from collections.abc import AsyncGenerator
from typing import Final

from groupware.core import aio, blobs
from mail.maildrops import Found, Snapshot, find_content, read_whole
from mail.pop3.maildrop import Maildrop

SMALL: Final = 128 * 1024
"""Octets up to which a message is read at once."""
PIECE: Final = 256 * 1024
"""Octets of a larger one that are in memory at once."""
AHEAD_MESSAGES: Final = 32
AHEAD_OCTETS: Final = 256 * 1024


class Unreadable(Exception):
    """The stored octets of a message are damaged or lost."""


class Gone(Exception):
    """Nothing is left of a message that others removed."""


class Reader:
    """Reads the messages of one session."""

    def __init__(self, snapshot: Snapshot, maildrop: Maildrop) -> None:
        self._snapshot = snapshot
        self._maildrop = maildrop
        self._ahead: dict[int, bytes] = {}
        self._last = 0

    def take_ahead(self, number: int) -> bytes | None:
        """Return a message that was read ahead, None where it was not. Hot: most were."""
        held = self._ahead.pop(self._maildrop.uid(number), None)
        if held is not None:
            self._last = number
        return held

    async def read(self, number: int) -> bytes | AsyncGenerator[bytes, None]:
        """Return a small message whole, else one in pieces of which the first is read already.

        Raises `Gone` and `Unreadable`; the iterator raises what is in the way later.
        """
        whole = await self._read_whole(number) if self._is_small(number) else None
        if whole is not None:
            return whole
        uid, email_id = self._maildrop.uid(number), self._maildrop.email_id(number)
        found = await aio.read(find_content, self._snapshot, uid, email_id)
        if found is None:
            raise Gone
        first = await _read_piece(found, 0)
        return _pieces(found, first)

    def _is_small(self, number: int) -> bool:
        return self._maildrop.size(number) <= SMALL

    async def _read_whole(self, number: int) -> bytes | None:
        """Return a small message, None where it is not in the mailbox any more."""
        is_next = number == self._last + 1
        self._last = number
        uid = self._maildrop.uid(number)
        uids = self._line_up(number) if is_next else [uid]
        try:
            self._ahead = await aio.glance(read_whole, self._snapshot, uids)
        except blobs.UNREADABLE:
            self._ahead = await self._read_alone(uid)
        return self._ahead.pop(uid, None)

    async def _read_alone(self, uid: int) -> dict[int, bytes]:
        """Read one message apart from others that may be damaged."""
        try:
            return await aio.glance(read_whole, self._snapshot, [uid])
        except blobs.UNREADABLE as error:
            raise Unreadable from error

    def _line_up(self, number: int) -> list[int]:
        """Return the UIDs of a message and of the small ones behind it."""
        uids: list[int] = []
        octets = 0
        last = min(number + AHEAD_MESSAGES, len(self._maildrop) + 1)
        for place in range(number, last):
            octets += self._maildrop.size(place)
            if uids and (octets > AHEAD_OCTETS or not self._is_small(place)):
                break
            uids.append(self._maildrop.uid(place))
        return uids


async def _read_piece(found: Found, start: int) -> bytes:
    end = min(start + PIECE, found.blob_size)
    try:
        return await aio.call(blobs.read_location, found.location, start, end)
    except blobs.UNREADABLE as error:
        raise Unreadable from error


async def _pieces(found: Found, first: bytes) -> AsyncGenerator[bytes, None]:
    yield found.prefix
    yield first
    for start in range(PIECE, found.blob_size, PIECE):
        yield await _read_piece(found, start)
