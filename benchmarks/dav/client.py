"""An HTTP client that costs next to nothing, so that a figure is the server's.

It reads the octets of an answer and counts what is in them; nothing is parsed while it is timed.
"""

import base64
import re
import socket
from dataclasses import dataclass
from types import TracebackType
from typing import Self

CHUNK = 1 << 18
TIMEOUT = 600.0
NAMESPACES = (
    'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'
    ' xmlns:A="urn:ietf:params:xml:ns:carddav"'
)
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_CHUNKED = re.compile(rb"(?i)\r\ntransfer-encoding: *chunked")
_HREF = re.compile(rb"<(?:[\w-]+:)?href[^>]*>([^<]+)</")
_RESPONSE = re.compile(rb"<(?:[\w-]+:)?response[ >]")


class Refused(Exception):
    """The server's status is not that of success."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    head: bytes
    body: bytes

    def count(self) -> int:
        """Return how many responses a multistatus holds."""
        return len(_RESPONSE.findall(self.body))

    def hrefs(self) -> list[str]:
        """Return what a multistatus tells of, in order; the hrefs in properties too."""
        return [href.decode() for href in _HREF.findall(self.body)]

    def inner(self, name: str) -> str:
        """Return the text of the first element of a name; raises `Refused` where there is none."""
        found = re.search(rb"<(?:[\w-]+:)?%b[^>]*>([^<]+)</" % name.encode(), self.body)
        if found is None:
            raise Refused(f"The answer has no {name}: {self.body[:500]!r}")
        return found[1].decode()

    def href_in(self, name: str) -> str:
        """Return the href in the first element of a name; raises `Refused` where there is none."""
        start = re.search(rb"<(?:[\w-]+:)?%b[ >]" % name.encode(), self.body)
        found = _HREF.search(self.body, start.end()) if start else None
        if found is None:
            raise Refused(f"The answer has no {name}: {self.body[:500]!r}")
        return found[1].decode()


class Client:
    """One keep-alive connection of one account."""

    def __init__(self, port: int, user: str, password: str) -> None:
        self._port = port
        words = base64.b64encode(f"{user}:{password}".encode())
        self._common = (
            b"Host: 127.0.0.1:%d\r\nAuthorization: Basic %b\r\nUser-Agent: benchmarks\r\n"
            % (port, words)
        )
        self._socket: socket.socket | None = None
        self._chunk = bytearray(CHUNK)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._close()

    def _close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def ask(self, method: str, path: str, body: bytes | str = b"", **headers: str) -> Answer:
        """Send a request and return its answer; raises `Refused` where it is no success."""
        data = body.encode() if isinstance(body, str) else body
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        head = b"%b %b HTTP/1.1\r\n%b%bContent-Length: %d\r\n\r\n" % (
            method.encode(),
            path.encode(),
            self._common,
            lines.encode(),
            len(data),
        )
        answer = self._exchange(head + data)
        if not 200 <= answer.status < 300:
            raise Refused(f"{method} {path}: {answer.status} {answer.body[:500]!r}")
        return answer

    def _exchange(self, request: bytes) -> Answer:
        """Send on the connection that is open, or on another where the server has closed it."""
        for last in (False, True):
            fresh = self._socket is None
            connection = self._open()
            try:
                connection.sendall(request)
                return self._receive(connection)
            except ConnectionError:
                self._close()
                if last or fresh:
                    raise
        raise AssertionError

    def _open(self) -> socket.socket:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), TIMEOUT)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._socket

    def _more(self, connection: socket.socket, held: bytearray) -> None:
        count = connection.recv_into(self._chunk)
        if not count:
            raise ConnectionResetError("The server closed the connection.")
        held += memoryview(self._chunk)[:count]

    def _receive(self, connection: socket.socket) -> Answer:
        held = bytearray()
        while (end := held.find(b"\r\n\r\n")) < 0:
            self._more(connection, held)
        head = bytes(held[:end])
        del held[: end + 4]
        status = int(head[9:12])
        length = _LENGTH.search(head)
        if _CHUNKED.search(head):
            body = self._chunks(connection, held)
        elif length is not None:
            while len(held) < int(length[1]):
                self._more(connection, held)
            body = bytes(held)
        elif status in {204, 304}:
            body = b""
        else:
            body = self._rest(connection, held)
        if b"\r\nconnection: close" in head.lower():
            self._close()
        return Answer(status, head, body)

    def _chunks(self, connection: socket.socket, held: bytearray) -> bytes:
        parts = []
        while True:
            while (end := held.find(b"\r\n")) < 0:
                self._more(connection, held)
            size = int(held[:end].partition(b";")[0], 16)
            while len(held) < end + 2 + size + 2:
                self._more(connection, held)
            parts.append(bytes(held[end + 2 : end + 2 + size]))
            del held[: end + 2 + size + 2]
            if not size:
                return b"".join(parts)

    def _rest(self, connection: socket.socket, held: bytearray) -> bytes:
        """Read until the server closes the connection, as HTTP/1.0 ends an answer."""
        while count := connection.recv_into(self._chunk):
            held += memoryview(self._chunk)[:count]
        self._close()
        return bytes(held)

    def put(self, path: str, data: bytes) -> None:
        """Write an object or a card, whatever is there."""
        kind = "text/vcard" if data.startswith(b"BEGIN:VCARD") else "text/calendar"
        self.ask("PUT", path, data, Content_Type=f"{kind}; charset=utf-8")

    def propfind(self, path: str, props: str, depth: int = 0) -> Answer:
        """Ask for properties."""
        body = f"<D:propfind {NAMESPACES}><D:prop>{props}</D:prop></D:propfind>"
        return self.ask("PROPFIND", path, body, Depth=str(depth), Content_Type="text/xml")

    def report(self, path: str, name: str, inner: str, depth: int = 1) -> Answer:
        """Ask for a report; `name` has its prefix."""
        body = f"<{name} {NAMESPACES}>{inner}</{name}>"
        return self.ask("REPORT", path, body, Depth=str(depth), Content_Type="text/xml")
