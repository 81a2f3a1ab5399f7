"""Hostile and broken IMAP clients: a reason for them, bounded memory, and nothing for the others."""

from collections.abc import Iterator

import pytest

from groupware.core import limits
from tests.hostile.conftest import value_of
from tests.hostile.peers import ANNA, BEN, PASSWORD, Peer, log_in, resident_octets
from tests.serve.running import Running, wait_for

MEGABYTE = 1 << 20


@pytest.fixture(autouse=True)
def nobody_else_notices(server: Running) -> Iterator[None]:
    """Hold a session through each test, which must be answered before and after."""
    with log_in(server.ports["IMAP"], BEN) as other:
        yield
        other.send(b"still NOOP\r\n")
        assert other.line().startswith(b"still OK ")


def test_garbage_is_answered_and_the_session_goes_on(server: Running) -> None:
    with log_in(server.ports["IMAP"]) as peer:
        for garbage in (
            b"\x00\xff\xfe\r\n",
            b"%$&\r\n",
            b"a\r\n",
            b"\r\n",
            b"a {\r\n",
            b"a FETCH (\r\n",
        ):
            peer.send(garbage)
            assert b"BAD " in peer.line()
            peer.send(b"b NOOP\r\n")
            assert peer.line().startswith(b"b OK ")


def test_message_over_the_limit_is_refused_before_it_is_read(server: Running) -> None:
    size = value_of(limits.MESSAGE_SIZE) + 1
    with log_in(server.ports["IMAP"]) as peer:
        peer.send(b"a APPEND INBOX {%d}\r\n" % size)
        assert peer.line().startswith(b"a NO [TOOBIG] ")
        peer.send(b"b NOOP\r\n")
        assert peer.line().startswith(b"b OK ")


def test_message_over_the_limit_that_is_sent_all_the_same_is_not_kept(server: Running) -> None:
    size = 20 * MEGABYTE
    with log_in(server.ports["IMAP"]) as peer:
        before = resident_octets(server, "imap")
        peer.send(b"a APPEND INBOX {%d+}\r\n" % size)
        peer.send(bytes(size) + b"\r\nb NOOP\r\n")
        assert peer.line().startswith(b"a NO [TOOBIG] ")
        assert peer.line().startswith(b"b OK ")
        assert resident_octets(server, "imap") - before < 8 * MEGABYTE


def test_literal_over_the_limit_is_bad_before_it_is_read(server: Running) -> None:
    with log_in(server.ports["IMAP"]) as peer:
        peer.send(b"a SELECT {%d}\r\n" % (value_of(limits.IMAP_LITERAL) + 1))
        assert peer.line().startswith(b"a BAD ")
        peer.send(b"b SELECT {%d}\r\n" % value_of(limits.IMAP_LITERAL))
        assert peer.line().startswith(b"+ ")


@pytest.mark.parametrize("mark", [b"", b"+"], ids=["waits", "does not wait"])
@pytest.mark.parametrize("command", [b"APPEND INBOX", b"LOGIN", b"SELECT", b"NOOP"])
def test_large_literal_before_login_ends_in_bad(
    server: Running, command: bytes, mark: bytes
) -> None:
    with Peer(server.ports["IMAP"]) as peer:
        peer.line()
        peer.send(b"a %s {1000000000%s}\r\n" % (command, mark))
        assert peer.line().startswith(b"a BAD ")
        if mark:  # what would follow is too much to be passed over for a stranger
            assert peer.line().startswith(b"* BYE ")
            assert peer.rest() == []


def test_line_without_end_is_refused_and_passed_over(server: Running) -> None:
    with log_in(server.ports["IMAP"]) as peer:
        before = resident_octets(server, "imap")
        peer.send(b"a SELECT " + b"x" * (30 * MEGABYTE))
        assert peer.line().startswith(b"a BAD ")
        peer.send(b"\r\nb NOOP\r\n")
        assert peer.line().startswith(b"b OK ")
        assert resident_octets(server, "imap") - before < 8 * MEGABYTE
        assert value_of(limits.IMAP_LINE) < 30 * MEGABYTE


def test_ten_thousand_bad_commands_end_the_session_after_a_few(server: Running) -> None:
    with log_in(server.ports["IMAP"]) as peer:
        peer.send(b"".join(b"%d NONSENSE\r\n" % number for number in range(10_000)))
        lines = peer.rest()
        assert len(lines) == value_of(limits.IMAP_BAD_COMMANDS) + 1
        assert all(b" BAD " in line for line in lines[:-1])
        assert lines[-1] == b"* BYE Too many bad commands."


def test_client_that_stops_reading_is_left_and_costs_little(server: Running) -> None:
    port = server.ports["IMAP"]
    message = b"Subject: large\r\n\r\n" + b"x" * (2 * MEGABYTE)
    with log_in(port) as writer:
        writer.send(b"a APPEND Archive {%d+}\r\n%s\r\n" % (len(message), message))
        assert writer.line().startswith(b"a OK ")
    with log_in(port, receive_buffer=4096) as peer:
        before = resident_octets(server, "imap")
        peer.send(b"a SELECT Archive\r\n")
        peer.lines_until(b"a OK ")
        peer.send(b"".join(b"f%d FETCH 1 BODY.PEEK[]\r\n" % number for number in range(50)))
        wait_for(lambda: "client takes nothing" in server.output.read_text(), "the end of patience")
        assert resident_octets(server, "imap") - before < 16 * MEGABYTE
    assert value_of(limits.IMAP_WRITE_TIMEOUT) == 2


def test_client_that_vanishes_in_the_middle_of_a_message_leaves_nothing(server: Running) -> None:
    with log_in(server.ports["IMAP"]) as peer:
        peer.send(b"a APPEND INBOX {500}\r\n")
        assert peer.line().startswith(b"+ ")
        peer.send(b"Subject: half")
    with log_in(server.ports["IMAP"]) as peer:
        peer.send(b"a STATUS INBOX (MESSAGES)\r\n")
        assert peer.line() == b"* STATUS INBOX (MESSAGES 0)"


def test_commands_that_come_before_tls_are_discarded(server: Running) -> None:
    with Peer(server.ports["IMAP"]) as peer:
        peer.line()
        injected = f'b LOGIN {ANNA} "{PASSWORD}"\r\nc SELECT INBOX\r\n'.encode()
        peer.send(b"a STARTTLS\r\n" + injected)
        assert peer.line().startswith(b"a OK ")
        assert peer.buffer == b""
        peer.start_tls()
        peer.send(b"d SELECT INBOX\r\n")
        assert peer.line() == b"d BAD Log in first."


def test_too_many_strangers_are_turned_away(server: Running) -> None:
    port = server.ports["IMAP"]
    allowed = value_of(limits.IMAP_CONNECTIONS_BEFORE_LOGIN)
    peers = [Peer(port) for _ in range(allowed)]
    try:
        greetings = [peer.line() for peer in peers]
        assert all(greeting.startswith(b"* OK ") for greeting in greetings)
        with Peer(port) as late:
            assert late.line() == b"* BYE [UNAVAILABLE] Too many connections: try again later."
    finally:
        for peer in peers:
            peer.close()


def test_too_many_sessions_of_one_account_are_refused(server: Running) -> None:
    port = server.ports["IMAP"]
    sessions = [log_in(port) for _ in range(value_of(limits.IMAP_SESSIONS))]
    try:
        with Peer(port) as late:
            late.line()
            late.send(f'a LOGIN {ANNA} "{PASSWORD}"\r\n'.encode())
            assert late.line() == b"a NO [LIMIT] The account has too many sessions."
    finally:
        for session in sessions:
            session.close()
    assert value_of(limits.IMAP_CONNECTIONS) > len(sessions)


def test_wrong_passwords_end_the_session(server: Running) -> None:
    with Peer(server.ports["IMAP"]) as peer:
        peer.line()
        for number in range(value_of(limits.IMAP_FAILED_LOGINS)):
            peer.send(b"a LOGIN nobody@team.example wrong%d\r\n" % number)
            lines = [peer.line()]
            if lines[0].startswith(b"* BYE"):
                assert number == value_of(limits.IMAP_FAILED_LOGINS) - 1
                break
            assert lines[0].startswith(b"a NO [AUTHENTICATIONFAILED] ")
        else:
            pytest.fail("the session was not ended")
        assert peer.rest() == []


def test_uploads_take_turns_when_all_together_are_too_large(server: Running) -> None:
    size = value_of(limits.MESSAGE_SIZE)
    assert 2 * size > value_of(limits.IMAP_UPLOADING)
    message = b"Subject: large\r\n\r\n".ljust(size, b"x")
    port = server.ports["IMAP"]
    with log_in(port) as first, log_in(port) as second, log_in(port) as third:
        peers = (first, second, third)
        for peer in peers:
            peer.send(b"a APPEND Trash {%d+}\r\n" % size + message[: size // 2])
        for peer in peers:
            peer.send(message[size // 2 :] + b"\r\n")
        assert [peer.line()[:5] for peer in peers] == [b"a OK "] * 3


def test_one_append_takes_only_so_many_messages_and_octets(server: Running) -> None:
    half = value_of(limits.IMAP_APPEND) // 2
    with log_in(server.ports["IMAP"]) as peer:
        peer.send(b"a APPEND Trash" + (b" {%d+}\r\n" % half + bytes(half)) * 2 + b" {1+}\r\nx\r\n")
        assert peer.line().startswith(b"a NO [LIMIT] ")
        one = b" {1+}\r\nx"
        peer.send(b"b APPEND Trash" + one * (value_of(limits.IMAP_APPEND_MESSAGES) + 1) + b"\r\n")
        assert peer.line().startswith(b"b NO [LIMIT] ")
        peer.send(b"c APPEND Trash" + one * value_of(limits.IMAP_APPEND_MESSAGES) + b"\r\n")
        assert peer.line().startswith(b"c OK ")


def test_connection_that_is_only_half_open_is_closed(server: Running) -> None:
    with log_in(server.ports["IMAP"]) as peer:
        peer.send(b"a NOOP\r\n")
        peer.half_close()
        lines = peer.rest()
        assert all(line.startswith(b"a OK ") for line in lines)
        assert len(lines) <= 1
