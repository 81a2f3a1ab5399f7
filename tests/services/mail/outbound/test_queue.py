"""The queue as an admin sees it, and as those who put something in."""

from functools import partial

import pytest

from groupware.core import db
from groupware.core.clock import epoch
from groupware.core.models import Account
from groupware.core.wakeups import Listener
from mail.flow.envelopes import Envelope, EnvelopeRecipient
from mail.flow.replies import Reply
from mail.models import Inbound, QueuedMessage, QueuedRecipient
from mail.outbound.dispatch import Dispatcher
from mail.services import queue, sending, settling
from mail.services.content import claim_content, prepare_message
from mail.services.queue import NewQueued, QueueFilter, destination_of
from tests.mailflow.peers import Peer
from tests.services.mail.outbound.queueing import (
    make_due,
    notices,
    queued,
    send,
    to,
    waiting,
)
from tests.services.store import message
from tests.services.threads import threads

pytestmark = pytest.mark.django_db(transaction=True)

EVERYTHING = QueueFilter()


@pytest.mark.parametrize(
    ("address", "destination"),
    [
        ("a@Other.Test", "other.test"),
        ("a@bücher.example", "xn--bcher-kva.example"),
        ('"a@b"@other.test', "other.test"),
        ("a@[192.0.2.1]", "[192.0.2.1]"),
        ("a@[IPv6:::1]", "[ipv6:::1]"),
        ("a@no domain", "no domain"),
    ],
)
def test_where_an_address_leads(address: str, destination: str) -> None:
    assert destination_of(address) == destination


def test_the_same_message_from_the_same_source_is_queued_once(sender: Account) -> None:
    prepared = prepare_message(message())
    envelope = Envelope("ann@example.test", to("ben@other.test"), "FULL", "id", True, True)

    def put(source: str) -> int:
        with db.write_transaction():
            blob_id = claim_content(prepared)
            return queue.enqueue(NewQueued(7, source, sender.pk, blob_id, b"", envelope))

    first = put("list@example.test")
    assert put("list@example.test") == first
    assert put("other@example.test") != first
    assert QueuedRecipient.objects.count() == 2
    row = QueuedMessage.objects.get(pk=first)
    assert (row.ret, row.envid, row.is_8bit, row.is_utf8) == ("FULL", "id", True, True)


def test_what_is_put_in_wakes_who_sends_after_its_commit(sender: Account) -> None:
    listener = Listener(queue.WAKE)
    try:
        with db.write_transaction():
            row = queued(sender, *to("ben@other.test"))
            assert listener.wait(0) == set()
        assert row.pk
        assert listener.wait(5) == {""}
        queue.retry_now(EVERYTHING)
        assert listener.wait(5) == {queue.RETRY}
    finally:
        listener.close()


@pytest.fixture
def several(sender: Account) -> list[int]:
    """Return the ids of three messages: two of ann, one of a domain that is not ours."""
    return [
        queued(sender, *to("ben@other.test", "eve@third.test")).pk,
        queued(sender, *to("ben@third.test")).pk,
        queued(None, *to("x@other.test"), mail_from="SRS0=1@srs.test").pk,
    ]


@pytest.mark.parametrize(
    ("wanted", "addresses"),
    [
        (EVERYTHING, ["ben@other.test", "eve@third.test", "ben@third.test", "x@other.test"]),
        (
            QueueFilter(domain="Example.test"),
            ["ben@other.test", "eve@third.test", "ben@third.test"],
        ),
        (QueueFilter(domain="srs.test"), ["x@other.test"]),
        (QueueFilter(domain="test"), []),
        (QueueFilter(destination="third.test"), ["eve@third.test", "ben@third.test"]),
        (QueueFilter(sender="ann@"), ["ben@other.test", "eve@third.test", "ben@third.test"]),
        (QueueFilter(recipient="BEN@"), ["ben@other.test", "ben@third.test"]),
        (QueueFilter(domain="example.test", destination="other.test"), ["ben@other.test"]),
        (QueueFilter(is_held=True), []),
    ],
)
def test_only_what_is_meant_is_listed(
    several: list[int], wanted: QueueFilter, addresses: list[str]
) -> None:
    assert [entry.address for entry in queue.list_queue(wanted)] == addresses
    assert queue.count_queue(wanted) == len(addresses)


def test_the_list_comes_in_pages(several: list[int]) -> None:
    first = queue.list_queue(EVERYTHING, limit=3)
    rest = queue.list_queue(EVERYTHING, after=first[-1].id, limit=3)
    assert [entry.message_id for entry in [*first, *rest]] == [
        several[0], several[0], several[1], several[2],
    ]  # fmt: skip


def test_an_entry_says_where_its_recipient_stands(
    dispatcher: Dispatcher, sender: Account, peer: Peer
) -> None:
    data = message()
    row = queued(sender, *to("ben@other.test"), data=data)
    peer.say("RCPT", "451 4.7.1 come again")
    send(dispatcher)
    [entry] = queue.list_queue(QueueFilter(message_ids=[row.pk]))
    assert (entry.mail_from, entry.size) == ("ann@example.test", len(data))
    assert (entry.code, entry.reply, entry.host) == (451, "4.7.1 come again", "mx.other.test")
    assert (entry.attempts, entry.is_held, entry.is_sending) == (1, False, False)
    sending.lease([entry.id])
    assert queue.list_queue(EVERYTHING)[0].is_sending


def test_what_is_held_waits_until_it_is_released(
    dispatcher: Dispatcher, sender: Account, peer: Peer
) -> None:
    queued(sender, *to("ben@other.test"))
    queued(sender, *to("eve@other.test"))
    assert queue.hold(QueueFilter(recipient="ben")) == 1
    assert queue.hold(QueueFilter(recipient="ben")) == 0
    assert queue.retry_now(QueueFilter(recipient="ben")) == 0
    send(dispatcher)
    assert [entry.address for entry in queue.list_queue(QueueFilter(is_held=True))] == [
        "ben@other.test"
    ]
    assert queue.release(EVERYTHING) == 1
    send(dispatcher)
    assert len(peer.taken) == 2


def test_a_retry_moves_the_next_attempt_and_no_lease(
    dispatcher: Dispatcher, sender: Account, peer: Peer
) -> None:
    queued(sender, *to("ben@other.test"))
    peer.say("RCPT", "451 4.7.1 come again")
    send(dispatcher)
    [entry] = queue.list_queue(EVERYTHING)
    assert entry.next_attempt_at > epoch()
    sending.lease([entry.id])
    assert queue.retry_now(EVERYTHING) == 1
    assert dispatcher.fill() == 0
    sending.give_back([entry.id])
    send(dispatcher)
    assert len(peer.taken) == 1


def test_what_is_dropped_goes_back_or_nowhere(sender: Account) -> None:
    first = queued(sender, *to("ben@other.test", "eve@third.test"))
    queued(sender, *to("ben@other.test"))
    assert queue.drop(QueueFilter(message_ids=[first.pk], recipient="ben"), notify=True) == 1
    [(recipient, notice)] = notices()
    assert recipient == "ann@example.test"
    assert b"ben@other.test" in notice
    assert b"taken out of the queue by an administrator" in notice
    assert waiting() == [("eve@third.test", 0, ""), ("ben@other.test", 0, "")]
    assert queue.drop(EVERYTHING, notify=False) == 2
    assert len(notices()) == 1
    assert not QueuedMessage.objects.exists()


def test_what_is_dropped_while_it_is_sent_is_settled_once(
    dispatcher: Dispatcher, sender: Account, peer: Peer
) -> None:
    row = queued(sender, *to("ben@other.test"))
    batch = sending.load(row.pk, [entry.id for entry in queue.list_queue(EVERYTHING)])
    assert batch is not None
    assert queue.drop(EVERYTHING, notify=True) == 1
    reply = settling.Result(Reply(550, "5.1.1", "no"))
    settling.settle(batch, {batch.recipients[0].id: reply}, b"")
    assert len(notices()) == 1, "its sender was told already"
    send(dispatcher)
    assert peer.taken == []


def settle_as_taken(batch: sending.Batch) -> None:
    taken = settling.Result(Reply(250, "2.0.0", "ok"))
    settling.settle(batch, {each.id: taken for each in batch.recipients}, b"")


def test_the_last_two_recipients_settled_at_once_leave_no_message(sender: Account) -> None:
    for _ in range(5):
        row = queued(sender, *to("ben@other.test", "eve@third.test"))
        keys = [entry.id for entry in queue.list_queue(EVERYTHING)]
        batches = [sending.load(row.pk, [key]) for key in keys]
        with threads(2) as start:
            futures = [start(partial(settle_as_taken, batch)) for batch in batches if batch]
        assert [future.result() for future in futures] == [None, None]
        assert not QueuedMessage.objects.exists()


def test_only_one_of_two_gets_a_lease(sender: Account) -> None:
    queued(sender, *(EnvelopeRecipient(f"u{number}@other.test") for number in range(20)))
    keys = [entry.id for entry in queue.list_queue(EVERYTHING)]
    with threads(2) as start:
        futures = [start(lambda: sending.lease(keys)) for _ in range(2)]
    first, second = (future.result() for future in futures)
    assert first | second == set(keys)
    assert not first & second


def test_what_is_there_is_measured(sender: Account) -> None:
    queued(sender, *to("a@other.test", "b@other.test", "c@other.test"))
    QueuedMessage.objects.update(created_at=epoch() - 60)
    queue.hold(QueueFilter(recipient="a@"))
    QueuedRecipient.objects.filter(address="b@other.test").update(next_attempt_at=epoch() + 60)
    due, later, held, oldest = sending.measure()
    assert (due, later, held) == (1, 1, 1)
    assert 60 <= oldest < 70
    make_due()
    assert Inbound.objects.count() == 0
