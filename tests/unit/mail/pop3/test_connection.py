import pytest

from mail.pop3 import responses
from mail.pop3.commands import (
    COMMANDS,
    MOST_AT_ONCE,
    Auth,
    Numbered,
    Plain,
    Request,
    State,
    Text,
    Top,
)
from mail.pop3.connection import (
    AuthReceived,
    CommandReceived,
    Connection,
    Event,
    Refused,
    RunReceived,
)


def events_of(data: bytes, state: State = State.AUTHORIZATION) -> list[Event]:
    connection = Connection(100)
    connection.state = state
    connection.receive(data)
    found = []
    while (event := connection.next_event()) is not None:
        found.append(event)
    return found


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        (b"CAPA", Plain()),
        (b"capa ", Plain()),
        (b"USER  ann@a.example ", Text("ann@a.example")),
        (b"PASS  two words ", Text(" two words ")),
        (b"PASS", Text("")),
        (b"LANG", Text("")),
        (b"LANG en", Text("en")),
        (b"AUTH", Auth()),
        (b"AUTH plain", Auth("PLAIN")),
        (b"AUTH PLAIN =", Auth("PLAIN", b"")),
        (b"AUTH PLAIN AGE=", Auth("PLAIN", b"\0a")),
    ],
)
def test_command_before_login_is_read(line: bytes, request_: Request) -> None:
    [event] = events_of(line + b"\r\n")
    assert isinstance(event, CommandReceived)
    assert event.request == request_


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        (b"LIST", Numbered(0)),
        (b"LIST ", Numbered(0)),
        (b"UIDL 3", Numbered(3)),
        (b"RETR 12", Numbered(12)),
        (b"TOP 1 0", Top(1, 0)),
    ],
)
def test_command_after_login_is_read(line: bytes, request_: Request) -> None:
    [event] = events_of(line + b"\n", State.TRANSACTION)
    assert isinstance(event, CommandReceived)
    assert event.request == request_


@pytest.mark.parametrize(
    "line",
    [b"RETR", b"RETR x", b"TOP 1", b"TOP 1 2 3", b"TOP 0 1", b"DELE 0", b"LIST 1 2", b"QUIT x"],
)
def test_bad_argument_is_refused(line: bytes) -> None:
    [event] = events_of(line + b"\r\n", State.TRANSACTION)
    assert isinstance(event, Refused)
    assert event.response.startswith(b"-ERR Not understood: ")


@pytest.mark.parametrize("line", [b"USER", b"USER \xff", b"AUTH PLAIN x", b"AUTH PLAIN a b"])
def test_bad_argument_before_login_is_refused(line: bytes) -> None:
    [event] = events_of(line + b"\r\n")
    assert isinstance(event, Refused)


def test_command_belongs_to_its_state() -> None:
    assert events_of(b"STAT\r\n") == [Refused(responses.LOG_IN_FIRST)]
    told = [Refused(responses.LOGGED_IN_ALREADY)]
    assert events_of(b"USER a\r\n", State.TRANSACTION) == told
    assert events_of(b"FOO\r\n") == [Refused(responses.UNKNOWN_COMMAND)]


def test_answer_to_a_challenge_is_read_and_then_commands_again() -> None:
    connection = Connection(100)
    for line, answer in ((b"AGE=", b"\0a"), (b"", b""), (b"*", None)):
        connection.expect_answer()
        connection.receive(line + b"\r\nCAPA\r\n")
        assert connection.next_event() == AuthReceived(answer)
        assert isinstance(connection.next_event(), CommandReceived)


def test_too_long_a_line_is_refused_once_and_not_kept() -> None:
    connection = Connection(100)
    for _ in range(10):
        connection.receive(b"x" * 60)
        assert connection.next_event() is None
        assert connection.buffered <= 100
    connection.receive(b"\r\nCAPA\r\n" + b"y" * 101 + b"\r\nCAPA\r\n")
    assert connection.next_event() == Refused(responses.LINE_TOO_LONG)
    assert isinstance(connection.next_event(), CommandReceived)
    assert connection.next_event() == Refused(responses.LINE_TOO_LONG)
    assert isinstance(connection.next_event(), CommandReceived)


def run_of(data: bytes, state: State = State.TRANSACTION) -> tuple[RunReceived | None, int]:
    """Return the run that begins some octets, and how many are left behind it."""
    connection = Connection(100)
    connection.state = state
    connection.receive(data)
    return connection.take_run(), connection.buffered


def test_lines_that_came_together_are_a_run() -> None:
    run, left = run_of(b"RETR 3\r\nretr 1\nRETR 999999999\r\nTOP 1 0\r\n")
    assert run == RunReceived(COMMANDS[b"RETR"], [3, 1, 999_999_999])
    assert left == len(b"TOP 1 0\r\n")
    run, left = run_of(b"TOP 3 0\r\nTOP 4 17\r\nTOP 5")
    assert run == RunReceived(COMMANDS[b"TOP"], [3, 4], [0, 17])
    assert list(run.requests()) == [Top(3, 0), Top(4, 17)]
    assert list(run.after(1).requests()) == [Top(4, 17)]
    assert left == len(b"TOP 5")


def test_run_has_so_many_lines_at_most() -> None:
    run, left = run_of(b"RETR 1\r\n" * 100)
    assert run is not None
    assert len(run.numbers) == MOST_AT_ONCE
    assert left == (100 - MOST_AT_ONCE) * len(b"RETR 1\r\n")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"RETR 1\r\n",
        b"RETR 1\r\nRETR 2",
        b"RETR 1\r\nTOP 1 0\r\n",
        b"RETR 0\r\nRETR 1\r\n",
        b"RETR 1 \r\nRETR 2\r\n",
        b"NOOP\r\nRETR 1\r\nRETR 2\r\n",
        b"DELE 1\r\nDELE 2\r\n",
    ],
)
def test_what_is_no_run_is_read_line_by_line(data: bytes) -> None:
    assert run_of(data) == (None, len(data))


def test_there_are_no_runs_before_login() -> None:
    data = b"RETR 1\r\nRETR 2\r\n"
    assert run_of(data, State.AUTHORIZATION) == (None, len(data))


def test_end_of_too_long_a_line_is_no_run() -> None:
    connection = Connection(100)
    connection.state = State.TRANSACTION
    connection.receive(b"x" * 101)
    assert connection.next_event() is None
    connection.receive(b"RETR 1\r\nRETR 2\r\nRETR 3\r\n")
    assert connection.take_run() is None
    assert connection.next_event() == Refused(responses.LINE_TOO_LONG)
    assert connection.take_run() == RunReceived(COMMANDS[b"RETR"], [2, 3])


def test_what_came_along_is_forgotten() -> None:
    connection = Connection(100)
    connection.receive(b"STLS\r\nCAPA\r\nUSER a")
    assert isinstance(connection.next_event(), CommandReceived)
    connection.forget()
    assert connection.next_event() is None
    connection.receive(b"CAPA\r\n")
    assert isinstance(connection.next_event(), CommandReceived)
