"""Hostile and broken peers of SMTP, on the ports of other servers and of mail programs."""

from collections.abc import Iterator

import pytest

from groupware.core import limits
from tests.hostile.conftest import value_of
from tests.hostile.peers import ANNA, MEGABYTE, Peer, greet_smtp, resident_octets
from tests.serve.running import Running


@pytest.fixture(autouse=True)
def nobody_else_notices(server: Running) -> Iterator[None]:
    """Greet after each test, and be answered."""
    yield
    with greet_smtp(server.ports["SMTP"]) as other:
        other.send(b"NOOP\r\n")
        assert other.line().startswith(b"250 ")


def begin(peer: Peer) -> None:
    """Bring the peer to where the message is sent."""
    peer.send(f"MAIL FROM:<a@b.example>\r\nRCPT TO:<{ANNA}>\r\n".encode())
    assert peer.line().startswith(b"250 ")
    assert peer.line().startswith(b"250 ")


def begin_data(peer: Peer) -> None:
    """Bring the peer into the message."""
    begin(peer)
    peer.send(b"DATA\r\n")
    assert peer.line().startswith(b"354 ")


def test_endless_message_is_read_to_its_end_and_not_kept(server: Running) -> None:
    with greet_smtp(server.ports["SMTP"]) as peer:
        before = resident_octets(server, "smtp")
        begin_data(peer)
        for _ in range(30):
            peer.send((b"x" * 1022 + b"\r\n") * 1024)
        peer.send(b".\r\n")
        assert peer.line().startswith(b"552 5.3.4 ")
        assert resident_octets(server, "smtp") - before < 12 * MEGABYTE


def test_endless_chunk_is_read_to_its_end_and_not_kept(server: Running) -> None:
    with greet_smtp(server.ports["SMTP"]) as peer:
        before = resident_octets(server, "smtp")
        begin(peer)
        peer.send(b"BDAT %d LAST\r\n" % (30 * MEGABYTE))
        for _ in range(30):
            peer.send(b"x" * MEGABYTE)
        assert peer.line().startswith(b"552 5.3.4 ")
        assert resident_octets(server, "smtp") - before < 12 * MEGABYTE


@pytest.mark.parametrize("size", [b"99999999999999", b"9" * 30, b"-5", b"0x10", b""])
def test_chunk_of_no_size_ends_the_connection(server: Running, size: bytes) -> None:
    with greet_smtp(server.ports["SMTP"]) as peer:
        begin(peer)
        peer.send(b"BDAT " + size + b" LAST\r\nRSET\r\nMAIL FROM:<evil@b.example>\r\n")
        assert peer.line().startswith(b"501 5.5.4 ")
        assert peer.rest() == []


def test_chunks_that_grow_without_end_are_refused(server: Running) -> None:
    with greet_smtp(server.ports["SMTP"]) as peer:
        before = resident_octets(server, "smtp")
        begin(peer)
        chunk = b"BDAT 65536\r\n" + b"x" * 65_536
        fits = value_of(limits.MESSAGE_SIZE) // 65_536
        for _ in range(fits):
            peer.send(chunk)
            assert peer.line().startswith(b"250 ")
        peer.send(chunk)
        assert peer.line().startswith(b"552 5.3.4 ")
        peer.send(chunk)
        assert peer.line().startswith(b"503 5.5.1 ")
        assert resident_octets(server, "smtp") - before < 12 * MEGABYTE


def test_endless_command_is_refused_and_not_kept(server: Running) -> None:
    with greet_smtp(server.ports["SMTP"]) as peer:
        before = resident_octets(server, "smtp")
        peer.send(b"x" * (20 * MEGABYTE) + b"\r\nNOOP\r\n")
        assert peer.line().startswith(b"500 ")
        assert peer.line().startswith(b"250 ")
        assert resident_octets(server, "smtp") - before < 8 * MEGABYTE


def test_flood_of_commands_is_cut_off(server: Running) -> None:
    most = value_of(limits.SMTP_IDLE_COMMANDS)
    with greet_smtp(server.ports["SMTP"]) as peer:
        peer.send(b"NOOP\r\n" * 100_000)
        told = [peer.line()[:9] for _ in range(most)]
        assert told == [b"250 2.0.0"] * (most - 1) + [b"421 4.7.0"]


@pytest.mark.parametrize("port", ["SMTP", "SUBMISSION"])
def test_octets_of_no_protocol_are_refused(server: Running, port: str) -> None:
    with Peer(server.ports[port]) as peer:
        assert peer.line().startswith(b"220 ")
        peer.send(bytes(range(256)) * 40 + b"\r\n" + b"\0\r\n" * 40)
        told = peer.rest()
        assert {line[:3] for line in told[:-1]} == {b"500"}
        assert told[-1].startswith(b"421 4.7.0 ")


def test_web_browser_that_is_made_to_speak_smtp_sends_nothing(server: Running) -> None:
    with Peer(server.ports["SMTP"]) as peer:
        assert peer.line().startswith(b"220 ")
        peer.send(
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n\r\n"
            b"MAIL FROM:<evil@b.example>\r\nRCPT TO:<anna@team.example>\r\nDATA\r\n"
        )
        told = [peer.line()[:3] for _ in range(7)]
        assert told == [b"500"] * 4 + [b"503"] * 3


@pytest.mark.parametrize("port", ["SMTP", "SUBMISSION"])
def test_commands_behind_starttls_are_not_carried_over(server: Running, port: str) -> None:
    with greet_smtp(server.ports[port]) as peer:
        peer.send(b"STARTTLS\r\nEHLO evil.example\r\nMAIL FROM:<evil@b.example>\r\n")
        assert peer.line().startswith(b"220 ")
        peer.start_tls()
        peer.send(b"RCPT TO:<anna@team.example>\r\n")
        assert peer.line().startswith(b"503 5.5.1 ")


def test_peer_that_begins_tls_and_no_handshake_is_left(server: Running) -> None:
    with greet_smtp(server.ports["SMTP"]) as peer:
        peer.send(b"STARTTLS\r\n")
        assert peer.line().startswith(b"220 ")
        peer.send(b"EHLO not.tls.example\r\n")
        assert peer.rest() == []


def test_login_that_never_ends_is_cut_off(server: Running) -> None:
    with greet_smtp(server.ports["SUBMISSION"]) as peer:
        before = resident_octets(server, "smtp")
        peer.send(b"AUTH PLAIN " + b"QUFB" * (3 * MEGABYTE) + b"\r\n")
        assert peer.line().startswith(b"500 5.5.6 ")
        peer.send(b"AUTH LOGIN\r\n")
        assert peer.line().startswith(b"334 ")
        assert peer.line().startswith(b"421 4.4.2 ")
        assert resident_octets(server, "smtp") - before < 8 * MEGABYTE
    assert value_of(limits.SUBMISSION_LOGIN_TIMEOUT) == 2


def test_silent_peer_is_shown_out(server: Running) -> None:
    with Peer(server.ports["SMTP"]) as peer:
        assert peer.line().startswith(b"220 ")
        assert peer.line().startswith(b"421 4.4.2 ")
        assert peer.rest() == []
    assert value_of(limits.SMTP_READ_TIMEOUT) == 2


def test_peer_that_reads_nothing_is_left(server: Running) -> None:
    with greet_smtp(server.ports["SMTP"], receive_buffer=4096) as peer:
        before = resident_octets(server, "smtp")
        for _ in range(40):
            peer.send(b"RCPT TO:<a@b.example>\r\nEHLO x\r\n" * 5_000)
        peer.rest()
        assert resident_octets(server, "smtp") - before < 16 * MEGABYTE


def test_peer_that_vanishes_in_the_middle_of_a_message_leaves_nothing(server: Running) -> None:
    with greet_smtp(server.ports["SMTP"]) as peer:
        before = resident_octets(server, "smtp")
        for _ in range(20):
            with greet_smtp(server.ports["SMTP"]) as other:
                begin_data(other)
                other.send(b"x" * MEGABYTE)
        assert resident_octets(server, "smtp") - before < 12 * MEGABYTE
        peer.send(b"QUIT\r\n")


def test_messages_take_turns_when_all_together_are_too_large(server: Running) -> None:
    size = value_of(limits.MESSAGE_SIZE) - 1000
    assert 2 * size > value_of(limits.SMTP_UPLOADING)
    message = (b"Subject: large\r\n\r\n" + (b"x" * 1022 + b"\r\n") * (size // 1024))[:size]
    with greet_smtp(server.ports["SMTP"]) as first, greet_smtp(server.ports["SMTP"]) as second:
        for peer in (first, second):
            begin_data(peer)
            peer.send(message[: size // 2])
        for peer in (first, second):
            peer.send(message[size // 2 :] + b"\r\n.\r\n")
            assert peer.line().startswith(b"250 ")


def test_slow_peer_that_is_never_silent_is_shown_out(server: Running) -> None:
    with greet_smtp(server.ports["SMTP"]) as peer:
        begin_data(peer)
        peer.drip(b"x", seconds=1.0, until=b"421 4.4.2 ")
    assert value_of(limits.SMTP_SESSION_TIMEOUT) == 4
