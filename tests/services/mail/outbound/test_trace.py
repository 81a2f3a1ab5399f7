"""Each way that a message goes leaves its steps in order, for those who may see them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from groupware.core import limits
from groupware.core.clock import epoch
from groupware.core.directory import (
    add_member,
    create_address,
    create_domain,
    create_group,
    set_quota,
)
from groupware.core.groupcommit import GroupCommitter
from groupware.core.models import Account
from mail.flow.clients import Client
from mail.flow.envelopes import Envelope, EnvelopeRecipient
from mail.models import QueuedMessage, TraceEntry
from mail.outbound.dispatch import Dispatcher
from mail.services import fanout, queue, reception, trace
from mail.services.delivery import Trace, deliver, resolve_recipient
from mail.services.fanout import fan_out
from mail.services.queue import QueueFilter
from mail.services.trace import TraceFilter
from tests.conftest import SetLimit
from tests.mailflow.peers import Peer
from tests.services.mail.outbound.queueing import make_due, send
from tests.services.mail.taking import deliver as take_and_deliver
from tests.services.mail.taking import sweep
from tests.services.store import create, message
from tests.services.submitting import submit_as

pytestmark = pytest.mark.django_db(transaction=True)
ANN, BEN, EVE = "ann@example.test", "ben@example.test", "eve@second.test"
TEAM, OLD, FRIEND = "team@example.test", "old@example.test", "friend@other.test"
BOSS = "boss@outside.test"
CLIENT = Client("192.0.2.1", "mx.outside.test", "s1", "ESMTP")
NAME = "1@traced.test"


@dataclass
class World:
    """Who is there, and who sends."""

    ann: Account
    peer: Peer
    dispatcher: Dispatcher
    set_limit: SetLimit

    def receive(self, *to: str) -> None:
        """Take a message as SMTP does, and bring it to whom it is for."""
        recipients = tuple(map(EnvelopeRecipient, to))
        found = reception.receive(letter(), Envelope(BOSS, recipients), CLIENT)
        self.bring(reception.commit(found))

    def submit(self, *to: str) -> None:
        self.bring(submit_as(ANN, letter(sender=ANN), to))

    def bring(self, inbound_id: int) -> None:
        if inbound_id:
            fan_out(inbound_id)
        send(self.dispatcher)

    def try_again(self) -> None:
        make_due()
        self.dispatcher.forgive()
        send(self.dispatcher)

    @property
    def queued(self) -> QueueFilter:
        return QueueFilter(message_ids=[QueuedMessage.objects.get().pk])


def letter(sender: str = BOSS) -> bytes:
    rest = message(message_id=NAME).partition(b"\r\n")[2]
    return f"From: {sender}\r\n".encode() + rest


@pytest.fixture
def world(
    sender: Account, dispatcher: Dispatcher, peer: Peer, set_limit: SetLimit
) -> Iterator[World]:
    create_domain("second.test")
    create(BEN)
    create(EVE)
    create_address(OLD, [FRIEND])
    create_group(TEAM)
    for member in (ANN, BEN):
        add_member(TEAM, member)
    with trace.kept():
        yield World(sender, peer, dispatcher, set_limit)


def steps(name: str = NAME, domain_ids: frozenset[int] | None = None) -> list[str]:
    assert trace.flush()
    return [f"{found.step} {found.recipient}" for found in trace.follow(name, domain_ids)]


def of_lmtp(world: World) -> list[str]:
    committer = GroupCommitter()
    said = Trace(BOSS, "relay", "192.0.2.1", "example.test", "LMTP", "s1")
    try:
        to = [resolve_recipient(address) for address in (ANN, "ben+x@example.test")]
        assert deliver(letter(), to, said, committer) == [None, None]
    finally:
        committer.close()
    return [f"delivered {ANN}", "delivered ben+x@example.test"]


def of_smtp(world: World) -> list[str]:
    world.receive(ANN)
    return [f"delivered {ANN}"]


def of_two_recipients(world: World) -> list[str]:
    world.receive(ANN, EVE)
    return [f"received {ANN}", f"received {EVE}", f"delivered {ANN}", f"delivered {EVE}"]


def of_a_list(world: World) -> list[str]:
    create_address("away@example.test", [FRIEND])
    create_address("all@example.test", [TEAM, FRIEND], kind="list")
    world.receive("all@example.test")
    to = "all@example.test"
    return [
        f"received {to}",
        f"expanded {to}",
        f"delivered {to}",
        f"delivered {to}",
        f"forwarded {to}",
        f"queued {FRIEND}",
        f"sent {FRIEND}",
    ]


def of_a_forward(world: World) -> list[str]:
    world.receive(OLD)
    return [f"received {OLD}", f"forwarded {OLD}", f"queued {FRIEND}", f"sent {FRIEND}"]


def of_a_colleague(world: World) -> list[str]:
    world.submit(BEN)
    return [f"received {BEN}", f"delivered {BEN}"]


def of_another_domain_here(world: World) -> list[str]:
    world.submit(EVE)
    return [f"received {EVE}", f"delivered {EVE}", f"sent {EVE}"]


def of_another_server(world: World) -> list[str]:
    world.submit(FRIEND)
    return [f"received {FRIEND}", f"queued {FRIEND}", f"sent {FRIEND}"]


def of_greylisting(world: World) -> list[str]:
    world.peer.say("RCPT", "451 4.7.1 come again")
    world.submit(FRIEND)
    world.try_again()
    return [f"{step} {FRIEND}" for step in ("received", "queued", "deferred", "sent")]


def of_a_bounce(world: World) -> list[str]:
    world.peer.say("RCPT", "550 5.1.1 nobody")
    world.submit(FRIEND)
    return [f"{step} {FRIEND}" for step in ("received", "queued", "bounced")]


def of_what_an_admin_does(world: World) -> list[str]:
    world.peer.say("RCPT", "451 4.7.1 come again")
    world.submit(FRIEND)
    queue.hold(world.queued)
    queue.release(world.queued)
    queue.drop(world.queued, notify=False)
    done = ("received", "queued", "deferred", "held", "released", "dropped")
    return [f"{step} {FRIEND}" for step in done]


def of_junk(world: World) -> list[str]:
    take_and_deliver(ANN, OLD, data=letter(), is_junk=True)
    return [f"received {ANN}", f"received {OLD}", f"delivered {ANN}", f"dropped {OLD}"]


def of_a_bounce_to_a_list(world: World) -> list[str]:
    take_and_deliver(TEAM, data=letter(), mail_from="")
    return [f"received {TEAM}", f"dropped {TEAM}"]


def of_a_full_mailbox(world: World) -> list[str]:
    set_quota(BEN, 10)
    inbound_id = take_and_deliver(BEN, data=letter())
    world.set_limit(limits.FULL_MAILBOX_DAYS, 0)
    sweep(inbound_id)
    return [f"received {BEN}", f"deferred {BEN}", f"bounced {BEN}"]


WAYS: Sequence[Callable[[World], list[str]]] = (
    of_smtp,
    of_two_recipients,
    of_a_list,
    of_a_forward,
    of_a_colleague,
    of_another_domain_here,
    of_another_server,
    of_greylisting,
    of_a_bounce,
    of_what_an_admin_does,
    of_junk,
    of_a_bounce_to_a_list,
    of_a_full_mailbox,
)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_each_way_leaves_its_steps_in_order(
    world: World, way: Callable[[World], list[str]]
) -> None:
    expected = way(world)
    assert steps() == expected


def test_each_recipient_of_lmtp_has_its_step_whoever_was_first(world: World) -> None:
    expected = of_lmtp(world)
    assert sorted(steps()) == expected


def only(step: str) -> TraceEntry:
    """Return the one step of the message that is of a kind."""
    assert trace.flush()
    [found] = [entry for entry in trace.follow(NAME) if entry.step == step]
    return found


def test_a_step_says_who_and_how_large_and_what_was_said(world: World) -> None:
    world.peer.say("RCPT", "451 4.7.1 come again")
    world.submit(FRIEND)
    came, put_off = only("received"), only("deferred")
    assert (came.sender, came.peer, came.account_id) == (ANN, "192.0.2.7", world.ann.pk)
    assert came.domain_id == put_off.domain_id == world.ann.domain_id
    assert came.size > len(letter(sender=ANN)) - 10
    assert (put_off.peer, put_off.detail) == ("mx.other.test", "451 4.7.1 come again")
    assert put_off.queue_id == QueuedMessage.objects.get().pk
    assert came.reference == put_off.reference == str(QueuedMessage.objects.get().inbound)


def test_a_message_whose_id_submission_made_is_followed_as_well(world: World) -> None:
    data = letter(sender=ANN).replace(f"Message-ID: <{NAME}>\r\n".encode(), b"")
    world.bring(submit_as(ANN, data, (FRIEND, BEN)))
    assert trace.flush()
    [name] = {found.message_id for found in trace.search(TraceFilter())}
    assert name.endswith("@example.test")
    assert steps(f"<{name}>") == [
        f"received {FRIEND}",
        f"received {BEN}",
        f"delivered {BEN}",
        f"queued {FRIEND}",
        f"sent {FRIEND}",
    ]


def test_a_message_without_an_id_is_followed_by_its_number(world: World) -> None:
    inbound_id = take_and_deliver(ANN, data=b"Subject: x\r\n\r\nx\r\n")
    assert steps(str(inbound_id)) == [f"received {ANN}", f"delivered {ANN}"]
    assert steps("") == []


def test_whose_mailbox_it_is_in_and_that_it_is_junk_is_said(world: World) -> None:
    create_address("sales@example.test", [BEN])
    take_and_deliver("sales@example.test", data=letter(), is_junk=True)
    assert only("delivered").detail == f"to {BEN}, taken for junk"


def test_the_report_of_a_failure_is_a_message_that_names_the_other(world: World) -> None:
    world.peer.say("RCPT", "550 5.1.1 nobody")
    world.submit(FRIEND)
    fanout.work_off(now=epoch() + 10)
    assert trace.flush()
    told = [found for found in trace.search(TraceFilter(recipient=ANN)) if not found.sender]
    assert [found.step for found in told] == ["delivered", "received"]
    assert told[1].detail == f"a report of this server on {NAME}"


def test_what_comes_home_from_the_queue_is_received_again(world: World) -> None:
    world.peer.say("RCPT", "451 4.7.1 come again")
    world.submit(FRIEND)
    create_domain("other.test")
    create(FRIEND)
    world.try_again()
    fanout.work_off(now=epoch() + 10)
    assert [step.split()[0] for step in steps()][-3:] == ["received", "delivered", "sent"]


def test_who_administers_a_domain_sees_its_steps_alone(world: World) -> None:
    world.submit(EVE, BEN)
    first = frozenset({world.ann.domain_id})
    second = frozenset({Account.objects.get(login=EVE).domain_id})
    assert steps(domain_ids=second) == [f"delivered {EVE}"]
    assert steps(domain_ids=first) == [
        f"received {EVE}",
        f"received {BEN}",
        f"delivered {BEN}",
        f"sent {EVE}",
    ]
    assert trace.search(TraceFilter(domain_ids=second, text=BEN)) == []
    assert trace.search(TraceFilter(domain_ids=frozenset())) == []


def test_traffic_counts_what_came_and_went_by_hour_and_domain(world: World) -> None:
    world.receive(ANN)
    world.submit(EVE, FRIEND)
    world.peer.say("RCPT", "550 5.1.1 nobody")
    world.submit(FRIEND)
    assert trace.flush()
    first, second = world.ann.domain_id, Account.objects.get(login=EVE).domain_id
    since = epoch() - 3600
    counted = {
        (found.domain_id, found.direction): (found.messages, found.failed)
        for found in trace.traffic_by_domain(None, since)
    }
    assert counted == {(first, "in"): (1, 0), (first, "out"): (2, 1), (second, "in"): (1, 0)}
    [hour] = trace.traffic(frozenset({second}), since)
    assert hour.moment % 3600 == 0
    assert (hour.direction, hour.messages, hour.failed) == ("in", 1, 0)
    assert hour.octets > 200
    assert trace.traffic(frozenset({second}), since + 10_000) == []


def test_a_search_goes_by_part_of_an_address_step_and_time(world: World) -> None:
    world.receive(ANN, EVE)
    world.submit(FRIEND)
    assert trace.flush()

    def found(**wanted: Any) -> list[str]:
        return [f"{one.step} {one.recipient}" for one in trace.search(TraceFilter(**wanted))]

    assert found(text="EVE@") == [f"delivered {EVE}", f"received {EVE}"]
    assert found(sender="ann@", step="sent") == [f"sent {FRIEND}"]
    assert found(message_id=f"<{NAME}>", recipient="second") == found(text="EVE@")
    assert found(until=epoch() - 60) == found(since=epoch() + 60) == []
    assert len(found(since=epoch() - 60)) == len(found())
    newest = trace.search(TraceFilter(), limit=3)
    last = newest[-1]
    rest = trace.search(TraceFilter(), before=(last.moment, last.pk))
    assert [one.pk for one in newest + rest] == [one.pk for one in trace.search(TraceFilter())]
