"""aiosmtpd as the server that takes our mail: what it reads is what was sent."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from pytest_django.fixtures import Settings

from groupware.core.models import Account
from mail.outbound.dispatch import Dispatcher
from tests.mailflow.certificates import certificate_of
from tests.mailflow.dns import Dns
from tests.serve.running import free_ports
from tests.services.mail.outbound.conftest import dispatcher, dns, fresh_handshakes, quick, sender
from tests.services.mail.outbound.queueing import PREFIX, queued, send, to, waiting
from tests.services.store import message

__all__ = ["dispatcher", "dns", "fresh_handshakes", "quick", "sender"]

pytestmark = [
    pytest.mark.django_db(transaction=True),
    # It leaves the socket of a connection that ends while it stops to the collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


class Keeper:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, list[str], bytes, bool]] = []

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, *rest: Any) -> str:
        address, _options = rest
        if address.startswith("nobody"):
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:
        is_encrypted = session.ssl is not None
        self.taken.append((envelope.mail_from, envelope.rcpt_tos, envelope.content, is_encrypted))
        return "250 2.0.0 ok"


@pytest.fixture
def keeper(settings: Settings, dns: Dns, tmp_path: Path) -> Iterator[Keeper]:
    """Return what the server of other.test has taken."""
    found = Keeper()
    context: ssl.SSLContext = certificate_of(tmp_path / "peer", "mx.other.test")[1]
    port = free_ports()["SMTP"]
    controller = Controller(
        found, hostname="127.0.0.1", port=port, tls_context=context, require_starttls=True
    )
    settings.GROUPWARE_MX_PORT = port
    dns.add("other.test", "A", "127.0.0.1")
    controller.start()
    yield found
    controller.stop()


def test_what_aiosmtpd_takes_is_what_was_sent(
    keeper: Keeper, dispatcher: Dispatcher, sender: Account
) -> None:
    data = message() + b".\r\n..\r\n.dot\r\n" + b"x" * 900 + b"\r\n"
    queued(sender, *to("ben@other.test", "nobody@other.test"), data=data)
    queued(sender, *to("eve@other.test"), data="Subject: x\r\n\r\nGrüße\r\n".encode())
    send(dispatcher)
    first, second = sorted(keeper.taken, key=lambda taken: taken[1])
    assert first == ("ann@example.test", ["ben@other.test"], PREFIX + data, True)
    assert second[2].endswith("Grüße\r\n".encode())
    assert waiting() == []
