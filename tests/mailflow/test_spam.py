"""Debian's rspamd beside the running server: spam lands in Junk, and moving mail teaches the filter."""

import imaplib
import smtplib
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.people import Person, create_people
from tests.mailflow.dns import serving_dns
from tests.mailflow.rspamd import REJECTED, Rspamd, running_rspamd
from tests.serve.running import Running, serving, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

ANN = Person("ann@example.test")
LETTER = (
    "From: seller@outside.test\r\nTo: ann@example.test\r\nSubject: {subject}\r\n"
    "Date: Mon, 21 Sep 2026 10:00:00 +0000\r\nMessage-ID: <{subject}@outside.test>\r\n\r\n{body}\r\n"
)
ORDINARY = "Could we meet on Tuesday about the garden? I would bring the plans along and some cake"


@pytest.fixture(scope="module")
def rspamd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rspamd]:
    with running_rspamd(tmp_path_factory.mktemp("rspamd")) as running:
        yield running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, rspamd: Rspamd) -> Iterator[Running]:
    data: Path = tmp_path_factory.mktemp("spam") / "data"
    with serving_dns() as dns:
        variables = {
            "GROUPWARE_RSPAMD_URL": rspamd.url,
            "GROUPWARE_DNS_SERVERS": dns.variable,
            "GROUPWARE_PROCESSES": "1",
        }
        with serving(data, "smtp", "imap", "worker", "beat", **variables) as running:
            create_people(running, [ANN.address])
            yield running


def send(server: Running, subject: str, body: str) -> None:
    with smtplib.SMTP("127.0.0.1", server.ports["SMTP"], "mx.outside.test", 30) as client:
        message = LETTER.format(subject=subject, body=body)
        assert client.sendmail("seller@outside.test", [ANN.address], message) == {}


@pytest.fixture
def client(server: Running) -> Iterator[imaplib.IMAP4_SSL]:
    context = ssl.create_default_context(cafile=str(server.trusted))
    with imaplib.IMAP4_SSL("localhost", server.ports["IMAPS"], ssl_context=context) as opened:
        opened.login(ANN.address, ANN.password)
        yield opened


def holds(client: imaplib.IMAP4_SSL, mailbox: str, subject: str) -> bytes:
    """Return the UID of a message, empty while it is not there."""
    client.select(mailbox)
    _, [uids] = client.uid("SEARCH", "HEADER", "Message-ID", f"<{subject}@outside.test>")
    return bytes(uids)


def test_what_every_filter_knows_as_spam_lands_in_junk(
    server: Running, client: imaplib.IMAP4_SSL
) -> None:
    send(server, "gtube", REJECTED.decode())
    wait_for(lambda: holds(client, "Junk", "gtube"), "the spam in Junk")
    _, fetched = client.uid("FETCH", holds(client, "Junk", "gtube").decode(), "(BODY[HEADER])")
    assert b"X-Spam: Yes\r\n" in fetched[0][1]
    assert holds(client, "INBOX", "gtube") == b""


def test_moving_into_junk_and_out_of_it_teaches_the_filter(
    server: Running, client: imaplib.IMAP4_SSL, rspamd: Rspamd
) -> None:
    send(server, "garden", ORDINARY)
    wait_for(lambda: holds(client, "INBOX", "garden"), "the letter in INBOX")
    client.uid("MOVE", holds(client, "INBOX", "garden").decode(), "Junk")
    wait_for(lambda: rspamd.learned("spam") == 1, "the filter to learn spam")
    client.uid("MOVE", holds(client, "Junk", "garden").decode(), "INBOX")
    wait_for(lambda: rspamd.learned("ham") == 1, "the filter to learn ham")
