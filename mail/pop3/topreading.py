"""The responses to TOP of one session: of a message no more is read than is sent of it.

Hot: guarded by the benchmarks of TOP. What the process keeps is sent after a look whether the message
is still there; of the others the heads are read, of many messages with one statement.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate, takewhile
from typing import Final

from groupware.core import aio, blobs
from groupware.core.clock import monotonic
from mail.maildrops import Snapshot, find_present, read_heads
from mail.pop3 import responses
from mail.pop3.maildrop import Maildrop
from mail.pop3.tops import Asked, Tops
from mail.pop3.wire import serialize_top

AHEAD_MESSAGES: Final = 32
"""Messages of which the head is read before they are asked for, where a client takes all in order."""
AHEAD_OCTETS: Final = 1024 * 1024
"""Octets of the messages whose heads are read at once: they lie on the disk with the others."""
FEW: Final = 20
"""Lines of a body that are looked for in the head: more are in few heads of large messages."""
SENT_OCTETS: Final = 256 * 1024
"""Octets of kept responses that are sent at once."""


class TopReader:
    """Answers the TOPs of one session; `tops` are its process's."""

    def __init__(self, snapshot: Snapshot, maildrop: Maildrop, tops: Tops) -> None:
        self._snapshot = snapshot
        self._maildrop = maildrop
        self._tops = tops
        self._mailbox = snapshot.collection_id, snapshot.uid_validity
        self._heads: dict[int, bytes] = {}
        self._last_head = 0
        self._present: set[int] = set()
        self._last_present = 0

    def take(self, number: int, lines: int) -> bytes | None:
        """Return a response for which nothing has to be read. Hot: most are."""
        asked = self._maildrop.uid(number), lines
        if asked[0] in self._present and (held := self._kept().get(asked)):
            self._present.remove(asked[0])
            self._last_present = number
            return held
        return next(iter(self._make([number], [asked])), None)

    async def read(self, numbers: Sequence[int], lines: Sequence[int]) -> list[bytes]:
        """Return the responses to the first of these TOPs; none where its message is read whole.

        That is one whose head is not enough, or that is large, damaged, or not in the mailbox.
        """
        asked = list(zip(map(self._maildrop.uid, numbers), lines, strict=False))
        kept = self._kept()
        if found := [kept[top] for top in takewhile(kept.__contains__, asked)]:
            return await self._repeat(numbers, asked, found)
        fresh = list(takewhile(lambda top: top not in kept and top[1] <= FEW, asked))
        if fresh and fresh[0][0] not in self._heads:
            await self._read_heads(numbers[: len(fresh)])
        return self._make(numbers, fresh)

    def worth_whole(self, numbers: Sequence[int], lines: Sequence[int]) -> Sequence[int]:
        """Return which of these messages are read whole, where the first one is."""
        count = sum(1 for _ in takewhile(FEW.__lt__, lines))
        return numbers[: max(count, 1)]

    def make(
        self, numbers: Sequence[int], lines: Sequence[int], messages: Sequence[bytes]
    ) -> list[bytes]:
        """Return the responses of messages that were read whole, and keep them."""
        made = [
            serialize_top(responses.TOP_FOLLOWS, message, count)
            for message, count in zip(messages, lines, strict=False)
        ]
        self._keep(list(zip(map(self._maildrop.uid, numbers), lines, strict=False)), made)
        return made

    def _kept(self) -> Mapping[Asked, bytes]:
        return self._tops.find(self._mailbox, monotonic())

    async def _repeat(
        self, numbers: Sequence[int], asked: Sequence[Asked], found: list[bytes]
    ) -> list[bytes]:
        """Return as much of what is kept as may be sent at once of messages that are there."""
        del found[bisect_right(list(accumulate(map(len, found))), SENT_OCTETS) :]
        uids = [uid for uid, _ in asked[: len(found)]]
        if uids[0] not in self._present:
            foreseen = self._maildrop.foresee(
                numbers[: len(found)], self._last_present, AHEAD_MESSAGES
            )
            seen = sorted(set(map(self._maildrop.uid, foreseen)))
            self._present = await aio.glance_once(find_present, self._snapshot, seen)
        del found[sum(1 for _ in takewhile(self._present.__contains__, uids)) :]
        self._present.difference_update(uids)
        self._last_present = numbers[len(found) - 1] if found else self._last_present
        return found

    async def _read_heads(self, numbers: Sequence[int]) -> None:
        foreseen = self._maildrop.foresee(numbers, self._last_head, AHEAD_MESSAGES)
        self._heads = {}
        if not (uids := self._maildrop.line_up(foreseen, AHEAD_OCTETS)):
            return
        try:
            self._heads = await aio.glance_once(read_heads, self._snapshot, sorted(set(uids)))
        except blobs.UNREADABLE:
            return  # reading them whole tells which one it is

    def _make(self, numbers: Sequence[int], asked: Sequence[Asked]) -> list[bytes]:
        """Return the responses to the first TOPs whose heads were read, and keep them."""
        made: list[bytes] = []
        size, heads, first_line = self._maildrop.size, self._heads, responses.TOP_FOLLOWS
        for number, (uid, lines) in zip(numbers, asked, strict=False):
            if (head := heads.get(uid)) is None:
                break
            is_whole = len(head) == size(number)
            if not (response := serialize_top(first_line, head, lines, is_whole=is_whole)):
                break
            made.append(response)
            del heads[uid]
        if made:
            self._last_head = numbers[len(made) - 1]
            self._keep(asked, made)
        return made

    def _keep(self, asked: Sequence[Asked], made: Sequence[bytes]) -> None:
        self._tops.keep(self._mailbox, zip(asked, made, strict=False), monotonic())
