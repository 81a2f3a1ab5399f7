"""The devices of the tour: what a phone, a laptop and a calendar program say, and no more."""

import base64
import http.client
import imaplib
import json
import poplib
import re
import smtplib
import ssl
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from groupware.core.clock import monotonic
from groupware.tour.server import House

WAIT_SECONDS = 30
_MODSEQ = re.compile(rb"HIGHESTMODSEQ (\d+)")
_VALIDITY = re.compile(rb"UIDVALIDITY (\d+)")


def trust(house: House) -> ssl.SSLContext:
    """Return a context that trusts the tour's server and nobody else."""
    return ssl.create_default_context(cafile=str(house.certificate))


class Laptop(imaplib.IMAP4_SSL):
    """A mail program that speaks IMAP."""

    def __init__(self, house: House, name: str) -> None:
        super().__init__(
            "localhost", house.ports["IMAPS"], ssl_context=trust(house), timeout=WAIT_SECONDS
        )
        address = house.address(name)
        self.login(address, house.passwords[address])

    def count(self, mailbox: str) -> int:
        """Open a mailbox, and return how many messages are in it."""
        _, [number] = self.select(mailbox)
        return int(number or b"0")

    def found(self, *criteria: str) -> list[int]:
        """Return the messages of the opened mailbox that meet the criteria."""
        _, [numbers] = self.search(None, *criteria)
        return [int(number) for number in (numbers or b"").split()]

    def position(self, mailbox: str) -> tuple[int, int]:
        """Open a mailbox, and return its UIDVALIDITY and HIGHESTMODSEQ."""
        lines = self.raw(f"SELECT {mailbox}")
        text = b"\n".join(lines)
        validity, modseq = _VALIDITY.search(text), _MODSEQ.search(text)
        if validity is None or modseq is None:
            raise ConnectionError(f"{mailbox} cannot be opened: {lines[-1]!r}")
        return int(validity[1]), int(modseq[1])

    def catch_up(self, mailbox: str, position: tuple[int, int]) -> list[bytes]:
        """Open a mailbox as it was last known (RFC 7162), and return what it says is new."""
        lines = self.raw(f"SELECT {mailbox} (QRESYNC ({position[0]} {position[1]}))")
        return [line for line in lines if b" FETCH " in line or b" VANISHED " in line]

    def raw(self, command: str) -> list[bytes]:
        """Send a command, and return the lines of its answer."""
        tag = self._new_tag()
        self.send(tag + b" " + command.encode() + b"\r\n")
        lines = []
        while not (line := self.readline()).startswith(tag):
            if not line:
                raise ConnectionError(f"the server hung up at {command}")
            lines.append(line)
        # The state machine of imaplib knows of no other way into a mailbox.
        self.state = "SELECTED" if command.startswith("SELECT") else self.state
        return [*lines, line]

    def idle(self) -> None:
        """Begin to listen (RFC 2177)."""
        self.send(b"IDLE1 IDLE\r\n")
        line = self.readline()
        assert line.startswith(b"+"), line

    def hear(self, wanted: bytes) -> float:
        """Return when the server has said `wanted`, by the clock."""
        while wanted not in (line := self.readline()):
            if not line:
                raise ConnectionError("the server hung up in IDLE")
        return monotonic()

    def done(self) -> None:
        """End listening."""
        self.send(b"DONE\r\n")
        while not self.readline().startswith(b"IDLE1"):
            pass


class Phone(poplib.POP3_SSL):
    """A mail program that fetches by POP3, with a password of its own."""

    def __init__(self, house: House, name: str, password: str = "") -> None:
        super().__init__(
            "localhost", house.ports["POP3S"], context=trust(house), timeout=WAIT_SECONDS
        )
        address = house.address(name)
        self.user(address)
        self.pass_(password or house.passwords[address])

    def fetch_all(self) -> list[bytes]:
        """Return every message."""
        count, _ = self.stat()
        return [b"\r\n".join(self.retr(number)[1]) for number in range(1, count + 1)]

    def delete_all(self) -> None:
        """Remove everything "from the server", and leave."""
        count, _ = self.stat()
        for number in range(1, count + 1):
            self.dele(number)
        self.quit()


class Answer(NamedTuple):
    """What came back over HTTP."""

    status: int
    etag: str
    body: bytes

    def json(self) -> Any:
        """Return what it tells."""
        return json.loads(self.body)


class Program:
    """A program that speaks CalDAV, CardDAV or REST as somebody."""

    def __init__(self, house: House, name: str) -> None:
        address = house.address(name)
        self._connection = http.client.HTTPSConnection(
            "localhost", house.ports["HTTPS"], timeout=WAIT_SECONDS, context=trust(house)
        )
        proof = base64.b64encode(f"{address}:{house.passwords[address]}".encode()).decode()
        self._headers = {"Authorization": f"Basic {proof}"}

    def ask(self, method: str, path: str, body: str = "", **headers: str) -> Answer:
        """Send a request; names of fields are written with underscores."""
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        self._connection.request(method, path, body.encode(), self._headers | named)
        response = self._connection.getresponse()
        return Answer(response.status, response.getheader("ETag", ""), response.read())

    def api(self, path: str) -> Any:
        """Return what the REST API tells."""
        answer = self.ask("GET", f"/api/v1/{path}")
        assert answer.status == 200, answer
        return answer.json()

    def post(self, path: str, document: Any) -> Any:
        """Make something by the REST API."""
        answer = self.ask(
            "POST", f"/api/v1/{path}", json.dumps(document), Content_Type="application/json"
        )
        assert answer.status < 300, answer
        return answer.json()

    def listen(self) -> Iterator[str]:
        """Open the stream of events, and yield the name of each, as it comes."""
        self._connection.request("GET", "/api/v1/events", headers=self._headers)
        response = self._connection.getresponse()
        assert response.status == 200, response.status
        while line := response.readline():
            if line.startswith(b"event: "):
                yield line.removeprefix(b"event: ").strip().decode()


def hand_in(house: House, messages: Sequence[bytes], recipients: Sequence[str]) -> None:
    """Deliver messages as a mail server in front does, each to all recipients.

    smtplib reads one reply to a message; there is one for each recipient (RFC 2033 §4.2).
    """
    with smtplib.LMTP("127.0.0.1", house.ports["LMTP"]) as server:
        server.ehlo_or_helo_if_needed()
        for message in messages:
            replies = [server.mail("outside@elsewhere.example")]
            replies += [server.rcpt(address) for address in recipients]
            server.docmd("DATA")
            server.send(message.replace(b"\r\n.", b"\r\n..") + b"\r\n.\r\n")
            replies += [server.getreply() for _ in recipients]
            refused = [reply for reply in replies if reply[0] != 250]
            assert not refused, refused
