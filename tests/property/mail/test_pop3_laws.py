"""The laws of the POP3 parser and of what it sends (STYLE: three laws per parser)."""

from hypothesis import given
from hypothesis import strategies as st

from mail.pop3.commands import COMMANDS, State
from mail.pop3.connection import AuthReceived, CommandReceived, Connection, Event, Refused
from mail.pop3.wire import Stuffer, TopCutter, cut_top, serialize_message, serialize_top

WORDS = st.one_of(
    st.sampled_from([*COMMANDS, b" ", b"\r\n", b"\n", b"\r", b"1", b"0", b"PLAIN", b"AGE=", b"*"]),
    st.binary(max_size=8),
)
STREAMS = st.lists(WORDS, max_size=30).map(b"".join)
MESSAGES = st.lists(
    st.one_of(
        st.sampled_from([b".", b"\n", b"\r\n", b"\r", b"a", b".\r\n"]), st.binary(max_size=4)
    ),
    max_size=30,
).map(b"".join)


def events_of(pieces: list[bytes], state: State) -> list[Event]:
    connection = Connection(40)
    connection.state = state
    found: list[Event] = []
    for piece in pieces:
        connection.receive(piece)
        while (event := connection.next_event()) is not None:
            found.append(event)
            if isinstance(event, CommandReceived) and event.command.verb == "AUTH":
                connection.expect_answer()
    return found


@given(STREAMS, st.sampled_from(State), st.data())
def test_any_cut_gives_the_same_events(stream: bytes, state: State, data: st.DataObject) -> None:
    whole = events_of([stream], state)
    cut = data.draw(st.integers(0, len(stream)))
    assert events_of([stream[:cut], stream[cut:]], state) == whole
    assert events_of([stream[place : place + 1] for place in range(len(stream))], state) == whole


RUNS = st.lists(
    st.one_of(
        st.sampled_from(
            [b"RETR 1\r\n", b"RETR 23\n", b"top 4 0\r\n", b"TOP 5 67\r\n", b"RETR 0\n"]
        ),
        st.sampled_from(
            [b"RETR  8\r\n", b"RETR 09\n", b"TOP 1 00\n", b"RETR 1234567890\n", b"RETR 1"]
        ),
        WORDS,
    ),
    max_size=30,
).map(b"".join)


@given(RUNS, st.sampled_from(State), st.data())
def test_run_asks_for_what_its_lines_ask_for(
    stream: bytes, state: State, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(stream)))
    connection = Connection(40)
    connection.state = state
    found: list[Event] = []
    for piece in (stream[:cut], stream[cut:]):
        connection.receive(piece)
        while True:
            if (run := connection.take_run()) is not None:
                found += [CommandReceived(run.command, request) for request in run.requests()]
            elif (event := connection.next_event()) is not None:
                found.append(event)
                if isinstance(event, CommandReceived) and event.command.verb == "AUTH":
                    connection.expect_answer()
            else:
                break
    assert found == events_of([stream], state)


@given(st.binary(max_size=200), st.sampled_from(State))
def test_garbage_is_refused_and_nothing_else(data: bytes, state: State) -> None:
    for event in events_of([data, b"\r\n"], state):
        assert isinstance(event, CommandReceived | AuthReceived | Refused)


@given(MESSAGES, st.data())
def test_what_is_stuffed_is_read_back(message: bytes, data: st.DataObject) -> None:
    """As a client reads it: lines end at LF, as in most programs, or at CRLF."""
    stuffer = Stuffer()
    cut = data.draw(st.integers(0, len(message)))
    sent = stuffer.feed(message[:cut]) + stuffer.feed(message[cut:]) + stuffer.finish()
    assert sent == b"".join(serialize_message(b"", message))
    lines = sent.splitlines(keepends=True) if b"\r" not in sent else _lines(sent)
    assert lines[-1] == b".\r\n"
    assert b".\r\n" not in lines[:-1]
    assert b".\n" not in lines[:-1]
    read = b"".join(line.removeprefix(b".") for line in lines[:-1])
    whole = message == b"" or message.endswith(b"\r\n")
    assert read == (message if whole else message + b"\r\n")
    assert sent.find(b"\r\n.\r\n") in (-1, len(sent) - 5)


def _lines(sent: bytes) -> list[bytes]:
    return [line + b"\n" for line in sent.split(b"\n")[:-1]]


@given(MESSAGES, st.integers(0, 6), st.data())
def test_top_is_the_same_for_any_cut(message: bytes, lines: int, data: st.DataObject) -> None:
    whole = TopCutter(lines).feed(message)
    assert message.startswith(whole)
    cut = data.draw(st.integers(0, len(message)))
    cutter = TopCutter(lines)
    assert cutter.feed(message[:cut]) + cutter.feed(message[cut:]) == whole


@given(MESSAGES, st.integers(0, 4))
def test_top_of_a_whole_message_is_that_of_its_octets(message: bytes, lines: int) -> None:
    cutter = TopCutter(lines)
    pieces = [cutter.feed(message[place : place + 1]) for place in range(len(message))]
    assert cut_top(message, lines) == b"".join(pieces)


@given(MESSAGES, st.integers(0, 4), st.data())
def test_first_octets_give_the_response_to_top_or_none(
    message: bytes, lines: int, data: st.DataObject
) -> None:
    whole = b"".join(serialize_message(b"+OK\r\n", cut_top(message, lines)))
    assert serialize_top(b"+OK\r\n", message, lines, is_whole=True) == whole
    first = message[: data.draw(st.integers(0, len(message)))]
    assert serialize_top(b"+OK\r\n", first, lines, is_whole=False) in (whole, b"")
    longer = message + b"x"
    assert serialize_top(b"+OK\r\n", longer, lines, is_whole=False) in (whole, b"")
