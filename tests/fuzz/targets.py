"""What is fuzzed: for each target its seeds, its words, and what must hold for every input.

A target answers an input with a trait: inputs of a new trait are kept as seeds of others. Whatever
it raises is a finding.
"""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from mail.imap.connection import Connection
from mail.imap.events import AuthResponse, BadCommand, CommandReceived, Event, Limits
from mail.mime.index import MessageIndex, index_message
from mail.mime.limits import DEFAULT_LIMITS
from mail.mime.parser import Part, parse_message
from mail.mime.parts import load_parts, serialize_parts
from mail.mime.sections import resolve_section
from mail.mime.text import extract_text
from tests.fuzz.authentication import (
    AUTHENTICATION_WORDS,
    authentication_seeds,
    take_authentication,
)
from tests.fuzz.calendars import CALENDAR_WORDS, calendars, files, take_calendar, take_file
from tests.fuzz.cards import CARD_SEEDS, CARD_WORDS, take_cards
from tests.fuzz.pop3 import POP3_WORDS, pop3_seeds, take_pop3
from tests.fuzz.smtp import SMTP_WORDS, smtp_seeds, take_smtp
from tests.fuzz.submitted import SUBMITTED_WORDS, take_submitted

ROOT = Path(__file__).parent.parent
_SENT = re.compile(r"^C\d*[:+] ?(.*)$")

LIMITS = Limits(
    max_line=2_000,
    max_line_before_login=500,
    max_login_literal=64,
    max_literal=500,
    max_command=4_000,
    message_limit=8_000,
    append_limit=10_000,
    max_skipped=20_000,
    max_skipped_before_login=2_000,
)


@dataclass(frozen=True, slots=True)
class Target:
    """Something that reads octets of strangers."""

    name: str
    seeds: Sequence[bytes]
    words: Sequence[bytes]
    take: Callable[[bytes, random.Random], object]


# The IMAP parser.


def read_stream(stream: bytes, cuts: Sequence[int]) -> list[Event]:
    """Return the events of a stream that comes in pieces, every login succeeding."""
    connection = Connection(LIMITS)
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    seen: list[Event] = []
    for start, end in pairwise(edges):
        events = connection.feed(stream[start:end])
        while events:
            seen += events
            events = _go_on(connection, events[-1])
        assert connection.kept <= LIMITS.append_limit
        assert sum(map(len, connection._parts)) <= LIMITS.max_command + LIMITS.append_limit
    return seen


def _go_on(connection: Connection, last: Event) -> list[Event]:
    if isinstance(last, AuthResponse):
        return connection.resume()
    if not isinstance(last, CommandReceived) or not connection.paused:
        return []
    match last.command.name:
        case "LOGIN":
            return connection.resume_authenticated()
        case "AUTHENTICATE":
            return connection.resume_with_auth()
        case "IDLE":
            return connection.resume_with_idle()
    return connection.resume()


def take_stream(stream: bytes, chance: random.Random) -> object:
    """Any cut of the stream gives the same events; nothing is raised; little is kept."""
    whole = read_stream(stream, [])
    cuts = [chance.randint(0, len(stream)) for _ in range(chance.randint(1, 6))]
    assert read_stream(stream, cuts) == whole, cuts
    return frozenset(map(_trait, whole))


def _trait(event: Event) -> str:
    if isinstance(event, CommandReceived):
        return event.command.name
    if isinstance(event, BadCommand):
        return re.sub(r"\d+", "0", event.reason)[:60]
    return type(event).__name__


def _streams() -> list[bytes]:
    login = b"a LOGIN ann pass\r\n"
    found = []
    for path in sorted((ROOT / "transcripts" / "imap").glob("*.txt")):
        lines = [match[1] for line in path.read_text().splitlines() if (match := _SENT.match(line))]
        found.append(login + "".join(f"{line}\r\n" for line in lines).encode())
    return found


IMAP_WORDS = (
    *(b"\r\n", b"\n", b" ", b"(", b")", b'"', b"\\", b"*", b"%", b"$", b"{3}\r\n", b"{3+}\r\n"),
    *(b"~{3+}\r\n", b"NIL", b"UID ", b"FETCH ", b"STORE ", b"SEARCH ", b"SORT ", b"THREAD "),
    *(b"APPEND INBOX ", b"LIST ", b"RETURN (", b"SELECT INBOX (", b"QRESYNC (", b"BODY[", b"]"),
    *(b"BINARY.PEEK[", b"HEADER.FIELDS (", b"<0.5>", b"CHARSET ", b"OR ", b"NOT ", b"1:*", b",,"),
    *(b"x NOOP\r\n", b"x IDLE\r\nDONE\r\n", b"x AUTHENTICATE PLAIN\r\n", b"&AOk-", b"\xc3\xa9"),
)


# The MIME scanner.


def take_message(data: bytes, _chance: random.Random) -> object:
    """Offsets nest and lie within the message; the table reads back; text can be stored."""
    top = parse_message(data)
    _check_nesting(top, 0, len(data))
    parts = list(top.walk())
    assert len(parts) <= DEFAULT_LIMITS.max_parts
    table = load_parts(serialize_parts(top))
    for path in table:
        for kind in (None, "HEADER", "TEXT", "MIME"):
            found = resolve_section(table, path, kind)
            assert found is None or 0 <= found.start <= found.end <= len(data)
    index = index_message(data)
    assert index.header == data[: index.header_size]
    _check_strings(index)
    for text in extract_text(data, top):
        assert "\0" not in text
        text.encode()
    return tuple(sorted({(part.media_type[:20], part.encoding) for part in parts}, key=str))


def _check_nesting(part: Part, start: int, end: int) -> None:
    assert start <= part.header_start <= part.header_end <= part.body_end <= end
    inner = part.children or ([part.message] if part.message else [])
    for child in inner:
        _check_nesting(child, part.header_end, part.body_end)
    for one, other in pairwise(inner):
        assert one.body_end <= other.header_start


def _check_strings(index: MessageIndex) -> None:
    for name in MessageIndex.__slots__:
        value = getattr(index, name)
        for text in value if isinstance(value, tuple) else (value,):
            if isinstance(text, str):
                assert "\0" not in text
                text.encode()


MIME_WORDS = (
    *(b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"--", b"--b", b"--b--", b" ", b"\t", b":", b";", b"="),
    *(b"<", b">", b"@", b'"', b"(", b")", b"\\", b"\0", b"\xff", b"=?utf-8?q?=C3=A4?=", b"=?b?="),
    *(b"Subject: ", b"From: ", b"Date: Tue, 24 Nov 2026 01:54:51 +0100", b"References: <c@d> "),
    *(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n", b"charset=utf-16", b"*0*="),
    *(b"Content-Type: message/rfc822\r\n\r\n", b"Content-Transfer-Encoding: base64\r\n"),
    *(b"Content-Transfer-Encoding: quoted-printable\r\n", b"=\r\n", b"<script>", b"&#9;", b"Re: "),
)


def _messages() -> list[bytes]:
    """Return small messages of each kind; mutations nest them in each other."""
    plain = b"From: a@b\r\nTo: c@d\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\nhello\r\n"
    html = b"Content-Type: text/html; charset=utf-8\r\n\r\n<p>hello &amp; <b>all</b></p>\r\n"
    mixed = (
        b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        + html
        + b"\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
        + plain
        + b"\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--b--\r\n"
    )
    return [plain, html, mixed, plain.replace(b"\r\n", b"\n"), mixed.replace(b"\r\n", b"\n"), b""]


TARGETS = (
    Target("imap", _streams(), IMAP_WORDS, take_stream),
    Target("pop3", pop3_seeds(), POP3_WORDS, take_pop3),
    Target("smtp", smtp_seeds(), SMTP_WORDS, take_smtp),
    Target("mime", _messages(), MIME_WORDS, take_message),
    Target("authentication", authentication_seeds(), AUTHENTICATION_WORDS, take_authentication),
    Target("submitted", _messages(), SUBMITTED_WORDS, take_submitted),
    Target("cards", CARD_SEEDS, CARD_WORDS, take_cards),
    Target("calendar", calendars(), CALENDAR_WORDS, take_calendar),
    Target("calendarfile", files(), CALENDAR_WORDS, take_file),
)
