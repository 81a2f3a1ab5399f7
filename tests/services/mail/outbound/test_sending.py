"""A message on its way to another server, and what becomes of each recipient."""

import pytest

from groupware.core import limits
from groupware.core.clock import epoch
from groupware.core.models import Account, Blob
from mail.models import Inbound, QueuedMessage, QueuedRecipient
from mail.outbound.dispatch import Dispatcher
from tests.conftest import SetLimit
from tests.mailflow.dns import Dns
from tests.mailflow.peers import CLOSE, SILENCE, Peer
from tests.services.mail.outbound.queueing import (
    PREFIX,
    make_due,
    notices,
    queued,
    send,
    to,
    waiting,
)
from tests.services.store import message

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_message_reaches_all_its_recipients_in_one_transaction(
    dispatcher: Dispatcher, sender: Account, peer: Peer
) -> None:
    data = message()
    queued(sender, *to("ben@other.test", "eve@other.test"), data=data, envid="QQ", ret="HDRS")
    send(dispatcher)
    [taken] = peer.taken
    assert taken.data == PREFIX + data
    assert taken.mail == (
        f"MAIL FROM:<ann@example.test> SIZE={len(PREFIX + data)} RET=HDRS ENVID=QQ"
    )
    assert taken.rcpts == ["RCPT TO:<ben@other.test>", "RCPT TO:<eve@other.test>"]
    assert not QueuedMessage.objects.exists()
    assert notices() == []
    assert [line.split()[1] for line in peer.said("EHLO")] == ["example.test"]


def test_a_greylisted_recipient_is_tried_again(
    dispatcher: Dispatcher, sender: Account, peer: Peer
) -> None:
    queued(sender, *to("ben@other.test"))
    peer.say("RCPT", "451 4.7.1 come again")
    before = epoch()
    send(dispatcher)
    assert waiting() == [("ben@other.test", 1, "4.7.1")]
    row = QueuedRecipient.objects.get()
    assert before + 100 <= row.next_attempt_at <= epoch() + 140
    assert (row.code, row.reply, row.host) == (451, "4.7.1 come again", "mx.other.test")
    assert row.leased_until == 0
    assert peer.taken == []
    make_due()
    send(dispatcher)
    assert len(peer.taken) == 1
    assert waiting() == []


def test_each_recipient_is_settled_as_its_server_says(
    dispatcher: Dispatcher, sender: Account, peer: Peer
) -> None:
    queued(sender, *to("ben@other.test", "nobody@other.test", "later@other.test"))
    peer.say("RCPT", "250 ok", "550 5.1.1 no such user", "450 4.2.1 busy")
    send(dispatcher)
    assert [taken.rcpts for taken in peer.taken] == [["RCPT TO:<ben@other.test>"]]
    assert waiting() == [("later@other.test", 1, "4.2.1")]
    [(recipient, notice)] = notices()
    assert recipient == "ann@example.test"
    for part in (b"nobody@other.test", b"Status: 5.1.1", b"smtp; 550 5.1.1 no such user"):
        assert part in notice
    assert b"later@other.test" not in notice
    assert Inbound.objects.get().mail_from == ""


@pytest.mark.parametrize(
    ("verb", "reply", "status"),
    [
        ("MAIL", "451 4.3.2 later", "4.3.2"),
        ("DATA", "450 4.3.0 later", "4.3.0"),
        ("DATA", "250 what", "4.5.0"),
        ("END", "452 4.3.1 no room", "4.3.1"),
        ("END", CLOSE, "4.4.2"),
        ("END", SILENCE, "4.4.2"),
        ("RCPT", CLOSE, "4.4.2"),
        ("MAIL", SILENCE, "4.4.2"),
        ("MAIL", "nonsense", "4.4.2"),
        ("GREETING", "554 5.7.1 go away", "4.7.1"),
        ("GREETING", CLOSE, "4.4.1"),
        ("GREETING", "421 4.3.2 busy", "4.3.2"),
    ],
)
def test_whatever_may_be_different_later_is_tried_again(
    dispatcher: Dispatcher, sender: Account, peer: Peer, verb: str, reply: str, status: str
) -> None:
    queued(sender, *to("ben@other.test"))
    peer.say(verb, reply)
    send(dispatcher)
    assert waiting() == [("ben@other.test", 1, status)]
    assert notices() == []
    dispatcher.forgive()
    make_due()
    send(dispatcher)
    assert waiting() == []
    assert len(peer.taken) == 1


@pytest.mark.parametrize(
    ("verb", "reply", "status"),
    [
        ("MAIL", "550 5.7.1 not you", b"5.7.1"),
        ("DATA", "554 5.5.1 no", b"5.5.1"),
        ("END", "554 5.7.1 looks like spam", b"5.7.1"),
        ("RCPT", "550 mailbox unavailable", b"5.0.0"),
    ],
)
def test_what_is_refused_for_good_is_told_at_once(
    dispatcher: Dispatcher, sender: Account, peer: Peer, verb: str, reply: str, status: bytes
) -> None:
    queued(sender, *to("ben@other.test"))
    peer.say(verb, reply)
    send(dispatcher)
    [(recipient, notice)] = notices()
    assert recipient == "ann@example.test"
    assert b"Status: " + status in notice
    assert waiting() == []
    assert not QueuedMessage.objects.exists()


def test_a_null_sender_is_told_nothing(dispatcher: Dispatcher, sender: Account, peer: Peer) -> None:
    queued(None, *to("nobody@other.test"), mail_from="")
    peer.say("RCPT", "550 5.1.1 no such user")
    send(dispatcher)
    assert waiting() == []
    assert notices() == []
    assert peer.said("MAIL")[0].startswith("MAIL FROM:<> ")


def test_who_wants_to_hear_nothing_is_told_nothing(
    dispatcher: Dispatcher, sender: Account, peer: Peer
) -> None:
    queued(sender, *to("nobody@other.test", notify="NEVER"))
    peer.say("RCPT", "550 5.1.1 no such user")
    send(dispatcher)
    assert (waiting(), notices()) == ([], [])


def test_what_expires_is_told_with_what_was_said_last(
    dispatcher: Dispatcher, sender: Account, peer: Peer
) -> None:
    row = queued(sender, *to("ben@other.test"))
    QueuedMessage.objects.filter(pk=row.pk).update(expires_at=epoch() - 1)
    peer.say("RCPT", "451 4.7.1 come again")
    send(dispatcher)
    [(_, notice)] = notices()
    assert b"Status: 4.4.7" in notice
    assert b"451 4.7.1 come again" in notice
    assert waiting() == []


def test_a_message_lives_as_long_as_the_limit_says(sender: Account, set_limit: SetLimit) -> None:
    set_limit(limits.QUEUE_LIFETIME, 2)
    row = queued(sender, *to("ben@other.test"))
    assert row.expires_at - row.created_at == 2 * 86_400


def test_a_delay_is_told_once(
    dispatcher: Dispatcher, sender: Account, peer: Peer, set_limit: SetLimit
) -> None:
    set_limit(limits.QUEUE_WARNING, 3_600)
    row = queued(sender, *to("ben@other.test"), *to("eve@other.test", notify="FAILURE"))
    peer.say("MAIL", *["451 4.3.2 later"] * 3)
    send(dispatcher)
    assert notices() == []
    QueuedMessage.objects.filter(pk=row.pk).update(created_at=epoch() - 3_601)
    for _ in range(2):
        make_due()
        send(dispatcher)
    [(recipient, notice)] = notices()
    assert recipient == "ann@example.test"
    assert b"Action: delayed" in notice
    assert b"Will-Retry-Until: " in notice
    assert b"eve@other.test" not in notice, "who asked for failures alone hears of no delay"
    assert [attempts for _, attempts, _ in waiting()] == [3, 3]


@pytest.mark.parametrize(("features", "relayed"), [(["DSN"], False), ([], True)])
def test_success_is_passed_on_or_told_as_relayed(
    dispatcher: Dispatcher, sender: Account, peer: Peer, features: list[str], relayed: bool
) -> None:
    peer.features = features
    queued(sender, *to("ben@other.test", notify="SUCCESS", orcpt="rfc822;b@x"))
    send(dispatcher)
    [taken] = peer.taken
    told = [notice for _, notice in notices()]
    if relayed:
        assert taken.rcpts == ["RCPT TO:<ben@other.test>"]
        assert b"Action: relayed" in told[0]
    else:
        assert taken.rcpts == ["RCPT TO:<ben@other.test> NOTIFY=SUCCESS ORCPT=rfc822;b@x"]
        assert told == []
    assert waiting() == []


def test_a_message_that_is_too_large_for_a_server_is_not_sent_there(
    dispatcher: Dispatcher, sender: Account, peer: Peer
) -> None:
    peer.features = ["SIZE 50"]
    queued(sender, *to("ben@other.test"))
    send(dispatcher)
    assert b"Status: 5.3.4" in notices()[0][1]
    assert peer.said("MAIL") == []


def test_a_message_that_needs_smtputf8_goes_where_it_is_known(
    dispatcher: Dispatcher, sender: Account, peer: Peer
) -> None:
    data = "Subject: grüße\r\n\r\nä\r\n".encode()
    queued(sender, *to("bén@other.test"), data=data, is_utf8=True)
    send(dispatcher)
    assert peer.taken[0].mail.endswith(" BODY=8BITMIME SMTPUTF8")
    peer.features = ["8BITMIME"]
    dispatcher.stop(5)
    queued(sender, *to("bén@other.test"), data=data, is_utf8=True)
    send(other := Dispatcher())
    other.stop(5)
    assert len(peer.taken) == 1
    assert b"Status: 5.6.7" in notices()[0][1]


def test_8_bit_text_goes_as_it_is_also_where_nobody_announced_it(
    dispatcher: Dispatcher, sender: Account, peer: Peer
) -> None:
    peer.features = []
    data = "Subject: x\r\n\r\nä\r\n".encode()
    queued(sender, *to("ben@other.test"), data=data)
    send(dispatcher)
    assert peer.taken[0].data == PREFIX + data
    assert peer.taken[0].mail == "MAIL FROM:<ann@example.test>"


def test_a_message_that_cannot_be_read_waits_and_says_so(
    dispatcher: Dispatcher, sender: Account, peer: Peer
) -> None:
    row = queued(sender, *to("ben@other.test"))
    held = Blob.objects.filter(pk=row.blob_id)
    location = held.get().location
    held.update(location="file:nowhere")
    send(dispatcher)
    assert waiting() == [("ben@other.test", 1, "4.3.0")]
    held.update(location=location)
    make_due()
    send(dispatcher)
    assert len(peer.taken) == 1


def test_an_address_that_smtp_cannot_name_fails(
    dispatcher: Dispatcher, sender: Account, peer: Peer
) -> None:
    queued(sender, *to("a b@other.test", "ben@other.test"))
    send(dispatcher)
    assert [taken.rcpts for taken in peer.taken] == [["RCPT TO:<ben@other.test>"]]
    assert b"Status: 5.1.3" in notices()[0][1]


def test_what_is_for_a_domain_of_ours_never_leaves(
    dispatcher: Dispatcher, sender: Account, peer: Peer, dns: Dns
) -> None:
    data = message()
    dns.add("example.test", "MX", "10 mx.other.test.")
    queued(sender, *to("ann@example.test", "ben@other.test"), data=data)
    send(dispatcher)
    assert [taken.rcpts for taken in peer.taken] == [["RCPT TO:<ben@other.test>"]]
    assert notices() == [("ann@example.test", PREFIX + data)]
    row = Inbound.objects.get()
    assert (row.mail_from, row.account_id, row.is_trusted) == ("ann@example.test", sender.pk, True)
    assert waiting() == []


def test_a_failure_that_cannot_be_told_for_want_of_room_waits(
    dispatcher: Dispatcher, sender: Account, peer: Peer, set_limit: SetLimit
) -> None:
    queued(sender, *to("nobody@other.test"), *to("ben@other.test", notify="SUCCESS"))
    peer.features = []
    peer.say("RCPT", "550 5.1.1 no such user")
    reserve = limits.DISK_RESERVE.default
    set_limit(limits.DISK_RESERVE, 1 << 60)
    send(dispatcher)
    assert waiting() == [("nobody@other.test", 1, "4.3.1")]
    set_limit(limits.DISK_RESERVE, reserve)
    make_due()
    peer.say("RCPT", "550 5.1.1 no such user")
    send(dispatcher)
    assert (len(notices()), waiting(), len(peer.taken)) == (1, [], 1)
