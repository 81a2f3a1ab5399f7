"""The queue of a worker process: woken by who puts something in, and by the clock."""

import ipaddress
from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from groupware.core import limits
from groupware.core.clock import monotonic
from groupware.core.metrics import render_metrics
from groupware.core.models import Account
from groupware.core.wakeups import Listener
from groupware.duties import find_duty
from mail.flow import relays
from mail.flow.envelopes import EnvelopeRecipient
from mail.flow.relays import Relay, find_own_relay, register_finder
from mail.models import QueuedMessage
from mail.outbound import work
from mail.outbound.dispatch import Dispatcher
from mail.services import queue
from mail.services.queue import QueueFilter
from tests.conftest import SetLimit
from tests.mailflow.dns import Dns
from tests.mailflow.peers import CLOSE, Peer
from tests.services.damage import find
from tests.services.mail.outbound.queueing import queued, send, to, waiting

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def worker(sender: Account, quick: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[work.Worker]:
    """Run the worker of this process until the test ends; it does nothing unless it is called."""
    monkeypatch.setattr(work, "LOOK_SECONDS", 600.0)
    found = work.start()
    yield found
    work.stop(5)


def await_taken(peer: Peer, number: int, seconds: float = 40.0) -> None:
    """Wait until a peer has taken so many messages."""
    deadline = monotonic() + seconds
    while len(peer.taken) < number:
        assert monotonic() < deadline, "nothing came"
        peer.over.wait(0.005)


def test_what_is_put_in_leaves_at_once(peer: Peer, worker: work.Worker, sender: Account) -> None:
    queued(sender, *to("ben@other.test"))
    await_taken(peer, 1)
    worker.dispatcher.wait_idle(20)
    assert not QueuedMessage.objects.exists()


def test_a_retry_reaches_servers_that_were_not_there_a_moment_ago(
    peer: Peer, worker: work.Worker, sender: Account
) -> None:
    peer.say("GREETING", CLOSE)
    queued(sender, *to("ben@other.test"))
    while not waiting() or waiting()[0][1] == 0:
        peer.over.wait(0.01)
    assert queue.retry_now(QueueFilter()) == 1
    await_taken(peer, 1)


def test_the_duty_finds_what_no_call_told_of_and_measures(
    peer: Peer, dispatcher: Dispatcher, sender: Account
) -> None:
    queued(sender, *to("ben@other.test"))
    queue.hold(QueueFilter())
    queued(sender, *to("eve@other.test"))
    listener = Listener(queue.WAKE)
    find_duty("queue").do()
    assert listener.wait(5) == {""}, "no worker is here: one elsewhere is woken"
    listener.close()
    assert b'groupware_queue_recipients{state="held"} 1.0' in render_metrics()
    assert b"groupware_queue_oldest_seconds" in render_metrics()
    try:
        work.start()
        find_duty("queue").do()
        await_taken(peer, 1)
    finally:
        work.stop(5)
    work.stop(5)


def test_two_workers_send_each_message_once(
    peer: Peer, sender: Account, quick: None, set_limit: SetLimit
) -> None:
    set_limit(limits.QUEUE_DESTINATION, 3)
    dispatchers = [Dispatcher(), Dispatcher()]
    for number in range(20):
        queued(sender, EnvelopeRecipient(f"u{number}@other.test"))
    for _ in range(3):
        for dispatcher in dispatchers:
            dispatcher.fill()
    for dispatcher in dispatchers:
        assert dispatcher.wait_idle(20)
        dispatcher.stop(5)
    assert len(peer.taken) == len({taken.rcpts[0] for taken in peer.taken}) == 20
    assert waiting() == []


def test_everything_goes_to_the_smarthost_in_one_transaction(
    peer: Peer, sender: Account, quick: None, settings: Settings, dns: Dns
) -> None:
    settings.GROUPWARE_SMARTHOST_URL = f"smtp://127.0.0.2:{peer.port}?tls=none"
    dispatcher = Dispatcher()
    queued(sender, *to("ben@other.test", "eve@third.test", "ann@[192.0.2.1]"))
    send(dispatcher)
    dispatcher.stop(5)
    [taken] = peer.taken
    assert len(taken.rcpts) == 3
    assert dns.asked == []


@pytest.fixture
def own_relay(peer: Peer, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Relay:
    """Return the relay that one sender has to himself."""
    settings.GROUPWARE_SOURCE_NETWORKS = (ipaddress.ip_network("127.0.0.2/32"),)
    monkeypatch.setattr(relays, "_finders", [])
    relay = Relay("127.0.0.2", peer.port, "none")
    register_finder(lambda _account, mail_from: relay if mail_from == "ann@pec.test" else None)
    return relay


def test_a_sender_may_have_a_relay_of_his_own_which_takes_what_is_ours_too(
    own_relay: Relay, peer: Peer, sender: Account, quick: None, dns: Dns
) -> None:
    assert find_own_relay(sender.pk, "ann@example.test") is None
    dispatcher = Dispatcher()
    recipients = to("ben@nowhere.test", "ann@example.test")
    queued(sender, *recipients, mail_from="ann@pec.test")
    queued(sender, *to("ben@nowhere.test"))
    send(dispatcher)
    dispatcher.stop(5)
    [taken] = peer.taken
    assert taken.mail.startswith("MAIL FROM:<ann@pec.test>")
    assert len(taken.rcpts) == 2


def test_nobody_has_this_server_speak_to_what_only_it_can_reach(
    own_relay: Relay, peer: Peer, sender: Account, quick: None, settings: Settings
) -> None:
    settings.GROUPWARE_SOURCE_NETWORKS = ()
    dispatcher = Dispatcher()
    queued(sender, *to("ben@nowhere.test"), mail_from="ann@pec.test")
    send(dispatcher)
    dispatcher.stop(5)
    assert peer.connections == []
    assert waiting() == [("ben@nowhere.test", 1, "4.4.4")]


def test_the_doctor_finds_what_nobody_sends(sender: Account) -> None:
    row = queued(sender, *to("ben@other.test"))
    assert find() == []
    late = row.created_at - 7_230
    row.recipients.update(next_attempt_at=late)
    [fault] = find()
    assert fault.where == f"queued message {row.pk} from <ann@example.test>"
    assert fault.what == "it was due 120 minutes ago"
    assert "serve worker" in fault.advice
    row.recipients.update(is_held=True)
    assert find() == []
    row.recipients.all().delete()
    [fault] = find()
    assert fault.what == "it is for nobody"
