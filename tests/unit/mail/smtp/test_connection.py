"""The protocol core: each limit, each state, and where a message ends."""

import pytest

from mail.smtp.commands import (
    LMTP,
    MAX_CHUNK,
    SMTP,
    SUBMISSION,
    Auth,
    Chunk,
    Hello,
    Simple,
    State,
)
from mail.smtp.connection import (
    AnswerReceived,
    ChunkReceived,
    ChunkRefused,
    CommandReceived,
    CommandRefused,
    Connection,
    Event,
    Limits,
    MessageReceived,
    MessageRefused,
)
from mail.smtp.parameters import MailFrom, RcptTo
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
        (b"LHLO a\0b", State.START, 501),
        (b"STARTTLS", State.READY, 500),
        (b"AUTH PLAIN", State.READY, 500),
        (b"NO\0OP", State.READY, 500),
        ("MAIL FROM:<jürgen@b.example>".encode(), State.READY, 553),
        (b"MAIL FROM:<a@b.example> SMTPUTF8=1", State.READY, 501),
        (b"MAIL FROM:<a@b.example> RET=FULL", State.READY, 555),
        (b"MAIL FROM:<a@b.example> AUTH=<>", State.READY, 555),
        (b"MAIL FROM:<a@b.\0example>", State.READY, 501),
        (b"MAIL FROM:<a@b.example>", State.CHUNKS, 503),
        (b"RCPT TO:<a@b.example>", State.CHUNKS, 503),
        (b"DATA", State.CHUNKS, 503),
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
    assert reply(250, "", "a", "b").octets == b"250-a\r\n250 b\r\n"


def test_reply_never_carries_line_ends_or_controls() -> None:
    assert reply(550, "5.1.1", "a\r\n250 b\x00é").octets == b"550 5.1.1 a??250 b??\r\n"


def smtp_in(state: State, limits: Limits = LIMITS) -> Connection:
    connection = Connection(SUBMISSION, limits)
    connection.state = state
    return connection


def events_after(connection: Connection, octets: bytes) -> list[Event]:
    connection.receive(octets)
    events = []
    while (event := connection.next_event()) is not None:
        events.append(event)
    return events


NOOP = CommandReceived("NOOP", Simple("NOOP"))
BAD_SEQUENCE = CommandRefused(reply(503, "5.5.1", "This command does not belong here"))


def test_chunks_are_one_message_each_octet_as_it_was_sent() -> None:
    connection = smtp_in(State.RCPT)
    sent = b"BDAT 6\r\n.\r\n.\r\nbdat 0\r\nBDAT 5 LAST\r\na\nb\r\0NOOP\r\n"
    assert events_after(connection, sent) == [
        ChunkReceived(),
        ChunkReceived(),
        MessageReceived(b".\r\n.\r\na\nb\r\0"),
        NOOP,
    ]
    assert connection.held == 0


def test_a_message_may_end_with_a_chunk_of_nothing() -> None:
    sent = b"BDAT 2\r\nabBDAT 0 LAST\r\n"
    assert events_after(smtp_in(State.RCPT), sent) == [ChunkReceived(), MessageReceived(b"ab")]


def test_octets_of_a_chunk_that_does_not_belong_here_are_no_commands() -> None:
    sent = b"BDAT 12 LAST\r\nNOOP\r\nQUIT\r\nNOOP\r\n"
    assert events_after(smtp_in(State.READY), sent) == [BAD_SEQUENCE, NOOP]


@pytest.mark.parametrize(
    "line",
    [
        b"BDAT",
        b"BDAT x",
        b"BDAT -1 LAST",
        b"BDAT 5 FIRST",
        b"BDAT 5 LAST LAST",
        b"BDAT 99999999999999 LAST",
        b"BDAT %d" % (MAX_CHUNK + 1),
        b"BDAT 999999999999999999999999",
        b"BDAT\t5",
        b"BDAT  " + b" " * 100,
    ],
)
def test_nothing_is_read_behind_a_chunk_of_unknown_size(line: bytes) -> None:
    for size in (1, 200):
        connection = smtp_in(State.RCPT)
        stream = line + b"\r\nNOOP\r\n"
        events: list[Event] = []
        for start in range(0, len(stream), size):
            events += events_after(connection, stream[start : start + size])
        [event] = events
        assert isinstance(event, CommandRefused)
        assert event.is_last
        assert events_after(connection, b"NOOP\r\n") == []
        assert connection.held == 0


@pytest.mark.parametrize("size", [1, 50, 101, 103, 1000])
def test_a_long_line_that_only_goes_on_with_bdat_is_no_chunk(size: int) -> None:
    connection = smtp_in(State.RCPT)
    stream = b"x" * 103 + b"BDAT 5\r\nNOOP\r\n"
    events: list[Event] = []
    for start in range(0, len(stream), size):
        events += events_after(connection, stream[start : start + size])
    assert events == [CommandRefused(reply(500, "5.5.6", "The command line is too long")), NOOP]


def test_chunks_over_the_limit_are_read_and_not_kept() -> None:
    connection = smtp_in(State.RCPT)
    assert events_after(connection, b"BDAT 900\r\n" + b"x" * 900) == [ChunkReceived()]
    connection.receive(b"BDAT 5000 LAST\r\n")
    for _ in range(50):
        assert connection.next_event() is None
        assert connection.held <= 120
        connection.receive(b"x" * 100)
    event = connection.next_event()
    assert isinstance(event, MessageRefused)
    assert event.reply.code == 552
    assert events_after(connection, b"NOOP\r\n") == [NOOP]


def test_a_chunk_over_the_limit_that_is_not_the_last_ends_the_message() -> None:
    [event] = events_after(smtp_in(State.RCPT), b"BDAT 1001\r\n" + b"x" * 1001)
    assert isinstance(event, ChunkRefused)
    assert event.reply.code == 552


def test_reset_forgets_the_chunks() -> None:
    connection = smtp_in(State.RCPT)
    assert events_after(connection, b"BDAT 3\r\nabc") == [ChunkReceived()]
    connection.end_transaction()
    assert (connection.state, connection.held) == (State.READY, 0)


def test_long_line_of_a_chunk_is_refused() -> None:
    [event] = events_after(smtp_in(State.RCPT), b"BDAT 51 LAST\r\n" + b"x" * 51)
    assert isinstance(event, MessageRefused)
    assert event.reply.code == 554


def test_auth_is_read_with_and_without_an_initial_response() -> None:
    connection = smtp_in(State.READY)
    sent = b"AUTH plain\r\nAUTH PLAIN =\r\nAUTH LOGIN YQ==\r\n"
    assert events_after(connection, sent) == [
        CommandReceived("AUTH", Auth("PLAIN")),
        CommandReceived("AUTH", Auth("PLAIN", b"")),
        CommandReceived("AUTH", Auth("LOGIN", b"a")),
    ]


@pytest.mark.parametrize("line", [b"AUTH", b"AUTH PLAIN a b", b"AUTH PLAIN ?", b"AUTH PLAIN YQ="])
def test_auth_that_cannot_be_read_is_refused(line: bytes) -> None:
    [event] = events_after(smtp_in(State.READY), line + b"\r\n")
    assert isinstance(event, CommandRefused)
    assert event.reply.code == 501


@pytest.mark.parametrize(
    ("line", "answer"), [(b"YQ==", b"a"), (b"", b""), (b"*", None), (b"NOOP", b"4\xe3\x8f")]
)
def test_the_line_after_a_challenge_is_the_answer(line: bytes, answer: bytes | None) -> None:
    connection = smtp_in(State.READY)
    connection.expect_answer()
    assert events_after(connection, line + b"\r\nNOOP\r\n") == [AnswerReceived(answer), NOOP]


@pytest.mark.parametrize("line", [b"?", b"a" * 101, b"A" * 20_000])
def test_an_answer_that_cannot_be_read_ends_the_exchange(line: bytes) -> None:
    connection = smtp_in(State.READY)
    connection.expect_answer()
    [event, after] = events_after(connection, line + b"\r\nNOOP\r\n")
    assert isinstance(event, CommandRefused)
    assert event.reply.code in (500, 501)
    assert after == NOOP


def test_nothing_is_carried_over_into_tls() -> None:
    connection = smtp_in(State.RCPT)
    assert events_after(connection, b"BDAT 3\r\nabc") == [ChunkReceived()]
    connection.receive(b"NOOP\r\nMAIL FROM")
    connection.forget()
    assert (connection.state, connection.held) == (State.START, 0)
    assert events_after(connection, b":<a@b.example>\r\n") != [NOOP]


def test_chunk_is_read_as_its_size_and_whether_it_is_the_last() -> None:
    command = SMTP[b"BDAT"]
    assert command.parse("BDAT", b"007 last") == Chunk(7, is_last=True)
    assert command.parse("BDAT", b"%d" % MAX_CHUNK) == Chunk(MAX_CHUNK, is_last=False)


@pytest.mark.parametrize("table", [LMTP, SMTP, SUBMISSION])
def test_only_submission_has_auth_and_lmtp_no_tls(table: dict[bytes, object]) -> None:
    assert (b"AUTH" in table) is (table is SUBMISSION)
    assert (b"STARTTLS" in table) is (table is not LMTP)
