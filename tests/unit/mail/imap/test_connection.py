"""The connection: every limit has its own case, every pause its own way on."""

from dataclasses import replace

import pytest

from mail.imap.connection import Connection
from mail.imap.events import (
    AuthResponse,
    BadCommand,
    CommandReceived,
    CommandRefused,
    Event,
    Fatal,
    IdleDone,
    Limits,
    NeedContinuation,
    Refusal,
)
from mail.imap.requests import Append, AppendMessage, Create, Login

SMALL = Limits(
    max_line=100,
    max_line_before_login=60,
    max_login_literal=10,
    max_literal=20,
    max_command=150,
    message_limit=1000,
    max_skipped=5000,
    max_skipped_before_login=200,
    max_bad_commands=5,
)


def logged_in(limits: Limits = SMALL) -> Connection:
    connection = Connection(limits)
    connection.feed(b"0 LOGIN a b\r\n")
    assert connection.resume_authenticated() == []
    return connection


def names(events: list[Event]) -> list[str]:
    return [
        f"{event.tag.decode()} {event.command.name}"
        if isinstance(event, CommandReceived)
        else type(event).__name__
        for event in events
    ]


def test_pipelined_commands_are_told_in_order() -> None:
    assert names(Connection().feed(b"a NOOP\r\nb CAPABILITY\nc NOOP\r\n")) == [
        "a NOOP",
        "b CAPABILITY",
        "c NOOP",
    ]


def test_an_incomplete_line_waits() -> None:
    connection = Connection()
    assert connection.feed(b"a NO") == []
    assert names(connection.feed(b"OP\r\n")) == ["a NOOP"]


@pytest.mark.parametrize(
    ("line", "tag"),
    [(b"", None), (b"a", b"a"), (b"a FOO", b"a"), (b"+ NOOP", None), (b"\xff\x00", None), (b"a  NOOP", b"a")],
)  # fmt: skip
def test_garbage_is_a_bad_command_with_its_tag_where_it_has_one(
    line: bytes, tag: bytes | None
) -> None:
    [event] = Connection().feed(line + b"\r\n")
    assert isinstance(event, BadCommand)
    assert event.tag == tag


def test_bad_commands_in_a_row_end_in_a_fatal() -> None:
    connection = Connection(SMALL)
    assert names(connection.feed(b"x\r\n" * 100)) == ["BadCommand"] * 5 + ["Fatal"]
    assert connection.closed
    assert connection.feed(b"a NOOP\r\n") == []


def test_a_good_command_forgets_the_bad_ones_and_the_session_may_count_its_own() -> None:
    connection = Connection(SMALL)
    connection.feed(b"x\r\n" * 4)
    connection.count_good()
    assert names(connection.feed(b"x\r\n" * 4)) == ["BadCommand"] * 4
    assert names(connection.count_bad()) == ["Fatal"]


def test_a_synchronising_literal_is_asked_for_and_taken() -> None:
    connection = logged_in()
    assert connection.feed(b"a CREATE {3}\r\n") == [NeedContinuation(3)]
    assert names(connection.feed(b"x y\r\nb NOOP\r\n")) == ["a CREATE", "b NOOP"]


def test_a_non_synchronising_literal_is_just_taken() -> None:
    [event] = logged_in().feed(b"a CREATE {3+}\r\nx\r\n\r\n")
    assert isinstance(event, BadCommand)
    [event] = logged_in().feed(b"a CREATE {3+}\r\nx y\r\n")
    assert isinstance(event, CommandReceived)
    assert event.request == Create("x y")


@pytest.mark.parametrize("plus", [b"", b"+"])
def test_a_message_may_come_as_literal8(plus: bytes) -> None:
    connection = logged_in()
    events = connection.feed(b"a APPEND INBOX ~{3%s}\r\nx\0y\r\nb NOOP\r\n" % plus)
    assert names(events) == [*["NeedContinuation"][len(plus) :], "a APPEND", "b NOOP"]
    received = next(event for event in events if isinstance(event, CommandReceived))
    assert received.request == Append("INBOX", (AppendMessage((), None, b"x\0y"),))


@pytest.mark.parametrize("line", [b"a CREATE ~{3", b"a APPEND ~{3", b"a SEARCH TEXT ~{3"])
def test_nothing_but_a_message_is_a_literal8(line: bytes) -> None:
    connection = logged_in()
    refused = [BadCommand(b"a", "Only a message is a literal8.")]
    assert connection.feed(line + b"}\r\n") == refused
    assert connection.feed(line + b"+}\r\n") == refused
    assert names(connection.feed(b"abc more\r\nb NOOP\r\n")) == ["b NOOP"]


def test_a_login_may_use_small_literals() -> None:
    connection = Connection(SMALL)
    assert connection.feed(b"a LOGIN {1}\r\n") == [NeedContinuation(1)]
    assert connection.feed(b"u {10}\r\n") == [NeedContinuation(10)]
    [event] = connection.feed(b"0123456789\r\n")
    assert isinstance(event, CommandReceived)
    assert event.request == Login("u", "0123456789")


@pytest.mark.parametrize(
    "line",
    [b"a LOGIN {11}", b"a NOOP {1}", b"a APPEND x {1}", b"a SELECT {0}", b"{1}", b"a ID {1}"],
)
def test_literals_before_login_are_refused_before_they_are_read(line: bytes) -> None:
    connection = Connection(SMALL)
    [event] = connection.feed(line + b"\r\n")
    assert isinstance(event, BadCommand)
    assert names(connection.feed(b"b NOOP\r\n")) == ["b NOOP"]


def test_a_non_synchronising_literal_before_login_is_skipped_when_small() -> None:
    connection = Connection(SMALL)
    events = connection.feed(b"a SELECT {8+}\r\nx\r\nNOOP  {9+}\r\nb NOOP\r\n more\r\nc NOOP\r\n")
    assert names(events) == ["BadCommand", "c NOOP"]


def test_a_large_non_synchronising_literal_before_login_ends_the_connection() -> None:
    connection = Connection(SMALL)
    assert names(connection.feed(b"a SELECT {201+}\r\n")) == ["BadCommand", "Fatal"]


def test_a_literal_over_the_limit_is_refused_before_it_is_read() -> None:
    connection = logged_in()
    assert connection.feed(b"a CREATE {21}\r\n") == [BadCommand(b"a", "The literal is too large.")]
    assert connection.feed(b"a CREATE {20}\r\n") == [NeedContinuation(20)]


def test_a_message_over_the_limit_is_refused_before_it_is_read() -> None:
    connection = logged_in()
    refused = [CommandRefused(b"a", Refusal.TOO_BIG)]
    assert connection.feed(b"a APPEND INBOX {1001}\r\n") == refused
    assert connection.feed(b"a APPEND INBOX () {99999999999999999999}\r\n") == refused
    assert connection.feed(b"a APPEND INBOX {1000}\r\n") == [NeedContinuation(1000)]
    [event] = connection.feed(b"m" * 1000 + b"\r\n")
    assert isinstance(event, CommandReceived)
    assert event.request == Append("INBOX", (AppendMessage((), None, b"m" * 1000),))


def test_a_message_over_the_limit_that_comes_anyway_is_skipped() -> None:
    connection = logged_in()
    assert names(connection.feed(b"a APPEND INBOX {1001+}\r\n")) == ["CommandRefused"]
    assert connection.feed(b"b NOOP\r\n" + b"m" * 993) == []
    assert names(connection.feed(b"\r\nc NOOP\r\n")) == ["c NOOP"]


def test_skipping_has_an_end() -> None:
    connection = logged_in()
    assert names(connection.feed(b"a APPEND INBOX {5001+}\r\n")) == ["CommandRefused", "Fatal"]
    connection = logged_in()
    assert names(connection.feed(b"x" * 5001)) == ["BadCommand", "Fatal"]


def test_an_append_takes_its_mailbox_as_a_small_literal_and_one_message() -> None:
    connection = logged_in()
    [event] = connection.feed(b"a APPEND {21}\r\n")
    assert isinstance(event, BadCommand)
    assert connection.feed(b"a APPEND {3}\r\n") == [NeedContinuation(3)]
    assert connection.feed(b"box {500}\r\n") == [NeedContinuation(500)]
    assert names(connection.feed(b"m" * 500 + b"\r\n")) == ["a APPEND"]


def test_an_append_takes_several_messages() -> None:
    connection = logged_in()
    stream = b"a APPEND INBOX {3+}\r\none () {3+}\r\ntwo (\\Seen) ~{5+}\r\nthree\r\nb NOOP\r\n"
    [event, _] = connection.feed(stream)
    assert isinstance(event, CommandReceived)
    assert isinstance(event.request, Append)
    assert [message.data for message in event.request.messages] == [b"one", b"two", b"three"]
    assert event.request.size == 11
    assert connection.kept == 0


def test_messages_of_one_append_are_limited_together() -> None:
    several = replace(SMALL, append_limit=1200)
    connection = logged_in(several)
    assert connection.feed(b"a APPEND INBOX {1000}\r\n") == [NeedContinuation(1000)]
    assert connection.feed(b"m" * 1000 + b" {201}\r\n") == [CommandRefused(b"a", Refusal.TOO_MANY)]
    assert names(connection.feed(b"b NOOP\r\n")) == ["b NOOP"]
    connection.feed(b"a APPEND INBOX {1000+}\r\n" + b"m" * 1000)
    assert connection.kept == 1000
    assert connection.feed(b" {200}\r\n") == [NeedContinuation(200)]
    assert names(connection.feed(b"m" * 200 + b"\r\n")) == ["a APPEND"]


def test_one_message_alone_has_its_own_limit() -> None:
    connection = logged_in(replace(SMALL, append_limit=500))
    assert connection.feed(b"a APPEND INBOX {1000}\r\n") == [NeedContinuation(1000)]
    assert names(connection.feed(b"m" * 1000 + b"\r\n")) == ["a APPEND"]


def test_an_append_has_no_more_messages_than_the_limit() -> None:
    connection = logged_in(replace(SMALL, max_messages=2))
    stream = b"a APPEND INBOX" + b" {1+}\r\nx" * 2
    assert names(connection.feed(stream + b"\r\n")) == ["a APPEND"]
    refused = [CommandRefused(b"a", Refusal.TOO_MANY)]
    assert connection.feed(stream + b" {1+}\r\nx" * 3 + b"\r\n") == refused
    assert names(connection.feed(b"b NOOP\r\n")) == ["b NOOP"]


def test_a_message_too_large_in_the_middle_takes_the_rest_along() -> None:
    connection = logged_in()
    events = connection.feed(b"a APPEND INBOX {3+}\r\none {1001+}\r\n" + b"m" * 1001)
    assert events == [CommandRefused(b"a", Refusal.TOO_BIG)]
    assert connection.kept == 0
    assert names(connection.feed(b" {9+}\r\nb NOOP\r\n\n (\\Seen)\r\nc NOOP\r\n")) == ["c NOOP"]


def test_a_line_over_the_limit_is_refused_and_skipped() -> None:
    connection = logged_in()
    [event] = connection.feed(b"a CREATE " + b"x" * 92)
    assert isinstance(event, BadCommand)
    assert event.tag == b"a"
    assert names(connection.feed(b"xx\r\nb NOOP\r\n")) == ["b NOOP"]
    assert names(connection.feed(b"a CREATE " + b"x" * 91 + b"\r\n")) == ["a CREATE"]


def test_a_skipped_line_takes_its_literal_along() -> None:
    connection = logged_in()
    events = connection.feed(b"a CREATE " + b"x" * 100 + b" {8+}\r\nb NOOP\r\n\r\nc NOOP\r\n")
    assert names(events) == ["BadCommand", "c NOOP"]
    events = connection.feed(b"a CREATE " + b"x" * 100 + b" {8}\r\nb NOOP\r\n")
    assert names(events) == ["BadCommand", "b NOOP"]


def test_lines_before_login_are_shorter() -> None:
    connection = Connection(SMALL)
    [event] = connection.feed(b"a LOGIN u " + b"p" * 51)
    assert isinstance(event, BadCommand)


def test_all_pieces_of_a_command_together_have_a_limit() -> None:
    connection = logged_in()
    assert connection.feed(b"a SEARCH TEXT {20+}\r\n" + b"x" * 20) == []
    for _ in range(3):
        assert connection.feed(b" TEXT {20+}\r\n" + b"x" * 20) == []
    [event] = connection.feed(b" TEXT {20+}\r\n" + b"x" * 20)
    assert isinstance(event, BadCommand)
    connection = logged_in()
    for _ in range(3):
        connection.feed((b"a ID (" if _ == 0 else b" ") + b"{20+}\r\n" + b"x" * 20)
    [event] = connection.feed(b" " + b"x" * 99)
    assert isinstance(event, BadCommand)
    assert event.tag == b"a"


def test_bytes_behind_starttls_are_dropped() -> None:
    connection = Connection()
    assert names(connection.feed(b"a STARTTLS\r\nb LOGIN x y\r\n")) == ["a STARTTLS"]
    assert connection.paused
    assert connection.take_ahead() == b"b LOGIN x y\r\n"
    assert connection.resume() == []
    assert names(connection.feed(b"c NOOP\r\n")) == ["c NOOP"]


def test_bytes_behind_compress_are_given_back_to_be_inflated() -> None:
    connection = logged_in()
    assert names(connection.feed(b"a COMPRESS DEFLATE\r\n\x4a\x54")) == ["a COMPRESS"]
    assert connection.feed(b"\x50") == []
    assert connection.take_ahead() == b"\x4a\x54\x50"
    assert connection.resume() == []
    assert names(connection.feed(b"b NOOP\r\n")) == ["b NOOP"]


def test_a_command_that_comes_with_the_end_of_the_handshake_is_read() -> None:
    connection = Connection()
    connection.feed(b"a STARTTLS\r\nb NOOP\r\n")
    connection.take_ahead()
    assert connection.feed(b"c NOOP\r\n") == []
    assert names(connection.resume()) == ["c NOOP"]


def test_a_refused_starttls_goes_on_with_what_was_sent() -> None:
    connection = Connection()
    connection.feed(b"a STARTTLS\r\nb NOOP\r\n")
    assert names(connection.resume()) == ["b NOOP"]


def test_reading_pauses_until_a_login_is_decided() -> None:
    connection = Connection(SMALL)
    assert names(connection.feed(b"a LOGIN u p\r\nb CREATE {20}\r\n")) == ["a LOGIN"]
    assert connection.feed(b"") == []
    assert connection.resume_authenticated() == [NeedContinuation(20)]


def test_auth_responses_are_decoded() -> None:
    connection = Connection()
    connection.feed(b"a AUTHENTICATE PLAIN\r\n")
    assert connection.resume_with_auth() == []
    assert connection.feed(b"AGEAYg==\r\nb NOOP\r\n") == [AuthResponse(b"\0a\0b")]
    assert names(connection.resume()) == ["b NOOP"]


def test_an_auth_response_can_cancel_be_empty_or_wrong() -> None:
    for line, event in (
        (b"*", AuthResponse(None)),
        (b"", AuthResponse(b"")),
        (b"!", BadCommand(b"a", "The response is not valid base64.")),
        (b"A" * 61, BadCommand(b"a", "The command is longer than 60 octets.")),
    ):
        connection = Connection(SMALL)
        connection.feed(b"a AUTHENTICATE PLAIN\r\n")
        connection.resume_with_auth()
        assert connection.feed(line + b"\r\n") == [event]
        connection.resume()
        assert names(connection.feed(b"b NOOP\r\n")) == ["b NOOP"]


def test_idle_ends_with_done_or_with_anything_else() -> None:
    for line, event in (
        (b"done", IdleDone()),
        (b"b NOOP", BadCommand(b"a", "Expected DONE.")),
        (b"x" * 101, BadCommand(b"a", "The command is longer than 100 octets.")),
    ):
        connection = logged_in()
        assert names(connection.feed(b"a IDLE\r\n")) == ["a IDLE"]
        assert connection.resume_with_idle() == []
        assert connection.feed(line + b"\r\n") == [event]
        assert names(connection.feed(b"c NOOP\r\n")) == ["c NOOP"]


def test_reading_waits_for_the_command_that_paused_it_and_for_no_other() -> None:
    connection = logged_in()
    [first, idle] = connection.feed(b"a NOOP\r\nb IDLE\r\nDONE\r\nc IDLE\r\n")
    assert isinstance(first, CommandReceived)
    assert isinstance(idle, CommandReceived)
    assert (connection.waits_for(first), connection.waits_for(idle)) == (False, True)
    [done, second] = connection.resume_with_idle()
    assert isinstance(second, CommandReceived)
    assert done == IdleDone()
    assert (connection.waits_for(idle), connection.waits_for(second)) == (False, True)


def test_a_refused_idle_does_not_swallow_the_next_command() -> None:
    connection = Connection()
    connection.feed(b"a IDLE\r\nb NOOP\r\n")
    assert names(connection.resume()) == ["b NOOP"]


def test_nothing_is_read_behind_logout_or_close() -> None:
    connection = Connection()
    assert names(connection.feed(b"a LOGOUT\r\nb NOOP\r\n")) == ["a LOGOUT"]
    assert connection.feed(b"c NOOP\r\n") == []
    connection.close()
    assert connection.feed(b"d NOOP\r\n") == []
    assert connection.resume() == []


@pytest.mark.parametrize("end", [b"{5", b"{5+", b"{}", b"{x}", b"{-1}", b"{" + b"9" * 21 + b"}"])
def test_what_only_looks_like_a_literal_is_bad(end: bytes) -> None:
    [event] = logged_in().feed(b"a CREATE " + end + b"\r\n")
    assert isinstance(event, BadCommand)


def test_the_last_limit_reached_in_a_skipped_literal_is_fatal_at_once() -> None:
    connection = logged_in()
    connection.feed(b"x\r\n" * 4)
    assert names(connection.feed(b"a CREATE {21+}\r\n")) == ["BadCommand", "Fatal"]
    assert connection.feed(b"x" * 30) == []
    connection = logged_in()
    connection.feed(b"x\r\n" * 4)
    [_, event] = connection.feed(b"x" * 101)
    assert event == Fatal("Too many bad commands.")
