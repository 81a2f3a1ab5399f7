"""Who is connected is told by the processes that hold the sessions, and ended in all of them."""

import imaplib
import poplib
import smtplib
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress

import pytest
from pytest_django.fixtures import Settings

from groupware.core.livesessions import LiveSession, list_sessions
from tests.commands.running import Manage
from tests.hostile.peers import ANNA, BEN, PASSWORD, create_people
from tests.serve.running import Running, free_ports, serving, wait_for

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]
Told = Callable[[str], list[LiveSession]]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Return what closes every connection at the end."""
    with ExitStack() as held:
        yield held


def close(imap: imaplib.IMAP4) -> None:
    """Close a connection that may be closed already."""
    with suppress(OSError):
        imap.shutdown()


def log_in(server: Running, stack: ExitStack, address: str = "") -> imaplib.IMAP4:
    imap = imaplib.IMAP4("127.0.0.1", server.ports["IMAP"])
    stack.callback(close, imap)
    if address:
        imap.login(address, PASSWORD)
    return imap


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    data = tmp_path_factory.mktemp("sessions") / "data"
    create_people(data, free_ports(), ANNA, BEN)
    with serving(
        data, "imap", "pop3", "smtp", GROUPWARE_ALLOW_PLAINTEXT="1",
        GROUPWARE_DOMAIN="team.example",
    ) as running:  # fmt: skip
        yield running


@pytest.fixture
def told(server: Running, settings: Settings) -> Told:
    """Return what asks the server's processes for the sessions of an address."""
    settings.GROUPWARE_DATA = server.data
    with closing(sqlite3.connect(server.data / "groupware.sqlite3")) as database:
        numbers = dict(database.execute("SELECT login, id FROM core_account"))
    return lambda address: list_sessions(numbers[address])


def test_sessions_of_every_protocol_are_listed_and_ended(
    server: Running, stack: ExitStack, told: Told
) -> None:
    assert told(ANNA) == []
    imaps = [log_in(server, stack, ANNA) for _ in range(4)]
    bens, nobody = log_in(server, stack, BEN), log_in(server, stack)
    pop3 = poplib.POP3("127.0.0.1", server.ports["POP3"])
    stack.callback(pop3.close)
    pop3.user(ANNA)
    pop3.pass_(PASSWORD)
    smtp = smtplib.SMTP("127.0.0.1", server.ports["SUBMISSION"])
    stack.callback(smtp.close)
    smtp.login(ANNA, PASSWORD)

    held = told(ANNA)
    assert sorted(one.protocol for one in held) == ["imap"] * 4 + ["pop3", "submission"]
    assert {one.network for one in held} == {"127.0.0.1"}
    assert {one.credential for one in held} == {"password"}
    assert len({one.id for one in held}) == 6
    imaps.pop().logout()
    wait_for(lambda: len(told(ANNA)) == 5, "the end of a session to be told")

    manage = Manage(server.data, f"sqlite:///{server.data / 'groupware.sqlite3'}")
    assert len(manage.json("account", "sessions", ANNA, "--end")) == 5
    for imap in imaps:
        with pytest.raises(imaplib.IMAP4.abort):
            imap.noop()
    with pytest.raises(poplib.error_proto):
        pop3.stat()
    with pytest.raises(smtplib.SMTPException):
        smtp.sendmail(ANNA, [BEN], "Subject: late\r\n\r\n")
    wait_for(lambda: not told(ANNA), "all to have ended")
    assert len(told(BEN)) == 1
    for imap in (bens, nobody):
        assert imap.noop()[0] == "OK"


def test_a_process_that_died_keeps_nobody_waiting(
    server: Running, stack: ExitStack, told: Told
) -> None:
    log_in(server, stack, ANNA)
    sockets = server.data / "run" / "sessions"
    left = sockets / "1-0.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as dead:
        dead.bind(str(left))
    assert [one.protocol for one in told(ANNA)] == ["imap"]
    assert not left.exists()
    assert list(sockets.glob("*.ask")) == []
