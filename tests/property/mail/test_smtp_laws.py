"""The laws of the SMTP core: any cut gives the same events; garbage never raises."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mail.smtp.commands import LMTP, Hello, MailFrom, RcptTo, Simple, State
from mail.smtp.connection import CommandReceived, Connection, Event, Limits, MessageReceived

LIMITS = Limits(command_line=200, message_line=400, message=2000)

lines = st.sampled_from(
    [
        b"LHLO a.example",
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
        case CommandReceived(request=Hello() | Simple(verb="RSET")) | MessageReceived():
            connection.state = State.READY
        case CommandReceived(request=MailFrom()):
            connection.state = State.MAIL
        case CommandReceived(request=RcptTo()):
            connection.state = State.RCPT
        case _:
            pass


def events_of(pieces: list[bytes]) -> list[Event]:
    connection = Connection(LMTP, LIMITS)
    events: list[Event] = []
    for piece in pieces:
        connection.receive(piece)
        while (event := connection.next_event()) is not None:
            events.append(event)
            respond(connection, event)
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
