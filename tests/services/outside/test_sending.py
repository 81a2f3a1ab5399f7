"""Sending as an address elsewhere: through the server there, to everybody, unsigned."""

from base64 import b64encode
from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from groupware.core import blobs
from groupware.core.directory import create_domain, delete_account
from groupware.core.errors import Invalid, NotAllowed
from groupware.core.models import Account
from mail.flow.dsn import FAILED, Original, Outcome
from mail.flow.envelopes import Envelope, EnvelopeRecipient
from mail.models import Inbound, QueuedMessage, QueuedRecipient
from mail.outbound.dispatch import Dispatcher
from mail.services import dsns, fanout, outside, senders, submission
from mail.services.outside import senders as outside_senders
from mail.services.outside.relaying import find_relay
from mail.services.outside.servers import Login
from mail.services.submission import Client, Submitter
from tests.mailflow.peers import Peer, serving_peer
from tests.services.mail.outbound.queueing import send as send_due
from tests.services.outside.fetched import bytes_of, subjects
from tests.services.store import create

pytestmark = pytest.mark.django_db

PEC = "ann@pec.test"
CLIENT = Client("127.0.0.1", "laptop", "s1", "ESMTPSA")


@pytest.fixture
def pec(ann: Account) -> Submitter:
    """Return Ann, who has a certified address elsewhere."""
    login = Login("smtp", "127.0.0.1", PEC, "secret", 25, "none")
    outside_senders.add_sender(ann.pk, PEC, login)
    return Submitter(ann.pk, ann.login)


def send(
    submitter: Submitter, author: str, mail_from: str, *recipients: str, more: str = ""
) -> Inbound:
    """Submit a message; return what was taken."""
    header = f"From: {author}\r\nTo: {', '.join(recipients)}\r\n{more}Subject: Invoice\r\n"
    data = f"{header}Message-ID: <1@x.test>\r\n\r\nhello\r\n".encode()
    submission.check_sender(submitter, mail_from)
    envelope = Envelope(mail_from, tuple(EnvelopeRecipient(each) for each in recipients))
    prepared = submission.submit(data, envelope, submitter, CLIENT)
    return Inbound.objects.get(pk=submission.commit(prepared))


@pytest.mark.parametrize("mail_from", [PEC, "ann@example.test", ""])
def test_the_envelope_goes_by_from(pec: Submitter, mail_from: str) -> None:
    taken = send(pec, f"Ann <{PEC}>", mail_from, "bob@elsewhere.test")
    assert (taken.mail_from, taken.account_id) == (PEC, pec.account_id)
    assert b"DKIM-Signature" not in bytes(taken.prefix)
    assert b"Sender:" not in bytes(taken.prefix)


def test_what_is_from_here_does_not_go_there(pec: Submitter) -> None:
    taken = send(pec, "ann@example.test", PEC, "bob@elsewhere.test")
    assert taken.mail_from == "ann@example.test"


def test_nobody_else_sends_as_it(pec: Submitter, ben: Account) -> None:
    other = Submitter(ben.pk, ben.login)
    with pytest.raises(NotAllowed):
        send(other, PEC, "ben@example.test", "bob@elsewhere.test")
    with pytest.raises(NotAllowed):
        send(other, "ben@example.test", PEC, "bob@elsewhere.test")
    assert senders.find_sender(pec.account_id, PEC).right == senders.SendRight.OWN


def test_everybody_gets_it_through_the_server_there(
    pec: Submitter, ann: Account, ben: Account
) -> None:
    taken = send(pec, PEC, PEC, "ben@example.test", "bob@elsewhere.test", "eve@other.test")
    fanout.fan_out(taken.pk)
    (queued,) = QueuedMessage.objects.all()
    assert (queued.mail_from, queued.account_id, queued.source) == (PEC, ann.pk, "")
    assert sorted(QueuedRecipient.objects.values_list("address", flat=True)) == [
        "ben@example.test",
        "bob@elsewhere.test",
        "eve@other.test",
    ]
    assert not Inbound.objects.exists()
    assert bytes_of(ben) == []
    assert subjects(bytes_of(ann, "Sent")) == ["Invoice"]


def test_it_stays_while_its_mail_waits(pec: Submitter, ann: Account) -> None:
    taken = send(pec, PEC, PEC, "bob@elsewhere.test")
    fanout.fan_out(taken.pk)
    with pytest.raises(Invalid, match="is waiting to be sent"):
        outside_senders.remove_sender(ann.pk, PEC)
    QueuedMessage.objects.all().delete()
    outside_senders.remove_sender(ann.pk, PEC)


def test_what_fails_is_told_here(pec: Submitter, ann: Account, ben: Account) -> None:
    assert outside.return_address(ann.pk, PEC) == "ann@example.test"
    assert outside.return_address(ben.pk, PEC) == outside.return_address(None, PEC) == ""
    original = Original(PEC, "", "", 0, b"Subject: x\r\n\r\n", None, "ann@example.test")
    new = dsns.report(original, [Outcome(EnvelopeRecipient("bob@elsewhere.test"), FAILED, "5.0.0")])
    assert new is not None
    assert [each.address for each in new.envelope.recipients] == ["ann@example.test"]


@pytest.fixture
def provider() -> Iterator[Peer]:
    """Return the server of pec.test, which lets people in."""
    with serving_peer(features=("AUTH PLAIN",)) as found:
        yield found


@pytest.fixture
def at_provider(transactional_db: None, provider: Peer) -> tuple[Submitter, Account]:
    """Return Ann, who sends through it, and Ben, who is here too."""
    create_domain("example.test")
    ann, ben = create("ann@example.test"), create("ben@example.test")
    login = Login("smtp", "127.0.0.2", PEC, "secret", provider.port, "none")
    outside_senders.add_sender(ann.pk, PEC, login)
    return Submitter(ann.pk, ann.login), ben


@pytest.mark.django_db(transaction=True)
def test_the_provider_gets_it_in_one_transaction_and_what_it_refuses_is_told_here(
    at_provider: tuple[Submitter, Account], provider: Peer
) -> None:
    submitter, ben = at_provider
    provider.say("AUTH", "235 in")
    provider.say("RCPT", "250 ok", "250 ok", "550 5.1.1 nobody")
    taken = send(submitter, PEC, "", ben.login, "bob@elsewhere.test", "eve@other.test")
    fanout.fan_out(taken.pk)
    dispatcher = Dispatcher()
    send_due(dispatcher)
    dispatcher.stop(5)
    (got,) = provider.taken
    assert got.mail.startswith(f"MAIL FROM:<{PEC}>")
    assert [rcpt.split(":")[1][:20] for rcpt in got.rcpts] == [
        "<ben@example.test>",
        "<bob@elsewhere.test>",
    ]
    assert b"DKIM-Signature" not in got.data
    assert provider.said("AUTH") == [
        f"AUTH PLAIN {b64encode(f'{chr(0)}{PEC}{chr(0)}secret'.encode()).decode()}"
    ]
    for waiting in Inbound.objects.all():
        fanout.fan_out(waiting.pk)
    account = Account.objects.get(pk=submitter.account_id)
    (told,) = bytes_of(account)
    assert b"550 5.1.1 nobody" in told
    assert f"To: <{account.login}>".encode() in told
    assert bytes_of(ben) == []


@pytest.mark.django_db(transaction=True)
def test_a_connection_is_nobody_elses(
    at_provider: tuple[Submitter, Account], provider: Peer
) -> None:
    submitter, ben = at_provider
    login = Login("smtp", "127.0.0.2", PEC, "guessed", provider.port, "none")
    outside_senders.add_sender(ben.pk, PEC, login)
    provider.say("AUTH", "235 in", "535 5.7.8 wrong")
    dispatcher = Dispatcher()
    for who in (submitter, Submitter(ben.pk, ben.login)):
        fanout.fan_out(send(who, PEC, PEC, "bob@elsewhere.test").pk)
        send_due(dispatcher)
    dispatcher.stop(5)
    assert len(provider.taken) == 1
    assert QueuedMessage.objects.get().account_id == ben.pk
    assert find_relay(None, PEC) is None
    assert find_relay(ben.pk, "ben@example.test") is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("smarthost", [False, True])
def test_what_an_account_leaves_behind_comes_back_and_goes_no_other_way(
    at_provider: tuple[Submitter, Account], provider: Peer, settings: Settings, smarthost: bool
) -> None:
    submitter, _ = at_provider
    settings.GROUPWARE_MX_PORT = provider.port
    if smarthost:
        settings.GROUPWARE_SMARTHOST_URL = f"smtp://127.0.0.2:{provider.port}?tls=none"
    fanout.fan_out(send(submitter, PEC, PEC, "bob@[127.0.0.2]").pk)
    delete_account(submitter.login)
    dispatcher = Dispatcher()
    send_due(dispatcher)
    assert provider.connections == []
    assert not QueuedMessage.objects.exists()
    report = Inbound.objects.get()
    assert (report.mail_from, report.recipients.get().address) == ("", PEC)
    told = blobs.read(report.blob_id)
    assert b"Status: 5.7.1" in told
    assert b"Nobody here sends as" in told
    fanout.fan_out(report.pk)
    assert QueuedMessage.objects.get().mail_from == "", "who is elsewhere learns of it there"
    dispatcher.stop(5)
