"""What a process keeps of the responses to TOP, so that a header is read and cut out once. Pure.

Many programs ask for the top of all that lies in a maildrop each time they connect. A message never
changes and is never another one under its UID, so that a response is good as long as the mailbox
has its UIDVALIDITY; whether the message is still there the reader asks of the database.
Hot: guarded by the benchmark of TOP. Only the event loop's thread comes here.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

LONGEST: Final = 16 * 1024
"""Octets of a response that is kept; the headers of nearly all messages are shorter."""
OVERHEAD: Final = 256
"""Octets that a response takes beside its own."""
LIFETIME: Final = 3_600
"""Seconds after which a mailbox is read anew: `doctor` may have mended something meanwhile."""

Mailbox = tuple[int, int]
"""The id of a collection, and its UIDVALIDITY."""
Asked = tuple[int, int]
"""The UID of a message, and how many lines of its body."""


@dataclass(slots=True)
class _Held:
    """The responses of a mailbox, which take so many octets."""

    since: float
    responses: dict[Asked, bytes] = field(default_factory=dict)
    octets: int = 0


class Tops:
    """The responses of one process; those of the mailboxes that were longest unused make room.

    A mailbox that is larger than all the room keeps as many as there is room for: a client that
    asks for all in order would else find none of them.
    """

    __slots__ = ("_held", "_most", "_octets")

    def __init__(self, most: int) -> None:
        """Begin with nothing; `most` octets are kept."""
        self._held: OrderedDict[Mailbox, _Held] = OrderedDict()
        self._octets = 0
        self._most = most

    def find(self, mailbox: Mailbox, now: float) -> Mapping[Asked, bytes]:
        """Return what is kept of a mailbox."""
        held = self._held.get(mailbox)
        if held is None:
            return {}
        if now - held.since > LIFETIME:
            self._forget(mailbox)
            return {}
        self._held.move_to_end(mailbox)
        return held.responses

    def keep(self, mailbox: Mailbox, responses: Iterable[tuple[Asked, bytes]], now: float) -> None:
        """Keep what is short enough, as far as there is room."""
        held = self._held.get(mailbox) or _Held(now)
        for asked, response in responses:
            octets = len(response) + OVERHEAD
            if len(response) > LONGEST or asked in held.responses:
                continue
            if not self._make_room(mailbox, octets):
                return
            held.responses[asked] = response
            held.octets += octets
            self._octets += octets
            self._held[mailbox] = held

    def _make_room(self, mailbox: Mailbox, octets: int) -> bool:
        """Forget mailboxes but this one until there is room; tell whether there is."""
        while self._octets + octets > self._most:
            oldest = next(iter(self._held), mailbox)
            if oldest == mailbox:
                return False
            self._forget(oldest)
        return True

    def _forget(self, mailbox: Mailbox) -> None:
        self._octets -= self._held.pop(mailbox).octets
