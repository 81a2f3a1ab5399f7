"""Clients that stay and say nothing."""

from groupware.core import limits
from tests.hostile.conftest import value_of
from tests.hostile.peers import MEGABYTE, Peer, greet_lmtp, log_in, resident_octets
from tests.serve.running import Running, wait_for


def test_stranger_who_says_nothing_is_shown_out(server: Running) -> None:
    with Peer(server.ports["IMAP"]) as peer:
        assert peer.line().startswith(b"* OK ")
        assert peer.line() == b"* BYE [UNAVAILABLE] No login came."
        assert peer.rest() == []
    assert value_of(limits.IMAP_LOGIN_TIMEOUT) == 2


def test_session_that_falls_silent_is_ended_the_sooner_in_the_middle_of_a_command(
    server: Running,
) -> None:
    assert value_of(limits.IMAP_COMMAND_TIMEOUT) < value_of(limits.IMAP_IDLE_TIMEOUT)
    with log_in(server.ports["IMAP"]) as silent, log_in(server.ports["IMAP"]) as cut:
        cut.send(b"a APPEND INBOX {100}\r\n")
        assert cut.line().startswith(b"+ ")
        cut.send(b"Subject: cut")
        assert cut.line() == b"* BYE [UNAVAILABLE] Nothing came for too long."
        silent.send(b"a NOOP\r\n")
        assert silent.line().startswith(b"a OK ")
        assert silent.line() == b"* BYE [UNAVAILABLE] Nothing came for too long."


def test_silent_lmtp_peer_is_shown_out(server: Running) -> None:
    with Peer(server.ports["LMTP"]) as peer:
        assert peer.line().startswith(b"220 ")
        assert peer.line().startswith(b"421 4.4.2 ")
        assert peer.rest() == []
    assert value_of(limits.LMTP_READ_TIMEOUT) == 2


def test_peer_that_reads_nothing_is_left(server: Running) -> None:
    with greet_lmtp(server.ports["LMTP"], receive_buffer=4096) as peer:
        before = resident_octets(server, "lmtp")
        for _ in range(40):
            peer.send(b"HELP\r\n" * 20_000)
        wait_for(lambda: "connection lost" in server.output.read_text(), "the end of patience")
        peer.rest()  # what had come before is read to its end: the server has gone
        assert resident_octets(server, "lmtp") - before < 16 * MEGABYTE
    assert value_of(limits.LMTP_WRITE_TIMEOUT) == 2
