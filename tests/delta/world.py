"""An account with its mailboxes, and clients in memory on real sessions over the store.

The event loop runs only while a client waits: whatever one of them did is settled, and told to
those that idle, before the next one speaks.
"""

import asyncio
import itertools
from collections import deque
from collections.abc import Callable
from functools import partial

from groupware.core import aio, directory, rights
from groupware.core.directory import NewAccount
from groupware.core.hub import Hub
from groupware.core.models import Account
from groupware.core.retention import expire_tombstones
from mail import queries
from mail.imap.conversation import Conversation
from mail.imap.events import Limits
from mail.imap.handlers import HANDLERS
from mail.imap.session import Shared
from mail.services.delivery import Trace, deliver, resolve_recipient
from tests.delta.client import Client
from tests.delta.line import Line
from tests.delta.memory import Memory
from tests.delta.responses import Violation
from tests.transcripts.drivers import MemoryOutput

DOMAIN = "delta.example"
LATER = 2**40
"""Seconds since the epoch, after all that these tests do."""
LINES_KEPT = 200
"""Lines of what was said that a failure is shown with: one of a race may never come again."""
PASSWORD = "a good password"
_numbers = itertools.count(1)


def _create(login: str) -> Account:
    return directory.create_account(NewAccount(login, password=PASSWORD))


class World:
    """One account; every client is a session of it, or of one that may do everything with it.

    `trace` takes a line for all that is said.
    """

    def __init__(self, trace: Callable[[str], None]) -> None:
        number = next(_numbers)
        self.login, self.reader_login = f"anna{number}@{DOMAIN}", f"ben{number}@{DOMAIN}"
        account, reader = map(_create, (self.login, self.reader_login))
        self.account_id, self.reader_id = account.pk, reader.pk
        rights.grant(account, None, reader, rights.parse_rights("write"))
        self.lines: list[MemoryLine] = []
        self.last_said: deque[str] = deque(maxlen=LINES_KEPT)
        self._trace = trace
        self._sent: list[Callable[[], None]] = []
        self._runner = asyncio.Runner()
        self._runner.run(self._open())

    async def _open(self) -> None:
        self._hub = Hub(asyncio.get_running_loop(), aio.read)
        self._watch = aio.change_watch()
        self._hub.start()
        self._shared = Shared(HANDLERS, self._hub, self._watch, Limits(message_limit=100_000))

    def connect(
        self,
        name: str,
        *,
        condstore: bool,
        memory: Memory,
        qresync: bool = False,
        reads_along: bool = False,
    ) -> "MemoryLine":
        """Return a client that is logged in, as the owner or as who reads along."""
        root = f"Other Users/{self.login}/" if reads_along else ""
        client = Client(condstore=condstore, qresync=qresync, memory=memory, root=root)
        line = MemoryLine(self, name, client)
        line.log_in(self.reader_login if reads_along else self.login, PASSWORD)
        return line

    def deliver(self, message: bytes) -> None:
        """Deliver to INBOX as LMTP does."""
        trace = Trace("writer@delta.example", "client", "192.0.2.1", "server", "LMTP", "session")
        recipients = [resolve_recipient(self.login)]
        outcomes = deliver(message, recipients, trace, aio.crossing().committer)
        assert outcomes == [None], outcomes

    def expire_tombstones(self) -> None:
        """Forget what was removed up to now, as after many days."""
        expire_tombstones(older_than=LATER)

    def collection_of(self, name: str) -> int:
        """Return the collection of a mailbox, 0 where there is none of that name."""
        info = queries.find_mailbox(self.account_id, name)
        return 0 if info is None else info.collection_id

    def settle(self, *, deaf: "MemoryLine | None" = None) -> None:
        """Let every session do what it has to do, and every client but `deaf` hear of it."""
        self._runner.run(self._settle())
        for line in list(self.lines):
            if line is not deaf:
                line.hear()

    def open(self, output: MemoryOutput, wake: Callable[[], None]) -> Conversation:
        """Return a new session."""
        return Conversation(self._shared, output, wake, secure=True, network="192.0.2.1")

    def send_soon(self, name: str, send: Callable[[bytes], None], data: bytes) -> None:
        """Let a session have what its client sent, together with what the others did."""
        self.trace(name, "C", data)
        self._sent.append(partial(send, data))

    def trace(self, name: str, side: str, data: bytes) -> None:
        """Write down what was said."""
        for text in data.splitlines():
            line = f"{side} {name}: {text.decode('utf-8', 'replace')}"
            self.last_said.append(line)
            self._trace(line)

    async def _settle(self) -> None:
        sent, self._sent = self._sent, []
        for send in sent:
            send()
        while tasks := [line.task for line in self.lines if line.task is not None]:
            await asyncio.wait(tasks)

    def close(self) -> None:
        """End every session and the loop."""
        for line in list(self.lines):
            line.close()
        self._runner.run(self._close())
        self._runner.close()

    async def _close(self) -> None:
        await self._settle()
        await self._hub.close()
        self._watch.close()


class MemoryLine(Line):
    """A client on a conversation without a socket."""

    def __init__(self, world: World, name: str, client: Client) -> None:
        super().__init__(client)
        self.name = name
        self.task: asyncio.Task[None] | None = None
        self._world = world
        self._output = MemoryOutput()
        self._conversation = world.open(self._output, self._wake)
        self._conversation.greet()
        world.lines.append(self)

    def exchange(self, data: bytes, until: Callable[[], bool]) -> None:
        self.send(data)
        self._world.settle()
        if not until() and not self.client.has_ended:
            raise Violation(f"nothing more comes after {data!r}")

    def send(self, data: bytes) -> None:
        """Send without waiting."""
        self._world.send_soon(self.name, self._receive, data)

    def hear(self, *, part: float = 1) -> None:
        """Hand the client what the session wrote, or a part of it."""
        count = int(len(self._output.buffer) * part)
        data = bytes(self._output.buffer[:count])
        del self._output.buffer[:count]
        self._world.trace(self.name, "S", data)
        self.client.feed(data)
        if self._output.closed and not self._output.buffer and not self.client.has_ended:
            raise Violation("the connection was closed without BYE")

    def close(self) -> None:
        self._conversation.session.close()
        if self in self._world.lines:
            self._world.lines.remove(self)

    def _receive(self, data: bytes) -> None:
        self._conversation.receive(data)
        self._wake()

    def _wake(self) -> None:
        if self.task is None:
            self.task = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        try:
            while self._conversation.has_work:
                await self._conversation.work()
        finally:
            self.task = None
