"""An IMAP server elsewhere (RFC 3501): what its mailboxes hold, and what is done there.

On the standard library's imaplib, whose answers get a bound: each command has an allowance of
octets, and a time.
"""

import contextlib
import imaplib
import re
import socket
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from groupware.core import limits
from mail.flags import parse_flags
from mail.outside.messages import Fetched, Listed, read_date
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
from mail.utf7 import decode_utf7, encode_utf7

UIDPLUS = b"UIDPLUS"
WINDOW = 500
"""Messages that one command lists."""
_OF_A_ROW = 1_000
"""Octets that a row of a listing has at most, by far."""
SLACK = 1 << 20
_PASSING = re.compile(r"\[(UNAVAILABLE|INUSE|LIMIT|SERVERBUG|CONTACTADMIN)\b", re.IGNORECASE)
"""Refused logins that say nothing of the password (RFC 5530 §3)."""
_UID = re.compile(rb"\bUID (\d{1,20})\b")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d{1,20})\b")
_FLAGS = re.compile(rb"\bFLAGS \(([^)]*)\)")
_DATE = re.compile(rb'\bINTERNALDATE "([^"]{1,64})"')
_EMPTY_BODY = re.compile(rb'\bBODY\[\] ""')
_LISTED = re.compile(rb'\(([^)]*)\) (?:"(?:[^"\\]|\\.)*"|NIL) (.*)', re.DOTALL)
_KEYWORD = re.compile(r"[!#$&\'+-Z^-z|}~\[]{1,64}")
_Row = bytes | tuple[bytes, bytes]


class _Connection(imaplib.IMAP4):
    """imaplib on a connection that stands; it reads what its allowance has left."""

    def __init__(self, sock: socket.socket, host: str) -> None:
        self.allowance = SMALL
        self._given = sock
        super().__init__(host)

    def open(
        self,
        host: str = "",
        port: int = 143,
        timeout: float | None = None,  # noqa: ARG002 (imaplib's signature)
    ) -> None:
        """Take what was given."""
        self.host, self.port = host, port
        self.sock = self._given
        self.file = self.sock.makefile("rb")

    def read(self, size: int) -> bytes:
        """Read a literal; raises before it is read where it is larger than it may be."""
        self._spend(size)
        data = super().read(size)
        if len(data) < size:
            raise self.abort("cut off in a literal")
        return data

    def readline(self) -> bytes:
        """Read a line."""
        line = super().readline()
        self._spend(len(line))
        return line

    def hang_up(self) -> None:
        """End the connection; `close` would expunge (RFC 3501 §6.4.2)."""
        with contextlib.suppress(OSError):
            self.shutdown()

    def _spend(self, octets: int) -> None:
        self.allowance -= octets
        if self.allowance < 0:
            raise TooMuch("{host} sends more than was asked for.", host=self.host)


@dataclass(frozen=True, slots=True)
class Selected:
    """A mailbox that is open: its numbering, and how many messages it has."""

    uid_validity: int
    exists: int


class ImapSession:
    """A session that has logged in."""

    def __init__(self, line: Line, connection: _Connection) -> None:
        self._line = line
        self._imap = connection
        self._host = line.server.host
        self._can_expunge = False

    @contextmanager
    def _command(self, octets: int = SMALL) -> Iterator[_Connection]:
        self._imap.allowance = octets
        with self._line.command(octets):
            yield self._imap

    def start(self, server: Server) -> None:
        """Encrypt where that is to be done here, and log in; raises `OutsideFailed`."""
        if self._imap.state != "NONAUTH":
            # RFC 3501 §7.1.4: whoever is in between could have logged us in as somebody else.
            raise OutsideFailed(
                "{host} lets us in before it was asked: that is not safe.", host=self._host
            )
        if server.tls == STARTTLS:
            if "STARTTLS" not in self._imap.capabilities:
                raise OutsideFailed(
                    "{host} offers no STARTTLS: nothing was sent to it.", host=self._host
                )
            with self._command() as imap:
                imap.starttls(client_context())
        self._log_in(server)
        with self._command() as imap:
            _, rows = imap.capability()
        self._can_expunge = UIDPLUS in bytes(rows[-1] or b"").upper().split()

    def _log_in(self, server: Server) -> None:
        with self._command() as imap:
            try:
                if "AUTH=PLAIN" in imap.capabilities:
                    plain = f"\0{server.user}\0{server.password}".encode()
                    imap.authenticate("PLAIN", lambda _: plain)
                else:
                    imap.login(_quote(server.user), server.password)
            except imaplib.IMAP4.abort:
                raise
            except imaplib.IMAP4.error as error:
                text = said(error)
                kind = OutsideFailed if _PASSING.search(text) else LoginRefused
                raise kind(f"{self._host} refuses the login: {text}") from error
            except UnicodeEncodeError as error:
                raise OutsideFailed(
                    "{host} takes names and passwords in ASCII only.", host=self._host
                ) from error

    def list_mailboxes(self) -> list[str]:
        """Return the names of what can be selected."""
        with self._command(limits.OUTSIDE_MAILBOXES.value * _OF_A_ROW) as imap:
            _, rows = imap.list()
        return [name for row in rows if row and (name := _name_of(row)) is not None]

    def select(self, name: str, *, writable: bool) -> Selected:
        """Open a mailbox; raises `OutsideFailed`."""
        with self._command() as imap:
            try:
                status, rows = imap.select(_quote(encode_utf7(name).decode()), not writable)
            except imaplib.IMAP4.readonly as error:
                raise OutsideFailed(
                    "The mailbox {name} at {host} can only be read, so nothing can be marked or "
                    "deleted there: choose to leave what was fetched.",
                    name=name,
                    host=self._host,
                ) from error
            if status != "OK":
                raise OutsideFailed(
                    "{host} does not open {name}: {answer}",
                    host=self._host,
                    name=name,
                    answer=_text(rows),
                )
            _, validity = imap.response("UIDVALIDITY")
            number = number_in(validity[-1]) if validity and validity[-1] else 0
            if not number:
                raise OutsideFailed(
                    "{host} gives {name} no UIDVALIDITY: its messages cannot be told apart.",
                    host=self._host,
                    name=name,
                )
            return Selected(number, number_in(rows[-1] or b"0"))

    def list_above(self, uid: int, exists: int) -> Iterator[list[Listed]]:
        """Yield the messages whose UIDs are above one, ascending, some at once.

        Reads from the end until it meets what is known: a new message costs one command, however
        many there are. Sixteen octets of memory each.
        """
        blocks: list[tuple[array[int], array[int]]] = []
        last = exists
        while last > 0:
            first = max(1, last - WINDOW + 1)
            rows = self._list(first, last)
            if len(rows) <= last - first:
                # Another session removed some at this moment, or the other side errs.
                rows |= self._list(first, last)
            new = sorted(row for row in rows if row[0] > uid)
            blocks.append((array("Q", (r[0] for r in new)), array("Q", (r[1] for r in new))))
            if len(new) < len(rows):
                break
            last = first - 1
        while blocks:
            uids, sizes = blocks.pop()
            yield [Listed(*row) for row in zip(uids, sizes, strict=True)]

    def _list(self, first: int, last: int) -> set[tuple[int, int]]:
        with self._command((last - first + 1) * _OF_A_ROW + SMALL) as imap:
            status, rows = imap.fetch(f"{first}:{last}", "(UID RFC822.SIZE)")
            if status != "OK":
                raise OutsideFailed(
                    "{host} does not list its messages: {answer}",
                    host=self._host,
                    answer=_text(rows),
                )
            lines = [row for row in rows if isinstance(row, bytes)]
            found = ((_UID.search(line), _SIZE.search(line)) for line in lines)
            return {(number_in(uid[1]), number_in(size[1])) for uid, size in found if uid and size}

    def fetch(self, wanted: Sequence[Listed]) -> Iterator[Fetched]:
        r"""Yield messages whole, in their order; what has gone meanwhile is left out.

        Nothing becomes `\Seen` by it. What the other side does not give has a problem.
        """
        octets = sum(listed.size for listed in wanted)
        found = self._fetch([listed.number for listed in wanted], octets)
        for listed in wanted:
            got = found.pop(listed.number, None)
            if got is None and len(wanted) > 1:
                # One that it cannot give may be why it gave none (RFC 3501 §6.4.5).
                got = self._fetch([listed.number], listed.size).get(listed.number)
            if got is None and self.is_there(listed.number):
                yield Fetched(listed, problem=f"{self._host} does not give it")
            elif got is not None:
                yield _read(listed, *got)

    def _fetch(self, uids: list[int], octets: int) -> dict[int, tuple[bytes, bytes]]:
        """Return (the other items, the message) by UID. A size may be a guess; not by this much."""
        with self._command(2 * octets + SLACK) as imap:
            _, rows = imap.uid("FETCH", _set(uids), "(UID FLAGS INTERNALDATE BODY.PEEK[])")
        found: dict[int, tuple[bytes, bytes]] = {}
        for head, data in _assembled(rows):
            if data is not None and (uid := _UID.search(head)):
                found[int(uid[1])] = head, data
        return found

    def is_there(self, uid: int) -> bool:
        """Tell whether the mailbox has a message of this UID."""
        with self._command() as imap:
            _, rows = imap.uid("FETCH", str(uid), "(UID)")
        matches = (_UID.search(row) for row in rows if isinstance(row, bytes))
        return any(match and int(match[1]) == uid for match in matches)

    def mark_seen(self, uids: Sequence[int]) -> None:
        r"""Set `\Seen` there; what has gone meanwhile is no failure."""
        self._store(uids, r"(\Seen)")

    def delete(self, uids: Sequence[int]) -> None:
        r"""Delete messages there, and no others that somebody has marked `\Deleted`.

        Where UIDPLUS is missing (RFC 4315 §2.1) and others are marked, ours stay marked too.
        """
        self._store(uids, r"(\Deleted)")
        if self._can_expunge:
            with self._command(len(uids) * _OF_A_ROW + SMALL) as imap:
                imap.uid("EXPUNGE", _set(uids))
            return
        with self._command(SLACK) as imap:
            _, rows = imap.uid("SEARCH", "DELETED")
        marked = {int(word) for row in rows if row for word in row.split()}
        if marked <= set(uids):
            with self._command(len(uids) * _OF_A_ROW + SMALL) as imap:
                imap.expunge()

    def _store(self, uids: Sequence[int], flags: str) -> None:
        with self._command(len(uids) * _OF_A_ROW + SMALL) as imap:
            status, rows = imap.uid("STORE", _set(uids), "+FLAGS.SILENT", flags)
        if status != "OK":
            raise OutsideFailed(
                "{host} does not mark what was fetched: {answer}",
                host=self._host,
                answer=_text(rows),
            )

    def end(self) -> None:
        """Say goodbye; it does not matter what comes of it."""
        with contextlib.suppress(OutsideFailed), self._command() as imap:
            imap.logout()


@contextmanager
def open_imap(server: Server) -> Iterator[ImapSession]:
    """Yield a session that has logged in; raises `OutsideFailed`, `LoginRefused`."""
    with contextlib.closing(Line(server)) as line:
        with line.command():
            connection = _Connection(line.begin(), server.host)
        try:
            session = ImapSession(line, connection)
            session.start(server)
            yield session
            session.end()
        finally:
            connection.hang_up()


def _set(uids: Iterable[int]) -> str:
    return ",".join(map(str, uids))


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _text(rows: Sequence[Any]) -> str:
    return said(ValueError(rows[-1] if rows and rows[-1] else b""))


def _name_of(row: _Row) -> str | None:
    """Return the mailbox that a row of LIST names, None for one that cannot be selected."""
    head, name = row if isinstance(row, tuple) else (row, b"")
    found = _LISTED.match(head)
    if found is None or rb"\noselect" in found[1].lower() or rb"\nonexistent" in found[1].lower():
        return None
    if not isinstance(row, tuple):
        name = found[2].strip()
        if name[:1] == b'"':
            name = re.sub(rb"\\(.)", rb"\1", name[1:-1])
    return decode_utf7(name)


def _assembled(rows: Sequence[Any]) -> Iterator[tuple[bytes, bytes | None]]:
    """Yield (items, message) of each FETCH: imaplib tells a literal apart from what follows it."""
    head, data = b"", None
    for row in rows:
        if isinstance(row, tuple):
            head += row[0]
            data = row[1] if b"BODY[]" in row[0] else data
        elif row is not None:
            head += row
            yield head, b"" if data is None and _EMPTY_BODY.search(head) else data
            head, data = b"", None


def _read(listed: Listed, items: bytes, data: bytes) -> Fetched:
    flags = _FLAGS.search(items)
    words = flags[1].decode("ascii", "replace").split() if flags else []
    mask, keywords = parse_flags(words)
    date = _DATE.search(items)
    moment, zone = read_date(date[1]) if date else (None, 0)
    kept = tuple(word for word in keywords if _KEYWORD.fullmatch(word))
    return Fetched(listed, data, mask, kept, moment, zone)
