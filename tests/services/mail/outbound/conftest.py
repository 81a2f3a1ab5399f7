"""A DNS and servers of others, all on loopback, and people who write to them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from pytest_django.fixtures import Settings

from tests.conftest import SetLimit
from tests.mailflow.dns import Dns, serving_dns
from tests.mailflow.peers import Peer, serving_peer

if TYPE_CHECKING:
    from groupware.core.models import Account
    from mail.outbound.dispatch import Dispatcher


@pytest.fixture
def dns(settings: Settings) -> Iterator[Dns]:
    """Return a DNS that knows nothing yet."""
    from groupware.core.dns import forget_answers

    with serving_dns() as found:
        settings.GROUPWARE_DNS_SERVERS = found.servers
        forget_answers()
        yield found
    forget_answers()


@pytest.fixture
def peer(settings: Settings, dns: Dns) -> Iterator[Peer]:
    """Return the server of other.test, which is mx.other.test at 127.0.0.2."""
    with serving_peer() as found:
        settings.GROUPWARE_MX_PORT = found.port
        dns.add("other.test", "MX", "10 mx.other.test.")
        dns.add("mx.other.test", "A", "127.0.0.2")
        yield found


@pytest.fixture
def quick(set_limit: SetLimit) -> None:
    """Let nobody be waited for long."""
    from groupware.core import limits

    set_limit(limits.QUEUE_CONNECT_TIMEOUT, 2)
    set_limit(limits.QUEUE_COMMAND_TIMEOUT, 2)
    set_limit(limits.QUEUE_DATA_TIMEOUT, 2)


@pytest.fixture
def fresh_handshakes() -> None:
    """Forget whose TLS failed in another test."""
    from mail.outbound.transport import FAILED

    FAILED.forget()


@pytest.fixture
def sender(transactional_db: None, fresh_handshakes: None) -> "Account":
    """Return ann@example.test, who writes to others; her domain is ours."""
    from groupware.core.directory import create_domain
    from tests.services.store import create

    create_domain("example.test")
    return create("ann@example.test")


@pytest.fixture
def dispatcher(sender: "Account", quick: None) -> Iterator["Dispatcher"]:
    """Return who sends, of this test alone."""
    from mail.outbound.dispatch import Dispatcher

    found = Dispatcher()
    yield found
    found.stop(5)
