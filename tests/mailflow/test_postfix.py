"""Debian's Postfix as the server that takes our mail: as a smarthost, and for its own domain."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from groupware.core.models import Account
from mail.outbound.dispatch import Dispatcher
from tests.mailflow.certificates import certificate_of
from tests.mailflow.dns import Dns
from tests.mailflow.peers import Peer
from tests.mailflow.postfix import Postfix, running_postfix
from tests.serve.running import wait_for
from tests.services.mail.outbound.conftest import (
    dispatcher,
    dns,
    fresh_handshakes,
    peer,
    quick,
    sender,
)
from tests.services.mail.outbound.queueing import notices, queued, send, to, waiting
from tests.services.store import message

__all__ = ["dispatcher", "dns", "fresh_handshakes", "peer", "quick", "sender"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def postfix(peer: Peer, tmp_path: Path) -> Iterator[Postfix]:
    """Return a Postfix that passes everything on to the peer; its certificate is its name's."""
    cert, _ = certificate_of(tmp_path / "certificate", "relay.test")
    with running_postfix(
        tmp_path / "postfix",
        "relay.test",
        relayhost=f"[{peer.host}]:{peer.port}",
        smtpd_tls_cert_file=str(cert),
        smtpd_tls_key_file=str(cert.with_name("key.pem")),
        smtpd_tls_security_level="may",
    ) as found:
        yield found


@pytest.fixture
def trusted(postfix: Postfix, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust Postfix's certificate."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate" / "tls" / "cert.pem"))


@pytest.fixture
def smarthost(postfix: Postfix, dns: Dns, settings: Settings) -> None:
    """Send everything through Postfix."""
    settings.GROUPWARE_SMARTHOST_URL = f"smtp://relay.test:{postfix.port}"
    dns.add("relay.test", "A", postfix.host)


@pytest.fixture
def mx(postfix: Postfix, dns: Dns, settings: Settings) -> None:
    """Let Postfix be the server of third.test."""
    settings.GROUPWARE_MX_PORT = postfix.port
    dns.add("third.test", "A", postfix.host)


@pytest.mark.usefixtures("smarthost")
def test_a_smarthost_whose_certificate_nobody_knows_gets_nothing(
    dispatcher: Dispatcher, sender: Account, peer: Peer
) -> None:
    queued(sender, *to("ben@other.test"))
    send(dispatcher)
    assert waiting() == [("ben@other.test", 1, "4.7.5")]


@pytest.mark.usefixtures("smarthost", "trusted")
def test_postfix_as_smarthost_takes_everything_within_tls_and_passes_it_on(
    dispatcher: Dispatcher, sender: Account, peer: Peer, postfix: Postfix
) -> None:
    data = message() + b".a line with a dot\r\n" * 3
    queued(sender, *to("ben@other.test", "eve@third.test"), data=data)
    send(dispatcher)
    assert (waiting(), notices()) == ([], [])
    wait_for(lambda: len(peer.taken) == 1, f"the mail: {postfix.log.read_text()}")
    [taken] = peer.taken
    assert taken.data.endswith(data.partition(b"\r\n\r\n")[2]), "its header has a Date now"
    assert b"by relay.test (Postfix) with ESMTPS" in taken.data
    assert len(taken.rcpts) == 2


def test_postfix_takes_mail_for_its_domain_and_is_told_what_the_sender_wants_to_know(
    dispatcher: Dispatcher, sender: Account, peer: Peer, postfix: Postfix, mx: None
) -> None:
    queued(sender, *to("eve@third.test", notify="SUCCESS"), envid="letter-7")
    send(dispatcher)
    assert (waiting(), notices()) == ([], []), "Postfix knows DSN"
    wait_for(lambda: len(peer.taken) == 1, f"the mail: {postfix.log.read_text()}")
    [taken] = peer.taken
    assert "ENVID=letter-7" in taken.mail
    assert "NOTIFY=SUCCESS" in taken.rcpts[0]
