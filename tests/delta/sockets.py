"""Clients of the delta law on sockets, and what they do at random."""

import random
import socket
from collections.abc import Callable

from tests.delta import operations
from tests.delta.client import Client
from tests.delta.commands import Command
from tests.delta.line import Line
from tests.delta.operations import ON_MESSAGES, Asking, Choice
from tests.delta.responses import Violation

WAIT_SECONDS = 30
MAILBOXES = ("INBOX", "Archive")


class SocketLine(Line):
    """A client on a socket."""

    def __init__(self, port: int, *, condstore: bool, qresync: bool = False) -> None:
        super().__init__(Client(condstore=condstore, qresync=qresync))
        self._socket = socket.create_connection(("127.0.0.1", port), WAIT_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.client.feed(self._socket.recv(65_536))

    def exchange(self, data: bytes, until: Callable[[], bool]) -> None:
        self.send(data)
        self.wait(until)

    def send(self, data: bytes) -> None:
        """Send without waiting."""
        self._socket.sendall(data)

    def wait(self, until: Callable[[], bool]) -> None:
        """Hear the server until the condition holds."""
        while not until() and not self.client.has_ended:
            data = self._socket.recv(65_536)
            if not data:
                raise Violation("the connection was closed without BYE")
            self.client.feed(data)

    def wait_for_replies(self) -> None:
        self.wait(lambda: not self.client.pending)

    def wait_for_messages(self, count: int) -> None:
        mailbox = self.client.mailbox
        assert mailbox is not None
        self.wait(lambda: len(mailbox.messages) >= count)

    def close(self) -> None:
        self._socket.close()


def random_command(line: SocketLine, source: random.Random, token: int) -> Command:
    choice = Choice(source.getrandbits(8), source.getrandbits(6), source.getrandbits(6))
    asking = Asking(line.client, choice, MAILBOXES[1])
    what = source.choice(("append", "append", "store", *ON_MESSAGES))
    return operations.append(asking, token) if what == "append" else ON_MESSAGES[what](asking)
