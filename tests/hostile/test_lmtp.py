"""Hostile and broken LMTP peers."""

from collections.abc import Iterator

import pytest

from groupware.core import limits
from tests.hostile.conftest import value_of
from tests.hostile.peers import ANNA, Peer, greet_lmtp, log_in, resident_octets
from tests.serve.running import Running

MEGABYTE = 1 << 20


def begin(peer: Peer) -> None:
    """Bring the peer to where the message is sent."""
    peer.send(f"MAIL FROM:<a@b.example>\r\nRCPT TO:<{ANNA}>\r\nDATA\r\n".encode())
    assert peer.line().startswith(b"250 ")
    assert peer.line().startswith(b"250 ")
    assert peer.line().startswith(b"354 ")


def messages_of_anna(server: Running) -> int:
    with log_in(server.ports["IMAP"]) as reader:
        reader.send(b"a STATUS INBOX (MESSAGES)\r\n")
        return int(reader.line().rpartition(b" ")[2].removesuffix(b")"))


@pytest.fixture(autouse=True)
def nobody_else_notices(server: Running) -> Iterator[None]:
    """Hold a session through each test, which must be answered before and after."""
    with greet_lmtp(server.ports["LMTP"]) as other:
        yield
        other.send(b"NOOP\r\n")
        assert other.line().startswith(b"250 ")


def test_line_of_a_message_over_the_limit_is_refused_and_nothing_is_filed(server: Running) -> None:
    before = messages_of_anna(server)
    with greet_lmtp(server.ports["LMTP"]) as peer:
        begin(peer)
        peer.send(b"x" * (value_of(limits.LMTP_LINE) + 1) + b"\r\n.\r\n")
        assert peer.line().startswith(b"554 5.6.0 ")
        begin(peer)
        peer.send(b"x" * value_of(limits.LMTP_LINE) + b"\r\n.\r\n")
        assert peer.line().startswith(b"250 ")
    assert messages_of_anna(server) == before + 1


def test_endless_message_is_read_to_its_end_and_not_kept(server: Running) -> None:
    with greet_lmtp(server.ports["LMTP"]) as peer:
        before = resident_octets(server, "lmtp")
        begin(peer)
        for _ in range(30):
            peer.send((b"x" * 1022 + b"\r\n") * 1024)
        peer.send(b".\r\n")
        assert peer.line().startswith(b"552 5.3.4 ")
        assert resident_octets(server, "lmtp") - before < 12 * MEGABYTE


def test_endless_command_is_refused_and_not_kept(server: Running) -> None:
    with greet_lmtp(server.ports["LMTP"]) as peer:
        before = resident_octets(server, "lmtp")
        peer.send(b"x" * (20 * MEGABYTE) + b"\r\nNOOP\r\n")
        assert peer.line().startswith(b"500 ")
        assert peer.line().startswith(b"250 ")
        assert resident_octets(server, "lmtp") - before < 8 * MEGABYTE


@pytest.mark.parametrize(
    "end", [b"\n.\n", b"\r.\r", b"\r\n.\n", b"\n.\r\n", b"\r\r\n.\r\r\n"], ids=repr
)
def test_nobody_smuggles_a_second_message_in(server: Running, end: bytes) -> None:
    before = messages_of_anna(server)
    second = f"MAIL FROM:<evil@b.example>\r\nRCPT TO:<{ANNA}>\r\nDATA\r\nSubject: two".encode()
    with greet_lmtp(server.ports["LMTP"]) as peer:
        begin(peer)
        peer.send(b"Subject: one\r\n\r\ntext" + end + second + b"\r\n.\r\nNOOP\r\n")
        assert peer.line().startswith(b"250 ")
        assert peer.line() == b"250 2.0.0 OK"
    assert messages_of_anna(server) == before + 1


def test_too_many_connections_are_turned_away(server: Running) -> None:
    port = server.ports["LMTP"]
    peers = [greet_lmtp(port) for _ in range(value_of(limits.LMTP_CONNECTIONS) - 1)]
    try:
        with Peer(port) as late:
            assert late.line().startswith(b"421 4.7.0 ")
            assert late.rest() == []
    finally:
        for peer in peers:
            peer.close()


def test_peer_that_vanishes_in_the_middle_of_a_message_leaves_nothing(server: Running) -> None:
    before = messages_of_anna(server)
    with greet_lmtp(server.ports["LMTP"]) as peer:
        begin(peer)
        peer.send(b"Subject: half\r\n")
    assert messages_of_anna(server) == before


def test_messages_take_turns_when_all_together_are_too_large(server: Running) -> None:
    size = value_of(limits.MESSAGE_SIZE) - 1000
    assert 2 * size > value_of(limits.LMTP_UPLOADING)
    message = (b"Subject: large\r\n\r\n" + (b"x" * 1022 + b"\r\n") * (size // 1024))[:size]
    before = messages_of_anna(server)
    with greet_lmtp(server.ports["LMTP"]) as first, greet_lmtp(server.ports["LMTP"]) as second:
        for peer in (first, second):
            begin(peer)
            peer.send(message[: size // 2])
        for peer in (first, second):
            peer.send(message[size // 2 :] + b"\r\n.\r\n")
            assert peer.line().startswith(b"250 ")
    assert messages_of_anna(server) == before + 2
