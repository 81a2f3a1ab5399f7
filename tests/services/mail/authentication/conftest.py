"""A DNS, a domain that signs in it, and what this server makes of a message."""

from collections.abc import Callable, Iterator

import pytest
from pytest_django.fixtures import Settings as Configured

from groupware.core import dns
from mail.authentication import Verdict, authenticate_message
from mail.authentication.dkim import Signer
from tests.mailflow.dns import Dns, serving_dns
from tests.services.mail.authentication.samples import PEER, SERVER, sender_signer

Authenticate = Callable[..., Verdict]


@pytest.fixture
def zone(settings: Configured) -> Iterator[Dns]:
    dns.forget_answers()
    with serving_dns() as served:
        settings.GROUPWARE_DNS_SERVERS = served.servers
        yield served
    dns.forget_answers()


@pytest.fixture
def signer(zone: Dns) -> Signer:
    """Return what sender.example signs with; its DNS has SPF, the key and a DMARC policy."""
    return sender_signer(zone)


@pytest.fixture
def authenticate(zone: Dns) -> Authenticate:
    def run(
        data: bytes,
        *,
        peer: str = PEER,
        helo: str = "mx.sender.example",
        mail_from: str = "ann@sender.example",
    ) -> Verdict:
        dns.forget_answers()
        return authenticate_message(
            data, peer=peer, helo=helo, mail_from=mail_from, authserv_id=SERVER
        )

    return run
