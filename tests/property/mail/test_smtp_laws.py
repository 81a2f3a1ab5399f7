"""The laws of the SMTP core: any cut gives the same events; garbage never raises."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mail.smtp.bodies import has_bare_line_end, has_long_line, repair_line_ends
from mail.smtp.commands import LMTP, SUBMISSION, Auth, Hello, Simple, State
from mail.smtp.connection import (
    ChunkReceived,
    ChunkRefused,
    CommandReceived,
    Connection,
    Event,
    Limits,
    MessageReceived,
    MessageRefused,
)
from mail.smtp.parameters import MailFrom, RcptTo

LIMITS = Limits(command_line=200, message_line=400, message=2000)

lines = st.sampled_from(
    [
        b"EHLO a.example",
        b"AUTH PLAIN",
        b"YQ==",
        b"*",
        b"BDAT 0",
        b"BDAT 3",
        b"BDAT 30 LAST",
        b"BDAT 3000 LAST",
        b"BDAT x",
        b"MAIL FROM:<a@b.example>",
        b"RCPT TO:<a@b.example>",
        b"DATA",
        b"RSET",
        b"NOOP",
        b"FOO",
        b"a message line",
        b"..",
        b".",
        b"",
        b"x" * 300,
    ]
)
streams = st.lists(st.tuples(lines, st.sampled_from([b"\r\n", b"\r\n", b"\n", b"\r"]))).map(
    lambda pairs: b"".join(line + end for line, end in pairs)
)


def respond(connection: Connection, event: Event) -> None:
    """Answer as a session does that takes everything."""
    match event:
        case CommandReceived(request=Simple(verb="DATA")):
            connection.begin_data()
        case CommandReceived(request=Auth()):
            connection.expect_answer()
        case CommandReceived(request=Hello()):
            connection.state = State.READY
            connection.end_transaction()
        case (
            CommandReceived(request=Simple(verb="RSET"))
            | MessageReceived()
            | MessageRefused()
            | ChunkRefused()
        ):
            connection.end_transaction()
        case ChunkReceived():
            connection.state = State.CHUNKS
        case CommandReceived(request=MailFrom()):
            connection.state = State.MAIL
        case CommandReceived(request=RcptTo()):
            connection.state = State.RCPT
        case _:
            pass


def events_of(pieces: list[bytes]) -> list[Event]:
    connection = Connection(SUBMISSION, LIMITS)
    events: list[Event] = []
    for piece in pieces:
        connection.receive(piece)
        while (event := connection.next_event()) is not None:
            events.append(event)
            respond(connection, event)
        assert connection.held <= LIMITS.message + len(piece) + 200
    return events


@given(streams, st.lists(st.integers(0, 400)))
def test_any_cut_of_the_stream_gives_the_same_events(stream: bytes, cuts: list[int]) -> None:
    marks = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    pieces = [stream[start:end] for start, end in pairwise(marks)]
    whole = events_of([stream])
    assert events_of(pieces) == whole
    assert events_of([stream[i : i + 1] for i in range(len(stream))]) == whole


@given(st.binary(max_size=600))
def test_garbage_gives_events_and_never_an_exception(stream: bytes) -> None:
    assert all(isinstance(event, Event) for event in events_of([stream]))


@given(st.binary(max_size=300))
def test_what_is_stuffed_and_sent_is_what_is_received(body: bytes) -> None:
    body += b"\r\n"
    stuffed = (b"\r\n" + body).replace(b"\r\n.", b"\r\n..")[2:]
    connection = Connection(LMTP, LIMITS)
    connection.state = State.RCPT
    connection.begin_data()
    connection.receive(stuffed + b".\r\n")
    assert connection.next_event() == MessageReceived(body)


@given(st.binary(max_size=300), st.integers(0, 300))
def test_what_is_sent_in_chunks_is_what_is_received(body: bytes, cut: int) -> None:
    first, last = body[:cut], body[cut:]
    connection = Connection(LMTP, LIMITS)
    connection.state = State.RCPT
    connection.receive(b"BDAT %d\r\n%bBDAT %d LAST\r\n%b" % (len(first), first, len(last), last))
    assert connection.next_event() == ChunkReceived()
    connection.state = State.CHUNKS
    assert connection.next_event() == MessageReceived(body)


ends = st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"\r\r\n", b".", b"text"])).map(b"".join)


@given(ends)
def test_repaired_lines_have_no_bare_end_and_the_same_text(data: bytes) -> None:
    repaired = repair_line_ends(data)
    assert not has_bare_line_end(repaired)
    assert repaired.replace(b"\r\n", b"") == data.replace(b"\r", b"").replace(b"\n", b"")
    assert repair_line_ends(repaired) == repaired


@given(ends, st.integers(0, 12))
def test_long_lines_are_those_that_splitting_finds(data: bytes, limit: int) -> None:
    assert has_long_line(data, limit) is any(len(line) > limit for line in data.split(b"\r\n"))
