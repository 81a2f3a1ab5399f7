"""How sending is shared out: connections that are kept, memory, leases, and the end of a worker."""

import threading

import pytest

from groupware.core import limits
from groupware.core.clock import epoch
from groupware.core.models import Account
from mail.models import QueuedRecipient
from mail.outbound.dispatch import Dispatcher
from tests.conftest import SetLimit
from tests.mailflow.dns import Dns
from tests.mailflow.peers import CLOSE, SILENCE, Peer
from tests.services.mail.outbound.queueing import (
    make_due,
    queued,
    send,
    to,
    waiting,
)

pytestmark = pytest.mark.django_db(transaction=True)


def test_many_recipients_go_a_hundred_at_a_time(
    dispatcher: Dispatcher, sender: Account, peer: Peer, set_limit: SetLimit
) -> None:
    set_limit(limits.QUEUE_RECIPIENTS, 4)
    queued(sender, *to(*(f"u{number}@other.test" for number in range(10))))
    send(dispatcher)
    assert sorted(len(taken.rcpts) for taken in peer.taken) == [2, 4, 4]
    assert waiting() == []


def test_messages_to_one_place_share_a_connection_up_to_a_limit(
    dispatcher: Dispatcher, sender: Account, peer: Peer, set_limit: SetLimit
) -> None:
    set_limit(limits.QUEUE_DESTINATION, 1)
    set_limit(limits.QUEUE_REUSE, 3)
    for _ in range(5):
        queued(sender, *to("ben@other.test"))
    send(dispatcher)
    assert [taken.connection for taken in peer.taken] == [1, 1, 1, 2, 2]
    assert len(peer.said("RSET")) == 3
    queued(sender, *to("ben@other.test"))
    send(dispatcher)
    assert peer.taken[-1].connection == 2, "it was kept for a moment"


def test_a_kept_connection_that_has_gone_is_replaced(
    dispatcher: Dispatcher, sender: Account, peer: Peer
) -> None:
    queued(sender, *to("ben@other.test"))
    send(dispatcher)
    peer.say("RSET", CLOSE)
    queued(sender, *to("ben@other.test"))
    send(dispatcher)
    assert [taken.connection for taken in peer.taken] == [1, 2]
    assert waiting() == []


def test_one_place_has_a_few_connections_and_leaves_room_for_others(
    dispatcher: Dispatcher, sender: Account, peer: Peer, dns: Dns, set_limit: SetLimit
) -> None:
    set_limit(limits.QUEUE_DESTINATION, 2)
    set_limit(limits.QUEUE_THREADS, 3)
    set_limit(limits.QUEUE_COMMAND_TIMEOUT, 20)
    dns.add("third.test", "A", "127.0.0.2")
    peer.say("MAIL", SILENCE, SILENCE)
    for _ in range(4):
        queued(sender, *to("ben@other.test"))
    assert dispatcher.fill() == 2
    assert peer.came.wait(10)
    queued(sender, *to("ben@third.test"))
    assert dispatcher.fill() == 1
    assert dispatcher.fill() == 0
    while not peer.taken:
        threading.Event().wait(0.01)
    assert peer.taken[0].rcpts == ["RCPT TO:<ben@third.test>"]


def test_large_messages_wait_for_each_other(
    dispatcher: Dispatcher, sender: Account, peer: Peer, set_limit: SetLimit
) -> None:
    set_limit(limits.QUEUE_MEMORY, 100)
    for _ in range(3):
        queued(sender, *to("ben@other.test"))
    assert dispatcher.fill() == 1
    assert dispatcher.wait_idle(20)
    send(dispatcher)
    assert len(peer.taken) == 3


def test_a_place_that_cannot_be_reached_is_left_alone_for_a_while(
    dispatcher: Dispatcher, sender: Account, peer: Peer
) -> None:
    for _ in range(3):
        queued(sender, *to("ben@other.test"))
    peer.say("GREETING", *[CLOSE] * 9)
    assert dispatcher.fill() == 3
    assert dispatcher.wait_idle(20)
    assert dispatcher.fill() == 0
    make_due()
    assert dispatcher.fill() == 0, "due, but its server was not there a moment ago"
    dispatcher.forgive()
    peer.replies["GREETING"].clear()
    send(dispatcher)
    assert len(peer.taken) == 3


def test_what_another_has_leased_is_left_to_it_until_that_ends(
    dispatcher: Dispatcher, sender: Account, peer: Peer, set_limit: SetLimit
) -> None:
    set_limit(limits.QUEUE_LEASE, 60)
    queued(sender, *to("ben@other.test"))
    QueuedRecipient.objects.update(leased_until=epoch() + 60)
    assert dispatcher.fill() == 0
    QueuedRecipient.objects.update(leased_until=epoch())
    send(dispatcher)
    assert len(peer.taken) == 1


def test_a_lease_is_renewed_while_its_message_is_sent(
    dispatcher: Dispatcher, sender: Account, peer: Peer, set_limit: SetLimit
) -> None:
    set_limit(limits.QUEUE_LEASE, 0)
    set_limit(limits.QUEUE_COMMAND_TIMEOUT, 20)
    queued(sender, *to("ben@other.test"))
    peer.say("MAIL", SILENCE)
    dispatcher.fill()
    assert peer.came.wait(10)
    set_limit(limits.QUEUE_LEASE, 0.001)
    QueuedRecipient.objects.update(leased_until=1)
    dispatcher.tick()
    assert QueuedRecipient.objects.get().leased_until >= epoch() - 2


def test_who_is_told_to_stop_lets_go_of_what_nobody_has_taken(
    dispatcher: Dispatcher, sender: Account, peer: Peer, set_limit: SetLimit
) -> None:
    set_limit(limits.QUEUE_COMMAND_TIMEOUT, 20)
    queued(sender, *to("ben@other.test"))
    peer.say("MAIL", SILENCE)
    dispatcher.fill()
    assert peer.came.wait(10)
    assert dispatcher.stop(10)
    assert waiting() == [("ben@other.test", 0, "")]
    assert QueuedRecipient.objects.get().leased_until == 0
    assert dispatcher.fill() == 0


def test_who_is_told_to_stop_waits_for_an_answer_that_is_due(
    dispatcher: Dispatcher, sender: Account, peer: Peer, set_limit: SetLimit
) -> None:
    set_limit(limits.QUEUE_DATA_TIMEOUT, 20)
    queued(sender, *to("ben@other.test"))
    peer.say("END", SILENCE)
    dispatcher.fill()
    assert peer.came.wait(10)
    assert not dispatcher.stop(0.1)
    assert waiting() == [("ben@other.test", 0, "")]
