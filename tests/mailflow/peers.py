"""Servers of others: each says what its test tells it to, on an address of loopback.

with serving_peer() as peer:
    peer.say("RCPT", "451 4.7.1 come again", "250 ok")     # the next two, then 250 as ever
    peer.taken                                             # what it took
"""

import socket
import socketserver
import ssl
import threading
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

FEATURES = ("PIPELINING", "SIZE 10000000", "8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES")
CLOSE = "close"
"""Said in the place of a reply: hang up."""
SILENCE = "silence"
"""Said in the place of a reply: nothing, until the test is over."""

_USUAL = {
    "GREETING": "220 peer ESMTP",
    "DATA": "354 go on",
    "QUIT": "221 bye",
    "STARTTLS": "220 go on",
    "END": "250 2.0.0 ok",
}


@dataclass(slots=True)
class Taken:
    """One message that the peer has taken."""

    mail: str
    rcpts: list[str]
    data: bytes
    is_encrypted: bool
    connection: int


@dataclass
class Peer:
    """What it says, and what was said to it; `connections` are the addresses that came."""

    host: str = ""
    port: int = 0
    features: Sequence[str] = FEATURES
    tls: ssl.SSLContext | None = None
    commands: list[str] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    connections: list[str] = field(default_factory=list)
    replies: "defaultdict[str, deque[str]]" = field(default_factory=lambda: defaultdict(deque))
    over: threading.Event = field(default_factory=threading.Event)
    came: threading.Event = field(default_factory=threading.Event)

    def say(self, verb: str, *replies: str) -> None:
        """Let the next replies to a verb be these; GREETING and END are verbs too."""
        self.replies[verb].extend(replies)

    def said(self, verb: str) -> list[str]:
        """Return the commands of one verb."""
        return [line for line in self.commands if line.split(" ")[0].upper() == verb]


class _Hangup(Exception):
    pass


class _Handler(socketserver.BaseRequestHandler):
    """One connection."""

    request: socket.socket

    def handle(self) -> None:
        self.peer: Peer = self.server.peer  # type: ignore[attr-defined]
        self.peer.connections.append(self.client_address[0])
        self.number = len(self.peer.connections)
        self.file = self.request.makefile("rb")
        self.is_encrypted = False
        self.mail, self.rcpts = "", list[str]()
        with suppress(OSError, _Hangup):
            self.reply("GREETING")
            while line := self.file.readline():
                self.obey(line.rstrip(b"\r\n").decode("utf-8", "replace"))

    def finish(self) -> None:
        with suppress(OSError):
            self.request.shutdown(socket.SHUT_RDWR)
        self.request.close()

    def reply(self, verb: str) -> str:
        waiting = self.peer.replies[verb]
        text = waiting.popleft() if waiting else _USUAL.get(verb, "250 2.0.0 ok")
        if text == CLOSE:
            raise _Hangup
        if text == SILENCE:
            self.peer.came.set()
            self.peer.over.wait(30)
            raise _Hangup
        self.request.sendall(text.encode() + b"\r\n")
        return text

    def obey(self, line: str) -> None:
        self.peer.commands.append(line)
        verb = line.split(" ", maxsplit=1)[0].upper()
        if verb == "EHLO" and not self.peer.replies["EHLO"]:
            self.greet()
            return
        text = self.reply(verb)
        if verb == "MAIL" and text[0] == "2":
            self.mail, self.rcpts = line, []
        elif verb == "RCPT" and text[0] == "2":
            self.rcpts.append(line)
        elif verb == "DATA" and text[0] == "3":
            self.take()
        elif verb == "STARTTLS" and text[0] == "2" and self.peer.tls is not None:
            self.request = self.peer.tls.wrap_socket(self.request, server_side=True)
            self.file = self.request.makefile("rb")
            self.is_encrypted = True
        elif verb == "QUIT":
            raise _Hangup

    def greet(self) -> None:
        offered = [] if self.is_encrypted or self.peer.tls is None else ["STARTTLS"]
        lines = ["peer", *self.peer.features, *offered]
        marks = ["-"] * (len(lines) - 1) + [" "]
        text = "".join(f"250{mark}{line}\r\n" for mark, line in zip(marks, lines, strict=True))
        self.request.sendall(text.encode())

    def take(self) -> None:
        lines: list[bytes] = []
        while (line := self.file.readline()) != b".\r\n":
            if not line:
                raise _Hangup
            lines.append(line[1:] if line.startswith(b".") else line)
        taken = Taken(self.mail, self.rcpts, b"".join(lines), self.is_encrypted, self.number)
        # What it has is there before it says so.
        if not self.peer.replies["END"] or self.peer.replies["END"][0][0] == "2":
            self.peer.taken.append(taken)
        self.reply("END")


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    peer: Peer


@contextmanager
def serving_peer(
    host: str = "127.0.0.2",
    port: int = 0,
    *,
    features: Sequence[str] = FEATURES,
    tls: ssl.SSLContext | None = None,
    is_implicit: bool = False,
) -> Iterator[Peer]:
    """Run a peer until the block ends; one `is_implicit` speaks TLS from the first octet."""
    server = _Server((host, port), _Handler)
    if tls is not None and is_implicit:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        tls = None
    server.peer = Peer(host, server.server_address[1], features, tls)
    thread = threading.Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    try:
        yield server.peer
    finally:
        server.peer.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
