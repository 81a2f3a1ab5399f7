"""What is in flight when the server is asked to stop is finished, and answered."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile.peers import ANNA, Peer, create_people, log_in
from tests.mailflow.dns import serving_dns
from tests.serve.running import (
    Running,
    descendants,
    exists,
    free_ports,
    nobody_commits,
    serving,
    wait_for,
    waits_for_the_lock,
)

APPEND = b"a APPEND INBOX {18+}\r\nSubject: hello\r\n\r\n\r\n"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    create_people(tmp_path / "data", free_ports(), ANNA)
    with (
        serving_dns() as dns,
        serving(
            tmp_path / "data",
            *("imap", "lmtp", "smtp"),
            GROUPWARE_ALLOW_PLAINTEXT="1",
            GROUPWARE_DOMAIN="team.example",
            GROUPWARE_DNS_SERVERS=dns.variable,
        ) as running,
    ):
        yield running


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_append_in_flight_is_finished_and_answered(server: Running, number: signal.Signals) -> None:
    with log_in(server.ports["IMAP"]) as peer, log_in(server.ports["IMAP"]) as idle:
        everyone = descendants(server.process.pid)
        with nobody_commits(server.data):
            peer.send(APPEND)
            wait_for(lambda: waits_for_the_lock(server, "imap"), "the write")
            server.process.send_signal(number)
            assert idle.line() == b"* BYE [UNAVAILABLE] The server is shutting down."
        assert peer.line().startswith(b"a OK [APPENDUID ")
        assert peer.line() == b"* BYE [UNAVAILABLE] The server is shutting down."
        assert server.process.wait(5) == 0
        assert not any(map(exists, everyone))


def test_delivery_in_flight_is_finished_and_answered(server: Running) -> None:
    with Peer(server.ports["LMTP"]) as peer:
        peer.send(f"LHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<{ANNA}>\r\nDATA\r\n".encode())
        peer.lines_until(b"354 ")
        with nobody_commits(server.data):
            peer.send(b"Subject: hello\r\n\r\ntext\r\n.\r\n")
            wait_for(lambda: waits_for_the_lock(server, "lmtp"), "the write")
            server.process.send_signal(signal.SIGTERM)
        assert peer.line().startswith(b"250 2.0.0 ")
        assert server.process.wait(5) == 0


def test_message_in_flight_is_taken_and_answered(server: Running) -> None:
    with Peer(server.ports["SMTP"]) as peer, Peer(server.ports["SUBMISSION"]) as idle:
        assert idle.line().startswith(b"220 ")
        peer.send(b"EHLO c\r\n")
        peer.lines_until(b"250 ")
        peer.send(f"MAIL FROM:<>\r\nRCPT TO:<{ANNA}>\r\nDATA\r\n".encode())
        peer.lines_until(b"354 ")
        with nobody_commits(server.data):
            peer.send(b"Subject: hello\r\n\r\ntext\r\n.\r\n")
            wait_for(lambda: waits_for_the_lock(server, "smtp"), "the write")
            server.process.send_signal(signal.SIGTERM)
            assert idle.line().startswith(b"421 4.3.2 ")
        assert peer.line().startswith(b"250 2.0.0 ")
        assert peer.line().startswith(b"421 4.3.2 ")
        assert server.process.wait(10) == 0
