"""A server under test, what its mailboxes hold, and what the loads of both kinds share."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from benchmarks.mail.handover import Handover, prepare
from benchmarks.mail.peers import MAILBOXES, MailPeer

CONNECTIONS = 4
TRIES = 3
PATIENCE = 300.0
LOOK_SECONDS = 0.01


class Wrong(Exception):
    """The server did something else than the load asks for."""


@dataclass(slots=True)
class Bench:
    """A server under test; its first mailbox is the maildrop."""

    peer: MailPeer
    messages: Sequence[bytes]
    remarks: list[str] = field(init=False, default_factory=list)
    _changes: int = 0
    _counted: int = 0

    @property
    def taken(self) -> int:
        """How many messages a load hands over: a thousand where the maildrop holds ten thousand."""
        return len(self.messages) // 10

    @property
    def retrieved(self) -> int:
        """How many messages a load fetches: two thousand of ten thousand."""
        return len(self.messages) // 5

    def fill(self) -> None:
        """Make the maildrop."""
        prepared = [prepare(message) for message in self.messages]
        shares = [prepared[number::CONNECTIONS] for number in range(CONNECTIONS)]
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            list(pool.map(partial(self._hand_over_share, MAILBOXES[0]), shares))
        self.peer.settle()

    def _hand_over_share(self, recipient: str, share: Sequence[bytes]) -> None:
        with self.peer.hand_over("lmtp") as client:
            client.send_all(share, [recipient])

    def fresh(self, count: int) -> list[bytes]:
        """Return messages that are not stored yet, as they go over the wire."""
        self._changes += 1
        first = self._changes % max(1, len(self.messages) - count + 1)
        head = b"X-Change: %d\r\n" % self._changes
        return [prepare(head + message) for message in self.messages[first : first + count]]

    def change(self) -> None:
        """Let one more message come into the maildrop."""
        self._hand_over_share(MAILBOXES[0], self.fresh(1))

    def count_up(self) -> int:
        """Return a number that no round before had, from 1 on."""
        self._counted += 1
        return self._counted

    def forget_seen(self) -> None:
        r"""Take `\Seen` off all that is in the maildrop, so that RETR sets it anew."""
        with self.peer.read() as client:
            client.command(b"SELECT INBOX")
            client.command(b"UID STORE 1:* -FLAGS.SILENT (\\Seen)")

    def wait_filed(self, count: int) -> None:
        """Return when so many messages have been filed since the start; raises `Wrong`."""
        deadline = time.monotonic() + PATIENCE
        while (filed := self.peer.filed()) < count:
            if time.monotonic() > deadline:
                raise Wrong(f"{self.peer.name} filed {filed:,} of {count:,} messages")
            time.sleep(LOOK_SECONDS)


def timed(run: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def hand_over(client: Handover, messages: Sequence[bytes], *recipients: str) -> float:
    """Return the seconds until all is promised."""
    return timed(lambda: client.send_all(messages, recipients))
