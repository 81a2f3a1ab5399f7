"""The octets of messages for RETR and TOP, at the pace of the client.

Hot: guarded by the benchmarks of RETR and TOP. A message is never another one under its number, so
that those which come next may be read ahead, with one statement for all of their rows. Of a response
to TOP that the process keeps, only whether its message is still there is asked, in the same way.
"""

from bisect import bisect_right
from collections.abc import AsyncGenerator, Mapping, Sequence
from itertools import accumulate, takewhile
from typing import Final

from groupware.core import aio, blobs
from groupware.core.clock import monotonic
from mail.maildrops import Found, Snapshot, find_content, find_present, read_whole
from mail.pop3 import responses
from mail.pop3.maildrop import Maildrop
from mail.pop3.tops import Asked, Tops
from mail.pop3.wire import cut_top, serialize_message

SMALL: Final = 256 * 1024
"""Octets up to which a message is read at once."""
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
    """Reads the messages of one session; `tops` are its process's."""

    def __init__(self, snapshot: Snapshot, maildrop: Maildrop, tops: Tops) -> None:
        self._snapshot = snapshot
        self._maildrop = maildrop
        self._tops = tops
        self._mailbox = snapshot.collection_id, snapshot.uid_validity
        self._ahead: dict[int, bytes] = {}
        self._last = 0
        self._present: set[int] = set()
        self._last_present = 0

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
            await self._read_ahead(numbers, uids)
        found: list[bytes] = []
        for uid in uids:
            message = self._ahead.pop(uid, None)
            if message is None:
                break
            found.append(message)
        self._last = numbers[len(found) - 1] if found else self._last
        return found

    def take_top(self, number: int, lines: int) -> bytes | None:
        """Return a response to TOP for which nothing has to be read. Hot: so are most."""
        asked = self._maildrop.uid(number), lines
        if asked[0] in self._present and (held := self._kept().get(asked)):
            self._present.remove(asked[0])
            self._last_present = number
            return held
        message = self.take_ahead(number)
        return self._cut([asked], [message])[0] if message is not None else None

    async def read_tops(self, numbers: Sequence[int], lines: Sequence[int]) -> list[bytes]:
        """Return the responses to the first of these TOPs, as `read_small` does of messages."""
        asked = list(zip(map(self._maildrop.uid, numbers), lines, strict=False))
        kept = self._kept()
        found = [kept[top] for top in takewhile(kept.__contains__, asked)]
        if not found:
            fresh = list(takewhile(lambda top: top not in kept, asked))
            return self._cut(fresh, await self.read_small(numbers[: len(fresh)]))
        del found[bisect_right(list(accumulate(map(len, found))), AHEAD_OCTETS) :]
        uids = [uid for uid, _ in asked[: len(found)]]
        if uids[0] not in self._present:
            await self._look(numbers[: len(found)])
        del found[sum(1 for _ in takewhile(self._present.__contains__, uids)) :]
        self._present.difference_update(uids)
        self._last_present = numbers[len(found) - 1] if found else self._last_present
        return found

    def _kept(self) -> Mapping[Asked, bytes]:
        return self._tops.find(self._mailbox, monotonic())

    def _cut(self, asked: Sequence[Asked], messages: Sequence[bytes]) -> list[bytes]:
        """Return the responses that messages hold, and keep them."""
        tops = [
            b"".join(serialize_message(responses.TOP_FOLLOWS, cut_top(message, lines)))
            for message, (_, lines) in zip(messages, asked, strict=False)
        ]
        self._tops.keep(self._mailbox, zip(asked, tops, strict=False), monotonic())
        return tops

    async def _look(self, numbers: Sequence[int]) -> None:
        """Ask which of these messages are still in the mailbox, and of those that come next."""
        seen = self._foresee(numbers, self._last_present)
        uids = sorted(set(map(self._maildrop.uid, seen)))
        self._present = await aio.glance_once(find_present, self._snapshot, uids)

    async def _read_ahead(self, numbers: Sequence[int], uids: Sequence[int]) -> None:
        foreseen = self._foresee(numbers, self._last)
        uids = uids if foreseen is numbers else self._line_up(foreseen)
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

    def _foresee(self, numbers: Sequence[int], last: int) -> Sequence[int]:
        """Return what is asked for, and what comes next where a client takes all in order.

        `last` is what it took before.
        """
        first, count = numbers[0], len(numbers)
        is_in_order = first == last + 1 and numbers[-1] - first == count - 1
        if not is_in_order or count >= AHEAD_MESSAGES:
            return numbers
        return range(first, min(first + AHEAD_MESSAGES, len(self._maildrop) + 1))

    def _line_up(self, numbers: Sequence[int]) -> list[int]:
        """Return the UIDs of the first of these messages, that are small and fit together."""
        size = self._maildrop.size
        count = bisect_right(list(accumulate(map(size, numbers))), AHEAD_OCTETS)
        if not count and numbers and size(numbers[0]) <= SMALL:
            count = 1
        return list(map(self._maildrop.uid, numbers[:count]))


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
