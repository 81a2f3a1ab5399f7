"""The octets of messages for RETR, at the pace of the client, and for TOP where heads are not enough.

Hot: guarded by the benchmarks of RETR. A message is never another one under its number, so that
those which come next may be read ahead, with one statement for all of their rows.
"""

from collections.abc import AsyncGenerator, Sequence
from typing import Final

from groupware.core import aio, blobs
from mail.maildrops import Found, Snapshot, find_content, read_whole
from mail.pop3.maildrop import SMALL, Maildrop

PIECE: Final = 256 * 1024
"""Octets of a larger one that are in memory at once."""
AHEAD_MESSAGES: Final = 32
"""Messages that are read before they are asked for, where a client goes through all in order."""
AHEAD_OCTETS: Final = SMALL
"""Octets of small messages that are read at once; none of them is larger than all."""


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
        for whole in await self.read_small([number]):
            return whole
        uid, email_id = self._maildrop.uid(number), self._maildrop.email_id(number)
        found = await aio.read(find_content, self._snapshot, uid, email_id)
        if found is None:
            raise Gone
        first = await _read_piece(found, 0)
        return _pieces(found, first)

    async def read_small(self, numbers: Sequence[int]) -> list[bytes]:
        """Return the first of these messages, up to one that is not small or in the mailbox.

        As many as were read ahead, or as fit together, with one statement for all. Raises
        `Unreadable` for the first.
        """
        uids = self._maildrop.line_up(numbers, AHEAD_OCTETS)
        if uids and uids[0] not in self._ahead:
            await self._read_ahead(numbers, uids)
        found: list[bytes] = []
        for uid in uids:
            message = self._ahead.pop(uid, None)
            if message is None:
                break
            found.append(message)
        self._last = numbers[len(found) - 1] if found else self._last
        return found

    async def _read_ahead(self, numbers: Sequence[int], uids: Sequence[int]) -> None:
        foreseen = self._maildrop.foresee(numbers, self._last, AHEAD_MESSAGES)
        uids = uids if foreseen is numbers else self._maildrop.line_up(foreseen, AHEAD_OCTETS)
        try:
            self._ahead = await aio.glance_once(read_whole, self._snapshot, sorted(set(uids)))
        except blobs.UNREADABLE:
            self._ahead = await self._read_alone(uids[0])

    async def _read_alone(self, uid: int) -> dict[int, bytes]:
        """Read one message apart from others that may be damaged."""
        try:
            return await aio.glance_once(read_whole, self._snapshot, [uid])
        except blobs.UNREADABLE as error:
            raise Unreadable from error


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
