"""A POP3 server elsewhere (RFC 1939): what its maildrop holds, octet for octet.

On the standard library's poplib, whose lines are bounded at 2,048 octets and lose their ends: a
message is read here instead.
"""

import contextlib
import poplib
import re
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256

from groupware.core import limits
from mail.outside.messages import Fetched, Listed, read_arrival
from mail.outside.servers import (
    SMALL,
    STARTTLS,
    Line,
    LoginRefused,
    OutsideFailed,
    Server,
    TooMuch,
    client_context,
    number_in,
    said,
)

SLACK = 1 << 20
MAX_LINE = 2_048
MAX_UIDL = 255
"""Octets of a unique-id that are kept; RFC 1939 §7 allows 70."""
_OF_A_ROW = 100
_PIECE = 64 << 10
_NAME = re.compile(rb"[!-~]+")
_PASSING = re.compile(
    r"\[(IN-USE|SYS/|LOGIN-DELAY)|\b(lock|in use|busy|try again|tempor)", re.IGNORECASE
)
"""Refused logins that say nothing of the password (RFC 2449 §8.1, RFC 3206), or not in these words."""


class _Connection(poplib.POP3):
    """poplib on a connection that stands; it reads what its allowance has left."""

    def __init__(self, sock: socket.socket, host: str) -> None:
        self.allowance = SMALL
        self._given = sock
        try:
            super().__init__(host)
        except BaseException:
            self.hang_up()
            raise

    def hang_up(self) -> None:
        """End the connection."""
        with contextlib.suppress(OSError):
            self.close()

    def _create_socket(self, _timeout: object) -> socket.socket:
        return self._given

    def _getline(self) -> tuple[bytes, int]:
        line: bytes = self.file.readline(MAX_LINE + 1)
        self.spend(len(line))
        if not line.endswith(b"\n"):
            raise EOFError("a line is too long, or cut off")
        return line.rstrip(b"\r\n"), len(line)

    def spend(self, octets: int) -> None:
        """Take so many octets of the allowance."""
        self.allowance -= octets
        if self.allowance < 0:
            raise TooMuch("{host} sends more than was asked for.", host=self.host)

    def rows(self, command: str) -> Iterator[list[bytes]]:
        """Yield the lines of an answer, cut into words, without holding them."""
        self._shortcmd(command)  # type: ignore[attr-defined]
        while True:
            line, _ = self._getline()
            if line == b".":
                return
            yield line.split()

    def message(self, number: int) -> bytes:
        """Return a message as it is, its dots taken out."""
        self._shortcmd(f"RETR {number}")  # type: ignore[attr-defined]
        parts: list[bytes] = []
        begins = True
        while True:
            piece: bytes = self.file.readline(_PIECE)
            self.spend(len(piece))
            if not piece:
                raise EOFError("cut off in a message")
            if begins and piece[:1] == b".":
                if piece == b".\r\n":
                    return b"".join(parts)
                piece = piece[1:]
            begins = piece[-1:] == b"\n"
            parts.append(piece)


class Pop3Session:
    """A session that has logged in."""

    def __init__(self, line: Line, connection: _Connection) -> None:
        self._line = line
        self._pop = connection
        self._host = line.server.host

    @contextmanager
    def _command(self, octets: int = SMALL) -> Iterator[_Connection]:
        self._pop.allowance = octets
        with self._line.command(octets):
            yield self._pop

    def start(self, server: Server) -> None:
        """Encrypt where that is to be done here, and log in; raises `OutsideFailed`."""
        if server.tls == STARTTLS:
            with self._command() as pop:
                try:
                    pop.stls(client_context())
                except poplib.error_proto as error:
                    raise OutsideFailed(
                        "{host} offers no STLS: nothing was sent to it.", host=self._host
                    ) from error
        with self._command() as pop:
            try:
                pop.user(server.user)
                pop.pass_(server.password)
            except poplib.error_proto as error:
                text = said(error)
                kind = OutsideFailed if _PASSING.search(text) else LoginRefused
                raise kind(f"{self._host} refuses the login: {text}") from error

    def list_all(self) -> list[Listed]:
        """Return every message with its unique-id; raises `OutsideFailed`, `TooMuch`."""
        most = limits.OUTSIDE_MESSAGES.value
        with self._command(most * _OF_A_ROW + SMALL) as pop:
            sizes = self._numbers(pop.rows("LIST"), most)
        with self._command(most * _OF_A_ROW + SMALL) as pop:
            try:
                names = dict(self._names(pop.rows("UIDL"), most))
            except poplib.error_proto as error:
                raise OutsideFailed(
                    "{host} gives its messages no lasting names (UIDL): nothing can be fetched "
                    "from it without fetching it again and again.",
                    host=self._host,
                ) from error
        return [
            Listed(number, sizes[number], names[number])
            for number in sorted(sizes)
            if names.get(number)
        ]

    def _numbers(self, rows: Iterator[list[bytes]], most: int) -> dict[int, int]:
        found: dict[int, int] = {}
        for count, row in enumerate(rows, 1):
            self._check(count, most)
            found[number_in(row[0])] = number_in(row[1]) if len(row) > 1 else 0
        return found

    def _names(self, rows: Iterator[list[bytes]], most: int) -> Iterator[tuple[int, str]]:
        for count, row in enumerate(rows, 1):
            self._check(count, most)
            if len(row) > 1:
                yield number_in(row[0]), _uidl(row[1])

    def _check(self, count: int, most: int) -> None:
        if count > most:
            raise TooMuch(
                "The mailbox at {host} holds more than {most} messages: an admin may allow"
                " more (GROUPWARE_OUTSIDE_MAX_MESSAGES).",
                host=self._host,
                most=most,
            )

    def fetch(self, wanted: Sequence[Listed]) -> Iterator[Fetched]:
        """Yield messages whole, in their order; what the other side does not give has a problem."""
        for listed in wanted:
            with self._command(2 * listed.size + SLACK) as pop:
                try:
                    data = pop.message(listed.number)
                except poplib.error_proto as error:
                    yield Fetched(listed, problem=f"{self._host} says: {said(error)}")
                    continue
            moment, zone = read_arrival(data)
            yield Fetched(listed, data, internal_date=moment, internal_zone=zone)

    def delete(self, numbers: Sequence[int]) -> None:
        """Mark messages, which go when the session ends well, and then alone."""
        for number in numbers:
            with self._command() as pop:
                pop.dele(number)

    def end(self) -> None:
        """End the session, which deletes what is marked; raises `OutsideFailed`."""
        with self._command() as pop:
            pop.quit()


def _uidl(raw: bytes) -> str:
    """Return a unique-id as it is kept: of one that none should be, its digest."""
    if len(raw) <= MAX_UIDL and _NAME.fullmatch(raw):
        return raw.decode("ascii")
    return f"sha256:{sha256(raw).hexdigest()}"


@contextmanager
def open_pop3(server: Server) -> Iterator[Pop3Session]:
    """Yield a session that has logged in; raises `OutsideFailed`, `LoginRefused`."""
    with contextlib.closing(Line(server)) as line:
        with line.command():
            connection = _Connection(line.begin(), server.host)
        try:
            session = Pop3Session(line, connection)
            session.start(server)
            yield session
            session.end()
        finally:
            connection.hang_up()
