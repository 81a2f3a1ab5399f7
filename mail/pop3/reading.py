"""The octets of messages for RETR and TOP, at the pace of the client.

Hot: guarded by the benchmark of RETR. A message is never another one under its number, so that
those which come next may be read ahead, with one statement for all of their rows.
"""

from collections.abc import AsyncGenerator, Iterable, Sequence
from typing import Final

from groupware.core import aio, blobs
from mail.maildrops import Found, Snapshot, find_content, read_whole
from mail.pop3.maildrop import Maildrop

SMALL: Final = 256 * 1024
"""Octets up to which a message is read at once."""
PIECE: Final = 256 * 1024
"""Octets of a larger one that are in memory at once."""
AHEAD_MESSAGES: Final = 32
"""Messages that are read before they are asked for, where a client goes through all in order."""
AHEAD_OCTETS: Final = 256 * 1024
"""Octets of small messages that are read at once."""


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
        uids = self._line_up(numbers)
        if uids and uids[0] not in self._ahead:
            await self._read_ahead(numbers)
        found: list[bytes] = []
        for uid in uids:
            message = self._ahead.pop(uid, None)
            if message is None:
                break
            found.append(message)
        self._last = numbers[len(found) - 1] if found else self._last
        return found

    async def _read_ahead(self, numbers: Sequence[int]) -> None:
        uids = self._line_up(self._foresee(numbers))
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

    def _foresee(self, numbers: Sequence[int]) -> Sequence[int]:
        """Return what is asked for, and what comes next where a client takes all in order."""
        first, count = numbers[0], len(numbers)
        is_in_order = first == self._last + 1 and numbers[-1] - first == count - 1
        if not is_in_order or count >= AHEAD_MESSAGES:
            return numbers
        return range(first, min(first + AHEAD_MESSAGES, len(self._maildrop) + 1))

    def _line_up(self, numbers: Iterable[int]) -> list[int]:
        """Return the UIDs of the first of these messages, that are small and fit together."""
        uids: list[int] = []
        octets = 0
        for number in numbers:
            size = self._maildrop.size(number)
            octets += size
            if size > SMALL or (uids and octets > AHEAD_OCTETS):
                break
            uids.append(self._maildrop.uid(number))
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
