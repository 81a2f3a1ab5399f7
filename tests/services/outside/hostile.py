"""Servers that answer as a test wants it: a script of what they say, on loopback."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Talk = Callable[["Peer"], None]
"""Speaks one connection."""
_GONE = (OSError, EOFError, ValueError)


class Peer:
    """One connection, from the server's side."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._file = sock.makefile("rb")

    def say(self, data: bytes) -> None:
        """Send octets as they are."""
        self.sock.sendall(data)

    def hear(self) -> bytes:
        """Return the next line; raises `EOFError` at the end."""
        line = self._file.readline()
        if not line:
            raise EOFError
        return line.rstrip(b"\r\n")

    def close(self) -> None:
        """End the connection."""
        self._file.close()
        self.sock.close()

    def imap(self, answers: Callable[[bytes], bytes], greeting: bytes = b"* OK hello") -> None:
        """Speak IMAP: logins and logouts by itself, the rest by `answers(command)`.

        What it returns goes before the tagged OK; where it begins with `!` it goes alone.
        """
        self.say(greeting + b"\r\n")
        while True:
            tag, _, command = self.hear().partition(b" ")
            word = command.split(b" ", 1)[0].upper()
            said = b"* CAPABILITY IMAP4rev1\r\n" if word == b"CAPABILITY" else answers(command)
            if said.startswith(b"!"):
                self.say(said[1:].replace(b"TAG", tag))
                continue
            self.say(said + tag + b" OK done\r\n")

    def pop3(self, answers: Callable[[bytes], bytes], greeting: bytes = b"+OK hello") -> None:
        """Speak POP3: all by `answers(command)`; nothing said is +OK."""
        self.say(greeting + b"\r\n")
        while True:
            self.say(answers(self.hear()) or b"+OK\r\n")


class Fake:
    """A server on loopback that has a conversation with each who comes."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0
        self._open: list[socket.socket] = []

    def serve(self) -> None:
        """Accept until it is closed."""
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                self.connections += 1
                self._open.append(sock)
                threading.Thread(target=self._speak, args=[sock], daemon=True).start()

    def _speak(self, sock: socket.socket) -> None:
        peer = Peer(sock)
        with contextlib.suppress(*_GONE), contextlib.closing(peer):
            self._talk(peer)

    def close(self) -> None:
        """Let nobody in any more, and end what is open."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in self._open:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


@contextmanager
def faking(talk: Talk) -> Iterator[Fake]:
    """Run a server of the test's own."""
    fake = Fake(talk)
    thread = threading.Thread(target=fake.serve)
    thread.start()
    try:
        yield fake
    finally:
        fake.close()
        thread.join()
