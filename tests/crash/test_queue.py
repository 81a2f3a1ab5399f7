"""kill -9 while a message is sent: never lost, and sent twice only where nobody knew of the first."""

import pytest
from django.conf import settings as configured

from groupware.core.logging import configure_logging
from groupware.core.models import Account
from mail.models import QueuedMessage, QueuedRecipient
from mail.outbound.dispatch import Dispatcher
from tests.mailflow.dns import Dns
from tests.mailflow.peers import Peer
from tests.services.mail.outbound.conftest import (
    dispatcher,
    dns,
    fresh_handshakes,
    peer,
    quick,
    sender,
)
from tests.services.mail.outbound.queueing import SECONDS, make_due, notices, queued, send, to
from tests.services.processes import Channel, running

__all__ = ["dispatcher", "dns", "fresh_handshakes", "peer", "quick", "sender"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.crash]


def send_all(_channel: Channel) -> str:
    """Send what is due, in a process that is killed at a point."""
    configure_logging("WARNING", "text")  # the other side reads what this one prints
    found = Dispatcher()
    send(found)
    found.stop(SECONDS)
    return "sent"


def send_and_be_killed(point: str, dns: Dns) -> None:
    variables = {
        "GROUPWARE_CRASH_AT": point,
        "GROUPWARE_DNS_SERVERS": dns.variable,
        "GROUPWARE_MX_PORT": str(configured.GROUPWARE_MX_PORT),
    }
    with running(send_all, (), **variables) as [channel]:
        channel.say("go")
        with pytest.raises(EOFError):
            channel.hear()


@pytest.mark.parametrize(
    ("point", "taken"),
    [("queue-leased", (0, 1)), ("queue-acknowledged", (1, 2)), ("queue-settled", (1, 1))],
)
def test_a_killed_sender_loses_nothing_and_repeats_what_was_not_recorded(
    dispatcher: Dispatcher,
    sender: Account,
    peer: Peer,
    dns: Dns,
    point: str,
    taken: tuple[int, int],
) -> None:
    before, after = taken
    queued(sender, *to("ben@other.test"))
    send_and_be_killed(point, dns)
    assert len(peer.taken) == before
    assert dispatcher.fill() == 0, "what is left is leased to the dead"
    make_due()  # and its lease has ended
    send(dispatcher)
    assert len(peer.taken) == after
    assert len({each.data for each in peer.taken}) == 1
    assert not QueuedMessage.objects.exists()


def test_a_failure_is_told_once_whatever_is_killed(
    dispatcher: Dispatcher, sender: Account, peer: Peer, dns: Dns
) -> None:
    for point, told in (("queue-leased", 0), ("before-commit:2", 0), ("queue-settled", 1)):
        if not QueuedRecipient.objects.exists():
            queued(sender, *to("nobody@other.test"))
        make_due()
        peer.say("RCPT", "550 5.1.1 no such user")
        send_and_be_killed(point, dns)
        peer.replies["RCPT"].clear()
        assert len(notices()) == told
    assert not QueuedMessage.objects.exists()
