"""The three laws of the IMAP parser, and its limits on memory.

Any cut of the stream gives the same events; what was serialized is what is read; garbage gives
events, never an exception.
"""

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mail.imap import responses
from mail.imap.connection import Connection
from mail.imap.events import (
    AuthResponse,
    BadCommand,
    CommandReceived,
    Event,
    Limits,
)
from mail.imap.fetchitems import Section, SectionText, parse_fetch_items
from mail.imap.requests import Append, AppendMessage, Create, Login
from mail.imap.sequences import MAX_NUMBER, STAR, SequenceSet, parse_sequence_set, serialize_numbers
from mail.imap.wire import Reader
from mail.mime.strings import quote
from mail.names import canonical_name, is_normalized
from mail.utf7 import decode_utf7, encode_utf7

LIMITS = Limits(
    max_line=200,
    max_line_before_login=100,
    max_login_literal=16,
    max_literal=32,
    max_command=300,
    message_limit=400,
    append_limit=450,
    max_messages=3,
    max_skipped=900,
    max_skipped_before_login=150,
    max_bad_commands=12,
)
PIECES = [
    *(b"a NOOP\r\n", b"b LOGIN u p\r\n", b"c LOGIN {1}\r\n", b"c LOGIN {1+}\r\nu p\r\n"),
    *(b"d AUTHENTICATE PLAIN\r\n", b"AGEAYg==\r\n", b"*\r\n", b"e IDLE\r\n", b"DONE\r\n"),
    *(b"f CREATE {5+}\r\n", b"f CREATE {5}\r\n", b"a b c", b"g CREATE {33+}\r\n", b"x" * 33),
    *(b"h APPEND INBOX {401+}\r\n", b"h APPEND INBOX {30+}\r\n", b"x" * 401, b"x" * 101),
    *(
        b"h APPEND INBOX ~{30+}\r\n",
        b"h APPEND INBOX ~{9}\r\n",
        b"~{8+}\r\n",
        b" {9+}\r\n",
        b"g CREATE ~{5+}\r\n",
    ),
    *(b"i SEARCH CHARSET X ALL\r\n", b"j UID FETCH 1:* (FLAGS BODY[]<0.9>)\r\n", b"k LOGOUT\r\n"),
    *(b"\r\n", b"\r", b"\n", b"{8+}\r\n", b"{8}\r\n", b" ", b"\x00", b"\xff", b'"', b"(", b"l"),
]
STREAMS = st.lists(st.sampled_from(PIECES) | st.binary(max_size=12), max_size=30).map(b"".join)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"))
NUMBERS = st.integers(1, MAX_NUMBER)


def follow(connection: Connection, events: list[Event]) -> list[Event]:
    """Go on as a session in which every login succeeds would."""
    seen = list(events)
    while events:
        last = events[-1]
        events = []
        if isinstance(last, CommandReceived) and connection.paused:
            match last.command.name:
                case "LOGIN":
                    events = connection.resume_authenticated()
                case "AUTHENTICATE":
                    events = connection.resume_with_auth()
                case "IDLE":
                    events = connection.resume_with_idle()
        elif isinstance(last, AuthResponse):
            events = connection.resume()
        seen += events
    return seen


def read(stream: bytes, cuts: list[int]) -> list[Event]:
    connection = Connection(LIMITS)
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    seen: list[Event] = []
    for start, end in pairwise(edges):
        seen += follow(connection, connection.feed(stream[start:end]))
    return seen


@given(STREAMS, st.lists(st.integers(0, 2000), max_size=8))
@example(b"a CREATE " + b"x" * 91 + b"\r\nb NOOP\r\n", [100, 101, 102])
@example(b"b LOGIN u p\r\na CREATE " + b"x" * 200 + b" {8+}\r\nb NOOP\r\n\r\nc NOOP\r\n", [220])
def test_any_cut_of_the_stream_gives_the_same_events(stream: bytes, cuts: list[int]) -> None:
    whole = read(stream, [])
    assert read(stream, cuts) == whole
    assert read(stream, list(range(len(stream)))) == whole


@given(STREAMS, st.binary(max_size=40))
def test_trailing_bytes_change_nothing_before_them(stream: bytes, trailing: bytes) -> None:
    whole = read(stream, [])
    assert read(stream + trailing, [])[: len(whole)] == whole


@given(st.lists(st.binary(max_size=300), max_size=12))
def test_garbage_gives_events_and_keeps_little(pieces: list[bytes]) -> None:
    connection = Connection(LIMITS)
    for piece in pieces:
        follow(connection, connection.feed(piece))
        if not connection.paused:
            assert len(connection._buffer) <= LIMITS.max_line + 1
        assert len(connection._literal) <= LIMITS.message_limit
        assert sum(map(len, connection._parts)) <= LIMITS.max_command + LIMITS.append_limit
        assert connection.kept <= LIMITS.append_limit


@given(st.binary(max_size=120))
def test_garbage_behind_a_known_command_is_bad_or_a_command(garbage: bytes) -> None:
    line = garbage.replace(b"\n", b"")
    for name in (b"FETCH ", b"SEARCH ", b"STORE 1 ", b"APPEND ", b"LIST ", b"STATUS ", b"ID "):
        connection = Connection()
        connection.feed(b"a LOGIN u p\r\n")
        connection.resume_authenticated()
        for event in connection.feed(b"b " + name + line + b"\r\n"):
            assert not isinstance(event, BadCommand) or event.tag == b"b"


@given(TEXTS)
def test_mailbox_names_survive_the_wire(name: str) -> None:
    assert decode_utf7(encode_utf7(name)) == name


@given(st.binary(max_size=40))
def test_a_mailbox_name_has_one_form(data: bytes) -> None:
    name = decode_utf7(data)
    assert name is None or encode_utf7(name) == data


@given(st.lists(st.tuples(NUMBERS | st.just(STAR), NUMBERS | st.just(STAR)), min_size=1), NUMBERS)
def test_sequence_sets_survive_the_wire(ranges: list[tuple[int, int]], largest: int) -> None:
    written = SequenceSet(tuple(ranges))
    parsed = parse_sequence_set(written.serialize())
    assert parsed is not None
    assert parsed.resolve(largest) == written.resolve(largest)


@given(st.lists(st.integers(1, 60), min_size=1), st.integers(1, 60))
def test_resolved_ranges_hold_what_the_set_holds(numbers: list[int], largest: int) -> None:
    parsed = parse_sequence_set(serialize_numbers(numbers))
    assert parsed is not None
    resolved = parsed.resolve(largest)
    held = [n for low, high in resolved for n in range(low, high + 1)]
    assert held == sorted(set(numbers))


@given(st.binary(max_size=1100).filter(lambda value: b"\x00" not in value))
def test_strings_survive_the_wire(value: bytes) -> None:
    wire = quote(value)
    if wire.startswith(b'"'):
        assert Reader([wire]).string() == value
    else:
        head, _, body = wire.partition(b"\r\n")
        assert Reader([b"", body, b""]).string() == value
        assert head == b"{%d}" % len(value)


@given(
    st.datetimes(dt.datetime(2, 1, 1), dt.datetime(9998, 1, 1)),  # noqa: DTZ001
    st.integers(-14 * 60, 14 * 60),
)
def test_dates_survive_the_wire(moment: dt.datetime, minutes: int) -> None:
    zone = dt.timezone(dt.timedelta(minutes=minutes))
    written = moment.replace(microsecond=0, tzinfo=zone)
    read_back = Reader([responses.date_time(written)]).date_time()
    assert (read_back, read_back.utcoffset()) == (written, written.utcoffset())


@given(
    st.lists(st.integers(1, 99), max_size=5),
    st.sampled_from([SectionText.ALL, SectionText.HEADER, SectionText.TEXT]),
    st.none() | st.tuples(st.integers(0, MAX_NUMBER), st.just(7)),
)
def test_section_labels_are_what_was_asked_for(
    part: list[int], text: SectionText, partial: tuple[int, int] | None
) -> None:
    section = Section(tuple(part), text, (), partial)
    wire = section.label()
    if partial is not None:
        wire = wire.removesuffix(b">") + b".%d>" % partial[1]
    assert parse_fetch_items(Reader([wire])) == (section,)


@given(
    TEXTS.filter(bool),
    st.binary(max_size=300),
    st.sampled_from([b"", b"+"]),
    st.sampled_from([b"", b"~"]),
)
def test_commands_survive_the_wire(name: str, message: bytes, plus: bytes, mark: bytes) -> None:
    connection = Connection()
    connection.feed(b"a LOGIN u p\r\n")
    connection.resume_authenticated()
    box = responses.mailbox(name)
    stream = b"b CREATE " + box + b"\r\n"
    stream += b"c APPEND " + box + b" %s{%d%s}\r\n" % (mark, len(message), plus) + message + b"\r\n"
    requests = [e.request for e in connection.feed(stream) if isinstance(e, CommandReceived)]
    told = canonical_name(name)
    given_as = "" if is_normalized(name) else name
    assert requests == [
        Create(told, denormalized=given_as),
        Append(told, (AppendMessage((), None, message),)),
    ]


@pytest.mark.parametrize("waits", [b"", b"+"])
def test_passwords_may_hold_anything_as_literals(waits: bytes) -> None:
    connection = Connection()
    stream = b'a LOGIN {2%s}\r\n"u {4%s}\r\np\r\n \r\n' % (waits, waits)
    [event] = [e for e in connection.feed(stream) if isinstance(e, CommandReceived)]
    assert event.request == Login('"u', "p\r\n ")
