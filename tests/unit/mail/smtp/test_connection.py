"""The protocol core: each limit, each state, and where a message ends."""

import pytest

from mail.smtp.commands import LMTP, SMTP, Hello, MailFrom, RcptTo, Simple, State
from mail.smtp.connection import (
    CommandReceived,
    CommandRefused,
    Connection,
    Event,
    Limits,
    MessageReceived,
    MessageRefused,
)
from mail.smtp.responses import Reply, reply

LIMITS = Limits(command_line=100, message_line=50, message=1000)


def connection_in(state: State, limits: Limits = LIMITS) -> Connection:
    connection = Connection(LMTP, limits)
    connection.state = state
    return connection


def read_message(octets: bytes, limits: Limits = LIMITS) -> Event | None:
    connection = connection_in(State.RCPT, limits)
    connection.begin_data()
    connection.receive(octets)
    return connection.next_event()


def refusal(line: bytes, state: State) -> Reply:
    connection = connection_in(state)
    connection.receive(line + b"\r\n")
    event = connection.next_event()
    assert isinstance(event, CommandRefused)
    return event.reply


@pytest.mark.parametrize(
    ("line", "state", "request_type"),
    [
        (b"LHLO client.example", State.START, Hello),
        (b"lhlo client.example", State.RCPT, Hello),
        (b"MAIL FROM:<> BODY=8BITMIME SIZE=7", State.READY, MailFrom),
        (b"mail from: <a@b.example>", State.READY, MailFrom),
        (b"RCPT TO:<a@b.example>", State.MAIL, RcptTo),
        (b"RCPT TO:<a@b.example>", State.RCPT, RcptTo),
        (b"DATA", State.RCPT, Simple),
        (b"RSET", State.START, Simple),
        (b"NOOP anything", State.START, Simple),
        (b"HELP MAIL", State.START, Simple),
        (b"VRFY a", State.START, Simple),
        (b"QUIT", State.START, Simple),
    ],
)
def test_command_is_received(line: bytes, state: State, request_type: type) -> None:
    connection = connection_in(state)
    connection.receive(line + b"\r\n")
    event = connection.next_event()
    assert isinstance(event, CommandReceived)
    assert isinstance(event.request, request_type)


@pytest.mark.parametrize(
    ("line", "state", "code"),
    [
        (b"EHLO client.example", State.START, 500),
        (b"FOO", State.START, 500),
        (b"", State.START, 500),
        (b"LHLO", State.START, 501),
        (b"LHLO a b", State.START, 501),
        (b"MAIL FROM:<a@b.example>", State.START, 503),
        (b"MAIL FROM:<a@b.example>", State.MAIL, 503),
        (b"MAIL <a@b.example>", State.READY, 501),
        (b"MAIL FROM:<a@b.example> SIZE=x", State.READY, 501),
        (b"MAIL FROM:<a@b.example> SIZE=" + b"9" * 21, State.READY, 501),
        (b"MAIL FROM:<a@b.example> BODY=BINARYMIME", State.READY, 501),
        (b"MAIL FROM:<a@b.example> FOO=1", State.READY, 555),
        (b"RCPT TO:<a@b.example>", State.READY, 503),
        (b"RCPT TO:<>", State.MAIL, 501),
        (b"RCPT TO:<a@b.example> NOTIFY=NEVER", State.MAIL, 555),
        (b"DATA", State.MAIL, 503),
        (b"DATA now", State.RCPT, 501),
        (b"QUIT now", State.RCPT, 501),
    ],
)
def test_command_is_refused(line: bytes, state: State, code: int) -> None:
    assert refusal(line, state).code == code


def test_the_name_of_a_client_has_at_most_the_octets_of_a_domain() -> None:
    connection = connection_in(State.START, Limits())
    for size in (255, 256):
        connection.receive(b"LHLO " + b"x" * size + b"\r\n")
    taken, refused = connection.next_event(), connection.next_event()
    assert isinstance(taken, CommandReceived)
    assert isinstance(refused, CommandRefused)
    assert refused.reply.code == 501


def test_smtp_takes_ehlo_and_helo_and_lmtp_neither() -> None:
    assert {b"EHLO", b"HELO"} <= SMTP.keys()
    assert LMTP.keys() & {b"EHLO", b"HELO"} == set()


def test_command_line_over_the_limit_is_refused_and_the_next_is_read() -> None:
    connection = connection_in(State.START)
    connection.receive(b"NOOP " + b"x" * 96 + b"\r\nNOOP\r\n")
    first, second = connection.next_event(), connection.next_event()
    assert isinstance(first, CommandRefused)
    assert first.reply.code == 500
    assert isinstance(second, CommandReceived)


def test_endless_command_line_is_not_kept() -> None:
    connection = connection_in(State.START)
    for _ in range(100):
        connection.receive(b"x" * 90)
        assert connection.next_event() is None
        assert connection.buffered <= 190
    connection.receive(b"\r\n")
    event = connection.next_event()
    assert isinstance(event, CommandRefused)
    assert event.reply.enhanced_status == "5.5.6"


@pytest.mark.parametrize(
    ("octets", "data"),
    [
        (b".\r\n", b""),
        (b"\r\n.\r\n", b"\r\n"),
        (b"a\r\n.\r\n", b"a\r\n"),
        (b"..\r\n.\r\n", b".\r\n"),
        (b"..a\r\n..b\r\n.\r\n", b".a\r\n.b\r\n"),
        (b".a\r\n.\r\n", b"a\r\n"),
        (b"a\n.\nb\r\n.\r\n", b"a\n.\nb\r\n"),
        (b"a\r\n.\nb\r\n.\r\n", b"a\r\n\nb\r\n"),
        (b"a\n.\r\nb\r\n.\r\n", b"a\n.\r\nb\r\n"),
        (b"a\r.\r\nb\r\n.\r\n", b"a\r.\r\nb\r\n"),
        (b"\x00\xff\r\n.\r\n", b"\x00\xff\r\n"),
    ],
)
def test_message_ends_at_crlf_dot_crlf_only(octets: bytes, data: bytes) -> None:
    assert read_message(octets) == MessageReceived(data)


@pytest.mark.parametrize("octets", [b"a\n.\n", b"a\r\n.\n", b"a\n.\r\n", b"a\r.\r", b"a\r\n."])
def test_message_does_not_end_at_anything_else(octets: bytes) -> None:
    assert read_message(octets) is None


def test_line_at_the_limit_is_taken_and_one_octet_more_refused() -> None:
    assert read_message(b"x" * 50 + b"\r\n.\r\n") == MessageReceived(b"x" * 50 + b"\r\n")
    event = read_message(b"a\r\n" + b"x" * 51 + b"\r\n.\r\n")
    assert isinstance(event, MessageRefused)
    assert event.reply.code == 554


def test_long_line_at_the_end_of_the_message_is_refused() -> None:
    event = read_message(b"x" * 51 + b"\r\n.\r\n")
    assert isinstance(event, MessageRefused)


def test_message_at_the_limit_is_taken_and_one_octet_more_refused() -> None:
    limits = Limits(message=100)
    assert isinstance(read_message(b"x" * 98 + b"\r\n.\r\n", limits), MessageReceived)
    event = read_message(b"x" * 99 + b"\r\n.\r\n", limits)
    assert isinstance(event, MessageRefused)
    assert event.reply.code == 552


def test_endless_message_is_drained_in_bounded_memory() -> None:
    connection = connection_in(State.RCPT)
    connection.begin_data()
    for _ in range(100):
        connection.receive(b"x" * 500)
        assert connection.next_event() is None
        assert connection.buffered <= 1600
    connection.receive(b"\r\n.\r\nQUIT\r\n")
    assert isinstance(connection.next_event(), MessageRefused)
    assert isinstance(connection.next_event(), CommandReceived)


def test_reply_of_several_lines_has_its_code_on_each() -> None:
    assert reply(250, "", "a", "b").serialize() == b"250-a\r\n250 b\r\n"


def test_reply_never_carries_line_ends_or_controls() -> None:
    assert reply(550, "5.1.1", "a\r\n250 b\x00é").serialize() == b"550 5.1.1 a??250 b??\r\n"
